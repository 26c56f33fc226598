"""The documentation as a site, as Zensical builds it: every link leads somewhere, and nothing is fetched from elsewhere."""

import re
from pathlib import Path

import pytest
from support.depth import skip
from support.monorepo import run

from common_sync.core.findings import CODES

PROJECT = Path(__file__).parents[2]
ZENSICAL = PROJECT / ".look" / "venv" / "bin" / "zensical"
SITE = PROJECT / ".docs" / "site"


@pytest.fixture(scope="module")
def site() -> Path:
    """Return the folder of the site, built anew."""
    if not ZENSICAL.exists():
        skip("Zensical is not installed: make look")
    done = run("python3", "scripts/build_docs.py", str(ZENSICAL), cwd=PROJECT)
    assert done.code == 0, done
    return SITE


def test_every_page_and_every_finding_has_its_place(site: Path) -> None:
    """A reader would follow a link of the terminal, or of the navigation, to nothing."""
    pages = {file.stem for file in (PROJECT / "docs").glob("*.md")} | {f"findings/{code}" for code in CODES}
    assert {page for page in pages if not (site / page / "index.html").is_file()} == set()


def test_every_page_is_in_the_navigation(site: Path) -> None:
    """A reader would find a page only by chance."""
    home = (site / "tutorial" / "index.html").read_text("utf-8")
    assert {file.stem for file in (PROJECT / "docs").glob("*.md") if f'"../{file.stem}/"' not in home} == {"tutorial"}


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    """A reader would be told to others, and see half a page without a network."""
    fetched = re.compile(
        r'<(?:script|img|iframe)[^>]* src="?(?:https?:)?//|<link(?![^>]*rel="?canonical)[^>]* href="?(?:https?:)?//'
    )
    assert {
        str(file.relative_to(site)) for file in site.rglob("*.html") if fetched.search(file.read_text("utf-8"))
    } == set()
