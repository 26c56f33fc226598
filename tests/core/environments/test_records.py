"""`env.json` and what is remembered: read back as it was written, and taken for nothing where that fails."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common_sync.core.environments.record import (
    Environment,
    Interpreter,
    Led,
    Memory,
    Noted,
    format_environment,
    format_memory,
    is_name,
    parse_environment,
    parse_memory,
)

PYTHON = Interpreter("/usr/bin/python3.12", "CPython", "3.12.1", "cpython-312", "linux-x86_64", "glibc 2.36")
NAME, OTHER = "0123456789ab", "ba9876543210.2"
ENVIRONMENT = Environment(PYTHON, "uv 1", ("a==1", "-e ./common"), ("a-1.dist-info",), editable_master=True)
MEMORY = Memory(Noted("3.12", (1, 2, 3), PYTHON), {"d": Led(NAME, {"file x": "1"})})

texts = st.text(max_size=8)


@given(st.lists(texts), st.lists(texts), texts, st.booleans())
def test_an_environment_is_read_as_it_was_written(resolved: list[str], there: list[str], by: str, master: bool) -> None:
    """A finished environment would be taken for an unfinished one, and be built again and again."""
    one = Environment(PYTHON, by, tuple(resolved), tuple(there), master)
    assert parse_environment(format_environment(one)) == one


@given(st.dictionaries(texts, st.builds(Led, st.sampled_from([NAME, OTHER]), st.dictionaries(texts, texts))))
def test_memory_is_read_as_it_was_written(led: dict[str, Led]) -> None:
    """Going back to older requirements would ask an index."""
    for memory in (Memory(MEMORY.noted, led), Memory(None, led)):
        assert parse_memory(format_memory(memory)) == memory


@pytest.mark.parametrize(
    "data",
    [
        *(b"", b"\xff", b"[]", b"null", b"{}", b'{"schema": 2}', b'{"schema": 1}', b"[" * 100_000),
        json.dumps({"schema": 1, "noted": None, "led": {"d": 3}}).encode(),
    ],
)
def test_what_cannot_be_read_says_nothing(data: bytes) -> None:
    """A file that a power cut has emptied would be a traceback."""
    assert parse_environment(data) is None
    assert parse_memory(data) == Memory()


def test_a_name_that_is_a_path_leads_nowhere() -> None:
    """A planted file would have the tool remove, or use, what is outside."""
    planted = Memory(None, {"a": Led("../../etc", {}), "b": Led(NAME, {})})
    assert list(parse_memory(format_memory(planted)).led) == ["b"]
    assert [is_name(one) for one in (NAME, OTHER, "0123456789AB", "x", "", f"{NAME}/..", f"{NAME}\n")] == [
        True, True, False, False, False, False, False,
    ]  # fmt: skip


def test_what_is_remembered() -> None:
    """The memory would grow for ever, or name what led to another environment."""
    memory = Memory()
    for number in range(60):
        memory = memory.remember(str(number), Led(NAME if number % 2 else OTHER, {"n": str(number)}))
    assert len(memory.led) == 50
    memory = memory.remember("11", Led(NAME, {"n": "again"}))
    assert (len(memory.led), list(memory.led)[-1]) == (50, "11")
    assert memory.origin(NAME) == Led(NAME, {"n": "again"})
    assert memory.origin("f" * 12) is None
