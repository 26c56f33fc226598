"""Regular expressions that are compiled when they are first used.

The hook starts on every commit and needs few of them; compiling all would be a tenth of its time.
"""

import re
from typing import cast

_NOTHING: dict[str, object] = {"match": None, "fullmatch": None, "search": None, "finditer": ()}
"""What an expression answers that does not match."""


def expression(pattern: str, flags: int = 0, *, needs: str = "") -> re.Pattern[str]:
    """Return an expression that is compiled when something is first asked of it.

    Args:
        pattern: The expression.
        flags: As for `re`.
        needs: What is in every match: for a text without it nothing is compiled. Then only the methods in `_NOTHING` are there.
    """
    return cast("re.Pattern[str]", _Needing(pattern, flags, needs) if needs else _Expression(pattern, flags))


def expression_of_bytes(pattern: bytes, flags: int = 0) -> re.Pattern[bytes]:
    """Return the same for bytes."""
    return cast("re.Pattern[bytes]", _Expression(pattern, flags))


class _Expression:
    def __init__(self, pattern: str | bytes, flags: int) -> None:
        self._pattern, self._flags = pattern, flags

    def __getattr__(self, name: str) -> object:
        """Return what is asked for, and have it at hand the next time."""
        value: object = getattr(re.compile(self._pattern, self._flags), name)  # `re` keeps what it has compiled
        setattr(self, name, value)
        return value


class _Needing:
    def __init__(self, pattern: str, flags: int, needs: str) -> None:
        self._expression, self._needs = _Expression(pattern, flags), needs

    def __getattr__(self, name: str) -> object:
        """Return a method that looks for what is needed, and only then asks the expression."""
        nothing = _NOTHING[name]

        def ask(text: str, *span: int) -> object:
            return getattr(self._expression, name)(text, *span) if self._needs in text else nothing

        setattr(self, name, ask)
        return ask
