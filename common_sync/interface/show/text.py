"""The lines of text that several commands print, built by hand.

Rich takes longer to import than most runs take.
"""

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from common_sync.core.errors import Problem
from common_sync.core.model import Finding, Origin
from common_sync.interface.show.options import Options
from common_sync.interface.show.terminal import Terminal, printable

if TYPE_CHECKING:  # an error is shown without it
    from common_sync.commands.steps.survey import Survey

_MOST_FINDINGS = 20
"""Findings shown of each service, unless more is asked for."""


def count(number: int, word: str) -> str:
    """Return a number and its word, in the plural where it must be.

    Args:
        number: How many.
        word: The word for one.
    """
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def name_library(library: Origin) -> str:
    """Return the library's name, and its version where it declares one."""
    return f"{library.name} {library.version}" if library.version else library.name


def kept_line(kept: str, root: str) -> str:
    """Return the line that says how to bring back what was discarded.

    Args:
        kept: The folder that it is kept in.
        root: The absolute path of the configuration's folder.
    """
    from common_sync.edges.state.discarded import restore_command  # only where something was discarded

    return f"what was discarded is kept; this brings it back: {printable(restore_command(kept, root))}"


def problem_lines(problem: Problem, terminal: Terminal) -> Iterator[str]:
    """Yield the lines of an error: place and message, then the remedy.

    Args:
        problem: The error.
        terminal: What can be shown.
    """
    place = f"{problem.place}: " if problem.place else ""
    yield f"{terminal.paint('error', 'red')}: {terminal.paint(printable(place), 'bold')}{printable(problem.message)}"
    if problem.remedy:
        yield _help_line(problem.remedy, terminal)


def _help_line(remedy: str, terminal: Terminal) -> str:
    return f"  {terminal.paint('help', 'cyan')}: {printable(remedy)}"


def finding_lines(findings: Sequence[Finding], terminal: Terminal, *, everything: bool) -> Iterator[str]:
    """Yield the lines of findings; a remedy is said once for a run.

    Args:
        findings: The findings.
        terminal: What can be shown.
        everything: Show all, however many there are of one service.
    """
    shown: dict[str, int] = {}
    for index, finding in enumerate(findings):
        shown[finding.service] = shown.get(finding.service, 0) + 1
        if shown[finding.service] > _MOST_FINDINGS and not everything:
            continue
        place = finding.file if finding.line is None else f"{finding.file}:{finding.line}"
        color = "red" if finding.severity == "error" else "yellow"
        yield f"{terminal.paint(printable(place), 'bold')}: {terminal.paint(finding.code, color)} {printable(finding.message)}"
        following = findings[index + 1] if index + 1 < len(findings) else None
        last = shown[finding.service] == _MOST_FINDINGS and not everything
        if last or following is None or (following.service, following.remedy) != (finding.service, finding.remedy):
            yield _help_line(finding.remedy, terminal)
    for service, number in shown.items():
        if number > _MOST_FINDINGS and not everything:
            yield f"{printable(service)}: {number - _MOST_FINDINGS} more findings (-v shows them)"


_DIFF_COLORS = {"file": "bold", "place": "cyan", "-": "red", "+": "green"}


def difference_lines(surveyed: "Survey", options: Options) -> Iterator[str]:
    """Yield the unified diffs, coloured.

    Args:
        surveyed: What was read and planned.
        options: The options of every command.
    """
    from common_sync.commands.diff import diff_lines  # brings difflib

    terminal, seen = options.terminal, sys.stdout.isatty()
    for kind, line in diff_lines(surveyed, everything=options.verbose):
        # A name is never written raw, and nothing is on a terminal; in a pipe the contents are as they are.
        text = "\t".join(map(printable, line.split("\t"))) if seen or kind == "file" else line
        yield terminal.paint(text, _DIFF_COLORS[kind]) if kind in _DIFF_COLORS else text
