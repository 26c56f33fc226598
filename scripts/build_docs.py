"""Build the documentation as a site in .docs/site, from README.md, docs/ and the pages of findings.

Usage: build_docs.py ZENSICAL. The links of the pages, which stand as GitHub needs them, are turned to the places of the site;
what is not part of the site is linked to in the repository.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

PROJECT = Path(__file__).parents[1]
PAGES = PROJECT / ".docs" / "pages"
REPOSITORY = "https://github.com/common-sync/common-sync/blob/main/"

_LINK = re.compile(r"(\]\()(?![a-z]+:|#)([^)#\s]+)")


def places() -> Iterator[tuple[str, str]]:
    """Yield the path in the repository, and the place in the site, of each file that the site has."""
    yield "README.md", "index.md"
    for name in ("CHANGELOG", "CONTRIBUTING", "SECURITY"):
        yield f"{name}.md", f"{name.lower()}.md"
    for file in sorted((PROJECT / "docs").iterdir()):
        yield f"docs/{file.name}", file.name
    for file in sorted((PROJECT / "common_sync" / "pages").iterdir()):
        yield f"common_sync/pages/{file.name}", f"findings/{file.name}"


def turn_links(text: str, path: str, site: dict[str, str]) -> str:
    """Return a page's text with the links as the site needs them.

    Args:
        text: Markdown.
        path: Where it stands in the repository.
        site: The place in the site for each path in the repository.
    """

    def turned(found: re.Match[str]) -> str:
        target = os.path.normpath(PurePosixPath(path).parent / found[2])
        if target not in site:
            return f"{found[1]}{REPOSITORY}{target}"
        return found[1] + os.path.relpath(site[target], PurePosixPath(site[path]).parent)

    return _LINK.sub(turned, text)


def main(zensical: str) -> int:
    """Put the pages together, and have the site built; return Zensical's exit code, which is 1 where a link leads nowhere."""
    site = dict(places())
    shutil.rmtree(PAGES.parent, ignore_errors=True)
    for path, place in site.items():
        (PAGES / place).parent.mkdir(parents=True, exist_ok=True)
        if path.endswith(".md"):
            (PAGES / place).write_text(turn_links((PROJECT / path).read_text("utf-8"), path, site), "utf-8")
        else:
            shutil.copyfile(PROJECT / path, PAGES / place)
    return subprocess.run([zensical, "build", "--strict"], cwd=PROJECT, check=False).returncode  # noqa: S603 -- the program that the Makefile names


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
