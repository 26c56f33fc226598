"""`report`: options in, exit code out."""

import os
from typing import TYPE_CHECKING, Annotated, Literal

from common_sync.core.errors import ConfigurationError, Problem
from common_sync.edges.project.load import load_project
from common_sync.interface.show.options import Option, Options, Services
from common_sync.interface.show.progress import show_progress
from common_sync.interface.show.terminal import printable, say, write

if TYPE_CHECKING:  # a wrong option is refused before anything is read
    from common_sync.core.report.document import Document

_DEFAULT = "common-sync-report.html"
_MOST_COMMITS = "200"


def run_report(
    options: Options,
    services: Services = None,
    *,
    output: Annotated[
        str, Option("--output -o", f"Write it to this file: .html, .svg, .md or .json. Default: {_DEFAULT}.", "FILE")
    ] = _DEFAULT,
    differences: Annotated[
        Literal["none", "short", "full"],
        Option("--diff", "How much of each difference to show: none, short or full. Default: short.", "HOW"),
    ] = "short",
    history: Annotated[
        str, Option("--history", f"The last commits to look at, or none. Default: {_MOST_COMMITS}.", "NUMBER")
    ] = _MOST_COMMITS,
    show: Annotated[bool, Option("--open", "Open it in a browser.")] = False,
) -> int:
    """Write a page to look at: which service has which version, what was edited, and since when.

    It ends with 0 when the page is written, even where a service is not in sync: to check, run verify.
    """
    from common_sync.commands.report import make_report  # brings all of doctor
    from common_sync.interface.report.output import check_output, write_report

    commits = _parse_history(history)
    check_output(output)
    project = load_project(options.root)
    with show_progress() as phases:
        report = make_report(project, services or (), say, differences=differences, history=commits, phases=phases)
    size = write_report(report, output, options)
    if not options.quiet:
        _tell(report.document, output, size, options)
        _warn_of_git(output, options)
    if show:
        _open(output)
    return 0


def _parse_history(text: str) -> int:
    if text == "none":
        return 0
    if not text.isdecimal() or int(text) == 0:
        raise ConfigurationError(Problem(f"{text!r} is no number of commits", "--history", remedy="a number, or none"))
    return int(text)


def _tell(document: "Document", file: str, size: int, options: Options) -> None:
    from common_sync.interface.report.words import verdict

    terminal = options.terminal
    for line in terminal.wrap(
        f"{terminal.mark('✓')} {printable(file)}: {verdict(document)} ({size / 1000:,.0f} kB)", 2
    ):
        write(line)
    if document.no_history and options.verbose:
        for line in terminal.wrap(f"there is no history in it: {printable(document.no_history)}", 2, "  "):
            write(line)


def _warn_of_git(file: str, options: Options) -> None:
    """Say that git sees the report as a new file, which the next `git add -A` would take."""
    from common_sync.edges.git.ask import list_untracked  # only where there is something to say
    from common_sync.edges.git.repository import find_top
    from common_sync.interface.show.text import help_lines

    folder, name = os.path.split(os.path.abspath(file))
    if find_top(folder) is not None and list_untracked(folder, [name]):
        text = f"{printable(name)} is a new file to git: add it to .gitignore, or write it elsewhere by --output"
        for line in help_lines(text, options.terminal):
            write(line)


def _open(file: str) -> None:
    import webbrowser  # only for this
    from urllib.request import pathname2url

    if not webbrowser.open(f"file://{pathname2url(os.path.abspath(file))}"):
        say(f"no browser was found here: open {printable(file)} yourself")
