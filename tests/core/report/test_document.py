"""A report's document stays small, and counts what it leaves out."""

import pytest

from common_sync.core.findings import make_finding
from common_sync.core.report import document
from common_sync.core.report.document import (
    Cell,
    Document,
    ServiceRow,
    choose_shortest,
    keep_differences,
    limit_rows,
)

ROW = ServiceRow("s", "modified", True, (), (), (), "proven", {}, "", None)
EMPTY = Document(0, "", None, (), (), (), (), (), (), "", in_sync=False)


def test_what_is_too_much_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of the worst repository would not open, or would hide that there is more."""
    monkeypatch.setattr(document, "MOST_CELLS", 60)
    monkeypatch.setattr(document, "MOST_FINDINGS", 5)
    cells = tuple(Cell(number, "stale", -1) for number in range(50))
    finding = make_finding("CS101", "s", "f", 1, "message", "remedy")
    full = ROW._replace(cells=cells, findings=(finding,) * 25)
    made = limit_rows(EMPTY._replace(services=(full, ROW), findings=(finding,) * 9))
    assert [(len(row.cells), row.more_cells) for row in made.services] == [(30, 20), (0, 0)]
    assert [(len(row.findings), row.more_findings) for row in made.services] == [(20, 5), (0, 0)]
    assert len(made.findings) == 5
    assert limit_rows(EMPTY) == EMPTY
    again = limit_rows(made, 10).services[0]
    assert (len(again.cells), again.more_cells, again.more_findings) == (10, 40, 5)


@pytest.mark.parametrize(("room", "kept"), [(0, set()), (-5, set()), (3, {1}), (10, {1, 2}), (99, {0, 1, 2})])
def test_the_shortest_stay(room: int, kept: set[int]) -> None:
    """One huge difference would push out a hundred that somebody wants to read."""
    assert choose_shortest([50, 3, 7], room) == kept


def test_cells_know_which_difference_is_theirs() -> None:
    """A click on one file would show the difference of another."""
    cells = (Cell(0, "stale", 0), Cell(1, "stale", 1), Cell(2, "stale", 2), Cell(3, "extra", -1))
    full = EMPTY._replace(services=(ROW._replace(cells=cells),), differences=("a", "b", "c"))
    made = keep_differences(full, {2, 0})
    assert made.differences == ("a", "c")
    assert [cell.difference for cell in made.services[0].cells] == [0, -1, 1, -1]
    assert keep_differences(full, {0, 1, 2}) == full


def test_in_sync_is_what_verify_says() -> None:
    """The page would call a service green that fails the gate."""
    assert not ROW.in_sync
    assert ROW._replace(kind="current").in_sync
