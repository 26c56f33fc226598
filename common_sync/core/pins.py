"""Pins: services that stay at a tag or a commit of a library, while the others follow its master."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.settings import Reader, Setting

_COMMIT = re.compile("[0-9a-fA-F]{7,64}")
_LONGEST = 200


class Pin(NamedTuple):
    """A service, and what it stays at."""

    service: Setting  # its path from the root, or its last part
    ref: str  # a tag, or 7 to 64 hex digits of a commit


def read_pins(reader: Reader) -> tuple[Pin, ...]:
    """Return the pins of a configuration, each with its line.

    Args:
        reader: Reads the table that they stand in; what is wrong is noted there.
    """
    inner = reader.table("pins")
    return tuple(_read_each(inner)) if inner is not None else ()


def _read_each(inner: Reader) -> Iterator[Pin]:
    for service, line in inner.written():
        ref = inner.value(service)
        if not isinstance(ref, str):
            inner.complain(service, f'"{service}" cannot be {ref!r}', f'{service} = "v1.0.1"')
        elif reason := why_no_ref(ref):
            inner.complain(service, f'"{service}" is pinned to {ref!r}, which {reason}', REMEDY)
        else:
            yield Pin(Setting(service, line), ref)


REMEDY = "name a tag, or 7 to 64 hex digits of a commit"


def why_no_ref(ref: str) -> str | None:
    """Say why a text can be neither a tag's name nor a commit's, or None when it can (git-check-ref-format(1))."""
    if not ref or len(ref) > _LONGEST:
        return "is too long" if ref else "is empty"
    if ref.startswith("-"):
        return "begins like an option"
    if any(letter <= " " or letter == "\x7f" or "\ud800" <= letter <= "\udfff" for letter in ref):
        return "holds a character that no tag has"
    if any(part in ref for part in ("..", "@{", "//", *"~^:?*[\\")) or ref.startswith("/"):
        return "is no tag's name"
    if ref.endswith(("/", ".", ".lock")) or any(part.startswith(".") for part in ref.split("/")):
        return "is no tag's name"
    return None


def is_commit(ref: str) -> bool:
    """Tell whether a ref may be the beginning of a commit's id."""
    return _COMMIT.fullmatch(ref) is not None


def list_tags(ref: str, library: str) -> tuple[str, str, str]:
    """Return the names under which a tag is looked for: its own, then those of a library among others."""
    return ref, f"{library}-{ref}", f"{library}/{ref}"
