"""The deliberate breaks follow the code: `make mutate` makes them, and shows that a test turns red for each."""

import ast

import pytest
from reliability.breaks import BREAKS, Break


@pytest.mark.parametrize("one", BREAKS, ids=lambda one: one.name)
def test_a_break_can_be_made(one: Break) -> None:
    """A promise would no longer be tried, and nobody would notice before the next `make mutate`."""
    ast.parse(one.text())
