"""What the page of each code shows is what the program prints."""

from pathlib import Path

import pytest
from support.depth import deep, sampled

from common_sync.core.findings import CODES
from common_sync.edges.files.pages import read_page
from scenes import SCENES
from scenes.docs import DOCS
from scenes.scene import blocks_of, play, shown_on

WITHOUT: frozenset[str] = frozenset()
"""Codes that have no scene yet; there must never be more."""


def test_every_code_has_a_scene() -> None:
    """Somebody would read what a code means, and not recognise it in what they see."""
    assert sorted(SCENES) == sorted(CODES.keys() - WITHOUT)
    assert [code for code in WITHOUT if shown_on(read_page(code)) is not None] == []


@pytest.mark.parametrize("code", sampled(SCENES, 4, "the scenes of pages"))
def test_a_page_shows_what_is_printed(originals: Path, tmp_path: Path, code: str) -> None:
    """A page would show what nobody sees: somebody would take their own finding for another."""
    printed = play(SCENES[code], originals, tmp_path / "shop")
    assert code in printed
    assert shown_on(read_page(code)) == printed, "`make pages` writes it"


@deep("the scenes of pages")
@pytest.mark.parametrize("name", DOCS)
def test_a_page_in_docs_shows_what_is_printed(originals: Path, tmp_path: Path, name: str) -> None:
    """Somebody would follow a page in docs/, and see something else."""
    printed = [play(scene, originals, tmp_path / str(at) / "shop") for at, scene in enumerate(DOCS[name])]
    page = (Path(__file__).parents[2] / "docs" / name).read_text("utf-8")
    assert blocks_of(page) == printed, "`make pages` writes them"
