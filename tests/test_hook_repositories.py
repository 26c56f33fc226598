"""The hook in work trees, submodules, nested and partly checked out repositories: whose environment is it?"""

import shutil
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
    install_hook,
)
from support.depth import deep
from support.monorepo import Monorepo, make_monorepo

# Other repositories


def test_a_worktree(committed: Monorepo, tmp_path: Path) -> None:
    """In a second work tree git names its directory in the environment; the hook would look at the first tree."""
    committed.git("worktree", "add", "-q", "-b", "second", str(tmp_path / "second"))
    second = Monorepo(tmp_path / "second")
    before = committed.tree()
    second.write("common/our_common/settings.py", "DEBUG = True\n")
    done = commit(second, "-a")
    assert_blocked(done, "git add services/api/common services/worker/common")
    do_as_told(second, done)
    second.git("add", "-A")
    assert_committed(commit(second))
    assert committed.tree() == before
    assert_clone_in_sync(second)


@pytest.mark.parametrize("worktree", [False, True], ids=["main", "worktree"])
def test_a_hook_that_goes_into_a_folder_first(tmp_path: Path, worktree: bool) -> None:
    """`cd backend && common-sync-hook` would not find git's index, whose path begins at the top."""
    top = Monorepo(tmp_path / "top")
    make_monorepo(top.root / "backend", git=False)
    top.git("init", "-q")
    top.commit()
    install_hook(top, first="cd backend")
    if worktree:
        top.git("worktree", "add", "-q", str(tmp_path / "second"))
        top = Monorepo(tmp_path / "second")
    for arguments in (["-a"], []):
        done = commit(top, *arguments)
        assert_blocked(done, "services/api/common")
    do_as_told(top, done)
    assert_committed(commit(top))
    assert_clone_in_sync(top, "backend")


@pytest.mark.parametrize("arguments", [[], ["-a"]], ids=["plain", "all"])
@pytest.mark.parametrize("how", ["root", "cd"])
def test_the_environment_of_an_outer_repository(
    synced: Monorepo, tmp_path: Path, how: str, arguments: list[str]
) -> None:
    """A hook of the repository around would make this one's git answer from the outer index."""
    outer = Monorepo(tmp_path)
    outer.git("init", "-q")
    outer.write("file")
    outer.git("add", "file")
    if how == "root":
        install_hook(outer, "--root", "repo")
    else:
        install_hook(outer, first="cd repo")
    assert_committed(commit(outer, *arguments))
    synced.git("rm", "-q", "--cached", "services/api/common/wait.sh")
    assert_blocked(commit(outer, *arguments), "services/api/common")


@pytest.mark.parametrize("kind", ["literal", "glob", "noglob", "icase"])
def test_a_git_that_was_told_how_to_read_pathspecs(committed: Monorepo, kind: str) -> None:
    """Magit starts every git with `--literal-pathspecs`, and git tells its hooks: the hook would find nothing in the index."""
    told = {f"GIT_{kind.upper()}_PATHSPECS": "1"}
    assert_committed(commit(committed, env=told))
    committed.write("common/our_common/settings.py", "DEBUG = True\n")
    done = commit(committed, "-a", env=told)
    assert_blocked(done, "git add services/api/common services/worker/common")
    do_as_told(committed, done)
    assert_committed(commit(committed, "-a", env=told))
    assert_clone_in_sync(committed)
    assert committed.run("explain", "common/nothing", env=told).code == 0


@deep("less usual repositories")
def test_a_project_in_a_submodule(committed: Monorepo, tmp_path: Path) -> None:
    """A submodule's git directory is elsewhere, and named in the environment of its hooks."""
    above = Monorepo(tmp_path / "above")
    above.root.mkdir()
    above.git("init", "-q")
    above.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(committed.root), "module")
    module = Monorepo(above.root / "module")
    install_hook(module)
    module.write("common/our_common/settings.py", "DEBUG = True\n")
    done = commit(module, "-a")
    assert_blocked(done, "git add services/api/common services/worker/common")
    module.git("add", "-A")
    assert_committed(commit(module))
    assert_clone_in_sync(module)


def test_a_service_that_is_a_repository_of_its_own(committed: Monorepo) -> None:
    """`git add` cannot add to a submodule: the remedy would fail, and the commit be blocked for ever."""
    service = Monorepo(committed.root / "services/own")
    service.write("app.py")
    service.git("init", "-q")
    service.commit()
    committed.git("add", "services/own")
    done = commit(committed)
    assert_blocked(done, "services/own/common: CS009 changed in a repository of its own: commit it there first")
    service.commit()
    do_as_told(committed, done)
    assert_committed(commit(committed))


@deep("less usual repositories")
def test_a_master_that_is_a_repository_of_its_own(synced: Monorepo, tmp_path: Path) -> None:
    """A library that several repositories share as a submodule would be empty for the hook."""
    library = Monorepo(tmp_path / "library")
    shutil.copytree(synced.root / "common", library.root)
    library.git("init", "-q")
    library.commit()
    synced.git("rm", "-r", "-q", "common")
    synced.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library.root), "common")
    install_hook(synced)
    assert_committed(commit(synced))
    master = Monorepo(synced.root / "common")
    master.write("our_common/scratch.py")
    master.write("our_common/settings.py", "DEBUG = True\n")
    done = commit(synced)
    assert_blocked(done, "1 file", "git add services/api/common services/worker/common")
    assert synced.hook(env={"PRE_COMMIT_TO_REF": "HEAD"}).code == 1
    do_as_told(synced, done)
    assert_committed(commit(synced))
    assert synced.hook(env={"PRE_COMMIT_TO_REF": "HEAD"}).code == 0


def test_a_git_directory_that_only_the_environment_names(synced: Monorepo, tmp_path: Path) -> None:
    """Where GIT_DIR and GIT_WORK_TREE keep the two apart, the hook would find no repository."""
    (synced.root / ".git").rename(tmp_path / "elsewhere.git")
    env = {"GIT_DIR": str(tmp_path / "elsewhere.git"), "GIT_WORK_TREE": str(synced.root)}
    assert synced.hook(env=env).code == 0
    synced.git("rm", "-q", "--cached", "services/api/common/wait.sh", env=env)
    assert_blocked(synced.hook(env=env), "services/api/common")
    assert_blocked(synced.hook(env={"GIT_DIR": env["GIT_DIR"]}), "services/api/common")


def test_a_repository_with_longer_names(tmp_path: Path) -> None:
    """A repository that names contents by sha256 would be told that no commit holds anything."""
    repo = make_monorepo(tmp_path / "repo", git=False)
    repo.git("init", "-q", "--object-format=sha256")
    repo.git("add", "-A")
    install_hook(repo)
    done = commit(repo)
    assert_blocked(done, "git add services/api/common")
    do_as_told(repo, done)
    assert_committed(commit(repo))
    assert_clone_in_sync(repo)


def test_a_master_that_is_partly_checked_out(committed: Monorepo) -> None:
    """A sparse checkout would have the hook delete from the copies what is merely not checked out."""
    committed.git("sparse-checkout", "set", "services", "common/docs")
    done = commit(committed)
    assert_blocked(done, "a sparse checkout keeps 3 files of the master out", "help: git sparse-checkout add common")
    assert (committed.root / COPIES[0] / "our_common/settings.py").exists()
    do_as_told(committed, done)
    assert_committed(commit(committed))
    committed.git("update-index", "--skip-worktree", "common/wait.sh")  # it is there all the same
    assert_committed(commit(committed))


@CHECKS
def test_a_service_that_is_not_checked_out(synced: Monorepo, check: list[str]) -> None:
    """With a sparse checkout the copies of all other services would stay behind, and nothing would say so."""
    install_hook(synced, *check)
    synced.git("sparse-checkout", "set", "common", "services/api")
    assert not (synced.root / "services/worker").exists()
    assert_committed(commit(synced))
    assert_clone_in_sync(synced)
    synced.write("common/our_common/settings.py", "DEBUG = True\n")
    assert synced.run("distribute").code == 0
    synced.git("add", "common", "services/api")
    behind = "services/worker/common/our_common/settings.py: CS009 it is not checked out here"
    assert_blocked(commit(synced), behind, "help: git sparse-checkout add services/worker")
    synced.git("sparse-checkout", "add", "services/worker")
    assert synced.run("distribute").code == 0
    synced.git("add", "services")
    assert_committed(commit(synced))
    assert_clone_in_sync(synced)


@pytest.mark.parametrize("cache", ["services/worker/__pycache__/app.pyc", ""], ids=["its caches stay", "it is gone"])
def test_a_service_that_was_removed(committed: Monorepo, cache: str) -> None:
    """pre-commit would stop the commit because the hook has written a file, and nothing name that file."""
    committed.write(".gitignore", "__pycache__/\n")
    committed.commit("caches are ignored")
    if cache:
        committed.write(cache)
    committed.git("rm", "-qr", "services/worker")
    done = commit(committed)
    assert_blocked(done, "✓ .gitattributes  managed block", "git add .gitattributes\n")
    do_as_told(committed, done)
    assert_committed(commit(committed))
    assert "worker" not in committed.read(".gitattributes")
    assert_clone_in_sync(committed)


@deep("less usual repositories")
def test_a_service_that_is_gone_from_the_disk_only(committed: Monorepo) -> None:
    """Whoever has moved a service away, and not yet told git, would commit a stale copy of it."""
    shutil.move(committed.root / "services/worker", committed.root / "aside")
    assert_committed(commit(committed))
    assert_clone_in_sync(committed)
    committed.write("common/our_common/settings.py", "DEBUG = True\n")
    committed.git("add", "common")
    done = commit(committed)
    assert_blocked(done, "services/worker/common/our_common/settings.py: CS009", "help: git restore services/worker")
    do_as_told(committed, done)  # from here on it is a service again, and behind
    done = commit(committed)
    assert_blocked(done, "git add services/worker/common")
    do_as_told(committed, done)
    assert_committed(commit(committed))
    assert_clone_in_sync(committed)


@deep("less usual repositories")
def test_a_large_file_and_a_large_master(committed: Monorepo) -> None:
    """What is too large to be held in memory would not be compared with the commit."""
    committed.write("common/large.bin", bytes(range(256)) * 4096)
    committed.git("add", "-A")
    done = commit(committed)
    do_as_told(committed, done)
    assert_committed(commit(committed))
    assert_clone_in_sync(committed)
