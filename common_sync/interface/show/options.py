"""How options are declared, and the options of every command.

A command's own options are the parameters of its function in `run/`, and that function's docstring is its help. Only
`cli.py` tells typer of them, since the commands that run often do not wait for typer.
"""

import sys
from typing import Annotated, NamedTuple

from common_sync.interface.show.terminal import ColorMode, Terminal, look_at


class Option(NamedTuple):
    """What a person sees of an option, or of an argument.

    Attributes:
        names: Its spellings, `--dry-run -n`; none for an argument.
        help: One sentence.
        metavar: What stands for its value.
    """

    names: str
    help: str
    metavar: str | None = None


_SERVICE = "A service's path from the root, or its last part."
Service = Annotated[str, Option("", _SERVICE, "SERVICE")]
Services = Annotated[list[str] | None, Option("", f"{_SERVICE} Default: all.", "SERVICE")]
LibraryName = Annotated[str | None, Option("--library", "The library, where the service gets several.", "NAME")]
DryRun = Annotated[bool, Option("--dry-run -n", "Show what would be done; write nothing.")]


class Options(NamedTuple):
    """The options of every command.

    Attributes:
        root: The configuration's folder, or None to look for it upward.
        output_format: Formats of the presenter's, each with its file or without; none is text.
        quiet: Say nothing but what is wrong.
        verbose: Name every file.
        color: When to colour.
    """

    root: Annotated[str | None, Option("--root", "The folder of the configuration.", "DIR")] = None
    output_format: Annotated[
        list[str] | None,
        Option(
            "--output-format",
            "text, concise, json, jsonl, github, gitlab, sarif, junit, markdown; repeatable.",
            "FORMAT[=FILE]",
        ),
    ] = None
    quiet: Annotated[bool, Option("--quiet -q", "Only the last line; nothing where all is right.")] = False
    verbose: Annotated[bool, Option("--verbose -v", "Everything: leave nothing out, name every file.")] = False
    color: Annotated[ColorMode, Option("--color", "When to colour: auto, always or never.", "WHEN")] = "auto"

    @property
    def terminal(self) -> Terminal:
        """What standard output can show."""
        return look_at(sys.stdout, self.color)
