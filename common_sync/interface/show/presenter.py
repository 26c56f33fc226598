"""The one presenter: an output format is one function of a view."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Literal, NamedTuple, NoReturn

from common_sync.core.errors import ConfigurationError, Problem, shell_word
from common_sync.core.model import Finding
from common_sync.interface.show.options import Options
from common_sync.interface.show.terminal import printable, write

IN_SYNC, DRIFT = 0, 1

SCHEMA = 1
"""Of the JSON documents."""


class Standing(NamedTuple):
    """How a service stands after a command."""

    service: str  # its path from the root
    verdict: Literal["passes", "fails", "unknown"] = "passes"
    what: str = ""  # a few words
    version: str | None = None  # of its copy


class Overview(NamedTuple):
    """The libraries, a line each, and how each service stands; nothing where a command knows of none."""

    libraries: tuple[str, ...] = ()
    services: tuple[Standing, ...] = ()


class View(NamedTuple):
    """What a command came to, as every output format can show it.

    Attributes:
        command: The command's name.
        passes: Whether the exit code is 0.
        findings: Returns the findings.
        text: Returns the lines for people.
        fields: Returns the fields of the JSON document; docs/json.md has them.
        root: The absolute path of the folder that the findings' paths are from.
        overview: Returns how each service stands, for the formats that show it.
        own: What returns the lines of a format, where this command has one of its own by that name.
    """

    command: str
    passes: bool
    findings: Callable[[], Sequence[Finding]]
    text: Callable[[Options], Iterable[str]]
    fields: Callable[[], dict[str, object]]
    root: str | None = None
    overview: Callable[[], Overview] = Overview
    own: Mapping[str, Callable[[], Iterable[str]]] = MappingProxyType({})


def present(view: View, options: Options) -> int:
    """Show a view in the formats asked for; return the exit code.

    Args:
        view: What the command came to.
        options: The options of every command.
    """
    for output in find_outputs(options):
        own = view.own.get(output.format)
        lines = own() if own is not None else FORMATS[output.format](view, options)
        if output.file is None:
            for line in lines:
                write(line)
        else:
            _write_file(output.file, lines)
    return IN_SYNC if view.passes else DRIFT


class Output(NamedTuple):
    """A format, and the file that it is written to; None for standard output."""

    format: str
    file: str | None


def shows_text(options: Options) -> bool:
    """Return whether standard output is text for people."""
    return Output("text", None) in find_outputs(options)


def find_outputs(options: Options) -> list[Output]:
    """Return what is to be shown, and where; text where nothing else goes to standard output.

    Raises:
        ConfigurationError: There is no such format or folder, or two are for the same place.
    """
    if not options.output_format:
        return [Output("text", None)]
    outputs = [_parse_output(word) for word in options.output_format]
    files = [output.file for output in outputs]
    for file in files:
        if files.count(file) > 1:
            where, remedy = (file, "name another file") if file else ("standard output", "name a file: FORMAT=FILE")
            _refuse(f"two formats are for {where}", remedy)
    return outputs if None in files else [Output("text", None), *outputs]


def _parse_output(word: str) -> Output:
    name, given, file = word.partition("=")
    if name not in FORMATS:
        from common_sync.core.typos import nearest  # only a typo needs it

        _refuse(f"{name!r} is not one of {', '.join(map(repr, FORMATS))}", nearest(name, FORMATS) or None)
    if not given or file == "-":
        return Output(name, None)
    if not file:
        _refuse(f"{word!r} names no file", f"{name}=FILE, or {name} alone for standard output")
    folder = os.path.dirname(file) or os.curdir
    if not os.path.isdir(folder):
        _refuse(f"there is no folder {folder!r} for {file!r}", f"mkdir -p {shell_word(folder)}")
    if os.path.isdir(file):
        _refuse(f"{file!r} is a folder", "name a file in it")
    return Output(name, file)


def _refuse(message: str, remedy: str | None) -> NoReturn:
    raise ConfigurationError(Problem(message, "--output-format", remedy=remedy))


def _write_file(file: str, lines: Iterable[str]) -> None:
    from common_sync.edges.files.replacing import writing_output  # most runs write none

    with writing_output(file) as stream:
        stream.writelines(f"{line}\n".encode("utf-8", "backslashreplace") for line in lines)


def _text(view: View, options: Options) -> Iterable[str]:
    return view.text(options)


def _json(view: View, _options: Options) -> Iterator[str]:
    """Yield JSON in ASCII, with the keys in their order."""
    import json  # only scripts ask for it

    yield json.dumps({"schema": SCHEMA, "command": view.command, **view.fields()}, indent=2)


def _jsonl(view: View, _options: Options) -> Iterator[str]:
    """Yield the same document in one line."""
    yield jsonl_line(view.command, "result", view.fields())


def jsonl_line(command: str, event: str, fields: dict[str, object]) -> str:
    """Return a line of JSON in ASCII.

    Args:
        command: The command's name.
        event: What the line tells of; `result` is the last one.
        fields: What it tells.
    """
    import json  # only scripts ask for it

    return json.dumps({"schema": SCHEMA, "command": command, "event": event, **fields})


def _concise(view: View, _options: Options) -> Iterator[str]:
    """Yield a line a finding, for grep and editors."""
    from common_sync.interface.show.text import place_of  # most runs have no finding

    for finding in view.findings():
        yield f"{place_of(finding)}: {finding.code} {printable(finding.message)}"


def _github(view: View, options: Options) -> Iterator[str]:
    from common_sync.interface.show.formats import github_lines  # only CI asks for it, as for those below

    return github_lines(view, options)


def _gitlab(view: View, options: Options) -> Iterator[str]:
    from common_sync.interface.show.formats import gitlab_lines

    return gitlab_lines(view, options)


def _sarif(view: View, options: Options) -> Iterator[str]:
    from common_sync.interface.show.formats import sarif_lines

    return sarif_lines(view, options)


def _junit(view: View, options: Options) -> Iterator[str]:
    from common_sync.interface.show.junit import junit_lines

    return junit_lines(view, options)


def _markdown(view: View, options: Options) -> Iterator[str]:
    from common_sync.interface.show.markdown import markdown_lines

    return markdown_lines(view, options)


FORMATS: Mapping[str, Callable[[View, Options], Iterable[str]]] = {
    "text": _text,
    "concise": _concise,
    "json": _json,
    "jsonl": _jsonl,
    "github": _github,
    "gitlab": _gitlab,
    "sarif": _sarif,
    "junit": _junit,
    "markdown": _markdown,
}
"""Each output format by its name: it returns the lines to print."""
