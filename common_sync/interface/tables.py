"""What is shown as a table, by rich."""

import shutil
import sys

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from common_sync.commands.survey import ServicePlan, Survey
from common_sync.core.model import State
from common_sync.interface.terminal import Terminal, printable

_COLORS: dict[State, str] = {
    "current": "green",
    "stale": "yellow",
    "missing": "yellow",
    "modified": "red",
    "diverged": "red",
    "extra": "red",
    "unmanaged": "yellow",
}
_WIDE = 240
_DIGEST_LETTERS = 16


def print_status(found: Survey, terminal: Terminal) -> None:
    """Print one row a service: how its copy stands to its manifest and to the master, and its references.

    Args:
        found: What was read and planned.
        terminal: What standard output can show.
    """
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else _WIDE
    console = Console(width=width, no_color=not terminal.colors, force_terminal=terminal.colors, highlight=False)
    manifest = found.master.manifest
    head = f"{printable(found.project.master)}  {printable(manifest.library.name)} {manifest.library.version or ''}".rstrip()
    console.print(Text(f"{head}  {len(manifest.files)} files  {manifest.tree[:_DIGEST_LETTERS]}"))
    style = box.SIMPLE_HEAD if terminal.marks else box.ASCII2
    table = Table(box=style, pad_edge=False, show_edge=False, header_style="bold" if terminal.colors else "")
    for title in ("SERVICE", "STATE", "EDITED", "BEHIND", "FILES", "VERSION", "DIGEST", "REFERENCES"):
        table.add_column(title, justify="right" if title == "FILES" else "left", overflow="fold")
    for plan in found.plans:
        state = Text(plan.copy.state, style=_COLORS[plan.copy.state] if terminal.colors else "")
        table.add_row(Text(printable(plan.service)), state, *map(Text, _cells(plan)))
    console.print(table)


def _cells(plan: ServicePlan) -> tuple[str, ...]:
    edited = sum(operation.guarded for operation in plan.copy.operations)
    behind = sum(not operation.guarded for operation in plan.copy.operations)
    missing = sum(operation.state == "missing" for operation in plan.copy.operations)
    touched = edited + (missing if plan.exists else 0)
    return (
        f"{touched} files" if touched else "no",
        f"{behind} files" if behind else "manifest" if plan.copy.behind else "no",
        str(plan.files),
        plan.version or "-",
        plan.digest[:_DIGEST_LETTERS] if plan.digest else "-",
        _references(plan),
    )


def _references(plan: ServicePlan) -> str:
    states = [reference.state for reference in plan.references]
    if not states and not plan.problems:
        return "none"
    parts = [f"{states.count(state)} {state}" for state in dict.fromkeys(states)]
    parts += [f"{len(plan.problems)} findings"] if plan.problems else []
    return ", ".join(parts)
