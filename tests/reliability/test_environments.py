"""Kill `env sync` and uv anywhere, and cut the power: what `.venv` leads to is whole, and the next run ends in sync.

uv writes with several threads, so that its calls come in another order each time: there a kill at a call is one at a random moment.
"""

import random
import re
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from reliability.killing import KILLED, kill_anywhere
from reliability.power import copy_image, cut_anywhere, make_disk, on_a_disk, wrong_after_power_cut
from reliability.runs import Ended, Hindrance
from reliability.traced import STRACE
from reliability.warm import Program
from support.depth import FULL, Record, deep, sample, sampled, skip
from support.environments import VERSIONS, Environments, make_environments
from support.monorepo import patched, run


class Scenario(NamedTuple):
    """What is there, and what is asked for.

    Attributes:
        name: What it is called.
        before: The versions of the environment that is there; nothing where there is none.
        after: Those that it comes to.
        words: The command.
    """

    name: str
    before: str
    after: str
    words: tuple[str, ...] = ("env", "sync", "api")


SCENARIOS = (
    Scenario("an update", "1.0 1.0 1.0", "1.1 1.0 1.0"),
    Scenario("the first", "", "1.0 1.0 1.0"),
    Scenario("a cleaning", "1.1 1.0 1.0", "1.1 1.0 1.0", ("env", "clean", "api")),
    Scenario("an exchange", "", "1.0 1.0 1.0", ("env", "sync", "api", "--force")),
    Scenario("a trial", "1.0 1.0 1.0", "1.0 1.0 1.0", ("env", "try", "api", "alpha==1.1")),
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

    def run(self, *words: str, hindrance: Hindrance | None = None) -> Ended:
        """Run the tool."""
        return self.program.run(self.repo.root, *words, hindrance=hindrance, env=self.repo.settings)

    def prepare(self) -> None:
        """Bring the repository into the scenario's state."""
        repo = make_environments(self.folder / "case")
        repo.configure("api", compile=False)
        if self.scenario.name == "an exchange":
            repo.write("services/api/.venv/notes.txt", "mine\n")
            repo.write("services/api/.venv/bin/python", "mine, too\n")
        if self.scenario.before:
            assert self.run("env", "sync", "api").code == 0
        if self.scenario.after.startswith("1.1"):
            repo.write("services/api/requirements.txt", "alpha==1.1\n-e ./common\n")
        if self.scenario.name == "a cleaning":
            assert self.run("env", "sync", "api").code == 0

    def keep(self) -> None:
        """Keep the repository as it is, to be put back."""
        shutil.copytree(self.folder / "case/repo", self.folder / "template", symlinks=True)

    def put_back(self) -> None:
        """Undo what a try has done, but for the cache: what kills have done there, later tries meet."""
        shutil.rmtree(self.folder / "case/repo")
        shutil.copytree(self.folder / "template", self.folder / "case/repo", symlinks=True)

    def wrong_now(self) -> Iterator[str]:
        """Yield what is wrong in what a killed run has left."""
        venv = self.repo.root / "services/api/.venv"
        if self.scenario.name == "an exchange":
            places = (venv, venv / "replaced", venv.with_name(".common-sync.venv"))
            texts = [one / name for one in places for name in ("notes.txt", "bin/python") if (one / name).is_file()]
            if {one.read_bytes() for one in texts} < {b"mine\n", b"mine, too\n"}:
                yield f"somebody else's files are lost: {texts}"
        elif self.scenario.before:
            yield from self._wrong_versions({self.scenario.before, self.scenario.after})

    def wrong_at_last(self) -> Iterator[str]:
        """Yield what is wrong once the next run has finished what a killed one has begun."""
        ended = self.run(*self.scenario.words)
        if ended.code != 0:
            yield f"the next run ended with {ended}"
            return
        state = self.repo.states("--deep")["api"]
        if state != "in sync":
            yield f"the next run left it {state}"
        yield from self._wrong_versions({self.scenario.after})
        envs = self.repo.root / "services/api/.venv/envs"
        for name in {one.name for one in envs.iterdir()} - {".memory.json"}:
            if not (envs / name / "env.json").is_file():
                yield f"{name} was left"
        if (self.repo.root / "services/api/.common-sync.venv").exists():
            yield "what was exchanged was left"

    def _wrong_versions(self, expected: set[str]) -> Iterator[str]:
        program = self.repo.root / "services/api/.venv/bin/python"
        done = run(str(program), "-c", VERSIONS, cwd=Path("/"))
        if done.out.strip() not in expected:
            yield f"it imports {done}, and not {expected}"


def make_place(scenario: Scenario, folder: Path, program: Program) -> Place:
    """Make a repository in a scenario's state."""
    place = Place(scenario, folder, program)
    place.prepare()
    place.keep()
    return place


KINDS = sampled(SCENARIOS, 2, "more states of environments")


@pytest.mark.parametrize("scenario", KINDS, ids=lambda scenario: scenario.name)
def test_killed_anywhere(scenario: Scenario, program: Program, folder: Path, record_property: Record) -> None:
    """A laptop that is closed in the middle of `env sync` would leave a service that does not start, or somebody's `.venv` lost."""
    place = make_place(scenario, folder, program)
    assert kill_anywhere(place, scenario.words, record_property, scenario.name, "environments") == []


CALLS = (
    "link,linkat,mkdir,mkdirat,rename,renameat,renameat2,openat,write,unlink,unlinkat,symlink,symlinkat,copy_file_range"
)
_LINE = re.compile(r"(\d+) +(\w+)\(")
_ALL = "*-*"


class Kill(NamedTuple):
    """A kill of uv.

    Attributes:
        command: The subcommand, its first two words.
        call: The call.
        number: How many such calls a thread of it makes until then, with that one.
        both: Whether what has started uv is killed, too.
    """

    command: str
    call: str
    number: int
    both: bool = False


def wrap_uv(folder: Path, kill: Kill | None = None) -> Path:
    """Return a program that is uv under `strace`, which kills it at a call, or only lists its calls."""
    inject = f"-e inject={kill.call}:signal=SIGKILL:when={kill.number}" if kill is not None else ""
    also = "kill -9 $PPID" if kill is not None and kill.both else ":"
    uv = Path(sys.executable).with_name("uv")
    program = folder / "uv"
    program.write_text(
        f"""#!/bin/sh
case "$1-$2" in
--version-*) exec {uv} "$@" ;;
{kill.command if kill is not None else _ALL}) ;;
*) exec {uv} "$@" ;;
esac
{STRACE} -f -q -o "{folder}/strace.$1-$2" -e trace={CALLS} {inject} -e signal=none {uv} "$@"
code=$?
echo $code >> {folder}/ended
[ $code != 137 ] || {also}
exit $code
"""
    )
    program.chmod(0o755)
    return program


@deep("more crashes of environments")
def test_uv_is_killed(program: Program, folder: Path, record_property: Record) -> None:
    """Half of what uv installs would be taken for an environment, and a service lack modules."""
    if STRACE is None:
        skip("NOT TESTED: there is no strace here, which kills uv at its calls")
    place = make_place(SCENARIOS[0], folder, program)
    kills = choose_kills(place, sample([*range(200)][:: 1 if FULL else 6], 2, record_property, "kills of uv"))
    wrong, struck, codes_of_uv = [], 0, folder / "ended"
    for kill in kills:
        place.put_back()
        codes_of_uv.write_text("")
        ended = sync_by(place, wrap_uv(folder, kill))
        codes = codes_of_uv.read_text().split()
        if str(128 + signal.SIGKILL) not in codes:  # this time, no thread has made so many calls
            continue
        struck += 1
        # what fails without the network is tried once more with it, and the second uv may make fewer calls
        if ended != (KILLED if kill.both else 0 if codes[-1] == "0" else 2):
            wrong.append(f"{kill}: it ended with {ended}, and uv with {codes}")
        wrong += [f"{kill}: {one}" for one in (*place.wrong_now(), *place.wrong_at_last())]
    assert wrong == []
    assert struck * 2 > len(kills), "most kills must strike"
    record_property("count: kills of uv", struck)


def sync_by(place: Place, uv: Path) -> int:
    """Run the command by another uv; return its exit code."""
    patch = f"import common_sync.commands.steps.environments.building as s\ns.find_uv = lambda: {str(uv)!r}\n"
    return run(*patched(patch), *place.scenario.words, cwd=place.repo.root, env=place.repo.settings).code


def choose_kills(place: Place, numbers: list[int]) -> list[Kill]:
    """Return kills of uv, by lot of the calls that it has made in a run that nothing hinders."""
    assert sync_by(place, wrap_uv(place.folder)) == 0
    known: list[Kill] = []
    for log in sorted(place.folder.glob("strace.*")):
        counts: Counter[tuple[str, str]] = Counter()
        for thread, call in _LINE.findall(log.read_text(errors="replace")):
            counts[thread, call] += 1
            known.append(Kill(log.name.removeprefix("strace."), call, counts[thread, call]))
    lot = random.Random(7)  # noqa: S311 - the same each time
    return [lot.choice(known)._replace(both=number % 2 == 0) for number in numbers]


@deep("more crashes of environments")
def test_power_is_cut(program: Program, folder: Path, record_property: Record) -> None:
    """A Raspberry Pi that is unplugged would come up with an environment of empty files that counts as finished."""
    assert cut_anywhere(Place(SCENARIOS[0], folder, program), SCENARIOS[0].words, record_property, "power cuts") == []


@deep("what a power cut does to what is not flushed")
def test_a_power_cut_is_one(program: Program, folder: Path) -> None:
    """The test above would pass although nothing is flushed, and so show nothing."""
    place = Place(SCENARIOS[0], folder, program)
    image, copy = make_disk(place)
    with on_a_disk(folder / "case", image):
        patch = "import common_sync.edges.environments.placing as p\np.flush = lambda folder: None\n"
        assert run(*patched(patch), *place.scenario.words, cwd=place.repo.root, env=place.repo.settings).code == 0
        copy_image(image, copy)
    assert wrong_after_power_cut(place, copy) != []
