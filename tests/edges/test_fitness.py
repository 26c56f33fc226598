"""Masters that are not the library's own bytes: nothing of them reaches a service."""

import pytest
from support.monorepo import Monorepo, run

SETTINGS = "common/our_common/settings.py"
MARKS = "<<<<<<< HEAD\nT = 3\n=======\nT = 2\n>>>>>>> f\n"
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n"


def refused(repo: Monorepo, says: str, remedy: str) -> None:
    """Assert that both commands refuse, in one sentence with its remedy, and write nothing."""
    before = repo.tree()
    for command in ("distribute", "verify"):
        done = repo.run(command)
        assert (done.code, done.out) == (2, "")
        assert says in done.err
        assert remedy in done.err
    assert repo.tree() == before


def test_a_merge_that_is_not_finished(synced: Monorepo) -> None:
    """Every service would get a library that no Python can import, and `verify` would be green."""
    synced.git("checkout", "-q", "-b", "f")
    synced.write(SETTINGS, "T = 2\n")
    synced.commit()
    synced.git("checkout", "-q", "main")
    synced.write(SETTINGS, "T = 3\n")
    synced.commit()
    assert run("git", "merge", "-q", "f", cwd=synced.root).code == 1
    refused(synced, f"{SETTINGS}:1: holds the marks of a merge that nobody has finished", "finish the merge")
    synced.write(SETTINGS, "T = 4\n")
    assert synced.run("distribute").code == 0  # git is told of it by `git add`, but the bytes are whole


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (MARKS, 1),
        ("a\n" + MARKS + "b\n", 2),
        ("a\r\n" + MARKS.replace("\n", "\r\n"), 2),
        ("<<<<<<< HEAD\n1\n||||||| base\n0\n=======\n2\n>>>>>>> f\n", 1),
        ("ä\n" + MARKS, 2),
    ],
)
def test_marks_that_were_committed(synced: Monorepo, content: str, line: int) -> None:
    """Who commits the marks by mistake would hand them to everybody."""
    synced.write("common/README.md", content)
    synced.commit()
    refused(synced, f"common/README.md:{line}: holds the marks of a merge", "exclude the file")


@pytest.mark.parametrize(
    "content",
    [
        "Title\n=======\n\n>>>>>>> quoted\n",
        "  <<<<<<< HEAD\n=======\n  >>>>>>> f\n",
        'TEXT = "<<<<<<< HEAD"\n=======\n>>>>>>> f\n',
        "<<<<<<< HEAD\n=======\nand no end\n",
        "<<<<<<< HEAD\n>>>>>>> f\n",
        "\0" + MARKS,
        "<<<<<<<\n=======\n>>>>>>>\n",
    ],
)
def test_what_only_looks_like_marks(synced: Monorepo, content: str) -> None:
    """A library with a heading, a quotation or binary data could not be distributed."""
    synced.write("common/data.txt", content)
    assert synced.run("distribute").code == 0
    assert synced.run("verify").code == 0


def test_marks_that_are_excluded(synced: Monorepo) -> None:
    """A library that keeps such a file for its own tests could not be distributed at all."""
    synced.write("common/tests/merge.txt", MARKS)
    synced.write("common-sync.toml", synced.read("common-sync.toml") + 'exclude = ["tests/"]\n')
    assert synced.run("distribute").code == 0


def test_the_hook_refuses_as_well(committed: Monorepo) -> None:
    """The commit would hold the marks twice."""
    committed.write(SETTINGS, MARKS)
    committed.git("add", "-A")
    done = run("git", "commit", "-q", "-m", "x", cwd=committed.root)
    assert done.code == 1
    assert "holds the marks of a merge" in done.out + done.err


@pytest.mark.parametrize("content", [POINTER, POINTER[:45], POINTER + "x-future 1\n"])
def test_a_pointer_of_git_lfs(synced: Monorepo, content: str) -> None:
    """A service would ship 130 bytes of text in place of its model."""
    synced.write("common/model.bin", content)
    refused(synced, "common/model.bin: is a Git LFS pointer", "git lfs pull --include common/model.bin")


def test_what_only_speaks_of_git_lfs(synced: Monorepo) -> None:
    """A library that documents the format could not be distributed."""
    synced.write("common/lfs.md", "# It begins with\n" + POINTER)
    synced.write("common/long.txt", POINTER + "x" * 1024)
    assert synced.run("distribute").code == 0


def test_symlinks_that_this_clone_holds_as_files(synced: Monorepo) -> None:
    """Copies would hold a text file where the library has a symlink, and another machine would call them edited."""
    link = synced.root / "common/our_common/link.py"
    link.symlink_to("settings.py")
    synced.run("distribute")
    synced.commit("a link")
    synced.git("config", "core.symlinks", "false")
    link.unlink()
    synced.git("checkout", "--", "common")
    assert not link.is_symlink()
    remedy = "git config core.symlinks true && git checkout -- common/our_common/link.py"
    refused(synced, "common/our_common/link.py: is a symlink in git, and a text file here", remedy)
    synced.git("config", "core.symlinks", "true")
    link.unlink()
    synced.git("checkout", "--", "common")
    assert synced.run("verify").code == 0


def test_a_sparse_checkout_without_the_master(synced: Monorepo) -> None:
    """The user would be told to write another folder into the configuration."""
    synced.git("sparse-checkout", "set", "services")
    assert not (synced.root / "common").exists()
    refused(synced, "a sparse checkout keeps the master out of the work tree", "git sparse-checkout add common")
    synced.git("sparse-checkout", "add", "common")
    assert synced.run("verify").code == 0
