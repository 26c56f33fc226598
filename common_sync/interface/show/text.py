"""The lines of text that several commands print, built by hand.

Rich takes longer to import than most runs take.
"""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from common_sync.core.errors import Problem, shell_word
from common_sync.core.model import Finding
from common_sync.interface.show.options import Options
from common_sync.interface.show.terminal import Terminal, columns, printable

if TYPE_CHECKING:  # an error is shown without it
    from common_sync.commands.diff import DiffLine
    from common_sync.commands.steps.survey import Survey

Item = TypeVar("Item")


def count(number: int, word: str) -> str:
    """Return a number and its word, in the plural where it must be."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def member_lines(members: Sequence[str], options: Options) -> Iterator[str]:
    """Yield the line about services that get no copy, and what they are built from; nothing where there is none.

    Args:
        members: The services that take their libraries from a uv workspace.
        options: The options of every command.
    """
    if members and not options.quiet:
        several = "" if len(members) == 1 else "s"
        shown, rest = limit(members, _MOST_MEMBERS, everything=options.verbose)
        named = ", ".join(map(printable, shown)) + (f" and {rest:,} more" if rest else "")
        service = printable(members[0]) if len(members) == 1 else "SERVICE"
        text = f"{named} take{'' if several else 's'} the library from the uv workspace, and get{'' if several else 's'} no copy"
        yield from options.terminal.wrap(f"{options.terminal.mark('·')} {text}: common-sync context {service}", 2)


_MOST_MEMBERS = 5


def kept_line(kept: str, root: str) -> str:
    """Return the line that says how to bring back what was discarded.

    Args:
        kept: The folder that it is kept in.
        root: The absolute path of the configuration's folder.
    """
    from common_sync.edges.state.discarded import restore_command  # only where something was discarded

    return f"what was discarded is kept; this brings it back: {printable(restore_command(kept, root))}"


def problem_lines(problem: Problem, terminal: Terminal) -> Iterator[str]:
    """Yield the lines of an error: place and message, then the remedy."""
    place = f"{printable(_relative(problem).place)}: " if problem.file else ""
    yield from terminal.wrap(
        f"{terminal.paint('error', 'red')}: {terminal.paint(place, 'bold')}{printable(problem.message)}", 2
    )
    yield from (f"    {printable(line)}" for line in problem.excerpt)
    if problem.remedy:
        yield from help_lines(problem.remedy, terminal)


def _relative(problem: Problem) -> Problem:
    """Return a problem with its file as a path from the current folder, where that is shorter."""
    if problem.file is None or not os.path.isabs(problem.file):
        return problem
    with suppress(OSError):  # the current folder may be gone
        near = os.path.relpath(problem.file)
        return problem if near == os.curdir or len(near) > len(problem.file) else problem._replace(file=near)
    return problem


def help_lines(remedy: str, terminal: Terminal, indent: int = 2) -> Iterator[str]:
    """Yield the lines of a remedy."""
    head = f"{' ' * indent}{terminal.paint('help', 'cyan')}: "
    if _is_command(remedy):
        is_wide = columns(head) + columns(remedy) > terminal.width
        first, *others = printable(remedy).split(", or ") if is_wide else [printable(remedy)]
        yield f"{head}{first}{', or' * bool(others)}"
        for number, other in enumerate(others, 1):
            text, margin = f"{other}{', or' * (number < len(others))}", " " * (indent + 6)
            yield from (f"{margin}{text}",) if _is_command(text) else terminal.wrap(text, indent + 6, margin)
    else:
        yield from terminal.wrap(printable(remedy), indent + 6, head)


def _is_command(remedy: str) -> bool:
    """Tell whether a remedy is a command, which is one line, so that it can be pasted."""
    return remedy.startswith(("common-sync ", "git "))


def spaced(*parts: Iterable[str]) -> Iterator[str]:
    """Yield the lines of each part that has some, and an empty line below it."""
    for lines in parts:
        begun = False
        for line in lines:
            begun = True
            yield line
        if begun:
            yield ""


def limit(items: Sequence[Item], most: int, *, everything: bool) -> tuple[Sequence[Item], int]:
    """Return the items to show, and how many are not shown; never one alone, which would take as many lines.

    Args:
        items: All of them.
        most: How many to show.
        everything: Whether to show all of them.
    """
    shown = len(items) if everything or len(items) <= most + 1 else most
    return items[:shown], len(items) - shown


def more_lines(rest: int, word: str, terminal: Terminal, indent: int = 2) -> Iterator[str]:
    """Yield the line that counts what is not shown, if anything is not."""
    if rest:
        yield " " * indent + terminal.paint(f"and {count(rest, f'more {word}')} (-v names them)", "dim")


def place_of(finding: Finding, service: str = "") -> str:
    """Return the file of a finding, with its line where it has one.

    Args:
        finding: The finding.
        service: A folder that is told already, or nothing.
    """
    file = finding.file.removeprefix(f"{service}/") if service else finding.file
    return printable(file if finding.line is None else f"{file}:{finding.line}")


_MOST_FINDINGS, _MOST_PLACES, _SEVERAL = 20, 5, 3
_FOR_ALL = frozenset({"common-sync distribute SERVICE", "common-sync env sync SERVICE"})
"""Commands that mend every service where none is named."""


def finding_lines(
    findings: Sequence[Finding], terminal: Terminal, *, everything: bool, most: int = _MOST_FINDINGS
) -> Iterator[str]:
    """Yield the lines of findings. What several services share is said once, and so is a remedy."""
    shown, _ = limit(_group(findings), most, everything=everything)
    remedies = [group[0].remedy if len(group) == 1 else _remedy_of_all(group) for group in shown]
    for index, group in enumerate(shown):
        yield from _group_lines(group, terminal, everything=everything)
        if index + 1 == len(shown) or remedies[index + 1] != remedies[index]:
            yield from help_lines(remedies[index], terminal)
    word = "warning" if all(finding.severity == "warning" for finding in findings) else "finding"
    yield from more_lines(len(findings) - sum(map(len, shown)), word, terminal)


def _group(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Return findings in their order. Those that say the same of several services stand together, where the first one stood."""
    keys = [(finding.code, finding.message, _shared_remedy(finding)) for finding in findings]
    alike: dict[tuple[str, str, str], list[Finding]] = {}
    for key, finding in zip(keys, findings, strict=True):
        alike.setdefault(key, []).append(finding)
    several = {key for key, some in alike.items() if len({one.service for one in some}) >= _SEVERAL}
    groups: list[list[Finding]] = []
    for key, finding in zip(keys, findings, strict=True):
        if key not in several:
            groups.append([finding])
        elif alike[key][0] is finding:
            groups.append(alike[key])
    return groups


def _group_lines(group: Sequence[Finding], terminal: Terminal, *, everything: bool) -> Iterator[str]:
    """Yield a sentence and its places: one place stands before it, several below it."""
    first, places = group[0], list(dict.fromkeys(map(place_of, group)))
    mark, color = ("✗", "red") if first.severity == "error" else ("!", "yellow")
    place = f"{terminal.paint(places[0], 'bold')}: " if len(places) == 1 else ""
    code = terminal.code(first.code, color)
    yield from terminal.wrap(f"{terminal.mark(mark)} {place}{code} {printable(first.message)}", 4)
    if len(places) > 1:
        shown, rest = limit(places, _MOST_PLACES, everything=everything)
        yield from (f"    {terminal.paint(one, 'bold')}" for one in shown)
        yield from more_lines(rest, "place", terminal, 4)


def _shared_remedy(finding: Finding) -> str:
    """Return a remedy as it is for several services: a command that is about one of them names none."""
    if not finding.service or not finding.remedy.startswith("common-sync "):
        return finding.remedy
    word = shell_word(finding.service)
    return " ".join("SERVICE" if one == word else one for one in finding.remedy.split(" "))


def _remedy_of_all(group: Sequence[Finding]) -> str:
    remedy = _shared_remedy(group[0])
    return remedy.removesuffix(" SERVICE") if remedy in _FOR_ALL else remedy


_DIFF_COLORS = {"file": "bold", "place": "cyan", "-": "red", "+": "green"}


def difference_lines(surveyed: "Survey", options: Options, *, force: bool = True) -> Iterator[str]:
    """Yield the unified diffs, coloured.

    Args:
        surveyed: What was read and planned.
        options: The options of every command.
        force: Whether what only `--force` would discard is shown, too.
    """
    from common_sync.commands.diff import diff_lines  # brings difflib

    return _paint_difference(diff_lines(surveyed, everything=options.verbose, force=force), options)


def compared_lines(before: bytes, after: bytes, old: str, new: str, options: Options) -> Iterator[str]:
    """Yield the unified diff of two files, coloured.

    Args:
        before: The bytes of one.
        after: Those of the other.
        old: The path of the one.
        new: The path of the other.
        options: The options of every command.
    """
    from common_sync.commands.diff import compare_bytes  # brings difflib

    return _paint_difference(compare_bytes(before, after, old, new), options)


def _paint_difference(lines: "Iterable[DiffLine]", options: Options) -> Iterator[str]:
    terminal, seen = options.terminal, sys.stdout.isatty()
    for kind, line in lines:
        # A name is never written raw, and nothing is on a terminal; in a pipe the contents are as they are.
        text = "\t".join(map(printable, line.split("\t"))) if seen or kind == "file" else line
        yield terminal.paint(text, _DIFF_COLORS[kind]) if kind in _DIFF_COLORS else text
