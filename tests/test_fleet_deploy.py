"""`fleet deploy` and `fleet rollback`, on this machine, as processes; what stands for Docker is `support/standin.py`.

That proves what people see. What happens to real containers is in `tests/e2e/test_fleet_deploy.py`.
"""

import json
import re
import shutil
from pathlib import Path

import pytest
from support import standin
from support.depth import deep
from support.monorepo import Done, Monorepo

from common_sync.commands.steps.fleet.rollout import Rollout
from common_sync.core.fleet.endings import Ending
from common_sync.core.fleet.inventory import Site, parse_inventory
from common_sync.interface.show.fleet_rollout import rollout_lines
from common_sync.interface.show.options import Options

SERVICE = "services/api"
_WHY = "more runs of whole deploys"


class Shop:
    """Two clones on this machine, each with its own project."""

    def __init__(self, repo: Monorepo, folder: Path, clones: int) -> None:
        self.repo, self.folder, self.clones = repo, folder, [folder / f"clone{number}" for number in range(clones)]
        standin.write_docker(folder / "bin", folder / "store")
        self.variables = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "HOME": str(folder), "COLUMNS": "140"}
        repo.write(f"{SERVICE}/compose.yml", '{"name": "api", "services": {"api": {"build": {"context": "."}}}}')
        repo.commit("one")
        repo.git("clone", "-q", "--bare", ".", str(folder / "origin"))
        repo.git("remote", "add", "origin", str(folder / "origin"))
        targets = ""
        for clone in self.clones:
            repo.git("clone", "-q", str(folder / "origin"), str(clone))
            targets += f'[[target]]\nhost = "local"\npath = "{clone}"\n'
        keys = 'kind = "compose"\nlibrary = "/app/common"\nsettle = 0\nhealth_times = 1\nhealth_timeout = 1\n'
        repo.write("fleet.toml", f'[defaults]\nservice = "api"\n{keys}{targets}')

    def publish(self, path: str = "a.py", text: str = "") -> None:
        """Make a release."""
        self.repo.write(f"{SERVICE}/{path}", text)
        self.repo.commit(path)
        self.repo.git("push", "-q", "origin", "HEAD")
        self.repo.git("fetch", "-q", "origin")

    def run(self, *words: str) -> Done:
        """Run a command of the fleet."""
        return self.repo.run("fleet", *words, env=self.variables)


@pytest.fixture
def shop(committed: Monorepo, tmp_path: Path) -> Shop:
    """Return a machine with one clone, on which nothing runs yet."""
    (tmp_path / "shop").mkdir()
    return Shop(committed, tmp_path / "shop", 1)


def test_what_people_see(shop: Shop) -> None:
    """A person would not know what is about to be done, or what was."""
    head = ("--ref", "HEAD")
    plan = shop.run("deploy", *head, "-n")
    assert (plan.code, plan.out.splitlines()[-1]) == (1, "→ 1 of 1 target would be brought up to date")
    assert "local  services/api  was not deployed by this command yet" in plan.out
    asked = shop.run("deploy", *head)
    assert (asked.code, asked.out) == (2, "")
    assert re.search(
        r"error: nobody is there to be asked: bring local services/api to HEAD \w{7}\n  help: --yes", asked.err
    )
    done = shop.run("deploy", *head, "--yes", "--output-format", "json")
    document = json.loads(done.out)
    assert (done.code, document["waves"]) == (0, [[[["local", SERVICE]]]])
    assert [document[name][0]["end"] for name in ("prepared", "switched")] == ["verified", "deployed"]
    assert [document[name][0]["seconds"] is None for name in ("prepared", "switched")] == [False, True]
    assert "switch   local services/api: deployed\n" in done.err
    again = shop.run("deploy", *head)
    assert (again.code, again.out.splitlines()[-1]) == (0, "✓ 1 target runs what HEAD says")
    assert shop.run("deploy", *head, "-q") == (0, "", "")
    shop.publish("b.py", "b = 1\n")
    told = shop.run(
        "deploy", *head, "--yes", "--output-format", "jsonl", "--output-format", f"jsonl={shop.folder}/told"
    )
    events = [json.loads(line) for line in told.out.splitlines()]
    named = [(one["event"], one.get("end")) for one in events]
    assert named == [("prepare", "verified"), ("switch", "deployed"), ("result", None)], told
    assert events[1].items() >= events[2]["switched"][0].items()
    assert (shop.folder / "told").read_text() == told.out
    back = shop.run("rollback", "--yes")
    assert (back.code, "switch   local services/api: went back\n" in back.err) == (0, True), back
    back = shop.run("rollback", "--yes")
    assert (back.code, back.out.splitlines()[0]) == (
        1,
        "✗ local services/api: refused: no earlier release is kept there",
    )
    assert back.out.splitlines()[-1] == "✗ 0 of 1 target prepared; nothing was switched"


@deep("runs of the whole program that take long")
def test_what_goes_wrong(shop: Shop) -> None:
    """A machine whose state is not known would be called whole, or a person would not find the log."""
    (shop.folder / "store" / "kill").write_text(" build ")
    lost = shop.run("deploy", "--ref", "HEAD", "--yes")
    assert (lost.code, lost.out.splitlines()[0]) == (
        4,
        "✗ local services/api: its state is not known: the process that did it was killed",
    )
    assert lost.out.splitlines()[-1] == "? 0 of 1 target prepared; nothing was switched"
    shop.publish("ill")
    ill = shop.run("deploy", "--ref", "HEAD", "--yes", "-v")
    assert (ill.code, ill.out.splitlines()[0]) == (
        1,
        "✗ local services/api: went back by itself: not healthy in 1 s: api is restarting",
    )
    assert re.search(r"\n  help: its log there is\s+/\S+/log\n(    .*\n)+✗ 0 of 1 target switched\n", ill.out)
    (shop.clones[0] / SERVICE / "app.py").write_text("mine\n")
    refused = shop.run("deploy", "--ref", "HEAD", "--yes")
    assert refused.code == 1
    assert "app.py\n✗ 1 target must not be touched; nothing was begun\n" in refused.out
    assert json.loads(shop.run("deploy", "--ref", "HEAD", "-n", "--output-format", "json").out)["plan"][0]["obstacle"]
    (shop.clones[0] / ".git").rename(shop.clones[0] / "git")
    unknown = shop.run("deploy", "--ref", "HEAD", "--yes")
    assert (unknown.code, "? not all targets could be asked; nothing was begun" in unknown.out) == (4, True)
    assert shop.run("deploy", "--on-failure", "panic").err.startswith(
        "error: --on-failure: 'panic' is neither stop nor undo"
    )


@deep(_WHY)
def test_a_service_from_an_index_is_left_alone(shop: Shop) -> None:
    """What nothing proves would be switched to, or one such service keep a person from deploying all the others."""
    with (shop.repo.root / "common-sync.toml").open("a") as file:
        file.write('[service.worker]\nlibrary = "index"\n')
    target = f'[[target]]\nhost = "local"\nservice = "worker"\npath = "{shop.folder}/other"\n'
    shop.repo.write("fleet.toml", shop.repo.read("fleet.toml") + target)
    plan = shop.run("deploy", "--ref", "HEAD", "-n")
    assert (plan.code, "local  services/worker  left alone: it takes its library from an index" in plan.out) == (
        1,
        True,
    )
    named = shop.run("deploy", "worker", "--ref", "HEAD", "-n")
    assert (named.code, "takes its library from an index" in named.err) == (2, True)
    done = shop.run("deploy", "--ref", "HEAD", "--yes", "--output-format", "json")
    document = json.loads(done.out)
    assert (done.code, [one["service"] for one in document["switched"]]) == (0, [SERVICE]), done
    assert [one["indexed"] for one in document["plan"]] == [False, True]
    back = shop.run("rollback", "--yes")
    assert "worker" not in back.out


def test_the_way_back_of_one() -> None:
    """A person would take back a machine that has gone back by itself, and so would lose a release more."""
    inventory, _ = parse_inventory('[[target]]\nhost = "vm"\nservice = "api"\npath = "/srv"\n', "fleet.toml")
    sites = [Site(f"vm-{number}", SERVICE, inventory.targets[0]) for number in range(8)]
    ends = [*((one, Ending("deployed")) for one in sites[:6]), (sites[6], Ending("rolled-back", "it is ill"))]
    rollout = Rollout((), tuple((one, Ending("verified")) for one in sites), tuple(ends))
    lines = [*rollout_lines(rollout, Options(), may_go_back=True)]
    assert lines[0] == "✗ vm-6 services/api: went back by itself: it is ill"
    assert lines[2:8] == [
        *(f"        common-sync fleet rollback services/api --host vm-{number}" for number in range(5)),
        "        and 1 more",
    ]
    assert lines[8:] == ["✗ 6 of 8 targets switched, 1 not begun"]
    assert len([*rollout_lines(rollout, Options())]) == 2


@pytest.mark.parametrize(("said", "lines"), [("fatal: no remote\n", 3), ("", 2)])
def test_a_log_that_says_nothing(said: str, lines: int) -> None:
    """A person would look on a machine for a reason in a log in which nothing was written."""
    inventory, _ = parse_inventory('[[target]]\nhost = "vm"\nservice = "api"\npath = "/srv"\n', "fleet.toml")
    ending = Ending("refused", "no earlier release is kept there", "/log", said)
    rollout = Rollout((), ((Site("vm", SERVICE, inventory.targets[0]), ending),))
    assert len([*rollout_lines(rollout, Options())]) == lines


@deep(_WHY)
def test_earlier_waves_go_back(committed: Monorepo, tmp_path: Path) -> None:
    """The machines would have two releases after a deploy that was to be all or nothing."""
    (tmp_path / "shop").mkdir()
    shop = Shop(committed, tmp_path / "shop", 2)
    for number, clone in enumerate(shop.clones):
        (clone / SERVICE / "compose.override.yml").write_text(json.dumps({"name": f"shop{number}", "services": {}}))
    assert shop.run("deploy", "--ref", "HEAD", "--yes").code == 0
    shop.publish("a.py", "x = 1\n")
    (shop.folder / "store" / "kill").write_text(r"tag sha256:\w+ shop1-api")
    done = shop.run("deploy", "--ref", "HEAD", "--yes", "--on-failure", "undo")
    assert (done.code, done.out.splitlines()[-1]) == (4, "? 1 of 2 targets switched; 1 of 1 taken back")
    assert "way back" not in done.out
    images = standin.read_state(shop.folder / "store")["containers"]
    found = [(shop.folder / "store" / image / "a.py").exists() for image in images.values()]
    assert found == [False, False], "both run the old release"
    status = shop.run("status", "--ref", "HEAD", "--output-format", "json")
    assert [one["step"] for one in json.loads(status.out)["targets"]] == ["deployed", "switching"]
    done = shop.run("deploy", "--ref", "HEAD", "--yes", "--prepare-only")
    assert (done.code, done.out) == (0, "✓ 2 of 2 targets prepared; nothing was switched\n")


@deep(_WHY)
def test_what_has_gone_down_since(shop: Shop) -> None:
    """A service that is down, or in a crash loop, would be called as wanted until somebody misses it."""
    head = ("--ref", "HEAD")
    assert shop.run("deploy", *head, "--yes").code == 0
    assert shop.run("status", *head, "-q") == (0, "", "")
    store = shop.folder / "store"
    state = standin.read_state(store)
    (image,) = state["containers"].values()
    (store / image / "ill").write_text("")
    looping = shop.run("status", *head)
    assert (looping.code, "CS403 local: api does not run: it is restarting" in looping.out) == (1, True), looping
    (store / "state.json").write_text(json.dumps({**state, "containers": {}}))
    down = shop.run("status", *head)
    assert (down.code, "CS403 local: api does not run: it is without a container" in down.out) == (1, True), down
    (shop.folder / "bin" / "docker").write_text("#!/bin/sh\necho no engine >&2\nexit 1\n")
    unknown = shop.run("status", *head)
    assert (unknown.code, "docker ps has ended with 1: no engine" in unknown.out) == (4, True), unknown


@deep(_WHY)
def test_files_that_were_changed_in_a_container(shop: Shop) -> None:
    """A container that somebody has edited would run on for ever: its release is the one that is wanted."""
    head, store = ("--ref", "HEAD"), shop.folder / "store"
    assert shop.run("deploy", *head, "--yes").code == 0
    (image,) = standin.read_state(store)["containers"].values()
    own = store / "own" / "api-api-1"
    shutil.copytree(store / image, own)
    assert shop.run("deploy", *head, "-n").code == 0
    (own / "common/our_common/mine.py").write_text("")
    assert shop.run("status", *head).code == 1
    plan = shop.run("deploy", *head, "-n")
    assert (plan.code, "local  services/api  files were changed in the container of api\n" in plan.out) == (1, True), (
        plan
    )
    (store / "mounts").write_text(f"36 35 98:0 / {own}/common rw - ext4 /dev/root rw\n")
    covered = shop.run("deploy", *head, "--yes")
    assert (covered.code, "a mount lies over /app/common of api" in " ".join(covered.out.split())) == (1, True), covered
    (store / "mounts").write_text("")
    done = shop.run("deploy", *head, "--yes")
    assert (done.code, own.exists(), shop.run("status", *head, "-q").code) == (0, False, 0), done
