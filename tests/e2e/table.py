"""What became of each service, for the table at the end."""

from collections.abc import Iterable, Mapping

STEPS = ("before", "distributed", "doctor", "built", "started", "verified", "from context")
"""The columns; each is a property that a test has recorded."""


def render_table(rows: Mapping[str, Mapping[str, str]]) -> Iterable[str]:
    """Yield the table's lines, and what was counted.

    Args:
        rows: Service → step → what came of it.
    """
    width = max(map(len, rows))
    yield _line("service", STEPS, width)
    for service, steps in rows.items():
        yield _line(service, (steps.get(step, "") for step in STEPS), width)
    yield ""
    counts = (f"{sum(steps.get(step) == 'yes' for steps in rows.values())} {step}" for step in STEPS[3:])
    yield ", ".join(counts)


def _line(name: str, cells: Iterable[str], width: int) -> str:
    return "  ".join(
        (name.ljust(width), *(cell.ljust(len(step)) for cell, step in zip(cells, STEPS, strict=True)))
    ).rstrip()
