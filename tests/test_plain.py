"""Plain command lines: they are parsed without typer, and mean what typer makes of them."""

import os
from collections.abc import Iterator
from functools import partial
from typing import Literal, get_args, get_origin

import pytest
from typer.main import get_command

from common_sync.core.errors import ConfigurationError
from common_sync.interface.cli import _build_app
from common_sync.interface.commands import (
    COMMANDS,
    Parameter,
    common_parameters,
    own_parameters,
    put_command_first,
)
from common_sync.interface.plain import read_plain


@pytest.fixture(autouse=True)
def colors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what `--color` sets from other tests."""
    monkeypatch.setattr(os, "environ", dict(os.environ))


def _values(one: Parameter) -> list[str]:
    """Return words that an option takes."""
    if get_origin(one.kind) is Literal:
        return [str(word) for word in get_args(one.kind)]
    return ["json", "json=out"] if one.name == "output_format" else ["a/b", "x=y ä"]


def _lines(name: str) -> Iterator[list[str]]:
    """Yield plain command lines for each option of a command."""
    needed = ["x"] * sum(one.default is ... and not one.spellings for one in own_parameters(name))
    yield [*name.split(), *needed]
    common = [*common_parameters(name)] if name in ("verify", "pin", "env sync", "report") else []
    for one in (*own_parameters(name), *common):
        several = list[str] in (one.kind, *get_args(one.kind))
        if int in get_args(one.kind):
            continue
        if not one.spellings:
            yield [*name.split(), *needed, *(["y", "z"] if several else ["y"] if one.default is not ... else [])]
        for spelling in one.spellings:
            for value in [""] if one.is_flag else _values(one):
                words = [spelling] if one.is_flag else [spelling, value]
                yield [*name.split(), *words, *needed]
                yield [*name.split(), *needed, *words]
                if one in common:
                    yield [*words, *name.split(), *needed]
                if not one.is_flag and spelling.startswith("--"):
                    yield [*name.split(), f"{spelling}={value}", *needed]
                if several:
                    yield (
                        [*name.split(), *words, *needed, spelling, "more"] if one.name != "output_format" else words[:0]
                    )


def test_a_plain_line_means_what_typer_makes_of_it() -> None:
    """An option would be lost, or mean something else, where it is parsed without typer."""
    for name in COMMANDS:
        parser = get_command(_build_app([name]))
        for line in filter(None, _lines(name)):
            ours, theirs = read_plain(line), parser.main(put_command_first(line), "common-sync", standalone_mode=False)
            assert isinstance(ours, partial), line
            assert (ours.func, ours.args, ours.keywords) == (theirs.func, theirs.args, theirs.keywords), line


LEFT = (
    "verify --cop x", "verify --nothing", "verify --deep=yes", "verify -qv", "verify --since", "verify --since -q",
    "verify --since=", "verify --since a --since b", "pin", "pin a b c", "explain", "log --", "verify -",
    "verify --color blue", "env sync --no-editable-master", "restore 3", "env try a b -- c", "--version", "env",
    "affected --until= --since a",
)  # fmt: skip


def test_all_else_is_left_to_typer() -> None:
    """What is wrong would be taken, or refused in other words than elsewhere."""
    assert [line for line in LEFT if read_plain(line.split(" ")) is not None] == []


def test_what_is_no_command_is_refused() -> None:
    """A typo would be told apart, by who parses it."""
    for line in ("statsu", "env statsu", "--root x"):
        with pytest.raises(ConfigurationError):
            read_plain(line.split(" "))
