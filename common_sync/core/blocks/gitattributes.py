r"""Lines of a `.gitattributes` that mark copies: reviews fold them, and git leaves their line ends as they are.

Nor does git merge manifests line by line: of one that both branches have changed this branch's stays, in one piece, is called a
conflict, and the next `distribute` brings it up to date. The copies' own files it does merge: an edit in one of them must not go unseen.

Source of the format: https://git-scm.com/docs/gitattributes (a pattern is gitignore's; one that holds a blank stands between
double quotes, with the escapes of C) and https://github.com/github-linguist/linguist (`linguist-generated`).
"""

import re
from collections.abc import Iterable, Iterator

from common_sync.core.expressions import expression
from common_sync.core.paths import MANIFEST_NAME

_ATTRIBUTES = "linguist-generated -text"
MANIFESTS = f"{MANIFEST_NAME} -merge"
"""The line about every manifest."""

_WILD = expression(r"[\\*?\[]")
_BLANK = expression(r"[ \t\r\n]")
_ESCAPES = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r"}
_CHARACTERS = {escape: character for character, escape in _ESCAPES.items()}
_LINE = expression(r'("?)/(.*)/\*\*\1 linguist-generated -text')


def format_line(copy: str) -> str:
    """Return the line that marks a copy.

    Args:
        copy: Its POSIX path from the folder of the `.gitattributes`.
    """
    pattern = f"/{_WILD.sub(_escape, copy)}/**"
    if _BLANK.search(pattern):
        pattern = f'"{"".join(_ESCAPES.get(letter, letter) for letter in pattern)}"'
    return f"{pattern} {_ATTRIBUTES}"


def _escape(found: re.Match[str]) -> str:
    return f"\\{found[0]}"


def parse_line(line: str) -> str | None:
    """Return the path of the copy that a line marks, or None where it is another line."""
    found = _LINE.fullmatch(line)
    if found is None:
        return None
    pattern = re.sub(r"\\.", lambda one: _CHARACTERS.get(one[0], one[0]), found[2]) if found[1] else found[2]
    return re.sub(r"\\(.)", r"\1", pattern)


def find_others(block: Iterable[str]) -> Iterator[str]:
    """Yield the lines of a block that are not the tool's."""
    return (line for line in block if line != MANIFESTS and parse_line(line) is None)
