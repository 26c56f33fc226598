"""Write what each page of common_sync/pages shows, from its scene.

Usage: PYTHONPATH=tests write_pages.py [--check] [CODE ...]. With --check, nothing is written, and a page that shows something else
ends with 1.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from scenes import SCENES
from scenes.scene import play, put_on
from support.monorepo import FORKS, make_originals

PAGES = Path(__file__).parents[1] / "common_sync" / "pages"


def main(*arguments: str) -> int:
    """Write the pages, or compare them; return the exit code."""
    codes = [word for word in arguments if word != "--check"] or [*SCENES]
    stale = []
    with TemporaryDirectory() as folder:
        originals = make_originals(Path(folder, "originals"))
        for code in codes:
            page = PAGES / f"{code}.md"
            before = page.read_text("utf-8")
            try:
                after = put_on(before, play(SCENES[code], originals, Path(folder, code, "shop")))
            except pytest.skip.Exception as reason:
                sys.stderr.write(f"{page.name} is left as it is: {reason}\n")
                continue
            if after != before:
                stale.append(page.name)
                page.write_text(before if "--check" in arguments else after, "utf-8")
    FORKS.end()
    return _tell(stale, check="--check" in arguments)


def _tell(stale: list[str], *, check: bool) -> int:
    for name in stale:
        sys.stderr.write(f"{name} {'shows something else; run `make pages`' if check else 'is written'}\n")
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
