"""The one presenter: an output format is one function of a view."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from common_sync.core.model import Finding
from common_sync.interface.show.options import Options
from common_sync.interface.show.terminal import printable, write

IN_SYNC, DRIFT = 0, 1

SCHEMA = 1
"""Of the JSON documents."""


class View(NamedTuple):
    """What a command came to, as every output format can show it.

    Attributes:
        command: The command's name.
        passes: Whether the exit code is 0.
        findings: Returns the findings.
        text: Returns the lines for people.
        fields: Returns the fields of the JSON document; docs/json.md has them.
    """

    command: str
    passes: bool
    findings: Callable[[], Sequence[Finding]]
    text: Callable[[Options], Iterable[str]]
    fields: Callable[[], dict[str, object]]


def present(view: View, options: Options) -> int:
    """Show a view in the format asked for; return the exit code.

    Args:
        view: What the command came to.
        options: The options of every command.
    """
    for line in FORMATS[options.output_format](view, options):
        write(line)
    return IN_SYNC if view.passes else DRIFT


def _text(view: View, options: Options) -> Iterable[str]:
    return view.text(options)


def _json(view: View, _options: Options) -> Iterator[str]:
    """Yield JSON in ASCII, with the keys in their order."""
    import json  # only scripts ask for it

    yield json.dumps({"schema": SCHEMA, "command": view.command, **view.fields()}, indent=2)


def _concise(view: View, _options: Options) -> Iterator[str]:
    """Yield a line a finding, for grep and editors."""
    from common_sync.interface.show.text import place_of  # most runs have no finding

    for finding in view.findings():
        yield f"{place_of(finding)}: {finding.code} {printable(finding.message)}"


FORMATS: Mapping[str, Callable[[View, Options], Iterable[str]]] = {"text": _text, "concise": _concise, "json": _json}
"""Each output format by its name: it returns the lines to print."""
