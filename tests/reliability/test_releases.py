"""Kill `deploy` and `rollback` anywhere: what `current` leads to starts, and the next run ends with what was asked for."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from reliability.killing import kill_anywhere
from reliability.power import cut_anywhere
from reliability.runs import Ended, Hindrance
from reliability.warm import Program
from support.depth import Record, deep, sampled
from support.environments import Environments, make_environments
from support.monorepo import run


class Scenario(NamedTuple):
    """What is asked for, and what the service may print before and after."""

    name: str
    words: tuple[str, ...]
    before: str
    after: str
    numbers: tuple[str, ...]


SCENARIOS = (
    Scenario("the way back", ("rollback", "api", "--to", "1"), "v2 1.1", "v1 1.0", ("0001", "0002")),
    Scenario("an update", ("deploy", "api"), "v1 1.0", "v2 1.1", ("0001", "0002", "0003")),
)


class Place(NamedTuple):
    """A repository that is put back after each try: environments hold absolute paths, and work at one place only."""

    scenario: Scenario
    folder: Path
    program: Program

    @property
    def repo(self) -> Environments:
        """The repository, where the tool runs."""
        return Environments(self.folder / "case/repo")

    @property
    def releases(self) -> Path:
        """The folder of releases."""
        return self.folder / "case/srv/api/releases"

    def run(self, *words: str, hindrance: Hindrance | None = None) -> Ended:
        """Run the tool."""
        return self.program.run(self.repo.root, *words, hindrance=hindrance, env=self.repo.settings)

    def prepare(self) -> None:
        """Bring the repository into the scenario's state, and keep that."""
        repo = make_environments(self.folder / "case")
        repo.configure("api", compile=False, command="python main.py")
        deploy = f'[deploy]\nto = "{self.folder}/case/srv"\nuser = "daemon"\n'
        repo.write("common-sync.toml", repo.read("common-sync.toml") + deploy)
        repo.write("services/api/main.py", "import alpha\nprint('v1', alpha.VERSION)\n")
        repo.write("services/api/.env", "A=1\n")
        assert self.run("deploy", "api").code == 0
        repo.write("services/api/main.py", "import alpha\nprint('v2', alpha.VERSION)\n")
        repo.write("services/api/requirements.txt", "alpha==1.1\n-e ./common\n")
        if self.scenario.words[0] == "rollback":
            assert self.run("deploy", "api").code == 0
        shutil.copytree(self.folder / "case", self.folder / "template", symlinks=True)

    def put_back(self) -> None:
        """Undo what a try has done."""
        shutil.rmtree(self.folder / "case")
        shutil.copytree(self.folder / "template", self.folder / "case", symlinks=True)

    def wrong_now(self) -> Iterator[str]:
        """Yield what is wrong in what a killed run has left."""
        yield from self._wrong_words({self.scenario.before, self.scenario.after})
        for record in self.releases.glob("[0-9]*/release.json"):
            if not ((record.parent / "app/main.py").is_file() and (record.parent / "run").is_file()):
                yield f"{record.parent.name} counts, and is not whole"

    def wrong_at_last(self) -> Iterator[str]:
        """Yield what is wrong once the next run has finished what a killed one has begun."""
        ended = self.run(*self.scenario.words)
        if ended.code != 0:
            yield f"the next run ended with {ended}"
            return
        yield from self._wrong_words({self.scenario.after})
        there = {one.name for one in self.releases.iterdir()}
        if not there <= {*self.scenario.numbers, "current", "former"}:
            yield f"something was left: {there}"
        for release in sorted(there & {*self.scenario.numbers}):
            if not (self.releases / release / "release.json").is_file():
                yield f"{release} was left half done"
        if (self.folder / "case/srv/api/shared/.env").read_text() != "A=1\n":
            yield "what outlives releases is not what it was"

    def _wrong_words(self, expected: set[str]) -> Iterator[str]:
        done = run(str(self.releases / "current/run"), cwd=Path("/"))
        if done.out.rpartition("common-sync: release ")[2].partition("\n")[2].strip() not in expected:
            yield f"it prints {done}, and not {expected}"


@deep("crash points of releases")
@pytest.mark.parametrize(
    "scenario", sampled(SCENARIOS, 1, "the way back to a release"), ids=lambda scenario: scenario.name
)
def test_killed_anywhere(scenario: Scenario, program: Program, folder: Path, record_property: Record) -> None:
    """A machine that loses its power in the middle of a deploy would come up with a release that does not start, or with none."""
    if os.path.isdir("/run/systemd/system"):
        pytest.skip("NOT TESTED: a systemd runs here, and it would be asked for the units of the test")
    place = Place(scenario, folder, program)
    place.prepare()
    assert kill_anywhere(place, scenario.words, record_property, scenario.name, "releases") == []


@deep("power cuts in a deploy")
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_power_is_cut(scenario: Scenario, program: Program, folder: Path, record_property: Record) -> None:
    """A Raspberry Pi that is unplugged in a deploy would come up with a release of empty files that counts."""
    if os.path.isdir("/run/systemd/system"):
        pytest.skip("NOT TESTED: a systemd runs here, and it would be asked for the units of the test")
    place = Place(scenario, folder, program)
    assert cut_anywhere(place, scenario.words, record_property, f"power cuts in {scenario.name}") == []
