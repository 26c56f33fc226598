"""What a compose file starts a service with: `command` and `entrypoint`, its folder, and the variables that matter for them.

Source of the format: https://github.com/compose-spec/compose-spec (05-services.md). A string is cut into words nearly as a shell does,
and given to no shell: Compose drops all that follows an operator of a shell, and refuses a bracket without quotes
(https://github.com/mattn/go-shellwords, with which it reads them).
"""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.compose.file import Begin, list_named
from common_sync.core.formats.compose.paths import has_variable, list_variables
from common_sync.core.formats.shell.words import Word
from common_sync.core.formats.yaml.tree import Node, YamlScalar, YamlSequence

_NULL = frozenset({"", "~", "null"})


class Words(NamedTuple):
    """The words of a `command` or an `entrypoint`."""

    words: tuple[Word, ...]  # a word with a variable is not known
    line: int  # the line, counted from 1
    file: str  # the absolute path of the compose file
    put_in: frozenset[str] = frozenset()  # the variables without a default that Compose itself puts in
    fault: str = ""  # what of it is never started, and why


class ComposeStart(NamedTuple):
    """How a compose file starts a service, where that is another way than its image's."""

    command: Words | None = None  # what takes the place of CMD, or None
    entrypoint: Words | None = None  # what takes the place of ENTRYPOINT, or None
    folder: str | None = None  # the folder that it is started in, as written, or None
    environment: Mapping[str, str | None] = {}  # the variables that it sets; None for one that nobody can tell
    files: bool = False  # whether files may set more of them


def read_start(begins: Iterable[Begin]) -> ComposeStart:
    """Return how a service is started.

    Args:
        begins: What compose files say of it, the uppermost first.
    """
    start = ComposeStart()
    for one in begins:
        match one.key:
            case "command":
                start = start._replace(command=_read_words(one))
            case "entrypoint":
                start = start._replace(entrypoint=_read_words(one))
            case "working_dir":
                start = start._replace(folder=one.node.value if isinstance(one.node, YamlScalar) else None)
            case "env_file":
                start = start._replace(files=_names_any(one.node))
            case _:
                start = start._replace(environment={**_read_variables(one.node), **start.environment})
    return start


def _names_any(node: Node) -> bool:
    """Tell whether a value names a file."""
    if isinstance(node, YamlSequence):
        return bool(node.items)
    return not isinstance(node, YamlScalar) or bool(node.style) or node.value not in _NULL


def _read_words(begin: Begin) -> Words | None:
    """Return the words of a command; None where it is none, as for `null`."""
    node = begin.node
    if isinstance(node, YamlSequence):
        texts = [one.value if isinstance(one, YamlScalar) else "" for one in node.items]
        names = frozenset(name for text in texts for name in list_variables(text))
        return Words(tuple(map(_word, texts)), node.line, begin.file, names)
    if not isinstance(node, YamlScalar) or (not node.style and node.value in _NULL):
        return None
    words, fault = _split(node.value)
    return Words(tuple(map(_word, words)), node.line, begin.file, frozenset(list_variables(node.value)), fault)


_TOKEN = expression(
    r"""(?s)(?P<blank>\s+)|(?P<operator>\d*>|[;&|<])|(?P<bracket>[()])"""
    r"""|(?P<word>(?:\\.|'[^']*'|"(?:\\.|[^"\\])*"|\$\([^()]*\)|\$\{[^{}]*\}|[^\s;&|<>()'"\\])+)|(?P<broken>.)"""
)
_PART = expression(r"""(?s)\\(?P<escaped>.)|'(?P<single>[^']*)'|"(?P<double>(?:\\.|[^"\\])*)"|(?P<plain>.)""")
_ESCAPED = expression(r"(?s)\\(.)")


def _split(text: str) -> tuple[list[str], str]:
    """Return the words of a string as Compose cuts it, and what of it is never started."""
    words: list[str] = []
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "word":
                words.append("".join(map(_read_part, _PART.finditer(token[0]))))
            case "operator" if token[0][-1] in "<>":
                break
            case "operator":
                dropped = _line_at(token).strip()
                is_odd = bool(text[token.start() :].strip().strip(";&| "))
                return words, f"Compose drops `{dropped}`, since it starts no shell" if is_odd else ""
            case "bracket" | "broken":
                return [""], f"Compose refuses it at `{_line_at(token)}`: write that in quotes"
    return words, ""


def _line_at(token: re.Match[str]) -> str:
    """Return what a text has from a token on, to the end of its line."""
    return token.string[token.start() :].partition("\n")[0]


def _read_part(part: re.Match[str]) -> str:
    inner = part[part.lastgroup or 0]
    return _ESCAPED.sub(r"\1", inner) if part.lastgroup == "double" else inner


def _word(text: str) -> Word:
    return Word(text.replace("$$", "$"), known=not has_variable(text.replace("$$", "")))


def _read_variables(node: Node) -> dict[str, str | None]:
    """Return what variables are set to; None where nobody can tell, as for one of the person who starts it."""
    found: dict[str, str | None] = {}
    for one in list_named(node):
        known = None if one.value is None or has_variable(one.value) else one.value
        if isinstance(node, YamlSequence):
            found[one.name] = known  # the last one counts
        else:
            found.setdefault(one.name, known)  # what a mapping says itself comes before what is merged into it
    return found
