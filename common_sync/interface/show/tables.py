"""What is shown as a table, by rich."""

from io import StringIO

from rich.console import Console
from rich.table import Table
from rich.text import Text

from common_sync.commands.steps.survey import ServicePlan, Survey
from common_sync.core.copies.digest import PREFIX
from common_sync.core.model import GUARDED, ReferenceState, State
from common_sync.interface.show.terminal import Terminal, printable
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
    "unresolved": "unresolved",
    "foreign": "foreign",
}
_WIDE = 10_000
"""Columns: a row is one line, also in a pipe, and a terminal wraps it better than a table folds its cells."""

_DIGEST_DIGITS = 12


def status_text(found: Survey, terminal: Terminal) -> str:
    """Return one row a service: how its copy stands to its manifest and to the master, and its references.

    Args:
        found: What was read and planned.
        terminal: What standard output can show.
    """
    colors = terminal.colors
    text = StringIO()
    console = Console(file=text, width=_WIDE, no_color=not colors, force_terminal=colors, highlight=False)
    manifest = found.master.manifest
    head = printable(f"{found.project.master}  {name_library(manifest.library)}")
    console.print(Text(f"{head}  {count(len(manifest.files), 'file')}  {_shorten(manifest.tree)}"))
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold" if colors else "")
    for title in ("SERVICE", "STATE", "EDITED", "BEHIND", "FILES", "VERSION", "DIGEST", "REFERENCES"):
        table.add_column(title, justify="right" if title == "FILES" else "left")
    for plan in found.plans:
        state = Text(plan.copy.state, style=_COLORS[plan.copy.state] if colors else "")
        table.add_row(Text(printable(plan.service)), state, *map(Text, _cells(plan)))
    console.print(table)
    for edit in found.root.edits:
        console.print(Text(f"{printable(edit.path)}  managed block to write"))
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines())


_TOUCHED: frozenset[State] = GUARDED | {"missing"}
_BEHIND: frozenset[State] = frozenset({"stale", "diverged"})


def _cells(plan: ServicePlan) -> tuple[str, ...]:
    states = [operation.state for operation in plan.copy.operations]
    touched = sum(state in _TOUCHED for state in states) if plan.exists else 0
    behind = sum(state in _BEHIND for state in states) if plan.exists else len(states)
    return (
        count(touched, "file") if touched else "no",
        count(behind, "file") if behind else "manifest" if plan.copy.behind else "no",
        str(plan.files),
        printable(plan.version or "-"),
        _shorten(plan.digest) if plan.digest else "-",
        _references(plan),
    )


def _shorten(digest: str) -> str:
    return digest.removeprefix(PREFIX)[:_DIGEST_DIGITS]


def _references(plan: ServicePlan) -> str:
    states = [reference.state for reference in plan.references]
    blocks = [f"block to write in {printable(edit.path)}" for edit in plan.edits if edit.managed]
    if not states and not plan.problems and not blocks:
        return "none"
    parts = [f"{states.count(state)} {_LEADS[state]}" for state in dict.fromkeys(states)]
    parts += [count(len(plan.problems), "finding")] if plan.problems else []
    parts += blocks
    return ", ".join(parts)
