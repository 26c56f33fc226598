"""`eject --library`: one library of several goes, and the others stay as `distribute` made them."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.libraries import API, JOB, WORKER, make_libraries
from support.monorepo import Monorepo, make_monorepo

from common_sync.commands.steps.eject.one_library import undo_one
from common_sync.core.references.undoing import find_hunks


@pytest.fixture
def repo(tmp_path: Path) -> Monorepo:
    """Return a repository with two libraries, in sync and committed."""
    repo = make_libraries(make_monorepo(tmp_path / "repo"))
    repo.write(f"{API}/Dockerfile", "FROM python\nCOPY common ./common\nCOPY libs/events ./libs/events\n")
    repo.commit()
    repo.run("distribute")
    return repo


@pytest.mark.parametrize("history", [False, True], ids=["by the record", "by git's history"])
def test_one_library_goes(repo: Monorepo, *, history: bool) -> None:
    """A team that gives one library up would lose the other ones, or find lines that lead to nothing."""
    repo.commit()
    if history:
        (repo.root / ".git/common-sync/rewritten.json").unlink()
    done = repo.run("eject", "--library", "events", "--remove-copies")
    assert done.code == 0
    assert repo.read(f"{API}/requirements.txt") == "-e ./common\n-e ../../libs/events\n"
    assert repo.read(f"{WORKER}/requirements.txt") == "-e ./common\n-e ../../libs/events\n"
    assert repo.read(f"{JOB}/requirements.txt") == "-e ./common\n"
    assert not (repo.root / API / "libs").exists()
    assert (repo.root / API / "common/.common-sync.json").exists()
    assert f"{API}/libs" not in repo.read(".gitattributes")
    assert f"{API}/common" in repo.read(".gitattributes")
    assert f"{JOB}" not in done.out
    assert " ".join(done.out.split()).endswith(
        "take the services out of the `services` of events, or common-sync distribute brings it back"
    )


def test_all_the_rest_goes_later(repo: Monorepo) -> None:
    """What is noted of the other library would be lost with the first one, and its lines stay for ever."""
    before = {"-e ../../common\n-e ../../libs/events\n", "-e ../../common\n"}
    assert repo.run("eject", API, "--library", "common").code == 0
    assert repo.read(f"{API}/requirements.txt") == "-e ../../common\n-e ./libs/events\n"
    assert (repo.root / API / "common").exists()
    assert repo.run("eject", "--remove-copies").code == 0
    assert {repo.read(f"{one}/requirements.txt") for one in (API, JOB, WORKER)} == before


def test_an_edited_copy_stays(repo: Monorepo) -> None:
    """A user would lose an edit, or be kept from ejecting one library by an edit in another one's copy."""
    repo.write(f"{API}/common/our_common/mine.py", "mine = 1\n")
    assert repo.run("eject", "--library", "events", "--remove-copies").code == 0
    repo.run("distribute")
    repo.write(f"{API}/libs/events/our_events/__init__.py", "mine = 1\n")
    done = repo.run("eject", API, "--library", "events", "--remove-copies")
    assert (done.code, "CS003" in done.out) == (1, True)
    assert repo.read(f"{API}/libs/events/our_events/__init__.py") == "mine = 1\n"


REFUSED = [
    pytest.param((JOB, "--library", "events"), "services/job does not get events", id="a service that lacks it"),
    pytest.param(("--library", "event"), "'event' is no library", id="no library"),
]


@pytest.mark.parametrize(("words", "message"), REFUSED)
def test_what_is_refused(repo: Monorepo, words: tuple[str, ...], message: str) -> None:
    """A mistyped name would eject everything, or nothing without a word."""
    done = repo.run("eject", *words)
    assert (done.code, message in done.err) == (2, True)


LINES = st.lists(st.sampled_from(["a", "A", "b", "B", "x"]), max_size=8)


@given(st.lists(LINES, min_size=1, max_size=4))
def test_the_others_stay_and_one_goes(blocks: list[list[str]]) -> None:
    """A line of another library would be put back with those of the one that goes, in a file that holds both."""
    before = "\n=\n".join("\n".join(block) for block in blocks)

    def rewrite(text: str, *names: str) -> str:
        return "\n".join(f"{line}'" if line in names else line for line in text.split("\n"))

    def list_one(text: str) -> list[str]:
        return sorted(line for line in text.split("\n") if line.lower().startswith("a"))

    def list_others(text: str) -> list[str]:
        return sorted(line for line in text.split("\n") if line.lower().startswith("b"))

    now = rewrite(before, "a", "b")
    undone = undo_one(now, find_hunks(before, now), list_one, list_others, lambda text: rewrite(text, "b"))
    assert undone.text == rewrite(before, "b")
    again = undo_one(undone.text, undone.left, list_others, list_one, lambda text: text)
    assert again.text == before


def test_a_line_that_nothing_makes_again_stays() -> None:
    """A line that `doctor --fix` put in for one library would go with the other one's beside it."""
    before, now = "top\n", "top\na'\nfixed b\n"

    def list_others(text: str) -> list[str]:
        return [line for line in text.split("\n") if "b" in line]

    def list_one(text: str) -> list[str]:
        return [line for line in text.split("\n") if "a" in line]

    hunks = find_hunks(before, now)
    assert undo_one(now, hunks, list_one, list_others, lambda text: text) == (now, tuple(hunks))
