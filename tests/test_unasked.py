"""CS012: a copy of one of several libraries that nothing in the service mentions."""

import os
from pathlib import Path

import pytest
from support.libraries import API, JOB, WORKER, configure, make_libraries
from support.monorepo import Monorepo, make_monorepo

from common_sync.edges.service.mentioning import is_mentioned


@pytest.fixture
def repo(tmp_path: Path) -> Monorepo:
    """Return a repository in which one service gets a library that it does not ask for."""
    repo = make_libraries(make_monorepo(tmp_path / "repo"))
    configure(repo, 'services = ["services/api", "services/w*"]', 'services = ["services/*"]')
    assert repo.run("distribute").code == 0
    return repo


def test_a_copy_that_nobody_asks_for(repo: Monorepo) -> None:
    """An image would hold a library for nothing, and be built anew for each change of it."""
    found = [one for one in repo.json("doctor", code=0)["findings"] if one["code"] == "CS012"]
    assert [(one["file"], one["remedy"]) for one in found] == [
        (f"{JOB}/libs/events", f"common-sync eject {JOB} --library events --remove-copies")
    ]
    assert repo.run("eject", JOB, "--library", "events", "--remove-copies").code == 0
    configure(repo)
    assert repo.run("distribute").code == 0
    assert "CS012" not in repo.run("doctor").out


MENTIONS = [
    pytest.param(f"{JOB}/a/b/c/d/e/f/deep.py", "from our_events import one\n", id="an import, however deep"),
    pytest.param(f"{JOB}/pyproject.toml", '[project]\ndependencies = ["Our.Events"]\n', id="the distribution's name"),
    pytest.param(f"{JOB}/run.sh", "cd libs/events && make\n", id="the folder"),
    pytest.param("common/our_common/late.py", "import our_events\n", id="another library"),
]


@pytest.mark.parametrize(("file", "text"), MENTIONS)
def test_a_copy_that_is_mentioned(repo: Monorepo, file: str, text: str) -> None:
    """A user would take a library away that the service needs."""
    repo.write(file, text)
    assert repo.run("distribute").code == 0
    assert "CS012" not in repo.run("doctor").out


def test_one_library_is_what_the_tool_is_for(repo: Monorepo) -> None:
    """Each service of a project with one library would be warned of, where nothing names it yet."""
    repo.write("common-sync.toml", 'master = "common"\nservices = ["services/*"]\n')
    for service in (API, JOB, WORKER):
        repo.write(f"{service}/requirements.txt", "fastapi\n")
    assert "CS012" not in repo.run("doctor").out


WORDS = [
    ("import our_events", True),
    ("our-events>=2", True),
    ("OUR.EVENTS", True),
    ("our_events_too", True),
    ("hour_events", False),
    ("our_eventsx", False),
    ("events", False),
]


@pytest.mark.parametrize(("text", "said"), WORDS)
def test_words(tmp_path: Path, text: str, said: bool) -> None:  # a row of a table
    """A name that only holds the library's would count, or one that is spelled another way not."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "file").write_text(text)
    (tmp_path / "link").symlink_to("inner/file")
    assert is_mentioned(str(tmp_path), {"our-events"}, passed_over=()) is said
    assert not is_mentioned(str(tmp_path), {"our-events"}, passed_over={"inner"})
    os.rename(tmp_path / "inner", tmp_path / "node_modules")
    assert not is_mentioned(str(tmp_path), {"our-events"}, passed_over=())


def test_what_cannot_be_read_may_mention_it(tmp_path: Path) -> None:
    """A warning would be given that nobody can be sure of."""
    assert is_mentioned(str(tmp_path / "gone"), {"x"}, passed_over=())
