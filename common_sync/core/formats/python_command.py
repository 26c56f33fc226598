"""The command line of Python: its options of one letter, and what it runs.

Source: https://docs.python.org/3/using/cmdline.html.
"""

from collections.abc import Sequence
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.shell.words import Word

_PYTHON = expression(r"(?:python|pypy)[\d.]*")
_WITH_A_VALUE = "cmWX"


class PythonCommand(NamedTuple):
    """How Python is started; with no module, script or code it reads its program from its input.

    Attributes:
        letters: Its options of one letter that take no value.
        module: The module that it runs (`-m`), or nothing.
        script: The file or folder that it runs, or None.
        code: Whether its program stands on the command line (`-c`).
        text: That program.
        rest: What the program is given.
    """

    letters: frozenset[str]
    module: str = ""
    script: Word | None = None
    code: bool = False
    rest: tuple[Word, ...] = ()
    text: str = ""


def is_python(program: str) -> bool:
    """Tell whether a program is Python, by its name without a folder."""
    return _PYTHON.fullmatch(program) is not None


def read_python(arguments: Sequence[Word]) -> PythonCommand:
    """Return what the words after Python's name say."""
    letters: set[str] = set()
    words = [*arguments]
    while words:
        word, *words = words
        if not word.text.startswith("-") or word.text == "-":
            return PythonCommand(frozenset(letters), script=word if word.text != "-" else None, rest=tuple(words))
        if word.text.startswith("--"):
            words = words[1:] if word.text == "--check-hash-based-pycs" else words
            continue
        own = word.text[1:]
        at = next((at for at, letter in enumerate(own) if letter in _WITH_A_VALUE), len(own))
        letters |= {*own[:at]}
        if at == len(own):
            continue
        value = own[at + 1 :] or (words.pop(0).text if words else "")
        if own[at] in "cm":
            module = value if own[at] == "m" else ""
            code = own[at] == "c"
            return PythonCommand(frozenset(letters), module, code=code, rest=tuple(words), text=value if code else "")
    return PythonCommand(frozenset(letters))


def read_module(program: str, arguments: Sequence[Word]) -> str:
    """Return the module that a program runs by `-m`, if it is Python; else nothing.

    Args:
        program: Its name, without a folder.
        arguments: The words after it.
    """
    return read_python(arguments).module if is_python(program) else ""
