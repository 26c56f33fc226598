"""What the tests of project and lock files do with a rewriter."""

from common_sync.core.references.contract import Rewrite, Rewriter
from common_sync.core.text import apply_edits
from support.places import Layout

PLAIN = Layout()


def rewrite(reader: Rewriter, characters: str, layout: Layout = PLAIN) -> str:
    """Return a file with its edits spliced in."""
    return apply_edits(characters, reader(characters, layout.site()).edits)


def problems(found: Rewrite) -> list[tuple[int | None, str]]:
    """Return the line and the code of each problem."""
    return [(one.line, one.code) for one in found.problems]
