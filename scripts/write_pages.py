"""Write what each page of common_sync/pages shows, and some of docs/, from their scenes.

Usage: PYTHONPATH=tests write_pages.py [--check] [CODE | PAGE.md ...]. With --check, nothing is written, and a page that shows
something else ends with 1.
"""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from scenes import SCENES
from scenes.docs import DOCS
from scenes.scene import play, put_in, put_on
from support.monorepo import FORKS, make_originals

PROJECT = Path(__file__).parents[1]
PAGES, DOCUMENTS = PROJECT / "common_sync" / "pages", PROJECT / "docs"


def main(*arguments: str) -> int:
    """Write the pages, or compare them; return the exit code."""
    names = [word for word in arguments if word != "--check"] or [*SCENES, *DOCS]
    stale = []
    with TemporaryDirectory() as folder:
        originals = make_originals(Path(folder, "originals"))
        for name in names:
            page = DOCUMENTS / name if name in DOCS else PAGES / f"{name}.md"
            before = page.read_text("utf-8")
            try:
                scenes = DOCS.get(name) or (SCENES[name],)
                shown = [play(scene, originals, Path(folder, name, str(at), "shop")) for at, scene in enumerate(scenes)]
                after = put_in(before, shown) if name in DOCS else put_on(before, shown[0])
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
