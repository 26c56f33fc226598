"""Another repository, asked by its URL: it may be slow, gone, large or hostile, and nobody is asked for a password."""

import os
import subprocess
from pathlib import Path

import pytest
from support.monorepo import Monorepo
from support.waiting import wait_for

from common_sync.core import limits
from common_sync.core.errors import ConfigurationError, GitError
from common_sync.edges.git.remote import Remote


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Monorepo:
    """Return a repository with a tag, beside the folder that its path is relative to."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    repo = Monorepo(tmp_path / "there")
    repo.root.mkdir()
    (tmp_path / "here").mkdir()
    (tmp_path / "work").mkdir()
    repo.git("init", "-q", "-b", "main")
    repo.write("lib/a.py", os.urandom(40_000))
    repo.commit("one")
    repo.git("tag", "-a", "lib-v1", "-m", "v1")
    return repo


def asked(there: Monorepo, git: str = "../there", patience: float = 60) -> Remote:
    """Return what asks it."""
    return Remote(git, str(there.root.parent / "here"), patience)


def hang(there: Monorepo, monkeypatch: pytest.MonkeyPatch, program: str, patience: float = 60) -> Remote:
    """Return what asks a host by a program in the place of ssh."""
    script = there.write("bin/ssh", f"#!/bin/sh\n{program}\n", executable=True)
    monkeypatch.setenv("PATH", f"{script.parent}:{os.environ['PATH']}")
    return asked(there, "ssh://example.invalid/platform", patience)


def test_a_tag_and_a_commit(there: Monorepo) -> None:
    """A release would be taken for its tag's own object, or the beginning of an id for nothing."""
    commit = there.git("rev-parse", "HEAD").strip()
    remote = asked(there)
    assert [remote.resolve(ref, "lib") for ref in ("v1", "lib-v1", commit[:8].upper(), commit)] == [commit] * 4
    for ref, says in (
        ("main", "is a branch of ../there, which moves"),
        ("0000000", "no tag or branch of ../there is at a commit '0000000'"),
        ("lib-v2", "there is no tag 'lib-v2' in ../there"),
        ("--all", "begins like an option"),
    ):
        with pytest.raises(ConfigurationError, match=says):
            remote.resolve(ref, "lib")


def test_a_commit_is_fetched_without_what_came_before(there: Monorepo, tmp_path: Path) -> None:
    """To take one small library would take a whole history."""
    there.git("config", "uploadpack.allowFilter", "true")
    first = there.git("rev-parse", "HEAD").strip()
    there.write("lib/a.py", "A = 1\n")
    there.commit("two", date="2026-01-02T00:00:00Z")
    commit, work = there.git("rev-parse", "HEAD").strip(), tmp_path / "work"
    asked(there).fetch(str(work), commit, ())
    objects = subprocess.run(
        ["git", "cat-file", "--batch-check", "--batch-all-objects"],
        cwd=work,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert first not in objects
    assert "blob" not in objects
    blob = there.git("rev-parse", "HEAD:lib/a.py").strip()
    asked(there).fetch_blobs(str(work), [blob, blob])
    assert (work / ".git").is_dir()
    shown = subprocess.run(["git", "cat-file", "blob", blob], cwd=work, capture_output=True, check=True).stdout
    assert shown == b"A = 1\n"


def test_a_server_that_gives_no_commit_by_its_id(
    there: Monorepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An old server would have no library at all, or give another commit than was locked."""
    monkeypatch.setattr("common_sync.edges.git.remote._SAFE", {"protocol.version": "0", "transfer.fsckObjects": "true"})
    first = there.git("rev-parse", "HEAD").strip()
    there.write("lib/a.py", "A = 1\n")
    there.commit("two", date="2026-01-02T00:00:00Z")
    asked(there).fetch(str(tmp_path / "work"), first, ("v1", "lib-v1"))
    there.git("tag", "-f", "lib-v1")
    (tmp_path / "again").mkdir()
    with pytest.raises(GitError, match=f"does not give commit {first[:9]}"):
        asked(there).fetch(str(tmp_path / "again"), first, ("lib-v1",))


def test_a_server_that_never_answers(there: Monorepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that hangs would hold a pipeline for ever, or leave a process behind."""
    remote = hang(there, monkeypatch, f"echo $$ > {there.root}/pid; exec sleep 1000", 1)
    with pytest.raises(GitError, match="has not answered within 1 seconds"):
        remote.resolve("v1", "lib")
    gone = Path("/proc", there.read("pid").strip(), "exe")
    wait_for(lambda: not gone.exists())  # a program that is gone, or only waits to be buried, runs no file


def test_nobody_is_asked(there: Monorepo, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run in a pipeline would wait for a password that nobody types."""
    told = 'echo "$@" "$GIT_TERMINAL_PROMPT$GIT_ASKPASS$SSH_ASKPASS_REQUIRE" >&2; exit 255'
    monkeypatch.setenv("GIT_ASKPASS", "/bin/ask")
    with pytest.raises(GitError, match=r"-oBatchMode=yes.*0never.*git ls-remote ssh://example.invalid/platform"):
        hang(there, monkeypatch, told).resolve("v1", "lib")
    there.write("bin/plink", f"#!/bin/sh\n{told}\n", executable=True)
    monkeypatch.setenv("GIT_SSH_COMMAND", "plink -batch")
    with pytest.raises(GitError, match=r"-batch.*0never") as caught:
        asked(there, "ssh://h/p").resolve("v1", "lib")
    assert "BatchMode" not in str(caught.value)
    monkeypatch.delenv("GIT_SSH_COMMAND")
    monkeypatch.setenv("GIT_SSH", str(there.root / "bin/plink"))
    with pytest.raises(GitError, match="0never") as caught:
        asked(there, "ssh://h/p").resolve("v1", "lib")
    assert "BatchMode" not in str(caught.value)


def test_no_program_is_run(there: Monorepo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A setting that turns one URL into another could turn it into a program."""
    settings = tmp_path / "gitconfig"
    settings.write_text(f'[url "ext::touch {tmp_path}/mine; "]\n\tinsteadOf = https://example.invalid/\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(settings))
    with pytest.raises(GitError, match="transport 'ext' not allowed"):
        asked(there, "https://example.invalid/p").resolve("v1", "lib")
    assert not (tmp_path / "mine").exists()


def test_too_much_is_not_taken(there: Monorepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hostile server could fill the disk."""
    commit = there.git("rev-parse", "HEAD").strip()
    (tmp_path / "again").mkdir()
    asked(there).fetch(str(tmp_path / "again"), commit, ())
    monkeypatch.setattr(limits, "FOREIGN", 30_000)
    with pytest.raises(GitError, match="has more than 30,000 bytes for this"):
        asked(there).fetch(str(tmp_path / "work"), commit, ())
    with pytest.raises(GitError, match=r"40,000 bytes there, and 30,000 is the most"):
        asked(there).fetch_blobs(str(tmp_path / "again"), [there.git("rev-parse", "HEAD:lib/a.py").strip()])


def test_a_tree_that_holds_itself_many_times(there: Monorepo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nine small trees that come to a thousand million files would fill the memory."""
    tree = there.git("rev-parse", "HEAD:lib").strip()
    for _ in range(9):
        rows = "".join(f"040000 tree {tree}\tfolder-{number}\n" for number in range(10))
        made = subprocess.run(["git", "mktree"], cwd=there.root, input=rows, capture_output=True, text=True, check=True)
        tree = made.stdout.strip()
    rows = f"040000 tree {tree}\tlib\n"
    made = subprocess.run(["git", "mktree"], cwd=there.root, input=rows, capture_output=True, text=True, check=True)
    commit = there.git("commit-tree", made.stdout.strip(), "-m", "a bomb").strip()
    asked(there).fetch(str(tmp_path / "work"), commit, ())
    monkeypatch.setattr(limits, "LISTED", 1 << 20)
    with pytest.raises(GitError, match="has more than 1,048,576 bytes for this"):
        asked(there).check_tree(str(tmp_path / "work"), commit, "lib")
