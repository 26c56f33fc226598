"""What the hook lets pass must be whole in a clone: files that git does not know, ignores, hides or has in part."""

import os
import shutil
from pathlib import Path

import pytest
from support.commits import (
    CHECKS,
    COPIES,
    assert_blocked,
    assert_clone_in_sync,
    assert_committed,
    clone,
    commit,
    do_as_told,
    install_hook,
)
from support.depth import deep
from support.monorepo import Monorepo, make_monorepo

# What git knows: the commit must hold what is on the disk


def test_an_untracked_file_of_the_master_is_not_copied(committed: Monorepo) -> None:
    """Copies would hold a file that the commit's master lacks, or nobody hear that they do not hold it."""
    committed.write("common/our_common/scratch.py", "")
    committed.write("common/our_common/drafts/one.py", "")
    done = commit(committed)
    files = "common/our_common/drafts/one.py common/our_common/scratch.py"
    said = f"! git does not know 2 files of the library, so no copy in this commit has them: git add {files}\n"
    assert (done.code, done.out + done.err) == (0, said)
    assert not (committed.root / COPIES[0] / "our_common/scratch.py").exists()
    assert_clone_in_sync(committed)


def test_a_new_file_of_the_master_that_nobody_has_added(synced: Monorepo) -> None:
    """The hook would take it out of the copies again, and need two more commits to bring it back."""
    install_hook(synced)
    synced.write("common/our_common/new.py", "NEW = 1\n")
    assert synced.run("distribute").code == 0
    synced.git("add", "services/api")  # what is staged of one copy is enough: all get it
    done = commit(synced)
    new = "common/our_common/new.py"
    assert_blocked(done, f"{new}: CS009 git does not know it, so the commit would lack it", f"help: git add {new}")
    assert "library" not in done.out + done.err
    assert all((synced.root / copy / "our_common/new.py").exists() for copy in COPIES)
    do_as_told(synced, done)
    assert_committed(commit(synced))
    assert_clone_in_sync(synced)


UNADDED = (
    "! git does not know 1 file of the library, so no copy in this commit has it: git add common/our_common/new.py\n"
)


@pytest.mark.parametrize("edited", ["", "NEW = 2\n"], ids=["as it was distributed", "written on since"])
@CHECKS
def test_a_new_file_that_was_distributed_and_set_aside(synced: Monorepo, check: list[str], edited: str) -> None:
    """pre-commit and `git stash` set manifests aside, and not new files: every other commit would be stopped by them."""
    install_hook(synced, *check)
    synced.write("common/our_common/new.py", "NEW = 1\n")
    assert synced.run("distribute").code == 0
    synced.git("stash", "-q")
    if edited:
        synced.write("common/our_common/new.py", edited)
    before = synced.tree()
    for _ in range(2):
        done = commit(synced)
        assert (done.code, done.out + done.err) == (0, UNADDED)
    assert synced.tree() == before
    assert_clone_in_sync(synced)


def test_what_was_distributed_and_set_aside_is_nobodys_edit(synced: Monorepo) -> None:
    """`verify` would say what the hook does not, or `distribute` leave its own file alone."""
    synced.write("common/our_common/new.py", "NEW = 1\n")
    assert synced.run("distribute").code == 0
    synced.git("stash", "-q")
    found = synced.json("verify", code=1)["findings"]
    assert {(one["code"], one["remedy"]) for one in found} == {
        ("CS007", f"common-sync distribute services/{service}") for service in ("api", "worker")
    }
    assert synced.run("distribute").code == 0
    assert synced.run("verify").code == 0


@CHECKS
def test_a_new_file_that_was_distributed_and_is_not_staged(committed: Monorepo, check: list[str]) -> None:
    """A commit of something else would take new files out of the copies, or be stopped by what it does not hold."""
    install_hook(committed, *check)
    committed.write("common/our_common/new.py", "NEW = 1\n")
    assert committed.run("distribute").code == 0
    before = committed.tree()
    done = commit(committed)
    assert (done.code, done.out + done.err) == (0, UNADDED)
    assert committed.tree() == before
    assert_clone_in_sync(committed)


@CHECKS
def test_a_file_that_only_a_copy_has(synced: Monorepo, check: list[str]) -> None:
    """What somebody wrote in a copy would be passed over, because the library has a new file, too."""
    install_hook(synced, *check)
    synced.write("common/our_common/new.py", "NEW = 1\n")
    synced.write("services/api/common/our_common/mine.py", "NEW = 1\n")
    assert_blocked(commit(synced), "CS005", "common/our_common/mine.py")


def test_copies_that_were_committed_with_a_file_that_nobody_has_added(synced: Monorepo) -> None:
    """The check would name a command that mends nothing: on the disk all is in sync."""
    install_hook(synced, "--check")
    synced.write("common/our_common/new.py", "NEW = 1\n")
    assert synced.run("distribute").code == 0
    synced.git("add", "services")
    done = commit(synced)
    assert_blocked(done, "help: git add common/our_common/new.py")
    do_as_told(synced, done)
    assert_committed(commit(synced))


def test_what_leaves_the_library_is_no_file_to_add(synced: Monorepo) -> None:
    """Who deletes a file, or excludes or ignores one, would be told to add it."""
    synced.write("common-sync.toml", f'{synced.read("common-sync.toml")}exclude = ["*.txt"]\n')
    synced.write(".gitignore", "*.log\n")
    synced.commit("what is no part of it")
    install_hook(synced)
    synced.git("rm", "-q", "common/our_common/settings.py")
    for name in ("notes.txt", "run.log", "__pycache__/settings.cpython-313.pyc"):
        synced.write(f"common/our_common/{name}", "")
    assert "git does not know" not in (done := commit(synced)).out + done.err


@CHECKS
def test_a_part_of_the_master_that_was_not_staged(synced: Monorepo, check: list[str]) -> None:
    """Without pre-commit the copies get what is on the disk, and the commit would hold an older master beside them."""
    install_hook(synced, *check)
    synced.write("common/our_common/settings.py", "DEBUG = True\n")
    synced.git("add", "-A")
    synced.write("common/our_common/settings.py", "DEBUG = True\nMORE = 1\n")
    assert synced.run("distribute").code == 0
    synced.git("add", "services")
    done = commit(synced)
    message = "common/our_common/settings.py: CS009 the commit would hold another version of it than the disk"
    assert_blocked(done, message, "help: git add common/our_common/settings.py")
    do_as_told(synced, done)
    assert_committed(commit(synced))
    assert_clone_in_sync(synced)


@CHECKS
def test_a_part_of_a_copy_that_was_not_staged(synced: Monorepo, check: list[str]) -> None:
    """A copy that is right on the disk and wrong in the commit would pass."""
    install_hook(synced, *check)
    synced.write("common/our_common/settings.py", "DEBUG = True\n")
    assert synced.run("distribute").code == 0
    synced.git("add", "common", "services/api")
    done = commit(synced)
    assert_blocked(done, "git add services/worker/common")
    do_as_told(synced, done)
    assert_committed(commit(synced))
    assert_clone_in_sync(synced)


@pytest.mark.parametrize("path", ["requirements.txt", "requirements/base.in", "deps.list"])
@CHECKS
def test_a_reference_that_was_rewritten_but_not_staged(synced: Monorepo, path: str, check: list[str]) -> None:
    """The commit would still point at the master, in whatever file pip reads."""
    install_hook(synced, *check)
    synced.write("services/api/requirements.txt", f"fastapi\n-r {path}\n" if path == "deps.list" else "fastapi\n")
    synced.write(f"services/api/{path}", "fastapi\n-e ../../common\n")
    synced.git("add", "services")
    assert synced.run("distribute").code == 0
    done = commit(synced)
    assert_blocked(done, f"git add services/api/{path}")
    do_as_told(synced, done)
    assert_committed(commit(synced))
    assert_clone_in_sync(synced)


@CHECKS
def test_work_that_is_not_staged_and_does_not_matter(synced: Monorepo, check: list[str]) -> None:
    """Whoever has begun to edit his requirements could not commit anything else."""
    synced.write("common-sync.toml", synced.read("common-sync.toml") + '# exclude = ["*.sh"]\n')
    synced.write("services/api/requirements.txt", "fastapi\nhttpx\n-e ./common\n")
    synced.write("services/worker/requirements-dev.txt", "pytest\n")
    synced.git("add", "services/worker")
    (synced.root / "services/worker/requirements-dev.txt").unlink()
    install_hook(synced, *check)
    assert_committed(commit(synced))
    assert_clone_in_sync(synced)


@CHECKS
def test_a_staged_configuration_that_is_none(synced: Monorepo, check: list[str]) -> None:
    """A slip that was mended on the disk, and not staged again, would make every command fail in a clone."""
    right = synced.read("common-sync.toml")
    synced.write("common-sync.toml", right.replace('["services/*"]', '["service/*"]'))
    synced.git("add", "common-sync.toml")
    synced.write("common-sync.toml", right)
    install_hook(synced, *check)
    done = commit(synced)
    assert_blocked(done, "common-sync.toml: CS009 the commit would hold another version of it")
    do_as_told(synced, done)
    assert_committed(commit(synced))
    assert_clone_in_sync(synced)


def test_a_reference_in_a_file_that_git_does_not_know(committed: Monorepo) -> None:
    """Everybody with requirements of his own beside the tracked ones could no longer commit."""
    committed.write("services/api/requirements-mine.txt", "-e ../../common\n")
    assert commit(committed).code == 0
    assert committed.read("services/api/requirements-mine.txt") == "-e ./common\n"
    assert_committed(commit(committed))
    assert_clone_in_sync(committed)


def test_the_configuration_must_be_in_the_commit(tmp_path: Path) -> None:
    """A clone would have copies, and nothing that says what they are copies of."""
    repo = make_monorepo(tmp_path / "repo")
    repo.git("rm", "-q", "--cached", "common-sync.toml")
    install_hook(repo)
    done = commit(repo)
    assert_blocked(done, "common-sync.toml: CS009 git does not know it")
    do_as_told(repo, done)
    assert_committed(commit(repo))
    repo.write("common-sync.toml", repo.read("common-sync.toml") + 'exclude = ["*.sh"]\n')
    done = commit(repo)
    assert_blocked(done, "common-sync.toml: CS009 the commit would hold another version of it")
    do_as_told(repo, done)
    assert_committed(commit(repo))
    assert_clone_in_sync(repo)


def test_a_configuration_with_names_that_git_could_take_for_patterns(tmp_path: Path) -> None:
    """The copy would not be found in the index, and every commit be blocked."""
    repo = make_monorepo(tmp_path / "repo")
    (repo.root / "common-sync.toml").unlink()
    copy = "vendor/c[o]m*?n"
    text = f'[tool.common-sync]\nmaster = "common"\nservices = ["services/api", "services/w*"]\ncopy = "{copy}"\n'
    repo.write("pyproject.toml", text)
    repo.git("add", "pyproject.toml")
    install_hook(repo)
    done = commit(repo)
    assert_blocked(done, f"git add services/api/requirements.txt 'services/api/{copy}'")
    do_as_told(repo, done)
    assert_committed(commit(repo))
    assert_clone_in_sync(repo)


@CHECKS
def test_a_copied_file_that_git_ignores(synced: Monorepo, check: list[str]) -> None:
    """A `*.log` somewhere in a .gitignore hides a file from git in every copy: the commit would lack it."""
    install_hook(synced, *check)
    synced.write("common/our_common/schema.log", "schema\n")
    synced.write(".gitignore", "*.log\n")
    synced.git("add", ".gitignore", "-f", "common/our_common/schema.log")
    assert synced.run("distribute").code == 0
    synced.git("add", "services")
    done = commit(synced)
    ignored = "services/api/common/our_common/schema.log"
    assert_blocked(done, f"{ignored}: CS009 git ignores it", f"help: git add -f {ignored}")
    do_as_told(synced, done)
    assert_committed(commit(synced))
    assert_clone_in_sync(synced)


@CHECKS
def test_copies_that_are_ignored_on_purpose(repo: Monorepo, check: list[str]) -> None:
    """A team that keeps copies out of git, and makes them anew in CI, could not commit at all."""
    repo.write(".gitignore", "/services/*/common/\n")
    assert repo.run("distribute").code == 0
    repo.commit()
    install_hook(repo, *check)
    assert_committed(commit(repo))
    repo.write("common/our_common/settings.py", "DEBUG = True\n")
    repo.git("add", "-A")
    done = commit(repo)
    if check:
        assert_blocked(done, "CS001 1 file behind")
        return
    assert done.code == 0, done
    assert repo.read("services/api/common/our_common/settings.py") == "DEBUG = True\n"
    cloned = clone(repo)
    assert cloned.run("distribute").code == 0
    assert cloned.git("status", "--porcelain") == ""


@deep("less usual commits")
def test_one_copy_ignored_on_purpose_and_one_not(repo: Monorepo) -> None:
    """The exception that is made for the one would let the other pass without its files."""
    repo.write(".gitignore", "/services/api/common/\n")
    repo.git("add", ".gitignore")
    install_hook(repo)
    done = commit(repo)
    assert_blocked(
        done, "git add services/api/requirements.txt services/worker/common services/worker/requirements.txt"
    )
    do_as_told(repo, done)
    assert_committed(commit(repo))
    assert_clone_in_sync(repo, ".", "worker")


@CHECKS
def test_files_that_are_only_intended_to_be_added(synced: Monorepo, check: list[str]) -> None:
    """`git add -N` lists a file as tracked, an empty one with its right contents; and yet no commit has it."""
    install_hook(synced, *check)
    synced.write("common/our_common/empty.py", "")
    synced.git("add", "common")
    assert synced.run("distribute").code == 0
    synced.git("add", "services")
    synced.git("rm", "-q", "--cached", "services/api/common/our_common/empty.py")
    synced.git("add", "-N", "services/api/common/our_common/empty.py")
    done = commit(synced)
    assert_blocked(done, "git add services/api/common")
    do_as_told(synced, done)
    assert_committed(commit(synced))
    assert_clone_in_sync(synced)


@pytest.mark.parametrize(
    "options", [["--assume-unchanged"], ["--skip-worktree"], ["--assume-unchanged", "--skip-worktree"]]
)
@CHECKS
def test_files_that_git_was_told_not_to_look_at(synced: Monorepo, options: list[str], check: list[str]) -> None:
    """`git update-index --assume-unchanged` hides that the commit holds an old copy."""
    install_hook(synced, *check)
    hidden = "services/api/common/our_common/settings.py"
    for option in options:
        synced.git("update-index", option, hidden)
    synced.write("common/our_common/settings.py", "DEBUG = True\n")
    assert synced.run("distribute").code == 0
    synced.git("add", "common", "services/worker", "services/api/common/.common-sync.json")
    for _ in options:
        done = commit(synced)
        assert_blocked(done, f"{hidden}: CS009 git was told not to look at it", "help: git update-index --no-")
        do_as_told(synced, done)
    do_as_told(synced, commit(synced))
    assert_committed(commit(synced))
    assert_clone_in_sync(synced)


@deep("less usual commits")
def test_requirements_that_git_was_told_not_to_look_at(committed: Monorepo) -> None:
    """With his own requirements hidden from git, a developer would never hear that those in the commit are wrong."""
    hidden = "services/api/requirements.txt"
    committed.git("update-index", "--skip-worktree", hidden)
    committed.write(hidden, "fastapi\nipdb\n-e ./common\n")
    assert_committed(commit(committed))
    committed.git("update-index", "--no-skip-worktree", hidden)
    committed.write(hidden, "-e ../../common\n")
    committed.git("add", hidden)
    committed.git("update-index", "--skip-worktree", hidden)
    committed.write(hidden, "-e ./common\n")
    done = commit(committed)
    assert_blocked(
        done, f"{hidden}: CS009 git was told not to look", f"help: git update-index --no-skip-worktree {hidden}"
    )
    do_as_told(committed, done)
    do_as_told(committed, commit(committed))
    assert_committed(commit(committed))
    assert_clone_in_sync(committed)


@CHECKS
def test_an_executable_bit_that_git_does_not_see(synced: Monorepo, check: list[str]) -> None:
    """With core.fileMode off, as on some file systems, git adds a script as not executable: it fails in the image."""
    synced.git("config", "core.fileMode", "false")
    install_hook(synced, *check)
    synced.write("common/run.sh", "#!/bin/sh\n", executable=True)
    synced.git("add", "common")
    assert synced.run("distribute").code == 0
    synced.git("add", "services")
    done = commit(synced)
    assert_blocked(done, "services/api/common/run.sh: CS009 executable on the disk, but not so in git")
    do_as_told(synced, done)
    assert_committed(commit(synced))
    assert_clone_in_sync(synced)


def test_a_change_of_the_executable_bit_alone(committed: Monorepo) -> None:
    """A script that was made executable in the master would stay as it was in the copies, or in the commit."""
    (committed.root / "common/our_common/settings.py").chmod(0o755)
    (committed.root / "common/wait.sh").chmod(0o644)
    (committed.root / "services/api/common/.common-sync.json").chmod(0o755)  # which means nothing
    committed.git("add", "common")
    done = commit(committed)
    assert_blocked(done, "2 files", "git add services/api/common services/worker/common")
    do_as_told(committed, done)
    assert_committed(commit(committed))
    assert_clone_in_sync(committed)


def test_symlinks_empty_folders_and_odd_names(committed: Monorepo) -> None:
    """What is no plain file with a plain name would be seen as missing from every commit, or not be seen at all."""
    (committed.root / "common/alias.py").symlink_to("our_common/settings.py")
    (committed.root / "common/empty").mkdir()
    committed.write("common/our_common/a b'c\"d\n[e]*?\\.txt", "odd\n")
    committed.write("common/our_common/größe.txt", "odd\n")
    committed.write(f"common/our_common/{os.fsdecode(bytes([0xE9]))}.txt", "not UTF-8\n")
    committed.git("add", "common")
    done = commit(committed)
    assert_blocked(done, "git add services/api/common services/worker/common")
    do_as_told(committed, done)
    assert_committed(commit(committed))
    assert_clone_in_sync(committed)


def test_a_copy_that_is_gone_from_git_and_one_from_the_disk(committed: Monorepo) -> None:
    """`git rm --cached` in a copy would pass, because all is still there on the disk."""
    committed.git("rm", "-q", "-r", "--cached", "services/api/common")
    done = commit(committed)
    assert_blocked(done, "git add services/api/common")
    do_as_told(committed, done)
    shutil.rmtree(committed.root / "services/worker/common")
    assert commit(committed).code == 0  # it was made again, as git has it
    assert_clone_in_sync(committed)


def test_a_file_of_the_master_that_is_gone_from_the_disk_only(committed: Monorepo) -> None:
    """The copies would lose a file that the commit's master still has."""
    (committed.root / "common/our_common/settings.py").unlink()
    done = commit(committed)
    assert_blocked(done, "common/our_common/settings.py: CS009", "git add services/api/common")
    do_as_told(committed, done)
    assert_committed(commit(committed))
    assert_clone_in_sync(committed)


def test_a_cache_that_was_committed_into_a_copy(committed: Monorepo) -> None:
    """What the rules of the tool pass over would block commits, with a remedy that does not help."""
    committed.write("services/api/common/our_common/__pycache__/x.pyc", "x")
    committed.git("add", "-f", "services")
    assert_committed(commit(committed))
    assert_clone_in_sync(committed)


@deep("less usual commits")
def test_a_service_that_git_does_not_know(committed: Monorepo) -> None:
    """Whoever has begun a new service, or has a folder of his own there, would find a copy in it that he did not ask for."""
    committed.write("services/new/app.py")
    assert commit(committed).code == 0
    assert_committed(commit(committed))
    assert not (committed.root / "services/new/common").exists()
    assert_clone_in_sync(committed)
    committed.git("add", "services/new/app.py")
    done = commit(committed)
    assert_blocked(done, "git add services/new/common")
    do_as_told(committed, done)
    assert_committed(commit(committed))
    assert_clone_in_sync(committed)


@deep("less usual commits")
def test_a_service_named_by_itself_that_git_does_not_know(committed: Monorepo) -> None:
    """A clone would lack a folder that its configuration names, and every command would fail there."""
    committed.write("tools/job/app.py")
    committed.write("common-sync.toml", 'master = "common"\nservices = ["services/*", "tools/job"]\n')
    committed.git("add", "common-sync.toml")
    done = commit(committed)
    assert_blocked(done, "tools/job: CS009 the configuration names it, and git does not know it", "git add tools/job\n")
    assert not (committed.root / "tools/job/common").exists(), "no commit would hold it"
    do_as_told(committed, done)
    done = commit(committed)
    assert_blocked(done, "git add tools/job/common")
    do_as_told(committed, done)
    assert_committed(commit(committed))
    assert_clone_in_sync(committed)
