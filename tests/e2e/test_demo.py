"""`make demo-fleet`, as a newcomer runs it."""

import sys
from pathlib import Path

from e2e.engine import Engine
from support.monorepo import run

PROJECT = Path(__file__).parents[2]
TOLD = (
    "✓ 6 of 6 places hold what origin/main says",
    "✗ vm-2 services/api: went back by itself: not healthy in 10 s:",
    "common-sync fleet rollback services/api --host vm-1",
    "✗ 1 of 3 targets switched, 1 not begun",
    "vm-1, version 2\nvm-2, version 1\nvm-3, version 1\n",
    "✓ 1 of 1 target switched",
    "vm-1, version 1\nvm-2, version 1\nvm-3, version 1\n",
)


def test_the_demo(engine: Engine) -> None:
    """The first fleet that a newcomer sees would fail, or leave containers and images on his machine."""
    before = _list_own(engine)
    done = run(str(PROJECT / "scripts/demo-fleet"), str(Path(sys.executable).parent), cwd=PROJECT, timeout=300)
    assert done.code == 0, done
    rest = done.out
    for text in TOLD:
        assert text in rest, (text, done)
        rest = rest[rest.index(text) :]
    assert _list_own(engine) == before


def _list_own(engine: Engine) -> set[str]:
    """Return the names of the demo's images and containers: other tests make theirs meanwhile."""
    images = engine.docker("images", "--format", "{{.Repository}}").out.split()
    return {
        name
        for name in [*images, *engine.docker("ps", "--all", "--format", "{{.Names}}").out.split()]
        if "demo" in name
    }
