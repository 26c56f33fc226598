"""Bytes to characters and back without losing one, and edits spliced into them."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.model import Edit

_BOMS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),  # before UTF-16, whose little-endian mark is a prefix of it
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_USER = expression(r"""(?i)(https?://|://(?=[^/\s@:]*:))[^/\s"'`]*@""")
_CODING = expression(r"coding[:=]\s*([-\w.]+)", re.ASCII, needs="coding")

SPACES = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)
"""What Go's `unicode.IsSpace` takes for a blank; Python's `str.isspace` takes more."""


class UndecodableError(ValueError):
    """Bytes that cannot be turned into characters and back.

    Args:
        position: Offset of the first byte in the way, counted from 0.
        reason: What is wrong there, without a full stop.
    """

    def __init__(self, position: int, reason: str) -> None:
        super().__init__(f"byte {position}: {reason}")
        self.position = position
        self.reason = reason


class UnparsableError(ValueError):
    """A file that is not what its name says.

    Args:
        line: Where the parser gave up, counted from 1, or None when it does not tell.
        reason: The parser's words.
    """

    def __init__(self, line: int | None, reason: str) -> None:
        super().__init__(reason)
        self.line = line
        self.reason = reason


class Text(NamedTuple):
    """What a text file holds, and what it takes to write it back."""

    characters: str  # the text without the byte order mark, line ends as they are
    encoding: str  # the codec of the bytes after the mark
    bom: bytes  # the byte order mark, or nothing


def decode_requirements(data: bytes) -> Text:
    """Decode a requirements file the way pip does, for any locale.

    A byte order mark decides, then a PEP 263 comment in one of the first two lines, then it is UTF-8. Where pip would
    fall back to the locale's encoding, which differs from machine to machine, the file counts as undecodable.

    Raises:
        UndecodableError: For an unknown codec, bytes that it cannot decode, or a text that it would not encode back to
            the same bytes.

    Source of the format: https://pip.pypa.io/en/stable/reference/requirements-file-format/#encoding and
    `_decode_req_file` in pip's `req/req_file.py`.
    """
    marked = _decode_marked(data)
    if marked is not None:
        return marked
    coding = declared_encoding(b"\n".join(data.split(b"\n", 2)[:2]).decode("latin-1"))
    if coding is None:
        return decode(data, "utf-8")
    try:
        return decode(data, coding[1])
    except LookupError as error:
        raise UndecodableError(coding.start(1), f"the encoding {coding[1]!r} is unknown") from error


def decode_unicode(data: bytes) -> Text:
    """Decode a file as its byte order mark says, and as UTF-8 where it has none.

    Raises:
        UndecodableError: For bytes that cannot be decoded so.
    """
    return _decode_marked(data) or decode(data, "utf-8")


def _decode_marked(data: bytes) -> Text | None:
    return next((decode(data, encoding, bom) for bom, encoding in _BOMS if data.startswith(bom)), None)


def decode_to_read(data: bytes) -> Text:
    """Decode a file that is never written: what is not UTF-8 in it is replaced."""
    return Text(data.decode("utf-8", "replace"), "utf-8", b"")


def decode_bytes(data: bytes) -> Text:
    """Decode a file that another program reads as bytes: what is not UTF-8 in it is kept by surrogateescape."""
    bom, encoding = _BOMS[0]
    mark = bom if data.startswith(bom) else b""
    return Text(data[len(mark) :].decode(encoding, "surrogateescape"), encoding, mark)


def encode_bytes(text: Text) -> bytes:
    """Return the bytes of a text that was decoded so."""
    return text.bom + text.characters.encode(text.encoding, "surrogateescape")


def decode(data: bytes, encoding: str, bom: bytes = b"") -> Text:
    """Decode bytes whose encoding is known.

    Args:
        data: The whole file, the byte order mark included.
        encoding: The codec of what follows the mark.
        bom: The mark that `data` starts with, or nothing.

    Raises:
        UndecodableError: For bytes that the codec cannot decode, or would not encode back to the same bytes.
        LookupError: For an unknown codec.
    """
    try:
        text = Text(data[len(bom) :].decode(encoding), encoding, bom)
        back = encode(text)
    except UnicodeDecodeError as error:
        raise UndecodableError(len(bom) + error.start, f"not {encoding}: {error.reason}") from error
    except ValueError as error:  # codecs such as idna and undefined, which do not say where
        raise UndecodableError(len(bom), f"not {encoding}") from error
    if back != data:
        raise UndecodableError(_first_difference(back, data), f"would not be written back as the same {encoding} bytes")
    return text


def encode(text: Text) -> bytes:
    """Return the bytes of a text: its byte order mark, and its characters in its encoding.

    Raises:
        UnicodeEncodeError: For a character that an edit brought in and that the encoding lacks.
    """
    return text.bom + text.characters.encode(text.encoding)


def declared_encoding(characters: str) -> re.Match[str] | None:
    r"""Find the PEP 263 comment in the first two lines, as pip does: lines end at `\n` only, `#` comes first.

    Returns:
        A match whose group 1 is the codec's name, or None.
    """
    position = 0
    for line in characters.split("\n", 2)[:2]:
        if line.startswith("#") and (found := _CODING.search(characters, position, position + len(line))):
            return found
        position += len(line) + 1
    return None


def is_no_path(characters: str) -> bool:
    """Tell whether no path can be like this: the system takes no such name, and Python raises ValueError for it."""
    return "\0" in characters or (
        not characters.isascii() and any("\ud800" <= letter <= "\udfff" for letter in characters)
    )


def find_conflict(characters: str) -> int | None:
    """Return the line at which git begins the two sides of a merge that somebody has to finish, counted from 1, or None."""
    begun, ended = "\n" + "<" * 7 + " ", "\n" + ">" * 7 + " "
    place = f"\n{characters}".find(begun)
    return characters.count("\n", 0, place) + 1 if place >= 0 and ended in characters[place:] else None


def apply_edits(characters: str, edits: Sequence[Edit]) -> str:
    """Splice edits into a text.

    Args:
        characters: The text that the edits' offsets count in.
        edits: Sorted by place, none overlapping another.

    Raises:
        ValueError: For edits that are not sorted, overlap, or reach outside the text.
    """
    parts: list[str] = []
    position = 0
    for edit in edits:
        if not position <= edit.start <= edit.end <= len(characters):
            message = f"the edit {edit} overlaps the one before it or lies outside the text"
            raise ValueError(message)
        parts += (characters[position : edit.start], edit.replacement)
        position = edit.end
    return "".join((*parts, characters[position:]))


def _first_difference(one: bytes, other: bytes) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (left, right) in pairs if left != right), min(len(one), len(other)))


def hide_user(text: str) -> str:
    """Return a text whose URLs tell no password, and of http no user: that may be a token.

    Args:
        text: What is shown to people, or kept where others read it.
    """
    return _USER.sub(r"\1***@", text) if "://" in text and "@" in text else text
