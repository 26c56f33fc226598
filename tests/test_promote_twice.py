"""Merges that do not bear to be done twice: their lines would come twice or go, and no conflict would tell."""

import pytest
from support.depth import deep
from support.monorepo import Monorepo, patched, run

from common_sync.edges.git.merging import merge_lines

API, WORKER, FILE = "services/api/common", "services/worker/common", "our_common/settings.py"

MERGES = {
    "a line comes once more": ("baba", "bba", "babba", "bbba", "bbbba"),
    "a line of the copy comes twice": ("bbc", "bybc", "bbbca", "bybbca", "bybbbca"),
    "a line in the middle comes twice": ("bccb", "bxcb", "bccbb", "bxcbb", "bxcbbb"),
    "a last line comes twice": ("bcca", "bcaa", "bccaa", "bcaaa", "bcaaaa"),
    "a line is gone": ("bbccca", "bccca", "bbcca", "bcca", "bca"),
    "a line that the master has added is cut off": ("aaaaab", "axaaab", "aaaab", "axaab", "axab"),
    "a line beside a change is gone": ("bcaaa", "xaaa", "bcaa", "xaa", "xa"),
}
"""What the copy was made of, the master, the copy, their merge, and the same merge done once more; each letter is a line."""
NAMES = tuple(MERGES)


def lines(letters: str) -> str:
    """Return a file of the lines that some letters stand for."""
    return "".join(f"{letter.upper()} = {ord(letter)}\n" for letter in letters)


@pytest.mark.parametrize("name", NAMES)
def test_twice_is_another(name: str) -> None:
    """The tests below would show nothing, were a merge of this git the same when it is done twice."""
    base, ours, theirs, once, twice = (lines(letters).encode() for letters in MERGES[name])
    merged = merge_lines(base, ours, theirs, API, "/")
    assert (merged.data, merged.clean) == (once, True)
    again = merge_lines(base, once, theirs, API, "/")
    assert (again.data, again.clean, twice != once) == (twice, True, True)


def stop_once_written(repo: Monorepo, name: str) -> str:
    """Have a run of `promote` killed between the master and the copies; return the merge."""
    base, ours, theirs, once, _ = map(lines, MERGES[name])
    repo.write(f"common/{FILE}", base)
    assert repo.run("distribute").code == 0
    repo.commit("some lines")
    repo.write(f"common/{FILE}", ours)
    repo.write(f"{API}/{FILE}", theirs)
    patch = "import common_sync.commands.distribute as d, os\nd._apply = lambda *_, **__: os._exit(9)"
    assert run(*patched(patch), "promote", cwd=repo.root).code == 9
    assert (repo.read(f"common/{FILE}"), repo.read(f"{API}/{FILE}")) == (once, theirs)
    return once


def assert_once(repo: Monorepo, once: str) -> None:
    """Assert that the merge is in the master and in each copy as it was done first, and that nothing is left to do."""
    assert [repo.read(f"{folder}/{FILE}") for folder in ("common", API, WORKER)] == [once] * 3
    assert repo.run("verify").code == 0
    assert repo.json("promote", code=0)["promoted"] == []
    assert not (repo.root / ".git/common-sync/promoting.json").exists()


@deep("merges that are another when they are done twice")
@pytest.mark.parametrize("command", ["promote", "distribute", "hook"])
@pytest.mark.parametrize("name", NAMES)
def test_a_killed_run_is_not_merged_twice(synced: Monorepo, name: str, command: str) -> None:
    """A laptop that dies in the middle of `promote` would bring somebody's lines twice, or take some, and nobody be told."""
    once = stop_once_written(synced, name)
    if command == "hook":
        synced.git("add", "-A")
        assert synced.hook().code == 1  # it has brought the copies in sync, which are to be added
    else:
        assert synced.run(command).code == 0
    assert_once(synced, once)


@deep("merges that are another when they are done twice")
@pytest.mark.parametrize("name", NAMES)
def test_without_its_journal_it_is_no_stale_file(synced: Monorepo, name: str) -> None:
    """Were the journal of no use, the tests above would pass without it."""
    once = stop_once_written(synced, name)
    (synced.root / ".git/common-sync/promoting.json").unlink()
    assert synced.json("verify", "api", code=1)["services"][0]["drift"] == [{"path": FILE, "state": "diverged"}]
    assert synced.read(f"common/{FILE}") == once
