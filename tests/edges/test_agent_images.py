"""The agent where an image comes from a registry: by its digest, and with the same steps, journal and way back as one that is built.

What stands for Docker and the registry proves nothing about them: that is `tests/e2e/test_fleet_images.py`.
"""

import json
import sys
from pathlib import Path

import pytest
from support import standin
from support.depth import deep
from support.machine import SERVICE, Machine
from support.monorepo import Monorepo

from common_sync.remote import agent
from common_sync.remote.registry import find_repository

_WHY = "more rows of the agent's tests, which start git and Docker often"
IMAGE = "reg:5000/api"


class Pulling(Machine):
    """A machine that takes its images from a registry."""

    def write_units(self, *units: str, **more: object) -> None:
        """Write the compose file: each unit is built of the service, by the name that it has in the registry."""
        named = {unit: {"build": {"context": "."}, "image": f"{IMAGE}:latest"} for unit in units}
        super().write_units(**named, **more)

    def push(self) -> str:
        """Build the service elsewhere and push it by git's id of its folder; return its name there, with the digest."""
        name, folder = f"{IMAGE}:{self.job('prepare').tree}", self.repo.root / SERVICE
        told = {"name": "ci", "services": {"api": {"build": {"context": "."}, "image": name}}}
        (folder / "ci.yml").write_text(json.dumps(told))
        assert self.call_docker(["compose", "-f", str(folder / "ci.yml"), "build", "api"])[0] == 0
        (folder / "ci.yml").unlink()
        state = standin.read_state(self.store)
        image = state["images"].pop(name)
        digest = f"{IMAGE}@{standin.find_digest(image)}"
        state.setdefault("registry", {}).update({name: image, digest: image})
        (self.store / "state.json").write_text(json.dumps(state))
        return digest

    def pull(self, run_id: str = "1", action: str = "prepare") -> tuple[object, object]:
        """Prepare with an image of the registry; return the end and why."""
        return self.end(action, run_id, image=IMAGE)

    def deploy(self, run_id: str) -> str:
        """Publish, push and deploy a release; return the image's name with its digest."""
        self.publish("a.py", f"x = {run_id}\n")
        digest = self.push()
        assert (self.pull(run_id), self.pull(run_id, "switch")) == (("verified", ""), ("deployed", ""))
        return digest

    def mine(self) -> set[str]:
        """Return the names that the agent has given, and those of the registry."""
        return {name for name in self.images() if name.startswith(("common-sync/", IMAGE))}


@pytest.fixture
def machine(committed: Monorepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pulling:
    """Return a machine on which the first release runs."""
    (tmp_path / "machine").mkdir()
    return Pulling(committed, tmp_path / "machine", monkeypatch)


def test_images_there_and_back(machine: Pulling) -> None:
    """A release would be built there, or not be the one that was pushed, or the way back would need the registry."""
    one = machine.running
    machine.publish("a.py")
    digest = machine.push()
    told = machine.act("prepare", image=IMAGE)
    assert (told["end"], told["digest"], machine.running) == ("verified", digest, one)
    told = machine.act("switch", image=IMAGE)
    assert (told["end"], told["digest"], machine.running != one) == ("deployed", digest, True)
    assert (machine.journal.releases[0].digest, digest in machine.images()) == (digest, False)
    assert not machine.was_called("building")
    standing = standin.read_state(machine.store)
    standing["registry"].clear()
    (machine.store / "state.json").write_text(json.dumps(standing))
    assert (machine.pull("2", "back"), machine.pull("2", "switch")) == (("verified", ""), ("deployed", ""))
    assert (machine.running, machine.journal.releases[0].digest) == (one, "")


def test_an_image_that_is_not_there(machine: Pulling) -> None:
    """An image of another state would be taken, or nobody would know which tag is missing, and how CI makes it."""
    machine.publish("a.py")
    machine.push()
    commit = machine.publish("b.py")
    tree, one = machine.job("prepare").tree, machine.running
    end, why = machine.pull()
    assert (end, machine.running, machine.journal.step) == ("failed", one, "discarded")
    remedy = f"push it by the tag that git rev-parse {commit[:12]}:{SERVICE} prints"
    assert why == f"the image {IMAGE}:{tree} is not to be had: manifest unknown: {remedy}"


@deep(_WHY)
def test_an_image_with_another_library(machine: Pulling) -> None:
    """An image that was built of something else, and pushed by that tag, would run."""
    machine.publish("a.py")
    lying = machine.repo.root / SERVICE / "common/our_common/core.py"
    text = lying.read_text() if lying.exists() else ""
    lying.write_text("x = 1\n")
    machine.push()
    lying.write_text(text)
    before = machine.mine()
    end, why = machine.pull()
    assert (end, "holds another library" in str(why), machine.journal.step) == ("failed", True, "discarded")
    left = {name for name in machine.mine() - before if "pulled" in name or "@" in name}
    assert (left, before.issubset(machine.mine())) == (set(), True)


@deep(_WHY)
@pytest.mark.parametrize("name", ["other/api:1", f"{IMAGE}@sha256:{'0' * 64}", None])
def test_a_unit_by_another_name(machine: Pulling, name: str | None) -> None:
    """A unit of the service would go on with its old image, and the deploy be called done."""
    unit = {"build": {"context": "."}, **({"image": name} if name else {})}
    machine.write_units("api", job=unit)
    machine.publish("a.py")
    machine.push()
    end, why = machine.pull()
    assert (end, machine.journal.step) == ("failed", "discarded")
    assert why == f"job has the image {name or 'shop-job'}, and not {IMAGE}: write image: {IMAGE} in its compose file"


def test_a_unit_that_is_never_built_there(machine: Pulling) -> None:
    """A compose file that has no `build` of the service could not be deployed."""
    services = {"api": {"image": IMAGE}, "db": {"image": "postgres"}}
    machine.repo.write(f"{SERVICE}/compose.yml", json.dumps({"name": "shop", "services": services}))
    machine.deploy("1")
    assert set(machine.journal.new) == {"api"}


class Renaming(Pulling):
    """A machine whose first release was built there, and whose compose file has another name for it than the registry."""

    is_named = False

    def write_units(self, *units: str, **more: object) -> None:
        """Write the compose file: as it is before the change, or after it."""
        (Pulling if self.is_named else Machine).write_units(self, *units, **more)


@pytest.fixture
def renaming(committed: Monorepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Renaming:
    """Return a machine whose next release has the registry's name."""
    (tmp_path / "machine").mkdir()
    machine = Renaming(committed, tmp_path / "machine", monkeypatch)
    machine.is_named = True
    machine.write_units("api")
    return machine


def test_a_new_name_that_fails(renaming: Renaming) -> None:
    """After a first deploy from the registry that has failed, each later one would be refused."""
    renaming.publish("ill")
    renaming.push()
    assert (renaming.pull(), renaming.pull("1", "switch")[0]) == (("verified", ""), "rolled-back")
    assert f"{IMAGE}:latest" not in renaming.images()
    renaming.repo.git("rm", "-q", f"{SERVICE}/ill")
    renaming.publish("a.py")
    renaming.push()
    for number in ("2", "3"):
        assert renaming.pull(number) == ("verified", "")
    assert renaming.pull("3", "switch") == ("deployed", "")


@deep(_WHY)
def test_the_way_back_to_another_name(renaming: Renaming) -> None:
    """After a way back over a change of the image's name, each later deploy would be refused."""
    one = renaming.running
    renaming.deploy("1")
    (renaming.store / "calls").write_text("")
    assert (renaming.pull("2", "back"), renaming.pull("2", "switch")) == (("verified", ""), ("deployed", ""))
    assert (renaming.running, f"{IMAGE}:latest" in renaming.images()) == (one, False)
    renaming.publish("c.py")
    renaming.push()
    for number in ("3", "4", "5"):
        assert renaming.pull(number) == ("verified", "")
    assert renaming.pull("5", "switch") == ("deployed", "")


@deep(_WHY)
def test_a_new_name_that_somebody_takes(renaming: Renaming) -> None:
    """A way back would take the name of an image that somebody has built meanwhile."""
    one = renaming.running
    renaming.publish("ill")
    renaming.push()
    assert renaming.pull() == ("verified", "")
    (renaming.store / "kill").write_text("up .* api$")
    assert agent.work("mark", renaming.job("switch", image=IMAGE)._asdict()) == 0
    assert (renaming.journal.step, (renaming.store / "kill").exists()) == ("switching", False)
    state = standin.read_state(renaming.store)
    state["images"][f"{IMAGE}:latest"] = "sha256:theirs"
    (renaming.store / "state.json").write_text(json.dumps(state))
    renaming.pull("2")
    assert renaming.running == one
    assert standin.read_state(renaming.store)["images"][f"{IMAGE}:latest"] == "sha256:theirs"


@deep(_WHY)
def test_a_unit_by_another_spelling(committed: Monorepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A unit that writes the same image in another way would go on with the old one, and the deploy be called done."""
    monkeypatch.setattr(sys.modules[__name__], "IMAGE", "docker.io/shop/api")
    (tmp_path / "machine").mkdir()
    machine = Pulling(committed, tmp_path / "machine", monkeypatch)
    machine.write_units("api", worker={"image": "shop/api"}, db={"image": "shop/db"})
    machine.deploy("1")
    assert set(machine.journal.new) == {"api", "worker"}


@deep(_WHY)
def test_another_registry(machine: Pulling, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service whose compose file builds nothing could not move to another registry, nor back from it."""

    def write(name: str) -> None:
        services = {"api": {"image": name}, "db": {"image": "postgres"}}
        machine.repo.write(f"{SERVICE}/compose.yml", json.dumps({"name": "shop", "services": services}))

    write(IMAGE)
    machine.deploy("1")
    one, new = machine.running, "new:5000/api"
    monkeypatch.setattr(sys.modules[__name__], "IMAGE", new)
    write(new)
    machine.publish("b.py")
    assert machine.pull("2")[0] == "failed", "it is not pushed yet"
    machine.deploy("3")
    assert (set(machine.journal.new), machine.running != one) == ({"api"}, True)
    assert (machine.pull("4", "back"), machine.pull("4", "switch")) == (("verified", ""), ("deployed", ""))
    assert machine.running == one
    machine.publish("c.py")
    machine.deploy("5")


KILLED = (
    "config --resolve-image-digests",
    "^pull ",
    "^tag .* common-sync/pulled",
    "^tag .*:api-NEW",
    "^rmi reg",
    "^run ",
)


@deep(_WHY)
@pytest.mark.parametrize("command", KILLED)
def test_killed_as_it_pulls(machine: Pulling, command: str, capfd: pytest.CaptureFixture[str]) -> None:
    """A pull that was interrupted would leave what runs half-way, or images that nobody ever removes."""
    before, one = machine.mine(), machine.running
    machine.publish("a.py")
    digest = machine.push()
    new = standin.read_state(machine.store)["registry"][digest].rpartition(":")[2][:12]
    (machine.store / "kill").write_text(command.replace("NEW", new))
    job = machine.job("prepare", image=IMAGE)
    assert agent.work("mark", job._asdict()) == 0
    assert '"lost"' in capfd.readouterr().out
    assert (machine.journal.step, machine.running) == ("built" if command == "^run " else "fetched", one)
    machine.publish("b.py")  # the next run has another image to bring
    assert machine.pull("2")[0] == "failed"
    left = {name for name in machine.mine() if "pulled" in name or "@" in name}
    assert (machine.running, left, before.issubset(machine.mine())) == (one, set(), True)
    machine.push()
    assert (machine.pull("3"), machine.pull("3", "switch")) == (("verified", ""), ("deployed", ""))


@deep(_WHY)
def test_images_that_nobody_needs(machine: Pulling) -> None:
    """Images that were pulled would pile up until the disk is full; or one that somebody has pulled would be gone."""
    for number in range(1, 6):
        machine.deploy(str(number))
    shelf = {name for name in machine.images() if name.startswith("common-sync/pulled/")}
    kept = {release.images["api"] for release in machine.journal.releases}
    images = standin.read_state(machine.store)["images"]
    assert ({images[name] for name in shelf}, len(kept)) == (kept, 3)
    machine.publish("z.py")
    digest = machine.push()
    assert machine.call_docker(["pull", digest])[0] == 0
    assert (machine.pull("9"), machine.pull("9", "switch")) == (("verified", ""), ("deployed", ""))
    assert digest in machine.images(), "somebody had it before"


@pytest.mark.parametrize(
    ("name", "repository"),
    [
        ("api", "api"),
        ("api:1", "api"),
        ("reg:5000/api", "reg:5000/api"),
        ("reg:5000/api:1", "reg:5000/api"),
        (f"reg:5000/api:1@sha256:{'0' * 64}", "reg:5000/api"),
        ("reg/api@sha256:0", "reg/api"),
        ("docker.io/shop/api:1", "shop/api"),
        ("index.docker.io/library/api", "api"),
        ("library/api:1", "api"),
        ("library/shop/api", "library/shop/api"),
        ("docker.io:5000/api", "docker.io:5000/api"),
        ("my.docker.io/library/api", "my.docker.io/library/api"),
    ],
)
def test_names(name: str, repository: str) -> None:
    """A port would be taken for a tag, or another spelling for another image: a unit would not be found, and stay old."""
    assert find_repository(name) == repository
