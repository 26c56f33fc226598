"""The tutorial is what happens to somebody who follows it."""

import re
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from support.depth import deep
from support.monorepo import run

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs" / "tutorial.md").read_text("utf-8")

_TIME = re.compile(r"\d+\.\d\d s")
_SIZE = re.compile(r"\(\d+ kB\)")
_EXIT = re.compile(r"\(exit code (\d+)\)\n\Z")


class Step(NamedTuple):
    """A command of the tutorial.

    Attributes:
        command: What is typed.
        shown: What is shown below it: its output, and at last its exit code unless that is 0.
    """

    command: str
    shown: str


def steps() -> list[Step]:
    """Return the commands of the tutorial, in their order."""
    blocks = re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    parts = [part for block in blocks for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]]
    return [Step(command, shown) for command, _, shown in (part.partition("\n") for part in parts)]


def steady(text: str) -> str:
    """Return output without what differs from run to run."""
    return _SIZE.sub("(N kB)", _TIME.sub("T s", text))


@deep("the tutorial")
def test_every_step_does_what_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newcomer would be lost at the first step that does something else, ten minutes after they came."""
    monkeypatch.setenv("HOME", str(tmp_path))
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    folder = PROJECT
    followed = steps()
    assert len(followed) > 15
    for command, shown in followed:
        if command.startswith("cd ~/"):
            folder = tmp_path / command.removeprefix("cd ~/")
            continue
        done = run("sh", "-c", command, cwd=folder, env={"PATH": path, "COLUMNS": "80"})
        printed = done.out + done.err + (f"(exit code {done.code})\n" if done.code else "")
        assert steady(printed) == steady(shown), command
