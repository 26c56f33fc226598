"""What the hook lets pass must come out of a checkout as it is on the disk: line ends, filters, executable bits."""

from pathlib import Path

import pytest
from support.commits import (
    CHECKS,
    assert_blocked,
    assert_clone_in_sync,
    assert_committed,
    commit,
    do_as_told,
    install_hook,
)
from support.monorepo import Monorepo

# What git changes on the way


@CHECKS
def test_line_ends_that_git_converts_on_the_way_in(synced: Monorepo, check: list[str]) -> None:
    """With `* text=auto` a CRLF file is LF in every clone, and no longer what the manifests say."""
    install_hook(synced, *check)
    synced.write(".gitattributes", "* text=auto\n")
    synced.write("common/our_common/windows.py", "A = 1\r\nB = 2\r\n")
    synced.git("add", "-A")
    assert synced.run("distribute").code == 0
    synced.git("add", "-A")
    done = commit(synced)
    assert_blocked(done, "a fresh clone of this commit would not be in sync", "CS001", "-text")
    (synced.root / "common/our_common/windows.py").unlink()
    synced.git("checkout", "-q", "--", "common")
    assert synced.run("distribute").code == 0
    synced.git("add", "-A")
    assert_committed(commit(synced))
    assert_clone_in_sync(synced)


def test_line_ends_that_this_machine_alone_converts(committed: Monorepo) -> None:
    """With core.autocrlf a clone on this machine is as it should be, and one in CI is not."""
    committed.git("config", "core.autocrlf", "true")
    committed.write("common/our_common/windows.py", "A = 1\r\n")
    committed.git("add", "-A")
    do_as_told(committed, commit(committed))
    assert_blocked(commit(committed), "a fresh clone of this commit would not be in sync", "CS001")


@CHECKS
def test_line_ends_that_git_converts_on_the_way_out(synced: Monorepo, check: list[str]) -> None:
    """With `eol=crlf` a file that was written with LF is CRLF in every clone, and no longer what the manifests say."""
    install_hook(synced, *check)
    synced.write(".gitattributes", "*.bat text eol=crlf\n")
    synced.write("common/run.bat", "echo\n")
    synced.git("add", "-A")
    assert synced.run("distribute").code == 0
    synced.git("add", "-A")
    assert_blocked(commit(synced), "a fresh clone of this commit would not be in sync", "CS001")
    (synced.root / "common/run.bat").unlink()
    synced.git("checkout", "-q", "--", "common")
    assert synced.run("distribute").code == 0
    synced.git("add", "-A")
    assert_committed(commit(synced))
    assert_clone_in_sync(synced)


@CHECKS
def test_attributes_that_differ_between_master_and_copy(synced: Monorepo, check: list[str]) -> None:
    """A rule for one service's folder would make its copy another in every clone."""
    install_hook(synced, *check)
    synced.write("services/api/.gitattributes", "*.py text eol=crlf\n")
    synced.git("add", "-A")
    done = commit(synced)
    assert_blocked(done, "a fresh clone of this commit would not be in sync", "services/api/common/our_common")


@CHECKS
def test_copies_are_not_converted(synced: Monorepo, check: list[str]) -> None:
    """A copy would get other line ends than it was committed with, on machines that convert what nobody has spoken for."""
    install_hook(synced, *check)
    synced.write("common/.gitattributes", "* -text\n")
    synced.write("common/windows.py", "A = 1\r\n")
    synced.git("add", "-A")
    synced.run("distribute")
    synced.git("add", "-A")
    assert_committed(commit(synced))
    place = synced.root.parent / "converted"
    synced.git("clone", "-q", "-c", "core.autocrlf=true", str(synced.root), str(place))
    clone = Monorepo(place)
    assert b"\r\n" in clone.tree()["services/api/app.py"], "git converts what is no copy"
    assert clone.tree("services/api/common") == synced.tree("services/api/common")
    assert clone.run("verify", "--copy", "services/api/common").code == 0
    assert clone.git("status", "--porcelain") == ""


def test_a_filter_that_keeps_contents_elsewhere(committed: Monorepo, tmp_path: Path) -> None:
    """With Git LFS the index holds a pointer: every commit would be blocked, though every clone is as it should be."""
    committed.git("config", "filter.lfs.clean", "tr a-z A-Z")
    committed.git("config", "filter.lfs.smudge", "tr A-Z a-z")
    committed.write(".gitattributes", "*.bin filter=lfs -text\n")
    committed.write("common/model.bin", "weights\n")
    committed.git("add", "-A")
    do_as_told(committed, commit(committed))
    assert_committed(commit(committed))
    assert "WEIGHTS" in committed.git("cat-file", "-p", "HEAD:services/api/common/model.bin")


@pytest.mark.parametrize("services", [["api"], ["api", "worker"]], ids=["one", "all"])
def test_a_clone_is_tried_without_what_is_outside(committed: Monorepo, services: list[str]) -> None:
    """Where a clone has to be tried, copies that are not in git on purpose would be missed in it."""
    copies = [f"services/{service}/common" for service in services]
    committed.git("rm", "-q", "-r", "--cached", *copies)
    committed.write(".gitignore", "\n".join(copies))
    committed.write(".gitattributes", "*.bat eol=crlf\n" + committed.read(".gitattributes"))
    committed.git("add", "-A")
    assert_committed(commit(committed))
    if len(services) == 1:
        assert_clone_in_sync(committed, ".", "worker")


def test_nothing_but_the_attributes_is_converted(committed: Monorepo) -> None:
    """`* text=auto` in a repository without CRLF, as most have it, would make every commit slower or block it."""
    committed.write(".gitattributes", "* text=auto\n" + committed.read(".gitattributes"))
    committed.git("add", "-A")
    assert_committed(commit(committed))
    assert_clone_in_sync(committed)
