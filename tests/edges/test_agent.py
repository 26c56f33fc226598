"""The agent, which takes a service from release to release: its steps, its journal and its refusals, with real git.

What stands for Docker proves nothing about Docker: that is `tests/e2e/test_fleet_deploy.py`.
"""

import errno
import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from support import standin
from support.depth import deep, sampled
from support.machine import CALL, COPY, SERVICE, Machine
from support.monorepo import Monorepo

from common_sync.remote import agent, compose, look, steps
from common_sync.remote.calls import RefusalError, StepError
from common_sync.remote.clone import Clone
from common_sync.remote.compose import Compose
from common_sync.remote.host import Host
from common_sync.remote.journal import Journal, write_json

_WHY = "more rows of the agent's tests, which start git and Docker often"


@pytest.fixture
def machine(committed: Monorepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    """Return a machine on which the first release runs."""
    return Machine(committed, tmp_path / "machine", monkeypatch)


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path) -> None:
    (tmp_path / "machine").mkdir()


def test_releases_there_and_back(machine: Machine) -> None:
    """A release would not arrive, or the one before would be gone when it is needed."""
    first, one = machine.head, machine.running
    commits = [machine.publish("a.py", f"x = {number}\n") for number in range(2)]
    assert machine.end("prepare") == ("verified", "")
    assert (machine.head, machine.running, (machine.state / "tree" / "clone").exists()) == (first, one, True)
    assert machine.end("switch") == ("deployed", "")
    assert (machine.head, machine.running != one, (machine.state / "tree" / "clone").exists()) == (
        commits[1],
        True,
        False,
    )
    assert not any("building" in name for name in machine.images())
    two = machine.running
    for number in range(2, 4):
        machine.publish("a.py", f"x = {number}\n")
        assert (machine.end("prepare", str(number)), machine.end("switch", str(number))) == (
            ("verified", ""),
            ("deployed", ""),
        )
    assert [release["run"] for release in machine.journal.history] == ["3", "2", "1"]
    tags = {name for name in machine.images() if name.startswith("common-sync/shop:api-")}
    assert len(tags) == 4, "three releases, and what ran before the first deploy"
    machine.publish("a.py", "x = 4\n")
    assert (machine.end("prepare", "4"), machine.end("switch", "4")) == (("verified", ""), ("deployed", ""))
    assert not any(two["api"][7:19] in name for name in machine.images()), "no release that is kept has it"
    for run_id in ("5", "6"):
        assert (machine.end("back", run_id), machine.end("switch", run_id)) == (("verified", ""), ("deployed", ""))
    assert machine.head == machine.journal.history[0]["commit"]
    assert machine.end("back", "7") == ("refused", "no earlier release is kept there")
    assert machine.end("undo", of="5") == ("refused", "another deploy came in between")
    assert (machine.end("prepare", "8"), machine.end("switch", "8")) == (("verified", ""), ("deployed", ""))
    assert machine.end("undo", "9", of="8") == ("deployed", "")
    assert [release["run"] for release in machine.journal.history] == ["2"]


def test_a_release_that_does_not_come_up(machine: Machine) -> None:
    """A release that fails would stay, or take the one before with it."""
    first, one = machine.head, machine.running
    machine.publish("ill")
    assert machine.end("prepare") == ("verified", "")
    end, why = machine.end("switch")
    assert (end, why) == ("rolled-back", "not healthy in 0 s: api is restarting")
    assert (machine.head, machine.running, machine.journal.step) == (first, one, "rolled-back")
    assert machine.journal.history == []


def test_a_way_back_that_fails(machine: Machine) -> None:
    """A machine that a person has to look at would be called whole."""
    machine.publish("ill")
    assert machine.end("prepare")[0] == "verified"
    (image,) = machine.running.values()
    machine.store.joinpath("kill").write_text("nobody")
    (machine.store / image / "ill").write_text("")  # the old one does not come up, either
    end, why = machine.end("switch")
    assert (end, machine.journal.step) == ("rollback-failed", "rollback-failed")
    assert "then the way back: not healthy in 0 s" in str(why)
    assert machine.end("prepare", "2")[0] == "rollback-failed", "the next run tries again"
    (machine.store / image / "ill").unlink()
    assert machine.end("prepare", "3")[0] == "verified"
    assert "was not well" not in str(why)


@deep(_WHY)
def test_a_service_that_was_ill_before(machine: Machine) -> None:
    """A release that mends a service could not be deployed, or its way back would be called failed."""
    (image,) = machine.running.values()
    (machine.store / image / "ill").write_text("")
    machine.publish("ill")
    machine.end("prepare")
    assert machine.end("switch")[0] == "rolled-back"
    machine.repo.git("rm", "-q", f"{SERVICE}/ill")
    machine.publish("a.py")
    assert (machine.end("prepare", "2")[0], machine.end("switch", "2")[0]) == ("verified", "deployed")


@deep(_WHY)
def test_units_that_come(machine: Machine) -> None:
    """A unit that is new would be left behind on the way back, or a database would be started anew."""
    machine.write_units("api", "job", db={"image": "postgres"})
    machine.publish("ill")
    machine.end("prepare")
    assert machine.end("switch")[0] == "rolled-back"
    assert (set(machine.running), machine.was_called("rm --stop --force -- job")) == ({"api"}, True)
    machine.repo.git("rm", "-q", f"{SERVICE}/ill")
    machine.publish("a.py")
    assert (machine.end("prepare", "2")[0], machine.end("switch", "2")[0]) == ("verified", "deployed")
    assert (set(machine.running), machine.was_called("never -- db")) == ({"api", "job"}, False)


@deep(_WHY)
def test_one_image_for_two_units(machine: Machine) -> None:
    """A worker that shares the image of its service would be left on the old one."""
    machine.write_units(
        api={"build": {"context": "."}, "image": "shop/api"},
        job={"build": {"context": ".", "dockerfile": "Dockerfile"}, "image": "shop/api"},
    )
    machine.publish("a.py")
    assert machine.end("prepare") == ("verified", "")
    assert machine.end("switch") == ("deployed", "")
    assert len(set(machine.running.values())) == 1
    assert machine.images() >= {"shop/api"}


@pytest.mark.parametrize("name", sampled(["compose.override.yml", ".env"], 1, _WHY))
def test_files_that_compose_takes_by_itself(machine: Machine, name: str) -> None:
    """A service would be started without the settings that its host has for it."""
    text = '{"services": {"api": {"image": "mine"}}}' if name.endswith("yml") else "PORT=1\n"
    (machine.clone / SERVICE / name).write_text(text)
    there = Host(machine.job("prepare"))
    names = there.read_units(str(machine.clone)).names
    assert names == {"api": "mine" if name.endswith("yml") else "shop-api"}
    assert machine.was_called(f"-f {machine.clone}/{SERVICE}/compose.override.yml") == name.endswith("yml")
    assert machine.was_called(f"--env-file {machine.clone}/{SERVICE}/.env") == (name == ".env")


def edit(machine: Machine) -> None:
    """Edit a file of the clone."""
    (machine.clone / SERVICE / "app.py").write_text("mine\n")


def detach(machine: Machine) -> None:
    """Leave the branch."""
    Host(machine.job("prepare")).do("git", "checkout", "-q", "--detach")


def branch(machine: Machine) -> None:
    """Go to another branch."""
    Host(machine.job("prepare")).do("git", "checkout", "-q", "-b", "fix")


def retag(machine: Machine) -> None:
    """Build another image by the service's name."""
    state = standin.read_state(machine.store)
    state["images"]["shop-api"] = "sha256:mine"
    (machine.store / "state.json").write_text(json.dumps(state))


@deep(_WHY)
def test_a_service_that_was_taken_down(machine: Machine) -> None:
    """After `docker compose down` nobody could deploy, since the name of its image is there."""
    machine.publish("a.py", "x = 1\n")
    assert (machine.end("prepare")[0], machine.end("switch")[0]) == ("verified", "deployed")
    machine.compose("rm", "api")
    machine.publish("a.py", "x = 2\n")
    assert (machine.end("prepare", "2"), machine.end("switch", "2")) == (("verified", ""), ("deployed", ""))
    assert set(machine.running) == {"api"}


def lose(machine: Machine) -> None:
    """Lose the repository."""
    (machine.clone / ".git").rename(machine.clone / "git")


def forget(machine: Machine) -> None:
    """Have no compose file."""
    (machine.repo.root / SERVICE / "compose.yml").unlink()
    (machine.clone / SERVICE / "compose.yml").unlink()
    there = Host(machine.job("prepare"))
    there.do("git", "-c", "user.name=A", "-c", "user.email=a@example.invalid", "commit", "-qam", "none")


REFUSED = [
    (edit, "refused", "edited in the clone: services/api/app.py"),
    (detach, "refused", "the clone is at no branch, and not at main"),
    (branch, "refused", "the clone is at the branch fix, and not at main"),
    (retag, "refused", "the image shop-api is there and is not what runs: start it, or remove its name by docker rmi"),
    (lose, "refused", "the clone cannot be read: "),
    (forget, "failed", "there is no compose file in "),
]


@pytest.mark.parametrize(("act", "end", "why"), sampled(REFUSED, 3, _WHY))
def test_what_is_not_touched(machine: Machine, act: Callable[[Machine], None], end: str, why: str) -> None:
    """Somebody's work would be lost."""
    act(machine)
    told = machine.end("prepare")
    assert (told[0], str(told[1]).startswith(why)) == (end, True), told
    assert machine.journal == Journal()


@deep(_WHY)
def test_a_clone_at_no_branch(machine: Machine) -> None:
    """A clone that somebody has put at a commit would be moved, and nobody could go on there."""
    detach(machine)
    assert machine.end("prepare", branch="") == (
        "refused",
        "the clone is at no branch, so nobody could go on there by git pull",
    )


def commit_there(machine: Machine) -> None:
    """Commit in the clone."""
    there = Host(machine.job("prepare"))
    there.do(
        "git", "-c", "user.name=A", "-c", "user.email=a@example.invalid", "commit", "-q", "--allow-empty", "-m", "mine"
    )


def lay(machine: Machine) -> None:
    """Put a file where the commit has one."""
    (machine.clone / SERVICE / "a.py").write_text("mine\n")


def rename(machine: Machine) -> None:
    """Have the commit call its project by another name."""
    machine.repo.write(f"{SERVICE}/compose.yml", '{"name": "other", "services": {"api": {"build": {"context": "."}}}}')


def build_nothing(machine: Machine) -> None:
    """Have the commit build nothing of the service."""
    machine.write_units(api={"image": "postgres"}, other={"build": {"context": "../worker"}})


def spoil(machine: Machine) -> None:
    """Edit the copy in the commit."""
    machine.repo.write(f"{COPY}/our_common/settings.py", "edited\n")


def empty(machine: Machine) -> None:
    """Have the image hold no copy where it should be."""
    machine.write_units(api={"build": {"context": "common"}})


FAILED = [
    (commit_there, "the clone has commits that are not in "),
    (lay, "git does not know what lies where "),
    (rename, "calls its project other, and not shop"),
    (build_nothing, "its compose files build no image of services/api"),
    (spoil, "the image of api holds another library in /app/common than is wanted"),
    (empty, "the image of api has no readable folder /app/common"),
]


@pytest.mark.parametrize(("act", "why"), sampled(FAILED, 2, _WHY))
def test_what_is_not_prepared(machine: Machine, act: Callable[[Machine], None], why: str) -> None:
    """A release that is not what is wanted would be switched to, or somebody's files would be in its way and lost."""
    one = machine.running
    act(machine)
    machine.publish("a.py")
    end, said = machine.end("prepare")
    assert (end, why in str(said)) == ("failed", True), said
    assert (machine.running, machine.journal.step, (machine.state / "tree" / "clone").exists()) == (
        one,
        "discarded",
        False,
    )
    assert machine.end("switch")[0] == "refused"


@deep(_WHY)
def test_another_state_of_the_service(machine: Machine) -> None:
    """A clone with another history would be trusted because a commit has the same name."""
    machine.publish("a.py")
    assert (
        machine.end("prepare", tree="0" * 40)[1]
        == f"{machine.job('x').commit[:12]} holds another state of services/api there than here"
    )


@deep(_WHY)
def test_who_prepared_it(machine: Machine) -> None:
    """One person would switch to what another one has prepared."""
    machine.publish("a.py")
    assert machine.end("prepare", "1")[0] == "verified"
    assert machine.end("switch", "2") == (
        "refused",
        "what was prepared is not there any more: another run came in between",
    )
    assert machine.end("prepare", "2")[0] == "verified"
    assert machine.end("switch", "1")[0] == "refused"
    edit(machine)
    assert machine.end("switch", "2")[0] == "refused"
    Host(machine.job("x")).do("git", "checkout", "-q", ".")
    commit_there(machine)
    assert machine.end("switch", "2") == (
        "refused",
        "somebody has changed the clone, or what runs, since it was prepared",
    )
    Host(machine.job("x")).do("git", "reset", "-q", "--keep", "HEAD~1")
    assert machine.end("switch", "2")[0] == "deployed"


@pytest.mark.parametrize(
    "step", sampled(["begun", "fetched", "built", "switching", "switched", "rolling-back", "rollback-failed"], 1, _WHY)
)
def test_a_journal_that_is_not_at_its_end(machine: Machine, step: str) -> None:
    """A machine would stay between two releases, and the next deploy would take that for what ran before."""
    first, one = machine.head, machine.running
    machine.publish("a.py")
    machine.end("prepare")
    kept = machine.journal
    if step in {"switched", "rolling-back"}:
        Compose(machine.job("switch"), str(machine.state))._host.do("git", "merge", "-q", "--ff-only", kept.commit)  # noqa: SLF001
        Host(machine.job("switch")).start(kept.new, {*kept.running.values()})
    write_json(str(machine.state / "journal.json"), {**kept._asdict(), "step": step, "later": "unknown keys are left"})
    assert machine.end("switch") == ("refused", "what was prepared is not there any more: another run came in between")
    assert (machine.head, machine.running) == (first, one)
    assert machine.journal.step == ("discarded" if step in {"begun", "fetched", "built"} else "rolled-back")
    assert (machine.end("prepare", "2")[0], machine.end("switch", "2")[0]) == ("verified", "deployed")


@deep(_WHY)
def test_a_clone_that_was_moved_meanwhile(machine: Machine) -> None:
    """What somebody has done by hand since would be thrown away on the way back."""
    machine.publish("a.py")
    machine.end("prepare")
    write_json(str(machine.state / "journal.json"), {**machine.journal._asdict(), "step": "switching"})
    commit_there(machine)
    mine = machine.head
    end, why = machine.end("prepare", "2")
    assert (end, machine.head) == ("rollback-failed", mine)
    assert f"somebody has moved the clone to {mine[:12]}" in str(why)


def deploy(machine: Machine, path: str = "a.py", text: str = "x = 1\n", run_id: str = "1") -> str:
    """Deploy a commit with a file; return the commit."""
    commit = machine.publish(path, text)
    assert (machine.end("prepare", run_id), machine.end("switch", run_id)) == (("verified", ""), ("deployed", ""))
    return commit


def pull(machine: Machine) -> None:
    """Pull a commit that was not deployed."""
    machine.publish("later.py")
    Clone(machine.job("prepare")).do("git", "pull", "-q", "--ff-only")


AFTER = [
    (commit_there, "and the last deploy has left it at {left}: keep what git log {left}..HEAD shows there"),
    (branch, "the clone is at the branch fix, and not at main: git checkout main there"),
    (pull, "then git reset --keep {left}"),
    (detach, "the clone is at no branch, and not at main"),
]


@pytest.mark.parametrize(("act", "why"), sampled(AFTER, 1, _WHY))
@pytest.mark.parametrize("way", sampled(["back", "undo"], 1, _WHY))
def test_the_way_back_of_a_clone_that_somebody_has_moved(
    machine: Machine, act: Callable[[Machine], None], why: str, way: str
) -> None:
    """A person's commits that are nowhere else would be thrown away, or a branch moved that is no deploy's."""
    left = deploy(machine)[:12]
    act(machine)
    before = machine.head, machine.running, machine.journal
    end, said = machine.end(way, "2", branch="", of="1")
    assert (end, why.format(left=left) in str(said)) == ("refused", True), said
    assert (machine.head, machine.running, machine.journal) == before
    Clone(machine.job("x")).do("git", "checkout", "-q", "-B", "main", left)
    if way == "back":
        assert (machine.end("back", "3", branch=""), machine.end("switch", "3", branch="")) == (
            ("verified", ""),
            ("deployed", ""),
        )


@deep(_WHY)
def test_a_branch_that_somebody_has_made_meanwhile(machine: Machine) -> None:
    """The branch that a person has begun would be moved to the old release."""
    commit = deploy(machine)
    assert machine.end("back", "2", branch="")[0] == "verified"
    branch(machine)
    assert machine.end("switch", "2", branch="")[0] == "refused"
    write_json(str(machine.state / "journal.json"), {**machine.journal._asdict(), "step": "switching"})
    end, why = machine.end("prepare", "3")
    assert (end, machine.head, machine.journal.step) == ("rollback-failed", commit, "rollback-failed")
    assert str(why).endswith(
        "somebody has put the clone at the branch fix: go to the deploy's own there, by git checkout main"
    )


def ignore(machine: Machine, *names: str) -> None:
    """Have git ignore files of the service in the clone."""
    (machine.clone / ".git" / "info" / "exclude").write_text("".join(f"/{SERVICE}/{name}\n" for name in names))


@deep(_WHY)
def test_a_file_that_git_has_given_up(machine: Machine) -> None:
    """What a person has written by hand into an ignored file would be overwritten by what git had of it once."""
    secrets = machine.clone / SERVICE / "secrets.env"
    deploy(machine, "secrets.env", "old\n")
    machine.repo.git("rm", "-q", f"{SERVICE}/secrets.env")
    deploy(machine, ".gitignore", "secrets.env\n", "2")
    secrets.write_text("mine\n")
    before = machine.head, machine.running, machine.journal
    end, why = machine.end("back", "3", branch="")
    assert (end, "has a file: services/api/secrets.env: move it away there" in str(why)) == ("refused", True)
    assert ((machine.head, machine.running, machine.journal), secrets.read_text()) == (before, "mine\n")
    secrets.unlink()
    assert machine.end("back", "4", branch="")[0] == "verified"
    secrets.write_text("mine\n")
    assert machine.end("switch", "4", branch="")[0] == "refused"
    write_json(str(machine.state / "journal.json"), {**before[2]._asdict(), "step": "switched"})
    end, why = machine.end("prepare", "5")
    assert (end, machine.head, secrets.read_text()) == ("rollback-failed", before[0], "mine\n")
    assert "has a file: services/api/secrets.env" in str(why)


def lay_file(there: Path) -> None:
    """Put a file where there should be none."""
    there.write_text("mine\n")


def lay_link(there: Path) -> None:
    """Put a symlink there."""
    there.symlink_to("/nowhere")


def lay_folder(there: Path) -> None:
    """Put a file in a folder there."""
    there.mkdir()
    (there / "one.txt").write_text("mine\n")


@deep(_WHY)
@pytest.mark.parametrize(
    ("lay", "path"),
    sampled(
        [(lay_file, "data/one.txt"), (lay_link, "data/one.txt"), (lay_folder, "data"), (lay_file, "data")], 1, _WHY
    ),
)
def test_ignored_files_in_the_way(machine: Machine, lay: Callable[[Path], None], path: str) -> None:
    """A file that git ignores is all there is of it, and would be replaced by the release."""
    ignore(machine, "data")
    first = machine.head
    machine.publish(path)
    assert machine.end("prepare")[0] == "verified"
    lay(machine.clone / SERVICE / "data")
    one = os.lstat(machine.clone / SERVICE / "data").st_ino
    end, why = machine.end("switch")
    assert (end, "has a file: services/api/data" in str(why), machine.head) == ("refused", True, first)
    end, why = machine.end("prepare", "2")
    assert (end, "has a file: services/api/data" in str(why)) == ("failed", True)
    assert os.lstat(machine.clone / SERVICE / "data").st_ino == one


def test_a_file_that_comes_at_the_last_moment(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that is written between the look and git's own move would be overwritten."""
    ignore(machine, "data")
    commit = machine.publish("data")
    clone = Clone(machine.job("prepare"))
    clone.do("git", "fetch", "-q", "origin", commit)
    lay_file(machine.clone / SERVICE / "data")
    monkeypatch.setattr(Clone, "check_way", lambda *_: None)
    with pytest.raises(StepError):
        clone.move(commit, back=False)
    assert (machine.clone / SERVICE / "data").read_text() == "mine\n"


@deep(_WHY)
def test_folders_of_git_where_the_commit_has_a_file(machine: Machine) -> None:
    """A release that makes a file of a folder, or a folder of a file, would be refused because of git's own files."""
    deploy(machine, "data/one.txt")
    machine.repo.git("rm", "-q", "-r", f"{SERVICE}/data")
    deploy(machine, "data", run_id="2")
    machine.repo.git("rm", "-q", f"{SERVICE}/data")
    deploy(machine, "data/two.txt", run_id="3")
    assert (machine.end("back", "4", branch="")[0], machine.end("switch", "4", branch="")[0]) == (
        "verified",
        "deployed",
    )


@deep(_WHY)
def test_an_image_that_somebody_builds_meanwhile(machine: Machine) -> None:
    """An image that a person has built by hand would lose its only name, and Docker would remove it one day."""
    first, one = machine.head, machine.running
    machine.publish("a.py")
    assert machine.end("prepare")[0] == "verified"
    prepared = standin.read_state(machine.store)
    retag(machine)
    end, why = machine.end("switch")
    assert (end, "the image shop-api is there and is not what runs" in str(why)) == ("refused", True)
    assert (machine.head, machine.running) == (first, one)
    write_json(str(machine.state / "journal.json"), {**machine.journal._asdict(), "step": "switching"})
    end, why = machine.end("prepare", "2")
    assert (end, "then the way back: the image shop-api is there" in str(why)) == ("rollback-failed", True)
    assert standin.read_state(machine.store)["images"]["shop-api"] == "sha256:mine"
    (machine.store / "state.json").write_text(json.dumps(prepared))
    assert (machine.end("prepare", "3")[0], machine.end("switch", "3")[0]) == ("verified", "deployed")


def die(machine: Machine, path: str) -> None:
    """Have git die when it writes a file of the clone; all before it is written then."""
    (machine.clone / ".git" / "info" / "attributes").write_text(f"/{SERVICE}/{path} filter=die\n")
    Clone(machine.job("x")).do("git", "config", "filter.die.smudge", "kill -9 $PPID")


@deep(_WHY)
def test_a_git_that_dies_on_its_way(machine: Machine) -> None:
    """A clone that is half new would be called a person's edits for ever, or be called whole."""
    deploy(machine, "data")
    first, one = machine.head, machine.running
    machine.repo.git("rm", "-q", f"{SERVICE}/data")
    machine.repo.write(f"{SERVICE}/app.py", "new\n")
    machine.repo.write(f"{SERVICE}/data/one.txt", "new\n")
    machine.publish("z.py")
    assert machine.end("prepare", "2")[0] == "verified"
    die(machine, "z.py")
    lock, folder = machine.clone / ".git" / "index.lock", machine.clone / SERVICE
    end, why = machine.end("switch", "2")
    assert (end, f"then rm {lock}" in str(why), machine.head) == ("rollback-failed", True, first)
    assert ((folder / "app.py").read_text(), (folder / "data" / "one.txt").exists()) == ("new\n", True), "half new"
    (machine.clone / ".git" / "info" / "attributes").unlink()
    lock.unlink()
    (folder / "requirements.txt").write_text("mine\n")
    end, why = machine.end("back", "3", branch="")
    assert (end, "edited in the clone: services/api/requirements.txt: see" in str(why)) == ("rollback-failed", True)
    assert ((folder / "requirements.txt").read_text(), (folder / "data").read_text()) == ("mine\n", "x = 1\n")
    Clone(machine.job("x")).do("git", "checkout", "-q", "--", f"{SERVICE}/requirements.txt")
    assert machine.end("switch", "3")[0] == "refused"
    assert (machine.journal.step, machine.head, machine.running) == ("rolled-back", first, one)
    assert Clone(machine.job("x")).ask("git", "status", "--porcelain") == ""
    assert (machine.end("prepare", "4")[0], machine.end("switch", "4")[0]) == ("verified", "deployed")


@deep(_WHY)
@pytest.mark.parametrize("edited", sampled(["app.py", "a.py"], 1, _WHY))
def test_edits_of_a_person_in_a_clone_that_is_half_new(machine: Machine, edited: str) -> None:
    """What a person has written where a deploy was interrupted would be taken for its leavings."""
    machine.repo.write(f"{SERVICE}/app.py", "new\n")
    commit = machine.publish("a.py")
    assert machine.end("prepare")[0] == "verified"
    write_json(str(machine.state / "journal.json"), {**machine.journal._asdict(), "step": "switching"})
    clone = Clone(machine.job("x"))
    clone.do("git", "read-tree", "-m", "-u", "HEAD", commit)  # all but HEAD is new
    (machine.clone / SERVICE / edited).write_text("mine\n")
    told = machine.end("prepare", "2")
    assert (told[0], (machine.clone / SERVICE / edited).read_text()) == (
        "rollback-failed" if edited == "app.py" else "failed",
        "mine\n",
    )
    assert f"services/api/{edited}" in str(told[1])


@deep(_WHY)
def test_an_image_that_was_removed(machine: Machine) -> None:
    """A way back would begin that cannot end."""
    machine.publish("a.py")
    assert (machine.end("prepare")[0], machine.end("switch")[0]) == ("verified", "deployed")
    state = standin.read_state(machine.store)
    state["images"] = {name: image for name, image in state["images"].items() if image in machine.running.values()}
    (machine.store / "state.json").write_text(json.dumps(state))
    assert machine.end("back", "2") == ("failed", "an image of the release before was removed")


@pytest.mark.parametrize("text", ["{", "[]"])
def test_a_journal_that_cannot_be_read(machine: Machine, text: str) -> None:
    """Nobody would know which file keeps a machine from every further deploy, nor what to do about it."""
    (machine.state / "journal.json").write_text(text)
    end, why = machine.end("prepare")
    assert (end, str(why).startswith(f"{machine.state}/journal.json cannot be read (")) == ("lost", True)
    assert str(why).endswith("see that the service runs one release, then move that file away")


@pytest.mark.parametrize("full", sampled(["switched", "deployed"], 1, _WHY))
def test_a_full_disk(machine: Machine, monkeypatch: pytest.MonkeyPatch, full: str) -> None:
    """A release that nobody has proven would stay, and be told as one that was taken back."""
    machine.publish("a.py")
    first, one = machine.head, machine.running
    assert machine.end("prepare") == ("verified", "")
    assert (machine.state / "journal.json").stat().st_mode & 0o077 == 0
    noted: list[str] = []

    def write(path: str, value: dict[str, object]) -> None:
        noted.append(str(value["step"]))
        if full in noted:
            raise OSError(errno.ENOSPC, "No space left on device")
        write_json(path, value)

    monkeypatch.setattr(steps, "write_json", write)
    end, why = machine.end("switch")
    assert (end, machine.head, machine.running) == ("rollback-failed", first, one)
    assert why == "no space left on device; the journal cannot be written: no space left on device"


def ask(machine: Machine, capfd: pytest.CaptureFixture[str], action: str = "prepare") -> dict[str, object]:
    """Have a job done apart; return the answer."""
    assert agent.work("mark", machine.job(action)._asdict()) == 0
    (line,) = (line for line in capfd.readouterr().out.splitlines() if line.startswith("mark"))
    return dict(json.loads(line[4:]))


@deep(_WHY)
def test_in_a_process_of_its_own(machine: Machine, capfd: pytest.CaptureFixture[str]) -> None:
    """A deploy would end with the connection of whoever has asked for it, or two would work at once."""
    machine.publish("a.py")
    (machine.store / "kill").write_text(" build ")
    assert ask(machine, capfd)["end"] == "lost"
    assert machine.journal.step == "fetched"
    told = ask(machine, capfd)
    assert (told["end"], "worktree" in str(told["said"]) or "HEAD is now at" in str(told["said"])) == ("verified", True)
    assert (machine.state / "log").stat().st_mode & 0o077 == 0 or told["log"] == str(machine.state / "log")
    (machine.state / "log").write_bytes(bytes(2 << 20))
    assert ask(machine, capfd)["end"] == "verified"
    sizes = [(machine.state / name).stat().st_size for name in ("log", "log.1")]
    assert (sizes[0] < 1 << 20, sizes[1]) == (True, 2 << 20), "the log would grow until the disk is full"
    with open(machine.state / "lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert ask(machine, capfd) == {"end": "busy", "why": "another deploy is at work there"}


@deep(_WHY)
def test_a_command_that_outlives_the_agent(
    machine: Machine, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run would go back while the one before still starts its containers, and none would be left."""
    machine.publish("a.py")
    one, answer, gate = machine.running, Host._call, machine.store / "gate"  # noqa: SLF001 - all commands go through it
    os.mkfifo(gate)
    assert machine.end("prepare") == ("verified", "")
    docker = machine.store.parent / "bin" / "docker"
    docker.write_text(f"#!/bin/sh\nkill -9 $PPID\nread line <{gate}\n")
    monkeypatch.setattr(
        Host, "_call", lambda self, words, *rest: (CALL if "up" in words else answer)(self, words, *rest)
    )
    assert ask(machine, capfd, "switch")["end"] == "lost"
    monkeypatch.setattr(agent, "_PATIENCE", 0)
    assert ask(machine, capfd, "switch")["end"] == "busy"
    assert look.is_busy(str(machine.state))
    gate.write_text("\n")
    monkeypatch.setattr(agent, "_PATIENCE", 60)
    monkeypatch.setattr(Host, "_call", answer)
    assert ask(machine, capfd, "switch")["end"] == "refused", "it has gone back first"
    assert (machine.journal.step, machine.running) == ("rolled-back", one)


@deep(_WHY)
def test_names_of_builds_that_nobody_needs(machine: Machine) -> None:
    """Builds that never ran would pile up until the disk is full; or one that somebody has made would be gone."""
    machine.publish("ill")
    assert machine.end("prepare")[0] == "verified"
    before = {name for name in machine.images() if name.startswith("common-sync/")}
    assert len(before) == 2
    state = standin.read_state(machine.store)
    (ours,) = (image for image, label in state["labels"].items() if label)
    state["images"] |= {"common-sync/shop:building-api": ours, "common-sync/shop:mine": machine.running["api"]}
    (machine.store / "state.json").write_text(json.dumps(state))
    assert machine.end("switch")[0] == "rolled-back"
    kept = {name for name in machine.images() if name.startswith("common-sync/")}
    assert (
        len(kept),
        "common-sync/shop:mine" in kept,
        ours in standin.read_state(machine.store)["images"].values(),
    ) == (
        2,
        True,
        False,
    )
    for run_id in ("2", "3"):
        machine.publish(f"{run_id}.py", "x = 1\n")
        assert machine.end("prepare", run_id)[0] == "verified"
        assert len([name for name in machine.images() if name.startswith("common-sync/")]) == 3


@deep(_WHY)
def test_a_way_back_to_nothing(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service of which no container is left would be called rolled back, and its next deploy be refused."""
    machine.publish("a.py")
    assert machine.end("prepare") == ("verified", "")
    write_json(str(machine.state / "journal.json"), machine.journal._replace(step="switching", well=False)._asdict())
    monkeypatch.setattr(Host, "start", lambda *_: machine.compose("rm", "api"))
    assert machine.end("prepare", "2") == (
        "rollback-failed",
        "it was interrupted at `switching`; then the way back: api: what ran before is not there again",
    )


@deep(_WHY)
def test_a_service_whose_containers_are_gone(machine: Machine) -> None:
    """After a deploy that took the containers with it nobody could deploy, since the name of the old image is there."""
    machine.publish("ill")
    assert (machine.end("prepare")[0], machine.end("switch")[0]) == ("verified", "rolled-back")
    machine.compose("rm", "api")
    assert machine.end("prepare", "2") == ("verified", "")


@deep(_WHY)
def test_commands_that_fail(machine: Machine) -> None:
    """A program that hangs, or is not there, would hold up the machine's deploys for ever."""
    there = Host(machine.job("prepare", timeout=1))
    for words, why in (
        (("sh", "-c", "sleep 60 & wait"), "sh -c took more than 1 s"),
        (("nobody", "x"), "nobody: No such file or directory"),
        (("docker", "image", "inspect", "nobody"), "docker image has ended with 1"),
        (("git", "log", "nobody", "x"), "git log nobody has ended with 128"),
    ):
        with pytest.raises(StepError, match=why):
            there.ask(*words, limit=1)
    (machine.store.parent / "bin" / "docker").write_text("#!/bin/sh\nexit 1\n")
    with pytest.raises(StepError, match="docker compose build has ended with 1"):
        CALL(there, ("docker", "compose", "-f", "nobody", "-f", "-", "build", "--", "api"), "", -1, 60)


def test_what_is_asked_is_no_fault(machine: Machine, capfd: pytest.CaptureFixture[str]) -> None:
    """The log of a deploy that went well would be full of faults, and the one that matters be overlooked."""
    assert not Host(machine.job("prepare")).succeeds("git", "cat-file", "-e", "nobody^{commit}")
    assert capfd.readouterr().err == ""


@deep(_WHY)
def test_a_unit_that_is_called_like_an_option(machine: Machine) -> None:
    """A unit called `--all` would have Compose do something else."""
    machine.write_units("api", "--rm")
    machine.publish("a.py")
    assert (machine.end("prepare"), machine.end("switch")) == (("verified", ""), ("deployed", ""))
    assert machine.was_called("never -- --rm")


@deep(_WHY)
def test_docker_that_does_not_answer(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failing question would mean that nothing runs: a release would count as proven, or what runs be removed."""
    machine.publish("a.py")
    (machine.store / "fail").write_text("^ps ")
    assert machine.end("prepare") == ("failed", "docker ps has ended with 1: no")
    there = Host(machine.job("prepare"))
    with pytest.raises(StepError, match="not healthy in 0 s: docker ps has ended with 1: no"):
        there.wait_until_well("shop", {"api": "sha256:x"})
    (machine.store / "fail").unlink()
    one = machine.running
    assert machine.end("prepare", "2") == ("verified", "")
    monkeypatch.setattr(compose, "list_running", lambda _: [])
    assert machine.end("switch", "2") == ("rolled-back", "api: the container is gone")
    assert machine.running == one


def test_what_keeps_a_service_from_being_well(machine: Machine) -> None:
    """A service that is ill would be called well."""
    there = Host(machine.job("prepare", health="http://127.0.0.1:1/"))
    assert there.find_ill("shop", {"api": "sha256:x"}) == "api runs another image"
    assert there.find_ill("shop", {**machine.running, "job": "sha256:x"}) == "job: no container"
    assert there.find_ill("shop", machine.running) == "http://127.0.0.1:1/: connection refused"
    with pytest.raises(RefusalError):
        there.check_name("shop-api", None, set())


def test_an_answer_of_another_form(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Docker answers in another form in the middle of a switch, the machine would stay between two releases."""
    asked, ask = iter(range(9)), Host.ask

    def answer(host: Host, *words: str, **more: object) -> str:
        is_odd = "config" in words and next(asked) == 2
        return '{"name": "shop", "services": []}' if is_odd else ask(host, *words, **more)  # type: ignore[arg-type]

    one = machine.running
    machine.publish("a.py")
    assert machine.end("prepare") == ("verified", "")
    monkeypatch.setattr(Host, "ask", answer)
    assert (machine.act("switch")["end"], machine.journal.step, machine.running) == ("rolled-back", "rolled-back", one)


@deep(_WHY)
def test_docker_that_does_not_find_for_once(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Docker fails for once, the only name of an image that somebody has built would be taken for free."""
    machine.publish("a.py")
    assert machine.end("prepare") == ("verified", "")
    state = standin.read_state(machine.store)
    state["images"]["shop-api"] = "sha256:theirs"
    (machine.store / "state.json").write_text(json.dumps(state))
    monkeypatch.setattr(Host, "find_image", lambda *_: "")
    told = machine.act("switch")
    assert (told["end"], "shop-api is there and is not what runs" in str(told["why"])) == ("refused", True)
    assert standin.read_state(machine.store)["images"]["shop-api"] == "sha256:theirs"
