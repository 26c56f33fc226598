"""The agent where `common-sync deploy` makes releases: its steps, its journal and its way back, with the real program and real git.

The service has no command, so no systemd is needed. What happens to units is in `tests/test_fleet_releases.py`.
"""

import json
import os
from pathlib import Path

import pytest
from support.depth import deep
from support.environments import Environments, make_environments
from support.monorepo import PROGRAM, environment

from common_sync.commands.steps.fleet.wanted import OWN_NAMES, read_wanted
from common_sync.core.fleet.probe import ask_folders, make_program
from common_sync.edges.files.pages import read_shipped
from common_sync.remote import look
from common_sync.remote.calls import Job
from common_sync.remote.journal import Journal, read_journal, write_json
from common_sync.remote.releases import Releases

_WHY = "more rows of the agent's tests, which make releases"
SERVICE, COPY = "services/worker", "services/worker/common"
MARK = "0123456789abcdef"


class Machine:
    """A machine with a clone and its own common-sync; and the repository that it is a clone of."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.repo, self.clone = Environments(make_environments(folder).root), folder / "clone"
        repo, self.place = self.repo, folder / "srv/worker"
        repo.write("common-sync.toml", repo.read("common-sync.toml") + f'[deploy]\nto = "{folder}/srv"\n')
        (repo.root / SERVICE / "requirements.txt").unlink()
        repo.commit("one")
        repo.git("clone", "-q", ".", str(self.clone))
        variables = {**environment(**repo.settings), "HOME": str(folder)}
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        self.program = folder / "common-sync"
        self.write_program()
        self.state = Path(look.find_state(str(self.clone), SERVICE))
        self.state.mkdir(parents=True)
        (self.state / "log").write_bytes(b"")

    def write_program(self, before: str = "") -> None:
        """Write the machine's own common-sync; some words of a shell may come first."""
        self.program.write_text(f'#!/bin/sh\n{before}\nexec {" ".join(PROGRAM)} "$@"\n')
        self.program.chmod(0o755)

    def publish(self, text: str) -> str:
        """Commit a file of the service; return the commit."""
        self.repo.write(f"{SERVICE}/main.py", text)
        self.repo.commit(text)
        return self.repo.git("rev-parse", "HEAD").strip()

    def act(self, action: str, run_id: str = "1", of: str = "", to: str = "") -> tuple[object, object]:
        """Do a job in this process; return how it has ended, and why."""
        commit, tree = (self.repo.git("rev-parse", name).strip() for name in ("HEAD", f"HEAD:{SERVICE}"))
        wanted = read_wanted(str(self.repo.root), SERVICE, COPY, commit)
        folders = [(wanted, f"{self.place}/releases/release-{MARK}/app/common")]
        probe = make_program(ask_folders(read_shipped("remote/probe.py"), MARK, 60, folders, OWN_NAMES))
        more: dict[str, str] = {
            "kind": "release",
            "place": str(self.place),
            "program": str(self.program),
            "of": of,
            "to": to,
        }
        job = Job(
            action, run_id, str(self.clone), SERVICE, commit, tree, "", [], "", "", 60, 1, 1, 0, "common", MARK, probe
        )
        told = Releases(job._replace(**more), str(self.state)).run()  # type: ignore[arg-type] # they are strings, as the fields are
        return told["end"], told["why"]

    def deploy(self, text: str, run_id: str) -> None:
        """Bring a new commit there."""
        self.publish(text)
        assert (self.act("prepare", run_id), self.act("switch", run_id)) == (("verified", ""), ("deployed", ""))

    @property
    def journal(self) -> Journal:
        """What the journal says."""
        return read_journal(str(self.state))

    @property
    def current(self) -> str:
        """What the current release is."""
        return (self.place / "releases/current/app/main.py").read_text()

    @property
    def head(self) -> str:
        """The commit that the clone has."""
        return self.repo.git("-C", str(self.clone), "rev-parse", "HEAD").strip()

    def interrupt(self, step: str) -> None:
        """Have a journal that stands at a step."""
        write_json(str(self.state / "journal.json"), {**self.journal._asdict(), "step": step})


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Return a machine on which nothing was deployed yet."""
    return Machine(tmp_path, monkeypatch)


def test_there_and_back(machine: Machine) -> None:
    """A release would not arrive, or the one before could not be gone back to."""
    first = machine.head
    machine.deploy("one", "1")
    assert (machine.current, machine.journal.running) == ("one", {})
    machine.publish("two")
    assert machine.act("prepare", "2") == ("verified", "")
    assert (machine.current, machine.journal.new) == ("one", {look.RELEASE: "2"}), "nothing is switched yet"
    assert machine.act("switch", "1") == (
        "refused",
        "what was prepared is not there any more: another run came in between",
    )
    assert machine.act("switch", "2") == ("deployed", "")
    told = look.look({"health": "", "path": str(machine.clone), "service": SERVICE, "place": str(machine.place)})
    assert told["running"] == [{"unit": "release", "image": "2", "state": "running"}]
    assert (machine.current, machine.head) == ("two", first), "the clone is not moved"
    assert machine.act("undo", "3", of="1") == ("refused", "another deploy came in between")
    assert machine.act("undo", "3", of="2") == ("deployed", "")
    assert (machine.current, [one["run"] for one in machine.journal.history]) == ("one", ["3"])
    assert machine.act("back", "4")[0] == "refused"


@deep(_WHY)
def test_a_release_by_its_commit(machine: Machine) -> None:
    """A person who knows which release was good would have to go back step by step, each one a restart."""
    commits = []
    for number, text in enumerate(("one", "two", "three"), 1):
        machine.deploy(text, str(number))
        commits.append(machine.repo.git("rev-parse", "HEAD").strip())
    for commit in (commits[2], "0" * 40):
        assert machine.act("back", "4", to=commit) == (
            "refused",
            f"no earlier release of {commit[:12]} is kept there",
        )
    told = [machine.act(action, "4", to=commits[0]) for action in ("back", "switch")]
    assert (told, machine.current) == ([("verified", ""), ("deployed", "")], "one")


@deep(_WHY)
@pytest.mark.parametrize(
    "step", ["begun", "fetched", "built", "switching", "switched", "rolling-back", "rollback-failed"]
)
def test_what_was_interrupted(machine: Machine, step: str) -> None:
    """A machine would go on from a step that nobody has ended."""
    machine.deploy("one", "1")
    machine.deploy("two", "2")
    machine.interrupt(step)
    machine.publish("three")
    assert machine.act("prepare", "3") == ("verified", "")
    assert machine.current == ("two" if step in ("begun", "fetched", "built") else "one")
    assert (machine.act("switch", "3"), machine.current) == (("deployed", ""), "three")


@deep(_WHY)
def test_the_first_release(machine: Machine) -> None:
    """A machine whose first deploy was cut off could never be deployed to again, or be called whole."""
    machine.publish("one")
    assert machine.act("prepare") == ("verified", "")
    machine.interrupt("switching")
    assert machine.act("back", "2")[0] == "refused", "nothing was there, and nothing is"
    machine.interrupt("switching")
    assert (machine.act("prepare", "3"), machine.act("switch", "3")) == (("verified", ""), ("deployed", ""))
    machine.interrupt("switched")
    end, why = machine.act("back", "4")
    assert (end, "then the way back: there is no release to go back to" in str(why)) == ("rollback-failed", True)
    machine.deploy("two", "5")
    assert machine.current == "two"


@deep(_WHY)
def test_what_is_not_what_is_wanted(machine: Machine) -> None:
    """A release with another library than the commit's would be switched to, or one that somebody has put there meanwhile be left."""
    machine.deploy("one", "1")
    machine.publish("two")
    spoil = f'case "$*" in *--prepare-only*) {" ".join(PROGRAM)} "$@"; code=$?; echo >> {machine.place}/releases/0002/app/common/pyproject.toml; exit $code;; esac'
    machine.write_program(spoil)
    assert machine.act("prepare", "2") == ("failed", "release 2 holds another library in common than is wanted")
    machine.write_program()
    assert machine.current == "one"
    machine.publish("three")
    assert machine.act("prepare", "3") == ("verified", "")
    assert machine.repo.run("rollback", "worker", "--to", "2", "--root", str(machine.clone)).code == 0
    assert machine.act("switch", "3") == ("refused", "release 2 is current, which was not so when it was prepared")
    machine.write_program("echo no; exit 0")
    assert machine.act("prepare", "4") == ("failed", "common-sync rollback: no word of why")
    machine.write_program("echo '{}'")
    assert machine.act("prepare", "4")[0] == "failed"
    machine.program.unlink()
    assert machine.act("prepare", "4") == ("failed", f"{machine.program}: No such file or directory")
    assert json.loads((machine.state / "journal.json").read_text())["step"] == "verified"
    assert os.path.lexists(machine.place / "releases/0003")
