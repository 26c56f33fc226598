"""References to the library in a script that says itself what it needs: its `# /// script` block is a TOML text.

Source of the format: https://packaging.python.org/en/latest/specifications/inline-script-metadata/ and, for what uv adds,
https://docs.astral.sh/uv/guides/scripts/.
"""

import re
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.findings import line_finding
from common_sync.core.model import Edit
from common_sync.core.references.contract import Rewrite, Site
from common_sync.core.references.toml_strings import Role, read_toml, table_roles
from common_sync.core.text import UnparsableError

_BLOCK = expression(
    r"^# /// (?P<type>[a-zA-Z0-9-]+)[ \t]*\r?$\s(?P<content>(?:^#(?:\r?| .*)$\s)+)^# ///[ \t]*\r?$", re.MULTILINE
)
_LINE = expression(r"#(?: |(?=\r?\n)|$)")

_SCRIPT: dict[str, Role] = {
    "dependencies": "requirement",
    "tool.uv.sources.*.path": "path",
    "tool.uv.dev-dependencies": "requirement",
    "tool.uv.override-dependencies": "requirement",
    "tool.uv.constraint-dependencies": "requirement",
    "tool.uv.build-constraint-dependencies": "requirement",
}
_roles = table_roles(_SCRIPT)


class _Block(NamedTuple):
    """The block of a script: its TOML text, and for each line of it the offset in the script and in that text."""

    text: str
    lines: tuple[tuple[int, int], ...]

    def shift(self, edit: Edit) -> Edit:
        """Return an edit of the text as one of the script."""
        start, inside = max(one for one in self.lines if one[1] <= edit.start)
        return Edit(edit.start - inside + start, edit.end - inside + start, edit.replacement)


def read_script(characters: str, site: Site) -> Rewrite:
    """Find what a script says about the library, and the edits that make it say the service's copy.

    Raises:
        UnparsableError: Its block is no TOML, or it has two.
    """
    block = _find_block(characters)
    if block is None:
        return Rewrite()
    first = characters.count("\n", 0, block.lines[0][0])
    try:
        found = read_toml(block.text, site, _roles)
    except UnparsableError as error:
        raise UnparsableError(None if error.line is None else error.line + first, error.reason) from None
    edits = tuple(map(block.shift, found.edits))
    problems = tuple(one._replace(line=first + (one.line or 1)) for one in found.problems)
    if any("\n" in edit.replacement for edit in edits):  # in a string that has no escapes
        message = "its `# /// script` block leads to the library, and the copy's path holds a line break"
        problems = (*problems, line_finding(first, "CS106", message, "write the path between double quotes"))
        edits = ()
    references = tuple(one._replace(line=one.line + first) for one in found.references)
    return Rewrite(edits, references, (), problems)


def _find_block(characters: str) -> _Block | None:
    found = [match for match in _BLOCK.finditer(characters) if match["type"] == "script"]
    if len(found) > 1:
        raise UnparsableError(characters.count("\n", 0, found[1].start()) + 1, "a second `# /// script` block")
    if not found:
        return None
    start, text, lines = found[0].start("content"), "", list[tuple[int, int]]()
    for line in found[0]["content"].splitlines(keepends=True):
        mark = _LINE.match(line)
        skipped = mark.end() if mark else 0
        lines.append((start + skipped, len(text)))
        text += line[skipped:]
        start += len(line)
    return _Block(text, tuple(lines))
