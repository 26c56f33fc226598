"""What the README shows is what the program prints."""

import re
import sys
from pathlib import Path

import yaml
from support.monorepo import Monorepo, run

from common_sync import __version__

PROJECT = Path(__file__).parents[1]
README = (PROJECT / "README.md").read_text("utf-8")
_TIME = re.compile(r"\d+\.\d\d s")
_COLOR = re.compile(r"\x1b\[[\d;]*m")
_PROGRAMS = str(Path(sys.executable).parent)


def test_the_readme_is_short() -> None:
    """A stranger would leave before the end; whatever is long has a page in docs/."""
    assert len(README.splitlines()) <= 90
    pictures = re.findall(r'[("]docs/(\w+\.svg)', README)
    assert {name: size for name in pictures if (size := (PROJECT / "docs" / name).stat().st_size) > 60_000} == {}
    assert "demo.svg" in pictures


def test_the_readme_and_its_picture_show_what_the_demo_prints(tmp_path: Path) -> None:
    """A stranger would judge the tool by output that it does not have, and `make demo` could be broken unnoticed."""
    done = run("scripts/demo", _PROGRAMS, cwd=PROJECT, env={"PYTHONPATH": "", "FORCE_COLOR": "1"})
    assert done.code == 0, done
    printed = iter([_TIME.sub("T s", line) for line in _COLOR.sub("", done.out).splitlines()])
    shown = README.partition("```console\n")[2].partition("```")[0].splitlines()
    assert len(shown) > 20
    assert [line for line in shown if line and _TIME.sub("T s", line) not in printed] == [], "in this order"
    (tmp_path / "printed").write_text(done.out, "utf-8")
    drawn = run(sys.executable, "scripts/draw_demo.py", "--check", str(tmp_path / "printed"), cwd=PROJECT)
    assert (drawn.code, drawn.err) == (0, "")


def test_the_commands_for_a_repository_of_your_own(repo: Monorepo) -> None:
    """A newcomer would follow the README and be stuck."""
    (repo.root / "common-sync.toml").unlink()
    block = README.partition("## In your own repository\n\n")[2].partition("\n\n")[0]
    lines = [line.strip() for line in block.splitlines()]
    assert lines.pop(0).startswith("pip install common-sync ")
    assert len(lines) == 4
    for line in [*lines, "common-sync verify"]:
        done = run("sh", "-c", line, cwd=repo.root, env={"PATH": f"{_PROGRAMS}:/usr/bin:/bin"})
        assert (done.code, done.err) == (0, ""), done


def test_the_snippets_for_the_hook_and_for_ci(synced: Monorepo) -> None:
    """A newcomer would paste a hook that does not exist, or a check that never runs."""
    hook, ci = (yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL))
    (repository,) = hook["repos"]
    assert repository["rev"] == f"v{__version__}"
    offered = [one["id"] for one in yaml.safe_load((PROJECT / ".pre-commit-hooks.yaml").read_text("utf-8"))]
    assert re.findall(r"- id: (\S+)", README) == offered
    assert [one["id"] for one in repository["hooks"]] == offered[:1]
    (step,) = ci
    assert step == {"uses": f"common-sync/common-sync@v{__version__}"}
    action = yaml.safe_load((PROJECT / "action.yml").read_text("utf-8"))
    assert synced.run(action["inputs"]["command"]["default"]).code == 0
