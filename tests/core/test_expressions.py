"""Expressions that are compiled late answer as those of `re` do."""

import re

import pytest

from common_sync.core.expressions import expression

TEXTS = ["", "a@b", "x a@b a@c", "@", "a", "A@B"]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("method", ["match", "fullmatch", "search", "finditer"])
def test_what_an_expression_needs_changes_no_answer(text: str, method: str) -> None:
    """A requirement would be passed over because a text was not looked at."""
    for flags in (0, re.IGNORECASE):
        plain, needing = re.compile(r"([a-z])@", flags), expression(r"([a-z])@", flags, needs="@")
        wanted, got = getattr(plain, method)(text), getattr(needing, method)(text)
        if method == "finditer":
            assert [one.span() for one in got] == [one.span() for one in wanted]
        else:
            assert (got and got.groups()) == (wanted and wanted.groups())
