"""The agent where a unit does its work and ends, such as migrations: the compose file says so, since another unit waits for its end.

What stands for Docker proves nothing about it: that is `tests/e2e/test_fleet_deploy.py`.
"""

import itertools
from pathlib import Path
from types import SimpleNamespace

import pytest
from support import standin
from support.depth import deep
from support.machine import SERVICE, Machine
from support.monorepo import Monorepo

from common_sync.remote import agent, host
from common_sync.remote.calls import fail
from common_sync.remote.host import Host

ASK = Host.ask
_WHY = "more rows of the agent's tests, which start git and Docker often"
_ENDED = {"condition": "service_completed_successfully"}


class Migrating(Machine):
    """A machine whose service has units that do their work and end."""

    shares = False
    """Whether units have one image."""

    def write_units(self, *_units: str, **_more: object) -> None:
        """Write the compose file: `api` waits for `seed`, and that for `migrate`; `web` only has to be started first."""
        build = {"context": "."}
        name = {"image": "shop/app"} if self.shares else {}
        super().write_units(
            api={"build": build, **name, "depends_on": {"seed": _ENDED, "web": {"condition": "service_started"}}},
            a_seed={"build": build, "depends_on": {"migrate": _ENDED}},
            seed={"build": build, "depends_on": {"migrate": _ENDED}},
            migrate={"build": build, **name},
            web={"build": build},
        )


@pytest.fixture
def machine(committed: Monorepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Migrating:
    """Return a machine on which the first release runs: of the units, only `api`."""
    (tmp_path / "machine").mkdir()
    return Migrating(committed, tmp_path / "machine", monkeypatch)


def find_calls(machine: Machine) -> list[str]:
    """Return which units were started and waited for, in their order."""
    calls = (machine.store / "calls").read_text().splitlines()
    return [
        " ".join(line.split()[:: len(line.split()) - 1]) for line in calls if " up -d" in line or line[:5] == "wait "
    ]


def test_units_that_end(machine: Migrating) -> None:
    """A service with migrations could not be deployed: what has ended counted as ill; or it would start before they have ended."""
    machine.publish("a.py")
    assert (machine.end("prepare"), machine.end("switch")) == (("verified", ""), ("deployed", ""))
    before = ["compose migrate", "wait shop/migrate", "compose seed", "wait shop/seed"]
    assert find_calls(machine) == [*before, "compose a_seed", "compose api", "compose web"]
    assert set(machine.journal.releases[0].images) == {"api", "a_seed", "web"}
    machine.publish("b.py")
    assert (machine.end("prepare", "2"), machine.end("switch", "2")) == (("verified", ""), ("deployed", ""))
    done = machine.running
    (machine.store / "calls").write_text("")
    assert (machine.end("back", "3"), machine.end("switch", "3")) == (("verified", ""), ("deployed", ""))
    assert find_calls(machine) == ["compose a_seed", "compose api", "compose web"], "a way back undoes no migration"
    assert {unit for unit, image in machine.running.items() if image == done[unit]} == {"migrate", "seed"}
    machine.publish("c.py")
    assert (machine.end("prepare", "4"), machine.end("switch", "4")) == (("verified", ""), ("deployed", ""))


@deep(_WHY)
def test_units_that_end_badly(machine: Migrating) -> None:
    """A service would run on a database that its migrations have left half-way, or nobody could deploy after that."""
    machine.publish("a.py")
    assert (machine.end("prepare"), machine.end("switch")) == (("verified", ""), ("deployed", ""))
    running = machine.running
    machine.publish("exit-seed", "3")
    (machine.store / "calls").write_text("")
    assert (machine.end("prepare", "2"), machine.end("switch", "2")) == (
        ("verified", ""),
        ("rolled-back", "seed has ended with 3"),
    )
    assert {unit for unit, image in machine.running.items() if image == running[unit]} == {"api", "a_seed", "web"}
    for number in ("3", "4"):
        machine.publish(f"{number}.py")
        assert machine.end("prepare", number) == ("verified", "")
    machine.publish("exit-seed", "0")
    assert (machine.end("prepare", "5"), machine.end("switch", "5")) == (("verified", ""), ("deployed", ""))


@deep(_WHY)
@pytest.mark.parametrize("command", ["^tag .* shop-migrate", "up .* migrate$", "^wait .*migrate", "up .* api$"])
@pytest.mark.parametrize("is_first", [True, False])
def test_killed_as_they_run(
    machine: Migrating, command: str, capfd: pytest.CaptureFixture[str], *, is_first: bool
) -> None:
    """A machine would stay between two releases, or refuse each later deploy."""
    machine.publish("a.py")
    if not is_first:
        assert (machine.end("prepare"), machine.end("switch")) == (("verified", ""), ("deployed", ""))
        machine.publish("b.py")
    one = {unit: image for unit, image in machine.running.items() if unit in ("api", "a_seed", "web")}
    assert machine.end("prepare", "2") == ("verified", "")
    (machine.store / "kill").write_text(command)
    assert agent.work("mark", machine.job("switch", "2")._asdict()) == 0
    assert ('"lost"' in capfd.readouterr().out, machine.journal.step) == (True, "switching")
    machine.publish("c.py")
    for number in ("3", "4"):
        assert machine.end("prepare", number) == ("verified", "")
        assert {unit: image for unit, image in machine.running.items() if unit in ("api", "a_seed", "web")} == one
    assert machine.end("switch", "4") == ("deployed", "")


def test_a_unit_that_does_not_end(machine: Migrating, monkeypatch: pytest.MonkeyPatch) -> None:
    """A migration that takes too long would go on beside the old release that came back, and change its database."""

    def ask(host: Host, *words: str, **more: object) -> str:
        took = f"{words[:2]} took too long"
        return fail(took) if words[:2] == ("docker", "wait") else ASK(host, *words, **more)  # type: ignore[arg-type]

    machine.publish("a.py")
    assert machine.end("prepare") == ("verified", "")
    monkeypatch.setattr(Host, "ask", ask)
    assert machine.act("switch")["end"] == "rolled-back"
    calls = (machine.store / "calls").read_text().splitlines()
    (at,) = (number for number, line in enumerate(calls) if line.startswith("stop "))
    assert (calls[at], "up -d" in " ".join(calls[at:])) == ("stop shop/migrate", True), "before the old one is started"


class Changing(Machine):
    """A machine whose releases run `migrate` like any other unit, until one says that it ends."""

    def end_it(self) -> None:
        """Have the next release wait for its end."""
        build = {"context": "."}
        self.write_units(api={"build": build, "depends_on": {"migrate": _ENDED}}, migrate={"build": build})


@pytest.fixture
def changing(committed: Monorepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Changing:
    """Return a machine with a release of both units; only calls after that are kept."""
    (tmp_path / "machine").mkdir()
    machine = Changing(committed, tmp_path / "machine", monkeypatch)
    machine.write_units("api", "migrate")
    machine.publish("a.py")
    assert (machine.end("prepare"), machine.end("switch")) == (("verified", ""), ("deployed", ""))
    machine.end_it()
    (machine.store / "calls").write_text("")
    return machine


def test_the_first_release_whose_unit_ends(changing: Changing) -> None:
    """A release that only says that its migrations end, and fails, would run the old ones on the new database."""
    one = changing.running
    changing.publish("ill")
    assert (changing.end("prepare", "2")[0], changing.end("switch", "2")[0]) == ("verified", "rolled-back")
    assert find_calls(changing) == ["compose migrate", "wait shop/migrate", "compose api", "compose api"]
    assert changing.running["api"] == one["api"]
    changing.repo.git("rm", "-q", f"{SERVICE}/ill")
    changing.publish("b.py")
    for number in ("3", "4"):
        assert changing.end("prepare", number) == ("verified", "")
    assert changing.end("switch", "4") == ("deployed", "")


@deep(_WHY)
def test_back_past_the_first_release_whose_unit_ends(changing: Changing) -> None:
    """A way back to a release that does not say that its migrations end would run the old ones on the new database."""
    one = changing.running
    changing.publish("b.py")
    assert (changing.end("prepare", "2"), changing.end("switch", "2")) == (("verified", ""), ("deployed", ""))
    (changing.store / "calls").write_text("")
    assert (changing.end("back", "3"), changing.end("switch", "3")) == (("verified", ""), ("deployed", ""))
    assert (find_calls(changing), changing.running["api"]) == (["compose api"], one["api"])
    assert [*changing.journal.releases[0].images] == ["api"], "what is not started would be called stopped"
    changing.publish("c.py")
    for number in ("4", "5"):
        assert changing.end("prepare", number) == ("verified", "")
    assert changing.end("switch", "5") == ("deployed", "")


def test_units_that_take_their_time(machine: Migrating, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deploy with many migrations would be called lost here while its machine is still at work."""
    clock, limits, call = itertools.count(0.0, 16.5), [], Host._call  # noqa: SLF001 - all commands go through it
    monkeypatch.setattr(host, "time", SimpleNamespace(monotonic=lambda: next(clock)))

    def note(host: Host, words: tuple[str, ...], given: str, out: int, limit: float, *more: int) -> str:
        if words[1] == "wait" or words[-1] in ("migrate", "seed"):
            limits.append(limit)
        return call(host, words, given, out, limit, *more)

    machine.publish("a.py")
    assert machine.end("prepare") == ("verified", "")
    monkeypatch.setattr(Host, "_call", note)
    assert machine.end("switch") == ("deployed", "")
    assert limits == [44, 27, 11, 1], "of 60 s, for all of them together"


@deep(_WHY)
def test_a_unit_that_a_release_before_has_not(machine: Migrating) -> None:
    """After a way back past the first release with migrations nobody could deploy one that has them."""
    machine.publish("a.py")
    assert (machine.end("prepare"), machine.end("switch")) == (("verified", ""), ("deployed", ""))
    Machine.write_units(machine, "api", "web", "a_seed")
    machine.publish("b.py")
    assert (machine.end("prepare", "2"), machine.end("switch", "2")) == (("verified", ""), ("deployed", ""))
    machine.write_units()
    machine.publish("exit-seed", "1")
    assert machine.end("prepare", "3") == ("verified", "")
    assert machine.end("switch", "3") == ("rolled-back", "seed has ended with 1")
    machine.publish("exit-seed", "0")
    for number in ("4", "5"):
        assert machine.end("prepare", number) == ("verified", "")
    assert machine.end("switch", "5") == ("deployed", "")


@deep(_WHY)
def test_units_of_one_image(committed: Monorepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After migrations that have failed, Compose by hand would start the release that was gone back from."""
    monkeypatch.setattr(Migrating, "shares", True)
    (tmp_path / "machine").mkdir()
    machine = Migrating(committed, tmp_path / "machine", monkeypatch)
    machine.publish("a.py")
    assert (machine.end("prepare"), machine.end("switch")) == (("verified", ""), ("deployed", ""))
    one = machine.running["api"]
    machine.publish("exit-migrate", "1")
    assert machine.end("prepare", "2") == ("verified", "")
    assert machine.end("switch", "2") == ("rolled-back", "migrate has ended with 1")
    assert (machine.running["api"], standin.read_state(machine.store)["images"]["shop/app"]) == (one, one)
    machine.publish("exit-migrate", "0")
    for number in ("3", "4"):
        assert machine.end("prepare", number) == ("verified", "")
    assert machine.end("switch", "4") == ("deployed", "")
    assert (machine.end("back", "5"), machine.end("switch", "5")) == (("verified", ""), ("deployed", ""))
    assert machine.running["api"] == one
    assert (machine.end("prepare", "6"), machine.end("switch", "6")) == (("verified", ""), ("deployed", ""))
