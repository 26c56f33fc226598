"""How BuildKit cuts a Dockerfile into instructions, flags, words and heredocs, with the place of each character kept.

Source of the format: https://docs.docker.com/reference/dockerfile/ and BuildKit's `frontend/dockerfile/parser`;
`tests/core/formats/test_dockerfile_syntax.py` holds this against a public port of the latter.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.dockerfile.arguments import (
    Announcement,
    Flag,
    find_announcements,
    parse_arguments,
    take_flags,
)
from common_sync.core.formats.dockerfile.words import RefusedError, Word, join_words, plain_word
from common_sync.core.text import SPACES, UnparsableError

_LINE = expression(r"[^\n]*\n|[^\n]+\Z")
_DIRECTIVE = expression(rf"#[{SPACES}]*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S(?:.*\S)?|\s)\s*", re.ASCII, needs="#")
_COMMAND = expression(r"([^\t\v\f\r ]+)[\t\v\f\r ]*")


class Heredoc(NamedTuple):
    """The text below an instruction that one of its `<<` words announces."""

    announced: Announcement  # its name, and how it is to be read
    start: int  # offset in the file of its first character
    end: int  # offset after its last line, before the line that ends it
    line: int  # the number of its first line
    content: str  # its lines, as they are written


class Instruction(NamedTuple):
    """One instruction, with the heredocs below it.

    Attributes:
        name: In upper case.
        line: The number of its first line, counted from 1.
        last_line: The number of its last line, that of its last heredoc included.
        start: Offset in the file of its name.
        end: Offset after its last character, without the line end and without heredocs.
        flags: Its flags.
        arguments: What follows the flags, continuation lines joined.
        words: The arguments as BuildKit divides them: at blanks for COPY, ADD, FROM, EXPOSE and VOLUME; `NAME=value`
            for ARG, ENV and LABEL (name and value apart in their old form, without `=`); the strings of the JSON form;
            otherwise all in one.
        json: Whether the arguments are a JSON array.
        heredocs: The texts below it.
        trigger: For ONBUILD, the instruction that it keeps for later.
    """

    name: str
    line: int
    last_line: int
    start: int
    end: int
    flags: tuple[Flag, ...]
    arguments: Word
    words: tuple[Word, ...]
    json: bool
    heredocs: tuple[Heredoc, ...] = ()
    trigger: "Instruction | None" = None

    def flag(self, name: str) -> Word | None:
        """Return the value of a flag; None where there is no such flag, or none with a value."""
        return next((flag.value for flag in self.flags if flag.name == name), None)


class Stage(NamedTuple):
    """What a FROM begins."""

    name: str  # what follows `AS`, in lower case, or nothing
    base: Word  # the image or stage that it is built on, as written
    instructions: tuple[Instruction, ...]  # its instructions, FROM first


class Dockerfile(NamedTuple):
    """A Dockerfile."""

    escape: str  # the escape character
    syntax: str  # what `# syntax=` names, or nothing
    instructions: tuple[Instruction, ...]  # all instructions, in the order of the file

    @property
    def arguments(self) -> tuple[Instruction, ...]:
        """The ARG instructions before the first FROM."""
        first = next((at for at, one in enumerate(self.instructions) if one.name == "FROM"), len(self.instructions))
        return self.instructions[:first]

    @property
    def texts(self) -> tuple[str, ...]:
        """What its instructions say, with their flags and the heredocs below them."""
        flags = (flag.value.text for one in self.instructions for flag in one.flags if flag.value is not None)
        bodies = (heredoc.content for one in self.instructions for heredoc in one.heredocs)
        return (*(one.arguments.text for one in self.instructions), *flags, *bodies)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages, in the order of the file."""
        firsts = [at for at, one in enumerate(self.instructions) if one.name == "FROM"]
        ends = [*firsts[1:], len(self.instructions)]
        return tuple(_stage(self.instructions[first:end]) for first, end in zip(firsts, ends, strict=False))


def _stage(instructions: tuple[Instruction, ...]) -> Stage:
    words = instructions[0].words
    return Stage(words[2].text.lower() if len(words) == _NAMED_FROM else "", words[0], instructions)


_NAMED_FROM = 3
"""Words in `FROM image AS name`."""


def parse_dockerfile(characters: str) -> Dockerfile:
    """Parse a Dockerfile, or a Containerfile.

    Args:
        characters: The decoded file, without its byte order mark, line ends as they are.

    Raises:
        UnparsableError: BuildKit would refuse it.
    """
    parser = _Parser(characters)
    instructions = tuple(parser.instructions())
    return Dockerfile(parser.escape, parser.directives.get("syntax", ""), instructions)


class _Parser:
    """Goes through the lines of a file once."""

    def __init__(self, characters: str) -> None:
        self._characters = characters
        self._lines = [match.span() for match in _LINE.finditer(characters)]
        self._next = 0
        self.directives: dict[str, str] = {}
        self._read_directives()
        self.escape = self.directives.get("escape", "\\")
        escape = re.escape(self.escape)
        self._continued = re.compile(rf"(?<!{escape}){escape}[ \t]*\Z")

    def _line(self) -> tuple[int, int]:
        """Return where the next line starts and ends, without its line end, and pass it."""
        start, end = self._lines[self._next]
        self._next += 1
        return start, start + len(self._characters[start:end].rstrip("\r\n"))

    def _read_directives(self) -> None:
        while self._next < len(self._lines):
            start, end = self._line()
            match = _DIRECTIVE.fullmatch(self._characters[start:end].lstrip(SPACES))
            name = match[1].lower() if match else ""
            if match is None or name not in {"escape", "syntax", "check"}:
                break
            if name in self.directives:
                raise UnparsableError(self._next, f"only one {name} parser directive can be used")
            self.directives[name] = match[2]
            if name == "escape" and match[2] not in {"\\", "`"}:
                raise UnparsableError(
                    self._next, f"the escape character is {match[2]!r}, not a backslash or a backtick"
                )
        self._next = 0

    def instructions(self) -> Iterator[Instruction]:
        """Yield each instruction."""
        in_stage = False
        while self._next < len(self._lines):
            number = self._next + 1
            pieces = self._logical_line()
            if pieces:
                instruction = self._with_heredocs(self._trigger(self._instruction(join_words(pieces), number)))
                if not in_stage and instruction.name not in {"FROM", "ARG"}:
                    raise UnparsableError(number, f"no build stage yet: {instruction.name} comes before the first FROM")
                in_stage = in_stage or instruction.name == "FROM"
                yield instruction

    def _logical_line(self) -> list[Word]:
        """Return the pieces of an instruction's lines, without comments between them; nothing for a line without any."""
        start, end = self._line()
        start = self._after_blanks(start, end)
        if start == end or self._characters[start] == "#":
            return []
        pieces = []
        while True:
            match = self._continued.search(self._characters, start, end)
            pieces.append(plain_word(self._characters, start, match.start() if match else end))
            following = self._continuation_line() if match else None
            if following is None:
                return pieces
            start, end = following

    def _continuation_line(self) -> tuple[int, int] | None:
        """Return the next line that is neither empty nor a comment; None at the end of the file."""
        while self._next < len(self._lines):
            start, end = self._line()
            first = self._after_blanks(start, end)
            if first < end and self._characters[first] != "#":
                return start, end
        return None

    def _after_blanks(self, start: int, end: int) -> int:
        return end - len(self._characters[start:end].lstrip(SPACES))

    def _instruction(self, line: Word, number: int) -> Instruction:
        line = line.stripped()
        command = _COMMAND.match(line.text)
        name = command[1].upper() if command else ""
        flags, arguments = take_flags(line.part(command.end() if command else 0))
        try:
            words, json = parse_arguments(name, arguments, self.escape)
        except KeyError:
            raise UnparsableError(number, f"unknown instruction: {name}") from None
        except RefusedError as error:
            raise UnparsableError(number, str(error)) from error
        return Instruction(name, number, self._next, line.start, line.end, flags, arguments, words, json)

    def _trigger(self, instruction: Instruction) -> Instruction:
        """Return an ONBUILD with the instruction in it."""
        if instruction.name != "ONBUILD":
            return instruction
        trigger = self._instruction(instruction.arguments, instruction.line)
        if trigger.name in {"ONBUILD", "FROM", "MAINTAINER"}:
            raise UnparsableError(instruction.line, f"{trigger.name} isn't allowed after ONBUILD")
        return instruction._replace(trigger=trigger)

    def _with_heredocs(self, instruction: Instruction) -> Instruction:
        asked = instruction.trigger or instruction
        if asked.name not in {"ADD", "COPY", "RUN"} or asked.json or "<<" not in asked.arguments.text:
            return instruction
        announced = find_announcements(asked.arguments)
        bodies = tuple(self._body(announcement, instruction.line) for announcement in announced)
        if instruction.trigger:
            trigger = instruction.trigger._replace(heredocs=bodies, last_line=self._next)
            instruction = instruction._replace(trigger=trigger)
        return instruction._replace(heredocs=bodies, last_line=self._next)

    def _body(self, announced: Announcement, number: int) -> Heredoc:
        first = self._next
        start = self._lines[first][0] if first < len(self._lines) else len(self._characters)
        while self._next < len(self._lines):
            at, end = self._line()
            line = self._characters[at:end]
            if (line.lstrip("\t") if announced.chomp else line) == announced.name:
                return Heredoc(announced, start, at, first + 1, self._characters[start:at])
        raise UnparsableError(number, f"unterminated heredoc: no line is {announced.name!r}")
