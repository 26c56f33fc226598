"""The deliberate breaks follow the code: `make mutate` makes them, and shows that a test turns red for each."""

import ast

from reliability.breaks import BREAKS


def test_every_break_can_be_made() -> None:
    """A promise would no longer be tried, and nobody would notice before the next `make mutate`."""
    lost = []
    for one in BREAKS:
        try:
            ast.parse(one.text())
        except (ValueError, SyntaxError) as error:
            lost.append(f"{one.name}: {error}")
    assert lost == []
