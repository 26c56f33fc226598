"""`log`: which commits a copy lacks. What it says is right, or it says that nobody can tell."""

from pathlib import Path
from typing import Any

import pytest
from support.depth import deep
from support.monorepo import MASTER, Monorepo, make_monorepo

from common_sync.commands import log as command
from common_sync.core.copies.ancestry import Commit
from common_sync.edges.git.history import read_line
from common_sync.edges.project.load import load_project

API, WORKER = "services/api/common", "services/worker/common"
SETTINGS = "our_common/settings.py"


@pytest.fixture
def aged(tmp_path: Path) -> Monorepo:
    """Return a repository with a copy at the first state, one at the second of three, and a change of something else."""
    repo = make_monorepo(tmp_path / "repo")
    assert repo.run("distribute").code == 0
    repo.commit("distributed")
    repo.write(f"common/{SETTINGS}", "DEBUG = True\n")
    repo.commit("a setting")
    assert repo.run("distribute", "worker").code == 0
    repo.commit("distributed to worker")
    (repo.root / "common/wait.sh").unlink()
    repo.write("common/new.py", "new = 1\n")
    repo.commit("a file goes, a file comes")
    repo.write("services/api/app.py", "import our_common  # changed\n")
    repo.commit("nothing of the library")
    return repo


def log(repo: Monorepo, *names: str, code: int = 0) -> list[dict[str, Any]]:
    """Return what is said of each copy."""
    copies: list[dict[str, Any]] = repo.json("log", *names, code=code)["copies"]
    return copies


def subjects(copy: dict[str, Any]) -> list[str]:
    """Return the subjects of the commits that a copy lacks."""
    return [commit["subject"] for commit in copy["behind"]]


def manual(repo: Monorepo, content: str = "DEBUG = False\n") -> None:
    """Replace the copy in `api` by one made by hand of the first state."""
    for file in (repo.root / API).rglob("*"):
        if file.is_file():
            file.unlink()
    for path, text in MASTER.items():
        repo.write(f"services/api/{path}", text)
    repo.write(f"{API}/wait.sh", "#!/bin/sh\n")
    repo.write(f"{API}/{SETTINGS}", content)


def test_the_commits_that_a_copy_lacks(aged: Monorepo) -> None:
    """A person would look for what changed between a service and its library by hand."""
    api, worker = log(aged)
    assert (api["at"]["subject"], subjects(api)) == ("the beginning", ["a file goes, a file comes", "a setting"])
    assert (worker["at"]["subject"], subjects(worker)) == ("a setting", ["a file goes, a file comes"])
    assert (api["differs"], api["edited"], api["uncommitted"], api["complete"]) == ([], [], [], True)
    out = aged.run("log").out
    first = aged.git("rev-list", "--max-parents=0", "HEAD").strip()
    assert out.splitlines()[0] == f"{API}     common at {first[:7]}, 2 commits behind"
    assert out.splitlines()[1].endswith(" a file goes, a file comes")
    assert "(A)" in aged.run("log", "-v").out
    assert aged.run("log", "worker").out.count("\n") == 2


def test_a_copy_that_lacks_nothing(aged: Monorepo) -> None:
    """Who is up to date would be sent to look for commits."""
    aged.run("distribute")
    assert aged.run("log").out == f"{API}     up to date\n{WORKER}  up to date\n"
    assert aged.run("log", "-q").out == ""
    assert {copy["at"]["subject"] for copy in log(aged)} == {"a file goes, a file comes"}


def test_an_edit_does_not_move_a_copy(aged: Monorepo) -> None:
    """A copy would seem to be of another commit because somebody has edited it: the manifest says what it was made of."""
    aged.write(f"{API}/{SETTINGS}", "DEBUG = True\n")
    aged.write(f"{API}/mine.py", "")
    (aged.root / API / "our_common/models/base.py").unlink()
    (api,) = log(aged, "api")
    assert (api["at"]["subject"], api["differs"]) == ("the beginning", [])
    assert api["edited"] == ["mine.py", SETTINGS]
    assert subjects(api) == ["a file goes, a file comes", "a setting"]


@deep("less usual histories")
def test_a_changed_mode_is_a_change(aged: Monorepo) -> None:
    """A commit that only makes a script executable would be no commit."""
    aged.run("distribute")
    (aged.root / "common/new.py").chmod(0o755)
    aged.commit("runs")
    assert {tuple(subjects(copy)) for copy in log(aged)} == {("runs",)}


@deep("less usual histories")
def test_what_no_commit_has_yet(aged: Monorepo) -> None:
    """A copy would count as up to date while the library's newest lines are not in it."""
    aged.run("distribute")
    aged.write("common/new.py", "new = 2\n")
    aged.write("common/newer.py", "")
    aged.write("common/__pycache__/x.pyc", "")
    assert [(copy["uncommitted"], copy["current"], subjects(copy)) for copy in log(aged)] == [
        (["new.py", "newer.py"], False, [])
    ] * 2
    assert "2 files of common not committed yet" in aged.run("log").out
    aged.run("distribute", "api")
    assert [copy["current"] for copy in log(aged)] == [True, False]


def test_copies_that_are_up_to_date_are_counted(aged: Monorepo) -> None:
    """The three copies that lack something would be lost among hundreds that lack nothing."""
    for number in range(6):
        aged.write(f"services/s{number}/app.py")
    assert aged.run("distribute").code == 0
    aged.commit("all")
    assert aged.run("log").out.count("up to date\n") == 8
    aged.write(f"{API}/{SETTINGS}", "MINE = 1\n")
    assert aged.run("log").out.splitlines()[1:] == ["· 7 more copies up to date (-v names them)"]
    assert aged.run("log", "-v").out.count("up to date\n") == 7


def test_a_copy_made_by_hand(aged: Monorepo) -> None:
    """Who has copied by hand could not see which state it was, nor which lines are his own."""
    manual(aged)
    (api,) = log(aged, "api")
    assert (api["at"]["subject"], api["differs"], api["edited"]) == ("the beginning", [], [])
    manual(aged, "DEBUG = False\nMINE = 1\n")  # the line that is not his tells which state it was
    (api,) = log(aged, "api")
    assert (api["at"]["subject"], api["differs"], api["edited"]) == ("the beginning", [], [SETTINGS])
    assert "no manifest, our_common/settings.py edited, 2 commits behind" in " ".join(
        aged.run("log", "api").out.split()
    )
    manual(aged, "DEBUG = True\n")  # a mixture of two states: nobody's edit
    aged.write(f"{API}/our_common/__init__.py", '"""Mine."""\n')
    (api,) = log(aged, "api")
    assert api["edited"] == ["our_common/__init__.py"]


def test_files_that_no_commit_had(aged: Monorepo) -> None:
    """A copy that was made of work that never came into a commit would be called edited, or would fail."""
    aged.write(f"common/{SETTINGS}", "DEBUG = 'tried'\n")
    aged.run("distribute", "api")
    aged.git("checkout", "-q", "common")
    (api,) = log(aged, "api")
    assert (api["at"]["subject"], api["differs"], api["edited"]) == ("a file goes, a file comes", [SETTINGS], [])
    assert "but for our_common/settings.py" in aged.run("log", "api").out


def test_a_merge_is_one_commit(aged: Monorepo) -> None:
    """The commits of a branch would be told apart, though no copy of this line can have been made between them."""
    aged.run("distribute")
    aged.commit("in sync")
    aged.git("checkout", "-q", "-b", "other", "HEAD~1")
    for number in (1, 2):
        aged.write("common/other.py", f"{number}\n")
        aged.commit(f"other {number}")
    aged.git("checkout", "-q", "main")
    aged.git("merge", "-q", "--no-ff", "-m", "the merge", "other")
    assert {tuple(subjects(copy)) for copy in log(aged)} == {("the merge",)}


def test_a_long_history_is_read_from_its_end(aged: Monorepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library with ten thousand commits would be read to its beginning for a copy that is two commits behind."""
    aged.write("common/__pycache__/x.pyc", "")  # of what is not copied, where what is read first begins
    aged.commit("nothing that is copied")
    for number in (1, 2):
        aged.write("common/new.py", f"new = {number + 1}\n")
        aged.commit(f"new {number}")
    aged.run("distribute", "worker")
    aged.write("common/newest.py", "")
    aged.commit("newest")
    project = load_project(str(aged.root))
    whole = command.read_history(project)
    assert [len(copy.behind) for copy in whole.copies] == [5, 1]
    for last in range(1, 9):
        monkeypatch.setattr(command, "_LAST", last)
        assert command.read_history(project) == whole, last
    asked = list[str]()

    def read(master: str) -> list[Commit]:
        asked.append(master)
        return read_line(master)

    monkeypatch.setattr(command, "_LAST", 3)
    monkeypatch.setattr(command, "read_line", read)
    assert command.read_history(project, ["worker"]).copies == whole.copies[1:]
    assert asked == []
    assert command.read_history(project, ["api"]).copies == whole.copies[:1]
    assert asked == [str(aged.root / "common")]


def test_a_digest(aged: Monorepo) -> None:
    """On a machine that has only a manifest, nobody could tell which commit was deployed there."""
    digests = {copy["name"]: copy["digest"] for copy in aged.json("status", code=1)["services"]}
    document = aged.json("log", digests["services/worker"], code=0)
    (found,) = document["digests"]
    assert (found["at"]["subject"], found["now"], len(found["behind"])) == ("a setting", False, 1)
    assert document["copies"] == []
    short = aged.run("log", digests["services/api"][:16])
    assert (short.code, " the beginning, 2 commits behind" in short.out) == (0, True)
    now = aged.json("status", code=1)["master"]["digest"]
    assert "what common holds now, common at " in aged.run("log", now).out
    unknown = aged.run("log", "cs1:00000000")
    assert (unknown.code, "no commit of common that led here has it" in unknown.out) == (1, True)


@pytest.mark.parametrize("name", ["cs1:", "cs1:0123", "cs1:0123456X", "cs1:" + "0" * 65])
def test_what_is_no_digest(aged: Monorepo, name: str) -> None:
    """A digest that was cut short would be looked for in vain, or found by chance."""
    done = aged.run("log", name)
    assert (done.code, "is no tree digest" in done.err) == (2, True)


def cloned(repo: Monorepo, *arguments: str) -> Monorepo:
    """Return a clone that can reach nothing."""
    repo.git("config", "uploadpack.allowFilter", "true")
    clone = Monorepo(repo.root.parent / "clone")
    repo.git("clone", "-q", *arguments, f"file://{repo.root}", str(clone.root))
    clone.git("remote", "set-url", "origin", "file:///nowhere")
    return clone


@deep("less usual histories")
def test_a_shallow_clone(aged: Monorepo) -> None:
    """CI, which has no history, would be told that a copy is of the only commit it has."""
    clone = cloned(aged, "--depth", "1")
    assert [copy["complete"] for copy in log(clone, code=1)] == [False, False]
    done = clone.run("log")
    assert (done.code, "its history is cut off" in done.out, "git fetch --unshallow" in done.out) == (1, True, True)
    clone.run("distribute", "api")
    assert [(copy["complete"], copy["current"]) for copy in log(clone, code=1)] == [(True, True), (False, False)]
    assert clone.run("log", "cs1:00000000").out.startswith("cs1:00000000  cannot be told\n")


def test_a_clone_without_blobs(aged: Monorepo) -> None:
    """Names of files are enough where nobody has edited. Where old bytes are needed, nothing is guessed or fetched."""
    for content in ("DEBUG = 'for an hour'\n", "DEBUG = True\n"):
        aged.write(f"common/{SETTINGS}", content)
        aged.commit(content)
    clone = cloned(aged, "--filter=blob:none")
    newest = "a file goes, a file comes"
    api, worker = log(clone)
    assert (subjects(api)[-2:], subjects(worker)[-1:]) == ([newest, "a setting"], [newest])
    clone.write(f"{API}/{SETTINGS}", "DEBUG = 'mine'\n")
    api, worker = log(clone, code=1)
    assert (api["complete"], api["edited"], worker["complete"]) == (False, [SETTINGS], True)
    assert "--refetch" in clone.run("log").out


@deep("less usual histories")
def test_files_that_git_converts(aged: Monorepo) -> None:
    """The bytes on the disk are of no commit then: a copy would seem edited throughout, or of no commit at all."""
    aged.write("common/.gitattributes", "*.py eol=crlf\n")
    aged.commit("converted")
    for file in (aged.root / "common/our_common").glob("*.py"):
        file.unlink()
    aged.git("checkout", "-q", "common")
    assert aged.read(f"common/{SETTINGS}").endswith("\r\n")
    aged.run("distribute", "api")
    assert log(aged, "api")[0]["current"]
    aged.write("common/newer.py", "")
    aged.commit("newer")
    (api,) = log(aged, "api", code=1)
    assert "git converts files of it" in api["why"]


def test_without_history(tmp_path: Path) -> None:
    """Outside git, and before the first commit, there is nothing to tell from."""
    outside = make_monorepo(tmp_path / "outside", git=False)
    done = outside.run("log")
    assert (done.code, "is in no git repository" in done.err) == (2, True)
    young = make_monorepo(tmp_path / "young", git=False)
    young.git("init", "-q")
    assert young.run("log").out == "services/api/common     no copy\nservices/worker/common  no copy\n"
    young.run("distribute")
    assert {copy["current"] for copy in log(young)} == {True}
    young.write("common/new.py", "")
    assert {copy["why"] for copy in log(young, code=1)} == {"no commit has it yet"}


def test_a_package_of_the_librarys_own_name(tmp_path: Path) -> None:
    """In `common/common/`, the history of one file would be taken for that of another."""
    repo = make_monorepo(tmp_path / "repo")
    for number in (1, 2):
        repo.write("common/common/x.py", f"inner {number}\n")
        repo.write("common/x.py", f"outer {number}\n")
        repo.commit(f"state {number}")
        if number == 1:
            repo.run("distribute", "api")
    (api,) = log(repo, "api")
    assert (api["at"]["subject"], subjects(api)) == ("state 1", ["state 2"])
    for path in ("x.py", "common/x.py"):
        (repo.root / API / path).unlink()
    (repo.root / API / ".common-sync.json").unlink()
    repo.write(f"{API}/x.py", "inner 1\n")
    drift = repo.json("verify", "api", code=1)["services"][0]["drift"]
    assert {"path": "x.py", "state": "modified"} in drift
