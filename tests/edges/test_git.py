"""Asking git: in every kind of work tree, whatever the environment says of another one."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from support.depth import sampled
from support.monorepo import Monorepo, make_monorepo, run

from common_sync.core.errors import GitError
from common_sync.edges.git.ask import list_files, list_named
from common_sync.edges.git.repository import environment_for, find_top, folders_up, git_directory

COPY = "services/api/common"


@pytest.fixture
def plain(repo: Monorepo, monkeypatch: pytest.MonkeyPatch) -> Monorepo:
    """Return a repository, and an environment that says nothing of git."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(repo.root)
    return repo


def test_tops(plain: Monorepo, tmp_path: Path) -> None:
    """A file would be looked for in another repository."""
    root = str(plain.root)
    assert find_top(root) == find_top(f"{root}/services/api") == root
    assert find_top(str(tmp_path)) is None
    assert folders_up(f"{root}/services/api") == [f"{root}/services/api", f"{root}/services", root]
    assert folders_up("/") == ["/"]
    assert git_directory(root) == f"{root}/.git"
    plain.git("worktree", "add", "-q", str(tmp_path / "second"))
    second = str(tmp_path / "second")
    assert find_top(f"{second}/common") == second
    assert os.path.realpath(git_directory(second)) == f"{root}/.git/worktrees/second"


def test_a_git_directory_elsewhere(tmp_path: Path) -> None:
    """A repository with a separate git directory, as submodules have, could not be locked."""
    run("git", "init", "-q", "--separate-git-dir", str(tmp_path / "elsewhere"), str(tmp_path / "repo"), cwd=tmp_path)
    assert git_directory(str(tmp_path / "repo")) == str(tmp_path / "elsewhere")
    repo = make_monorepo(tmp_path / "repo", git=False)
    assert repo.run("distribute").code == 0
    assert (tmp_path / "elsewhere/common-sync/lock").exists()
    (tmp_path / "repo/.git").write_text("gitdir: ../elsewhere\n")
    assert repo.run("distribute").code == 0
    (tmp_path / "repo/.git").write_text("nonsense")
    with pytest.raises(GitError, match="is neither a git directory nor a file that names one"):
        git_directory(str(tmp_path / "repo"))
    with pytest.raises(GitError, match="cannot be read: No such file"):
        git_directory(str(tmp_path))


def test_which_files(plain: Monorepo) -> None:
    """A copy would lack a file that is not yet committed, or hold one that git ignores."""
    plain.write("common/.gitignore", "*.log\n")
    for name in ("new.py", "a.log", "-dash", "a::b", ":(glob)x", "new\nline", "日本", "sp ace"):
        plain.write(f"common/{name}")
    (plain.root / "common/wait.sh").unlink()
    names = {"-dash", "a::b", ":(glob)x", "new\nline", "日本", "sp ace", ".gitignore", "new.py", "wait.sh"}
    found = list_files(str(plain.root / "common"))
    assert {name for name in found if "/" not in name} == names | {"pyproject.toml"}
    assert len(found) == len(set(found))


def test_a_path_in_conflict_is_listed_once(plain: Monorepo) -> None:
    """A merge that is not done would have a file copied twice, or not at all."""
    plain.git("checkout", "-q", "-b", "other")
    plain.write("common/wait.sh", "theirs\n")
    plain.commit()
    plain.git("checkout", "-q", "main")
    plain.write("common/wait.sh", "ours\n")
    plain.commit()
    assert run("git", "merge", "-q", "other", cwd=plain.root).code != 0
    assert list_files(str(plain.root / "common")).count("wait.sh") == 1
    plain.write("common/wait.sh", "both\n")  # git is told of it later
    assert plain.run("distribute").code == 0


def test_by_name(plain: Monorepo) -> None:
    """A configuration in a folder with an unusual name would not be found."""
    for folder in ("*", "deep/er", ":(top)"):
        plain.write(f"{folder}/common-sync.toml")
    plain.commit()
    plain.write("untracked/common-sync.toml")
    found = ["*/common-sync.toml", ":(top)/common-sync.toml", "common-sync.toml", "deep/er/common-sync.toml"]
    assert sorted(list_named(str(plain.root), ["common-sync.toml"])) == found


class Case(NamedTuple):
    """An environment, as a hook or a script may leave it; `{repo}` and `{other}` are repositories."""

    environment: Mapping[str, str]
    cwd: str = "."


CASES = {
    "nothing": Case({}),
    "another repository": Case({"GIT_DIR": "{other}/.git", "GIT_WORK_TREE": "{other}"}),
    "another repository's index": Case({"GIT_INDEX_FILE": "{other}/.git/index"}),
    "this repository": Case({"GIT_DIR": "{repo}/.git", "GIT_WORK_TREE": "{repo}"}),
    "this repository, as a hook has it": Case({"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index", "GIT_PREFIX": ""}),
    "this repository, in a folder": Case({"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index"}, "services/api"),
    "a folder that is none": Case({"GIT_DIR": "/nonexistent"}),
    "optional locks, tracing, quoting": Case({"GIT_OPTIONAL_LOCKS": "1", "GIT_TRACE": "1", "GIT_TRACE2": "1"}),
    "other languages": Case({"LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de"}),
}  # fmt: skip


@pytest.mark.parametrize("name", sampled(CASES, 4, "more environments of git"))
def test_whatever_the_environment_says(synced: Monorepo, tmp_path: Path, name: str) -> None:
    """A script that sets git's variables for another repository would have its files copied, or its index changed."""
    other = make_monorepo(tmp_path / "other")
    other.write("common/other.py")
    other.commit()
    before = other.stamps(), (other.root / ".git/index").stat().st_mtime_ns
    case = CASES[name]
    places = {"repo": str(synced.root), "other": str(other.root)}
    settings = {key: value.format(**places) for key, value in case.environment.items()}
    synced.write("common/untracked.py")
    done = synced.run("distribute", env=settings, cwd=case.cwd)
    assert (done.code, done.err) == (0, "")
    assert "untracked.py" in synced.tree(COPY)
    assert "other.py" not in synced.tree(COPY)
    assert synced.run("verify", env=settings, cwd=case.cwd).code == 0
    assert synced.run("explain", "common/nothing", env=settings).code == 0
    assert (other.stamps(), (other.root / ".git/index").stat().st_mtime_ns) == before
    assert (synced.root / ".git/common-sync/lock").exists()


def test_a_repository_inside_the_one_of_the_environment(synced: Monorepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hook's variables would be taken for those of another repository that lies inside."""
    inner = make_monorepo(synced.root / "inner")
    monkeypatch.chdir(synced.root)
    monkeypatch.setenv("GIT_DIR", ".git")
    monkeypatch.setenv("GIT_INDEX_FILE", ".git/index")
    assert find_top(str(inner.root / "common")) == str(inner.root)
    assert find_top(str(synced.root / "common")) == str(synced.root)
    assert not environment_for(str(inner.root)).keys() & {"GIT_DIR", "GIT_INDEX_FILE"}
    settings = environment_for(str(synced.root / "common"))
    assert (settings["GIT_DIR"], settings["GIT_WORK_TREE"]) == (f"{synced.root}/.git", str(synced.root))
    assert settings["GIT_INDEX_FILE"] == f"{synced.root}/.git/index"
    assert settings["GIT_OPTIONAL_LOCKS"] == "0"
    assert git_directory(str(synced.root)) == f"{synced.root}/.git"


def test_git_is_left_as_it_is(synced: Monorepo) -> None:
    """A check would refresh the index, and so collide with a git command that runs at the same time."""
    (synced.root / "common/wait.sh").touch()
    before = synced.stamps(".git")
    for command in ("verify", "status", "diff"):
        assert synced.run(command).code == 0
    assert synced.run("explain", "common/nothing").code == 0
    assert synced.stamps(".git") == before
    (synced.root / ".git/index.lock").touch()
    assert synced.run("distribute").code == 0
