"""The text of `status`: a table, by rich."""

from collections.abc import Iterator
from io import StringIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from common_sync.commands.steps.survey import Survey
from common_sync.core.copies.digest import PREFIX
from common_sync.core.model import GUARDED, ReferenceState, State
from common_sync.core.service_plan import CopySurvey, ServicePlan
from common_sync.interface.show.options import Options
from common_sync.interface.show.terminal import printable
from common_sync.interface.show.text import count, name_library

_COLORS: dict[State, str] = {
    "current": "green",
    "stale": "yellow",
    "missing": "yellow",
    "modified": "red",
    "diverged": "red",
    "extra": "red",
    "unmanaged": "yellow",
}
_LEADS: dict[ReferenceState, str] = {
    "points-at-master": "to master",
    "points-at-copy": "to copy",
    "points-at-former": "to a former copy",
    "unresolved": "unresolved",
    "foreign": "foreign",
}
_WIDE = 10_000
"""Columns: a row is one line, also in a pipe, and a terminal wraps it better than a table folds its cells."""

_DIGEST_DIGITS = 12


def status_lines(surveyed: Survey, options: Options) -> Iterator[str]:
    """Yield the table of `status`: a row a service, its copy and its references.

    Args:
        surveyed: What was read and planned.
        options: The options of every command.
    """
    colors, text = options.terminal.colors, StringIO()
    console = Console(file=text, width=_WIDE, no_color=not colors, force_terminal=colors, highlight=False)
    target, manifest = surveyed.first, surveyed.first.manifest
    head = printable(f"{target.library.master}  {name_library(manifest.library)}")
    console.print(Text(f"{head}  {count(len(manifest.files), 'file')}  {_shorten(manifest.tree)}"))
    console.print(_table(surveyed, colors=colors))
    for edit in surveyed.root.edits:
        console.print(Text(f"{printable(edit.path)}  managed block to write"))
    yield from (line.rstrip() for line in text.getvalue().splitlines())


def _table(surveyed: Survey, *, colors: bool) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold" if colors else "")
    for title in ("SERVICE", "STATE", "EDITED", "BEHIND", "FILES", "VERSION", "DIGEST", "REFERENCES"):
        table.add_column(title, justify="right" if title == "FILES" else "left")
    for plan in surveyed.plans:
        for copy in plan.copies:
            state = Text(copy.plan.state, style=_COLORS[copy.plan.state] if colors else "")
            table.add_row(Text(printable(plan.service)), state, *map(Text, _cells(plan, copy)))
    return table


_TOUCHED: frozenset[State] = GUARDED | {"missing"}
_BEHIND: frozenset[State] = frozenset({"stale", "diverged"})


def _cells(plan: ServicePlan, copy: CopySurvey) -> tuple[str, ...]:
    states = [operation.state for operation in copy.plan.operations]
    touched = sum(state in _TOUCHED for state in states) if copy.exists else 0
    behind = sum(state in _BEHIND for state in states) if copy.exists else len(states)
    return (
        count(touched, "file") if touched else "no",
        count(behind, "file") if behind else "manifest" if copy.plan.behind else "no",
        str(copy.files),
        printable(copy.version or "-"),
        _shorten(copy.digest) if copy.digest else "-",
        _references(plan),
    )


def _shorten(digest: str) -> str:
    return digest.removeprefix(PREFIX)[:_DIGEST_DIGITS]


def _references(plan: ServicePlan) -> str:
    states = [reference.state for reference in plan.references]
    blocks = [f"block to write in {printable(edit.inside(plan.service))}" for edit in plan.edits if edit.managed]
    if not states and not plan.problems and not blocks:
        return "none"
    parts = [f"{states.count(state)} {_LEADS[state]}" for state in dict.fromkeys(states)]
    parts += [count(len(plan.problems), "finding")] if plan.problems else []
    parts += blocks
    return ", ".join(parts)
