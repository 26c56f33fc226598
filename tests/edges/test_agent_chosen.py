"""What the agent does beside the next release: an earlier one by its commit, and containers that are made anew."""

import shutil
from pathlib import Path

import pytest
from support import standin
from support.depth import deep
from support.machine import Machine
from support.monorepo import Monorepo

_NAME = "shop-api-1"
_WHY = "more rows of the agent's tests, which start git and Docker often"


@pytest.fixture
def machine(committed: Monorepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Return a machine on which the first release runs."""
    (tmp_path / "machine").mkdir()
    return Machine(committed, tmp_path / "machine", monkeypatch)


def deploy(machine: Machine, run_id: str) -> str:
    """Deploy another release; return its commit."""
    commit = machine.publish("a.py", f"x = {run_id}\n")
    assert [machine.end(action, run_id)[0] for action in ("prepare", "switch")] == ["verified", "deployed"]
    return commit


@deep(_WHY)
def test_a_release_by_its_commit(machine: Machine) -> None:
    """A person who knows which release was good would have to go back step by step, each one a restart."""
    one, two, three = (deploy(machine, run_id) for run_id in ("1", "2", "3"))
    kept = f"{two[:12]}, {one[:12]}"
    for commit in (three, "0" * 40):
        refused = ("refused", f"no earlier release of {commit[:12]} is kept there: kept are {kept}")
        assert machine.end("back", "4", to=commit) == refused
    assert (machine.end("back", "4", to=one), machine.end("switch", "4", to=one)) == (
        ("verified", ""),
        ("deployed", ""),
    )
    assert (machine.head, [kept["commit"] for kept in machine.journal.history]) == (one, [one])


def edit(machine: Machine) -> Path:
    """Change a file in the container; return its files."""
    own = machine.store / "own" / _NAME
    (image,) = machine.running.values()
    shutil.copytree(machine.store / image, own)
    (own / "common/our_common/mine.py").write_text("")
    return own


def test_files_that_were_changed_in_a_container(machine: Machine) -> None:
    """A deploy would fail for ever where the image is right and the container is not."""
    deploy(machine, "1")
    own = edit(machine)
    (image,) = machine.running.values()
    assert [machine.end(action, "2")[0] for action in ("prepare", "switch")] == ["verified", "deployed"]
    assert (own.exists(), list(machine.running.values())) == (False, [image])
    calls = (machine.store / "calls").read_text().count("--force-recreate")
    assert [machine.end(action, "3")[0] for action in ("prepare", "switch")] == ["verified", "deployed"]
    assert (machine.store / "calls").read_text().count("--force-recreate") == calls == 1, "nothing was changed any more"


@deep(_WHY)
def test_a_container_that_is_named(machine: Machine) -> None:
    """A process that still runs what its container held before would be left alone."""
    deploy(machine, "1")
    assert [machine.end(action, "2", anew=["api"])[0] for action in ("prepare", "switch")] == ["verified", "deployed"]
    assert machine.was_called("--force-recreate -- api")
    assert standin.read_state(machine.store)["containers"].keys() == {"shop/api"}
