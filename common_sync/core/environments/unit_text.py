"""How a unit of systemd is written: words and paths, and the seal in its first line, by which an edit is told."""

import hashlib
import re
from typing import Literal

from common_sync.core.expressions import expression, expression_of_bytes

UnitState = Literal["in sync", "missing", "differs", "edited", "foreign", "leftover"]
"""How an installed unit stands; `foreign` is one that the tool has not written, `leftover` one of a service without a command."""

_SEAL = "# Written by common-sync units, which writes it anew. Edits belong into a drop-in: CONTROL edit NAME. seal="
_SEALED = expression_of_bytes(rb"(# Written by common-sync units\b[^\n]* seal=)([0-9a-f]{16})\n")
_PLAIN = expression(r"[\w./:=@+,-]+", re.ASCII)
_ESCAPES = str.maketrans({"\\": "\\\\", '"': '\\"', "%": "%%", "$": "$$"})


def name_control(*, is_of_user: bool) -> str:
    """Return what a person types to have systemd do something.

    Args:
        is_of_user: Whether it is a user's own systemd.
    """
    return "systemctl --user" if is_of_user else "systemctl"


def seal(text: str, unit: str, *, is_of_user: bool = False) -> str:
    """Return the text of a unit with its seal in the first line.

    Args:
        text: The text.
        unit: What systemd calls the unit.
        is_of_user: Whether it is for a user's own systemd.
    """
    head = _SEAL.replace("NAME", unit).replace("CONTROL", name_control(is_of_user=is_of_user))
    return f"{head}{_digest((head + text).encode())}\n{text}"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def judge(held: bytes | None, text: str) -> UnitState:
    """Return how an installed unit stands.

    Args:
        held: Its bytes; None where there is no file.
        text: What it should be; nothing where there should be none.
    """
    if held is None:
        return "missing"
    if held == text.encode():
        return "in sync"
    if not is_untouched(held):
        return "edited" if _SEALED.match(held) else "foreign"
    return "differs" if text else "leftover"


def is_untouched(held: bytes) -> bool:
    """Tell whether a unit is one that the tool has written, and nobody has edited since."""
    sealed = _SEALED.match(held)
    return sealed is not None and sealed[2].decode() == _digest(sealed[1] + held[sealed.end() :])


def spell_word(word: str) -> str:
    """Return a word as systemd takes it for this very word: no variable, no specifier, no end of a command."""
    return word if _PLAIN.fullmatch(word) else f'"{word.translate(_ESCAPES)}"'


def spell_path(path: str) -> str:
    """Return a nameable path, as one word of a unit."""
    return escape(quote(path))


def quote(path: str) -> str:
    """Return a nameable path, in quotes where it is more than one word."""
    return path if _PLAIN.fullmatch(path) else f'"{path}"'


def escape(line: str) -> str:
    """Return a line as a unit has it, where % begins what systemd replaces."""
    return line.replace("%", "%%")
