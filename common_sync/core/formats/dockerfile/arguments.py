"""How BuildKit divides what follows an instruction's name: flags, blanks, quotes, `NAME=value`, JSON, heredocs.

Source of the rules: BuildKit's `frontend/dockerfile/parser/line_parsers.go`, `split_command.go` and `parser.go`.
"""

import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.dockerfile.words import Word, join_words, refuse, split_words, unquote
from common_sync.core.text import SPACES

_BLANKS = expression(r"[\t\v\f\r ]+")
_BETWEEN_BLANKS = expression(r"[^\t\v\f\r ]+")
_BETWEEN_SPACES = expression(rf"[^{SPACES}]+")
_FLAG = expression(
    rf"""[{SPACES}]*(--(?:[^{SPACES}'"\\]|\\.?|'(?:[^'\\]|\\.?)*(?:'|\Z)|"(?:[^"\\]|\\.?)*(?:"|\Z))*)""", re.DOTALL
)
_FLAG_PIECE = expression(r"""\\(?P<escaped>.)|(?P<quote>['"])|(?P<plain>[^\\])""", re.DOTALL)
_QUOTING = expression(r"""['"\\]""")
_JSON_STRING = expression(r'"(?:[^"\\]|\\.)*"')
_PLAIN_ARRAY = expression(r"\[ *S(?: *, *S)* *\]".replace("S", r'"[^"\\\x00-\x1f]*"'))
_JSON_CHARACTER = expression(r"\\u[dD][89abAB]..\\u[dD][c-fC-F]..|\\u....|\\.|[^\\]")
_HEREDOC = expression(r"(\d*)<<(-?)\s*([^<]*)", re.ASCII)
_HEREDOC_WORD = expression(
    rf"""(?:<<[\t\r ]*|'[^']*'|"(?:[^"\\]|\\["$\\]|\\(?!["$\\]))*"|\\.|\\\Z|[^{SPACES}'"\\])+""", re.DOTALL
)
_QUOTED_WORD = {
    escape: expression(
        rf"""(?:[^\s'"{taken}]|[\x1c-\x1f]|{taken}.|'[^']*(?:'|\Z)|"(?:[^"{taken}]|{taken}.)*(?:"|(?={taken}?\Z)))+""",
        re.DOTALL,
    )
    for escape, taken in (("\\", "\\\\"), ("`", "`"))
}
"""By the escape character; one at the very end escapes nothing, and does not count. Go takes fewer characters for blanks than `\\s`."""


class Flag(NamedTuple):
    """What follows an instruction's name and begins with two dashes: `--from=build`."""

    name: str  # without the dashes
    value: Word | None  # what follows the `=`, unquoted; None where there is none


class Announcement(NamedTuple):
    """A word that says that a heredoc follows."""

    name: str  # the line that ends it
    chomp: bool  # whether tabs at the beginning of its lines do not count (`<<-`)
    expand: bool  # whether variables in it are expanded: its name is not quoted


def take_flags(rest: Word) -> tuple[tuple[Flag, ...], Word]:
    """Divide what follows an instruction's name into its flags and its arguments."""
    if not rest.text.lstrip(SPACES).startswith("--"):
        return (), rest.stripped()  # as nearly always; the expression for a flag is long
    flags = []
    end = 0
    while match := _FLAG.match(rest.text, end):
        word = _unquote_flag(rest.part(*match.span(1)))
        end = match.end()
        if word.text == "--":
            break
        name, equals, _ = word.text[2:].partition("=")
        flags.append(Flag(name, word.part(len(name) + 3) if equals else None))
    return tuple(flags), rest.part(end).stripped()


def _unquote_flag(word: Word) -> Word:
    """Take off quotes and backslashes, whatever the escape character is."""
    if not _QUOTING.search(word.text):
        return word
    kept = [word.part(0, 0)]
    quote = ""
    for match in _FLAG_PIECE.finditer(word.text):
        if match["quote"] and quote in {"", match["quote"]}:
            quote = "" if quote else match["quote"]
        elif match["escaped"]:
            kept.append(_spelled(word, *match.span(), match["escaped"]))
        else:
            kept.append(word.part(*match.span()))
    return join_words(kept)


def _spelled(word: Word, start: int, end: int, character: str) -> Word:
    """Return the character that some characters of a word stand for."""
    return Word(character, [word.starts[start]], [word.ends[end - 1]])


def parse_arguments(name: str, arguments: Word, escape: str) -> tuple[tuple[Word, ...], bool]:
    """Divide an instruction's arguments; say whether they are a JSON array.

    Args:
        name: The instruction's name, in upper case.
        arguments: What follows its flags.
        escape: The escape character.

    Raises:
        RefusedError: BuildKit would refuse them.
        KeyError: There is no such instruction.
    """
    parse, takes_json = _FORMS[name]
    words = _decode_json(arguments) if takes_json else None
    divided = tuple(parse(arguments, escape) if words is None else words)
    if name in {"COPY", "ADD"} and len(divided) < _SOURCE_AND_DESTINATION:
        refuse(f"{name} takes at least one source and a destination")
    return divided, words is not None


_SOURCE_AND_DESTINATION = 2


def _all_in_one(arguments: Word, escape: str) -> list[Word]:  # noqa: ARG001  as the others
    return [arguments] if arguments.text else []


def _at_blanks(arguments: Word, escape: str) -> list[Word]:  # noqa: ARG001
    return list(split_words(arguments, _BETWEEN_BLANKS))


def _with_quotes(arguments: Word, escape: str) -> list[Word]:
    return list(split_words(arguments, _QUOTED_WORD[escape]))


def _assignments(arguments: Word, escape: str) -> list[Word]:
    words = _with_quotes(arguments, escape)
    if words and "=" not in words[0].text:
        blank = _BLANKS.search(arguments.text)
        if blank is None:
            refuse(f"{arguments.text!r} has no value")
        return [arguments.part(0, blank.start()), arguments.part(blank.end())]
    if bare := [word.text for word in words if "=" not in word.text]:
        refuse(f"can't find = in {bare[0]!r}, must be of the form name=value")
    return words


def _base(arguments: Word, escape: str) -> list[Word]:
    words = _at_blanks(arguments, escape)
    if len(words) != 1 and (len(words) != _IMAGE_AS_NAME or words[1].text.lower() != "as"):
        refuse("FROM takes an image, or an image, AS and a name")
    return words


_IMAGE_AS_NAME = 3


def _health(arguments: Word, escape: str) -> list[Word]:
    kind = next(split_words(arguments, _BETWEEN_SPACES), None)
    if kind is None:
        return []
    command = arguments.part(len(kind.text)).stripped()
    return [kind, *(_decode_json(command) or _all_in_one(command, escape))]


_FORMS: dict[str, tuple[Callable[[Word, str], list[Word]], bool]] = {
    "ADD": (_at_blanks, True),
    "ARG": (_with_quotes, False),
    "CMD": (_all_in_one, True),
    "COPY": (_at_blanks, True),
    "ENTRYPOINT": (_all_in_one, True),
    "ENV": (_assignments, False),
    "EXPOSE": (_at_blanks, False),
    "FROM": (_base, False),
    "HEALTHCHECK": (_health, False),
    "LABEL": (_assignments, False),
    "MAINTAINER": (_all_in_one, False),
    "ONBUILD": (_all_in_one, False),
    "RUN": (_all_in_one, True),
    "SHELL": (_all_in_one, True),
    "STOPSIGNAL": (_all_in_one, False),
    "USER": (_all_in_one, False),
    "VOLUME": (_at_blanks, True),
    "WORKDIR": (_all_in_one, False),
}
"""How each instruction's arguments are divided, and whether they may be a JSON array."""


def _decode_json(array: Word) -> list[Word] | None:
    """Return the strings of a JSON array; None for what is none.

    Raises:
        RefusedError: It holds something else than strings.
    """
    if not array.text.startswith("[") or not (_PLAIN_ARRAY.fullmatch(array.text) or _is_array(array.text)):
        return None
    return [_decode_string(array.part(*match.span())) for match in _JSON_STRING.finditer(array.text)]


def _is_array(text: str) -> bool:
    """Tell whether a text is a JSON array.

    Raises:
        RefusedError: It holds something else than strings.
    """
    from json import loads  # as long as all other modules for Dockerfiles, and hardly any array needs it

    try:
        values = loads(text)
    except ValueError:
        return False
    except RecursionError:
        refuse("a JSON array here holds strings only, not one array in another thousands of times")
    if not all(isinstance(value, str) for value in values):
        refuse("a JSON array here holds strings only")
    return True


def _decode_string(quoted: Word) -> Word:
    inside = quoted.part(1, -1)
    if "\\" not in inside.text:
        return inside
    from json import loads  # as above

    spans = [match.span() for match in _JSON_CHARACTER.finditer(inside.text)]
    decoded = (_spelled(inside, start, end, loads(f'"{inside.text[start:end]}"')) for start, end in spans)
    return join_words([inside.part(0, 0), *decoded])


def find_announcements(arguments: Word) -> Iterator[Announcement]:
    """Yield each heredoc that the arguments of RUN, COPY or ADD announce."""
    for word in _shell_words(arguments):
        match = _HEREDOC.fullmatch(word.text)
        name = unquote(word.part(*match.span(3))) if match else None
        if match and name:
            yield Announcement(name, chomp=bool(match[2]), expand=not re.search("['\"]", match[3]))


def _shell_words(arguments: Word) -> list[Word]:
    """Return the words of a command line, quotes and escapes kept; none where a quote does not end."""
    words = []
    end = 0
    for match in _HEREDOC_WORD.finditer(arguments.text):
        if arguments.text[end : match.start()].strip(SPACES):
            return []
        words.append(arguments.part(*match.span()))
        end = match.end()
    return [] if arguments.text[end:].strip(SPACES) else words
