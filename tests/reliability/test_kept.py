"""What `--force` discards is kept: the last 20 sets of it, named even by a run that fails, and brought back as it was."""

import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from reliability.scenarios import make_repository, read_item, read_tree
from support.monorepo import Monorepo
from support.waiting import wait_for

from common_sync.commands.distribute import distribute
from common_sync.core.errors import TreeError
from common_sync.edges.library.targets import _SKEW
from common_sync.edges.processes.workers import Progress, no_progress
from common_sync.edges.project.load import load_project
from common_sync.edges.state.discarded import SETS, new_set

EDITED = "services/api/common/pyproject.toml"


@pytest.fixture
def repo(folder: Path) -> Monorepo:
    """Return a repository in which everything is distributed."""
    made = make_repository(folder / "repo")
    distribute(load_project(str(made.root)))
    return made


def force(repo: Monorepo, edit: str) -> Path:
    """Edit a copy, and discard that; return the set that it is kept in."""
    repo.write(EDITED, edit)
    done = distribute(load_project(str(repo.root)), force=True)
    assert done.kept is not None
    assert (Path(done.kept) / EDITED).read_text() == edit
    return Path(done.kept)


def sets(repo: Monorepo) -> list[Path]:
    """Return the sets that there are."""
    return sorted((repo.root / ".git/common-sync/discarded").iterdir())


def test_last_sets_are_kept(repo: Monorepo) -> None:
    """Somebody who notices a mistake a few runs later would find nothing; or old sets would fill the disk."""
    made = [force(repo, f"edit {number}\n") for number in range(23)]
    assert sets(repo) == made[3:]
    assert [(one / EDITED).read_text() for one in sets(repo)] == [f"edit {number}\n" for number in range(3, 23)]


def test_clock_is_put_back(repo: Monorepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a laptop whose clock was wrong, the newest set would be taken for the oldest and removed at once."""
    for number in range(SETS):
        force(repo, f"edit {number}\n")
    now = time.gmtime
    monkeypatch.setattr(time, "gmtime", lambda: now(0))
    kept = force(repo, "the last\n")
    assert sets(repo)[-1] == kept
    assert len(sets(repo)) == SETS


def test_what_is_brought_back_is_as_it_was(repo: Monorepo) -> None:
    """The command would bring a script back that cannot be executed, or close the whole repository to its group."""
    repo.write("services/api/common/mine/run.sh", "#!/bin/sh\n").chmod(0o750)
    repo.write(EDITED, "edited\n").chmod(0o640)
    (repo.root / "services/api/common/mine/link").symlink_to("nowhere")
    places = [repo.root, *(repo.root / path for path in ("services", "services/api", "services/api/common"))]
    for place in places:
        place.chmod(0o2775)
    before = read_tree(repo.root)
    modes = [place.stat().st_mode for place in places]
    done = repo.run("distribute", "--force")
    assert done.code == 0
    assert "this brings it back: common-sync restore 1\n" in done.out
    assert repo.run("restore", "1").code == 0
    assert read_tree(repo.root) == before
    assert [place.stat().st_mode for place in places] == modes
    assert (repo.root / EDITED).stat().st_mode & 0o777 == 0o640
    assert (repo.root / "services/api/common/mine/run.sh").stat().st_mode & 0o777 == 0o750


def when_writing(act: Callable[[], object]) -> Callable[[str, int], Progress]:
    """Return what does something just before the first service is written."""

    def begin(text: str, total: int) -> Progress:
        if text == "writing":
            act()
        return no_progress(text, total)

    return begin


def test_failing_run_names_what_it_discarded(repo: Monorepo) -> None:
    """A run that fails later on would say what failed, and not that somebody's edit is in the git directory by now."""
    repo.write(EDITED, "edited\n")
    said: list[str] = []
    changed = when_writing(lambda: repo.write("common/added.py"))
    with pytest.raises(TreeError, match=r"the master has changed while it was copied: added\.py"):
        distribute(load_project(str(repo.root)), force=True, say=said.append, phases=changed)
    (kept,) = sets(repo)
    assert said[0] == f"{EDITED}: discarded, or about to be"
    assert said[1] == f"it is kept; this brings it back: common-sync restore 1 --root {repo.root}"
    assert read_item(str(kept / EDITED)).data == b"edited\n"


@pytest.mark.parametrize(
    ("path", "named"),
    [("common/wait.sh", "wait.sh"), ("common/large.bin", "large.bin"), ("common/ours/models/base.py", "base.py")],
)
def test_change_of_the_master_is_said(repo: Monorepo, path: str, named: str) -> None:
    """The copies would be of a state of the library that is gone, and the run would call them in sync."""
    repo.write("common/pyproject.toml", "changed before\n")
    with pytest.raises(TreeError, match=f"changed while it was copied: .*{named}") as raised:
        distribute(load_project(str(repo.root)), phases=when_writing(lambda: repo.write(path, "changed\n")))
    assert raised.value.problems[0].remedy == "run it again"
    assert distribute(load_project(str(repo.root))).in_sync


def test_touched_master_is_no_change(repo: Monorepo) -> None:
    """A build that only touches files would make every run fail."""
    repo.write("common/pyproject.toml", "changed before\n")
    touch = when_writing(lambda: subprocess.run(["touch", *(repo.root / "common").rglob("*")], check=True))
    assert distribute(load_project(str(repo.root)), phases=touch).in_sync


def test_old_files_moved_into_the_master_are_a_change(repo: Monorepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Moving a folder leaves the times of its files as they were: the change would not be seen."""
    old = repo.root / "old"
    (repo.root / "common/ours").rename(old)
    (old / "__init__.py").write_text("older\n")
    repo.write("common/ours/__init__.py", '"""The library."""\n')
    repo.write("common/ours/models/base.py", "class Base: ...\n")

    def touched() -> int:
        return repo.write("touched").stat().st_ctime_ns

    begins = touched() + 1
    monkeypatch.setattr("time.time_ns", lambda: begins + _SKEW)  # it begins when a clock that is behind says so
    repo.write("services/api/requirements.txt", "-e ../../common\n")

    def swap() -> None:
        wait_for(lambda: touched() > begins)
        (repo.root / "common/ours").rename(repo.root / "aside")
        old.rename(repo.root / "common/ours")

    with pytest.raises(TreeError, match=r"changed while it was copied: ours/__init__\.py"):
        distribute(load_project(str(repo.root)), phases=when_writing(swap))


def test_two_worktrees_at_once_keep_two_sets(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What one of them has discarded would be mixed with the other's, or its run would fail."""
    monkeypatch.setattr("common_sync.edges.state.discarded._sets", lambda _: [])  # as if neither saw the other's
    (folder / ".git").mkdir()
    assert [Path(new_set(str(folder))).name[:7] for _ in range(2)] == ["000001-", "000002-"]
