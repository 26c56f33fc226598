"""The hook as a process, and as a plain git hook: without pre-commit nothing sets unstaged changes aside for it."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from support.commits import (
    CHECKS,
    COPIES,
    assert_blocked,
    assert_clone_in_sync,
    assert_committed,
    commit,
    do_as_told,
    index,
    install_hook,
)
from support.monorepo import Monorepo, make_monorepo, run

from common_sync import __version__

ADDED = ("common", "requirements.txt")


# What it costs


@CHECKS
def test_nothing_heavy_is_imported_when_there_is_nothing_to_say(synced: Monorepo, check: list[str]) -> None:
    """Every commit would take a quarter of a second longer for libraries that are only for showing things."""
    heavy = ["typer", "click", "rich", "git", "subprocess", "json", "tomlkit", "packaging", "dataclasses"]
    mine = ["common_sync.commands.distribute", "common_sync.edges.files.writing", "common_sync.interface.show.text"]
    code = (
        "import sys; from common_sync.interface import hook, main; "
        f"main.leave = lambda code: print(code, sorted({{*{heavy + mine}}} & set(sys.modules))); hook.main()"
    )
    unmeasured = {"COVERAGE_PROCESS_START": "", "COVERAGE_PROCESS_CONFIG": ""}  # measuring imports some of them
    done = run(sys.executable, "-c", code, *check, cwd=synced.root, env=unmeasured)
    assert (done.out, done.err) == ("0 []\n", "")


@CHECKS
@pytest.mark.parametrize(("top", "most"), [(".", 1), ("..", 2)], ids=["configured", "below"])
def test_git_is_asked_once_when_there_is_nothing_to_do(tmp_path: Path, top: str, most: int, check: list[str]) -> None:
    """Every commit would wait for git again and again; a configuration below the top has to be looked for once more."""
    repo = make_monorepo(tmp_path / "top" / "backend", git=False)
    repo.git("-C", top, "init", "-q")
    assert repo.run("distribute").code == 0
    repo.git("-C", top, "add", "-A")
    log, real = tmp_path / "log", shutil.which("git")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").write_text(f'#!/bin/sh\necho "$*" >> {log}\nexec {real} "$@"\n')
    (tmp_path / "bin" / "git").chmod(0o755)
    done = repo.hook(*check, cwd=top, env={"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}"})
    assert (done.code, done.out, done.err) == (0, "", "")
    assert len(log.read_text().splitlines()) == most


@CHECKS
def test_nothing_is_written_when_there_is_nothing_to_do(synced: Monorepo, check: list[str]) -> None:
    """Docker's cache and file watchers would take every commit for a change."""
    before = synced.stamps()
    state = sorted(path.name for path in (synced.root / ".git").iterdir())
    assert synced.hook(*check).code == 0
    assert synced.stamps() == before
    assert sorted(path.name for path in (synced.root / ".git").iterdir()) == state


# How it is called


@pytest.mark.parametrize("arguments", [["--root", "backend"], ["--root=backend"]])
@CHECKS
def test_root_names_the_folder_of_the_configuration(tmp_path: Path, arguments: list[str], check: list[str]) -> None:
    """`args: [--root, backend]` would be taken for something else."""
    repo = make_monorepo(tmp_path / "top" / "backend", git=False)
    repo.git("-C", "..", "init", "-q")
    assert repo.run("distribute").code == 0
    repo.git("-C", "..", "add", "-A")
    assert repo.hook(*check, *arguments, cwd="..").code == 0
    assert repo.hook(*arguments, *check, cwd="..").code == 0


@pytest.mark.parametrize("words", [["--chek"], ["--root"], ["--root="], ["--root", ".", "x"], ["a.py"]])
def test_other_arguments_are_refused(synced: Monorepo, words: list[str]) -> None:
    """A typo in `args:` would be passed over, and the hook would do something else than was meant."""
    done = synced.hook(*words)
    assert done.code == 2
    assert "unknown arguments" in done.err
    assert "usage: common-sync-hook [--check] [--no-cache] [--root DIR]" in done.err


@pytest.mark.parametrize("word", ["--help", "-h", "--version", "-V"])
def test_it_says_what_it_is(tmp_path: Path, word: str) -> None:
    """Who asks a program for its help would be answered by an error."""
    repo = Monorepo(tmp_path)  # nothing is here, and nothing need be
    done = repo.hook(word)
    assert (done.code, done.err) == (0, "")
    first = done.out.splitlines()[0]
    usage = "usage: common-sync-hook [--check] [--no-cache] [--root DIR]"
    assert first == (usage if "h" in word else f"common-sync-hook {__version__}")


def test_outside_git_it_brings_in_sync(tmp_path: Path) -> None:
    """Somebody who calls the hook by hand in an export without git would meet an error of git's."""
    repo = make_monorepo(tmp_path / "repo", git=False)
    assert repo.hook("--check").code == 1
    assert repo.hook().code == 0
    assert repo.run("verify").code == 0


def test_without_a_configuration_it_says_what_to_do(tmp_path: Path) -> None:
    """A hook that was set up first would pass every commit, and nobody would notice that it does nothing."""
    repo = make_monorepo(tmp_path / "repo")
    (repo.root / "common-sync.toml").unlink()
    done = repo.hook()
    assert done.code == 2
    assert "common-sync init" in done.err


def test_every_tracked_configuration_below_the_top_is_taken(tmp_path: Path) -> None:
    """Only the first of several monorepos in one repository would be kept in sync."""
    top = Monorepo(tmp_path / "top")
    one, other = make_monorepo(top.root / "one", git=False), make_monorepo(top.root / "deep/other", git=False)
    make_monorepo(top.root / "unknown", git=False)
    top.git("init", "-q")
    top.git("add", "one", "deep")
    install_hook(top)
    done = commit(top)
    assert_blocked(done, "git add deep/other/services/api/common", "one/services/worker/requirements.txt")
    assert not (top.root / "unknown/services/api/common").exists()
    do_as_told(top, done)
    assert_committed(commit(top))
    for repo in (one, other):
        assert_clone_in_sync(top, str(repo.root.relative_to(top.root)))


# The first commit, and the next


def test_the_first_commit_fails_until_all_is_added(hooked: Monorepo) -> None:
    """The commit would point at copies that only this machine has; the hook itself must not touch the index."""
    before = index(hooked)
    for _ in range(3):  # the copies are there the second time, and still git does not know them
        done = commit(hooked)
        assert_blocked(done, "services/api/common", "services/worker/requirements.txt")
        assert index(hooked) == before
    do_as_told(hooked, done)
    assert_committed(commit(hooked))
    assert_clone_in_sync(hooked)


def test_it_says_what_it_did_and_what_to_add(repo: Monorepo) -> None:
    """Somebody whose commit has just failed would have to find out by himself why, and what to do."""
    done = repo.hook()
    assert done.out.splitlines() == [
        "✓ services/api     new copy 1.2.3  5 files, requirements.txt",
        "✓ services/worker  new copy 1.2.3  5 files, requirements.txt",
        "✓ .gitattributes   managed block",
        "the hook has written files that are not staged yet; add them, then commit again:",
        f"  git add {' '.join(f'services/{name}/{what}' for name in ('api', 'worker') for what in ADDED)} .gitattributes",
    ]


def test_it_says_once_that_somebody_has_edited_a_copy(committed: Monorepo) -> None:
    """Three lines about one edit are read as three things to do."""
    committed.write("services/api/common/our_common/settings.py", "DEBUG = 'mine'\n")
    said = committed.hook().out
    assert said.startswith("Somebody has to decide: 1 service with edits that distribute leaves alone\n")
    assert "1 file left alone" not in said
    committed.write("common/wait.sh", "#!/bin/sh\nsleep 1\n", executable=True)
    assert "✗ services/api     1 file, 1 file left alone\n" in committed.hook().out


@pytest.mark.parametrize("subfolder", [".", "services", "services/api"])
def test_what_to_add_can_be_pasted_where_the_user_stands(hooked: Monorepo, subfolder: str) -> None:
    """Git runs hooks at the top; its paths would not exist in the folder where the user typed `git commit`."""
    done = commit(hooked, cwd=subfolder)
    assert done.code == 1
    do_as_told(hooked, done, cwd=subfolder)
    assert_committed(commit(hooked, cwd=subfolder))
    assert_clone_in_sync(hooked)


def test_a_new_file_of_the_master_must_be_added_in_the_copies_too(committed: Monorepo) -> None:
    """The commit would have the new module in the master only, and the services would not import."""
    committed.write("common/our_common/new.py", "NEW = True\n")
    committed.git("add", "common")
    for _ in range(2):
        done = commit(committed)
        assert_blocked(done, "git add services/api/common services/worker/common")
    do_as_told(committed, done)
    assert_committed(commit(committed))
    assert_clone_in_sync(committed)


def test_a_commit_that_only_deletes(committed: Monorepo) -> None:
    """Copies would keep what the master has dropped."""
    committed.git("rm", "-q", "common/our_common/settings.py")
    done = commit(committed)
    assert_blocked(done, "services/api 1 file")
    assert not (committed.root / COPIES[0] / "our_common/settings.py").exists()
    assert_blocked(commit(committed), COPIES[1])
    do_as_told(committed, done)
    assert_committed(commit(committed))
    assert_clone_in_sync(committed)


def test_all_and_amend(committed: Monorepo) -> None:
    """`git commit -a` and `--amend` have an index of their own while the hook runs; it would look at the wrong one."""
    committed.write("common/our_common/settings.py", "DEBUG = True\n")
    assert_blocked(commit(committed, "-a"), "git add services/api/common")
    assert_committed(commit(committed, "-a"))
    assert_clone_in_sync(committed)
    committed.write("common/our_common/settings.py", "DEBUG = None\n")
    assert_blocked(commit(committed, "-a", "--amend"), "git add services/api/common")
    assert_committed(commit(committed, "-a", "--amend"))
    assert_clone_in_sync(committed)


def test_a_commit_of_some_paths(committed: Monorepo) -> None:
    """`git commit PATH` leaves out what else was staged; the hook would take that for committed."""
    committed.write("common/our_common/settings.py", "DEBUG = True\n")
    assert committed.run("distribute").code == 0
    committed.git("add", "-A")
    assert_blocked(commit(committed, "common"), "git add services/api/common services/worker/common")
    assert_committed(commit(committed, "common", "services"))
    assert_clone_in_sync(committed)


def test_with_check_nothing_is_written(repo: Monorepo) -> None:
    """Somebody who asked for a check would find his files changed."""
    install_hook(repo, "--check")
    before = repo.tree()
    done = commit(repo)
    assert_blocked(done, "services/api CS002 CS101 there is no copy (5 files), requirements.txt:2 leads to the master")
    assert repo.tree() == before
    assert repo.run("distribute").code == 0
    before = repo.tree()
    done = commit(repo)
    message = "services/api/common/wait.sh: CS009 git does not know it, so the commit would lack it"
    assert_blocked(done, message, "help: git add services/api/common\n")
    assert repo.tree() == before
    do_as_told(repo, done)
    assert_committed(commit(repo))
    assert_clone_in_sync(repo)


@CHECKS
def test_an_edit_in_a_copy_is_left_alone(synced: Monorepo, check: list[str]) -> None:
    """Somebody's work would be overwritten, or committed into one copy only."""
    install_hook(synced, *check)
    synced.write("services/api/common/our_common/settings.py", "DEBUG = 'mine'\n")
    synced.write("services/api/common/our_common/mine.py", "")
    synced.git("add", "-A")
    done = commit(synced)
    assert_blocked(done, "CS003 edited in the copy common/our_common/settings.py", "CS005", "common/our_common/mine.py")
    assert "git add" not in done.out + done.err
    synced.write("common/our_common/settings.py", "DEBUG = 'theirs'\n")
    assert synced.run("distribute").code == 1
    synced.git("add", "-A")
    done = commit(synced)
    assert_blocked(done, "CS004 edited in the copy, and the master has changed too common/our_common/settings.py")
    assert "git add" not in done.out + done.err
    assert synced.read("services/api/common/our_common/settings.py") == "DEBUG = 'mine'\n"


# What is pushed


@pytest.mark.parametrize("variable", ["PRE_COMMIT_TO_REF", "PRE_COMMIT_LOCAL_BRANCH"])
@CHECKS
def test_what_is_pushed_is_a_commit_and_not_the_disk(synced: Monorepo, variable: str, check: list[str]) -> None:
    """Whoever adds what the hook asks for, and pushes again without a commit, would push a commit that lacks it."""
    env = {variable: "refs/heads/main"}
    assert synced.hook(*check, env=env).code == 0
    synced.write("common/our_common/settings.py", "DEBUG = True\n")
    synced.commit("only the master")
    assert synced.hook(*check, env=env).code == 1
    assert synced.run("distribute").code == 0
    synced.git("add", "-A")
    done = synced.hook(*check, env=env)
    assert_blocked(done, "a fresh clone of what is pushed would not be in sync", "settings.py: CS001")
    assert_committed(commit(synced, "--no-verify"))
    assert synced.hook(*check, env=env).code == 0
    assert_clone_in_sync(synced)


def test_work_that_is_staged_does_not_block_a_push(synced: Monorepo) -> None:
    """What is prepared for the next commit has nothing to do with the one that is pushed."""
    synced.write("common/our_common/settings.py", "DEBUG = True\n")
    assert synced.run("distribute").code == 0
    synced.git("add", "-A")
    assert synced.hook(env={"PRE_COMMIT_TO_REF": "HEAD"}).code == 0


def test_a_commit_of_before_there_was_a_configuration(tmp_path: Path) -> None:
    """An old branch could not be pushed any more."""
    repo = make_monorepo(tmp_path / "repo", git=False)
    configuration = repo.read("common-sync.toml")
    (repo.root / "common-sync.toml").unlink()
    repo.git("init", "-q")
    repo.commit()
    repo.write("common-sync.toml", configuration)
    assert repo.run("distribute").code == 0
    repo.commit()
    assert repo.hook(env={"PRE_COMMIT_TO_REF": "HEAD~"}).code == 0
    assert repo.hook(env={"PRE_COMMIT_TO_REF": "HEAD"}).code == 0
