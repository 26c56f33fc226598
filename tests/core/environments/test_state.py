"""What an environment is made from, its name, and how it stands: pure."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common_sync.core.environments.inputs import (
    SYSTEM,
    Options,
    describe_changes,
    digest_inputs,
    digest_text,
    list_items,
    name_environment,
)
from common_sync.core.environments.record import Environment, Interpreter, Led, Memory, is_name
from common_sync.core.environments.state import Folder, Seen, Standing, State, assess, find_troubles

PYTHON = Interpreter("/usr/bin/python3.12", "CPython", "3.12.1", "cpython-312", "linux-x86_64", "glibc 2.36")
NAME = "0123456789ab"
SOURCES = {"file api/requirements.txt": "1", "project api/common (editable)": "2", "index --index-url": "https://x"}
ITEMS = list_items(PYTHON, Options("uv"), SOURCES)
MEMORY = Memory(None, {digest_inputs(ITEMS): Led(NAME, ITEMS)})
ENVIRONMENT = Environment(PYTHON, "uv 1", ("a==1",), ("a-1.dist-info", "b-2.dist-info"))
SEEN = Seen(NAME, ENVIRONMENT, frozenset(ENVIRONMENT.distributions))
FOLDER = Folder("", SEEN, wired=True, memory=MEMORY)

texts = st.text(max_size=6)
items = st.dictionaries(texts, texts, max_size=5)


@given(items, items)
def test_inputs_that_differ_have_other_digests(one: dict[str, str], other: dict[str, str]) -> None:
    """A change would go unnoticed, or nothing would ever be in sync."""
    assert (digest_inputs(one) == digest_inputs(other)) == (one == other)
    assert bool(list(describe_changes(one, other))) == (one != other)


def test_a_name_is_of_what_is_in_an_environment() -> None:
    """A changed comment would build all anew; or two environments would have one folder."""
    name = name_environment(ITEMS, ["a==1", "b==2"])
    assert is_name(name)
    assert name_environment({**ITEMS, "file more.txt": "9", "index --find-links": "y"}, ["b==2", "a==1"]) == name
    assert name_environment(list_items(PYTHON, Options("pip"), SOURCES), ["a==1", "b==2"]) == name
    others = {
        name_environment({**ITEMS, "Python": "other"}, ["a==1", "b==2"]),
        name_environment({**ITEMS, "project api/common (editable)": "9"}, ["a==1", "b==2"]),
        name_environment({**ITEMS, "compile": "off"}, ["a==1", "b==2"]),
        name_environment(ITEMS, ["a==1", "b==3"]),
        name_environment(ITEMS, ["a==1", "b==2"], attempt=2),
    }
    assert len({name, *others}) == 6
    assert name_environment(ITEMS, ["a==1", "b==2"], attempt=2) == f"{name}.2"
    assert digest_text(["a", "b"]) != digest_text(["ab"])


def test_changes_are_sentences() -> None:
    """Somebody would see that something has changed, and not what."""
    now = {**ITEMS, "file api/requirements.txt": "9", "compile": "off", "file b.txt": "1"}
    del now["index --index-url"]
    assert list(describe_changes(ITEMS, now)) == [
        "api/requirements.txt has changed",
        "b.txt is new",
        "compile is off, was on",
        "index --index-url is no longer used",
    ]
    assert list(describe_changes({"x": ""}, {"x": "1"})) == ["x is 1, was none"]
    assert list(describe_changes({"x": "1"}, {"x": ""})) == ["x is none, was 1"]
    assert list(describe_changes({SYSTEM: "1"}, {SYSTEM: "2"})) == ["the system's packages have changed"]
    assert name_environment({**ITEMS, SYSTEM: "1"}, ["a==1"]) == name_environment(ITEMS, ["a==1"])


OLDER = PYTHON._replace(version="3.12.0")
ELSEWHERE = PYTHON._replace(path="/usr/bin/python3.13", version="3.13.0")

STANDINGS: list[tuple[str, Folder, Interpreter | None, State, str]] = [
    ("in sync", FOLDER, PYTHON, "in sync", ""),
    ("nothing", Folder(), PYTHON, "missing", "there is no environment"),
    ("not finished", FOLDER._replace(current=Seen(NAME)), PYTHON, "missing", "there is no environment"),
    ("foreign", Folder(".venv is a symlink"), PYTHON, "foreign", ".venv is a symlink"),
    ("no interpreter", FOLDER, None, "stranded", "/usr/bin/python3.12, CPython 3.12.1, is gone"),
    ("another version", FOLDER, OLDER, "stranded", "/usr/bin/python3.12, CPython 3.12.1, is CPython 3.12.0 now"),
    ("added", FOLDER._replace(current=SEEN._replace(distributions=frozenset({*SEEN.distributions, "c-3.dist-info"}))), PYTHON, "damaged", "c-3 was added"),
    ("removed", FOLDER._replace(current=SEEN._replace(distributions=frozenset({"a-1.dist-info"}))), PYTHON, "damaged", "b-2 was removed"),
    ("not remembered", FOLDER._replace(memory=Memory()), PYTHON, "changed", "it is not known what it was made from"),
    ("not wired", FOLDER._replace(wired=False), PYTHON, "changed", ".venv does not lead to it"),
    ("led elsewhere", FOLDER._replace(memory=MEMORY.remember("x", Led(NAME, {**ITEMS, "compile": "off"})).remember(digest_inputs(ITEMS), Led("f" * 12, ITEMS))), PYTHON, "changed", "compile is on, was off"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("folder", "interpreter", "state", "reason"), [row[1:] for row in STANDINGS], ids=[row[0] for row in STANDINGS]
)
def test_how_an_environment_stands(folder: Folder, interpreter: Interpreter | None, state: State, reason: str) -> None:
    """A service would run with what its files do not say, and be called in sync."""
    standing = assess(folder, interpreter, ITEMS)
    assert (standing.state, standing.reasons) == (state, (reason,) if reason else ())
    found = list(find_troubles("services/api", standing))
    assert len(found) == (state != "in sync")
    codes = {"stranded": "CS302", "damaged": "CS303"}
    assert [one.code for one in found] == [codes.get(one, "CS301") for one in [state][: len(found)]]


def test_a_changed_file_is_where_the_finding_points() -> None:
    """An editor would open a folder, and not the line's file."""
    now = {**ITEMS, "file api/requirements.txt": "9"}
    (found,) = find_troubles("api", assess(FOLDER, PYTHON, now))
    assert (found.file, found.remedy) == ("api/requirements.txt", "common-sync env sync api")
    (found,) = find_troubles("api", assess(FOLDER, ELSEWHERE, list_items(ELSEWHERE, Options("uv"), SOURCES)))
    assert (found.file, found.code) == ("api/.venv", "CS301")
    (found,) = find_troubles("my api", Standing("foreign", ("x",)))
    assert (
        found.remedy
        == "common-sync env sync 'my api' --force exchanges it, and keeps the old one in my api/.venv/replaced"
    )
    (found,) = find_troubles("api", Standing("damaged", ("x",)), deep=True)
    assert found.remedy == "common-sync env sync api --deep"
    assert list(find_troubles("api", Standing("none"))) == []
