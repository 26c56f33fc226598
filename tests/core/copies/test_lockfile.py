"""The lock: the same bytes for the same entries, nothing lost on the way, and nothing trusted that is read."""

import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common_sync.core.copies.library import TargetKey
from common_sync.core.copies.lockfile import Locked, find_lock_faults, format_lock, keep_own, parse_lock
from common_sync.core.errors import ConfigurationError
from common_sync.core.pins import why_no_ref

COMMIT, TREE = "3f1c2d9e" * 5, f"cs1:{'ab' * 32}"
ENTRY = Locked("common", "libs/common", "v1.0.1", COMMIT, TREE, ("/tests/",))
TEXT = format_lock([ENTRY]).decode()

names = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
refs = names.filter(lambda ref: why_no_ref(ref) is None)
paths = st.lists(st.sampled_from(["libs", "common", "ä", "a b", 'q"\\']), min_size=1, max_size=3).map("/".join)
digits = st.sampled_from("0123456789abcdef")
entries = st.builds(
    Locked,
    names,
    paths,
    refs,
    st.text(digits, min_size=40, max_size=40) | st.text(digits, min_size=64, max_size=64),
    st.text(digits, min_size=64, max_size=64).map("cs1:".__add__),
    st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=6), max_size=2).map(tuple),
    st.sampled_from(["", "../platform", "https://example.org/acme/platform.git"]),
)
locks = st.dictionaries(st.builds(TargetKey, names, refs), entries, max_size=4).map(
    lambda found: {key: entry._replace(library=key.library, ref=key.ref or "v") for key, entry in found.items()}
)


def test_layout() -> None:
    """A lock would be rewritten by the next version for no reason, and two branches would conflict in it."""
    second = ENTRY._replace(library="auth", exclude=())
    assert format_lock([ENTRY, second]).decode() == (
        "# Written by common-sync. `common-sync update` moves what is here; after a merge conflict take either side and "
        "run `common-sync distribute`.\n"
        "schema = 1\n\n"
        f'[[locked]]\nlibrary = "auth"\npath = "libs/common"\nref = "v1.0.1"\ncommit = "{COMMIT}"\ntree = "{TREE}"\n\n'
        f'[[locked]]\nlibrary = "common"\npath = "libs/common"\nref = "v1.0.1"\ncommit = "{COMMIT}"\ntree = "{TREE}"\n'
        'exclude = ["/tests/"]\n'
    )


@given(locks)
def test_what_is_written_is_read_again(lock: dict[TargetKey, Locked]) -> None:
    """A pin would be lost, or become another one, by being written down."""
    data = format_lock(lock.values())
    assert parse_lock(data, "l") == lock
    assert format_lock([*parse_lock(data, "l").values()][::-1]) == data


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """A damaged lock would end the run by a traceback."""
    for text in (data, TEXT.encode() + data, data + TEXT.encode()):
        with suppress(ConfigurationError):
            parse_lock(text, "l")


def change(old: str, new: str) -> bytes:
    """Return the lock with a part of it changed."""
    assert old in TEXT
    return TEXT.replace(old, new).encode()


@pytest.mark.parametrize(
    ("data", "message", "line"),
    [
        (b"\xff", "not a lock: 'utf-8'", None),
        (b"schema = ", "not a lock:", None),
        (b"x = " + b"[" * 5000, "not a lock: nested too deeply", None),
        (b"\xef\xbb\xbfschema = 1\n", "not valid TOML: begins with a byte order mark (BOM)", 1),
        (
            change("schema = 1", "schema = 2"),
            "lock schema 2 is newer than this common-sync, which reads schema 1",
            None,
        ),
        (change("schema = 1\n", ""), "schema is not 1", None),
        (change("schema = 1", "schema = true"), "schema is not 1", None),
        (change("schema = 1", "schema = 1\nmore = 1"), "unknown key 'more'", None),
        (b"schema = 1\nlocked = 3\n", '"locked" is no list of tables', None),
        (b"schema = 1\nlocked = [3]\n", "an entry is no table", None),
        (change('ref = "v1.0.1"\n', ""), "key 'ref' is missing", 4),
        (change("ref = ", "reff = "), "unknown key 'reff'", 4),
        (change('ref = "v1.0.1"', "ref = 1"), '"ref" is no string', 4),
        (change('"v1.0.1"', '"-v"'), '"ref" begins like an option', 4),
        (change('library = "common"', 'library = ""'), '"library" is empty', 4),
        (change("libs/common", "../common"), '"path" is not a plain relative path', 4),
        (change("libs/common", "."), '"path" is not a plain relative path', 4),
        (change(COMMIT, "3f1c2d9"), '"commit" is no full id of a commit, 40 or 64 hex digits', 4),
        (change(TREE, "cs1:"), '"tree" is no tree digest, cs1: and 64 hex digits', 4),
        (change("path = ", 'git = "ext::sh"\npath = '), '"git" names no repository', 4),
        (change("path = ", 'git = ""\npath = '), '"git" names no repository', 4),
        (change("path = ", "git = 1\npath = "), '"git" is no string', 4),
        (change('["/tests/"]', '"/tests/"'), '"exclude" is no list of strings', 4),
        (f"{TEXT}\n{TEXT[TEXT.index('[[') :]}".encode(), "common is locked twice for 'v1.0.1'", 12),
        (b"<<<<<<< HEAD\n" + TEXT.encode(), "holds the marks of a merge that is not finished", None),
        (change("[[locked]]", "<<<<<<< HEAD\n[[locked]]"), "holds the marks of a merge that is not finished", None),
    ],
)
def test_what_is_refused(data: bytes, message: str, line: int | None) -> None:
    """A lock that somebody has damaged, or forged, would be taken for one."""
    with pytest.raises(ConfigurationError) as caught:
        parse_lock(data, "common-sync.lock")
    problem = next(one for one in caught.value.problems if one.message.startswith(message))
    assert (problem.file, problem.line) == ("common-sync.lock", line)
    assert problem.remedy


def test_a_name_that_is_no_file_s_is_refused_in_a_few_lines() -> None:
    """A forged lock of a million faults would fill the terminal."""
    table = TEXT[TEXT.index("[[") :].replace("libs/common", "..")
    with pytest.raises(ConfigurationError) as caught:
        parse_lock(b"schema = 1\n" + (table * 200).encode(), "l")
    assert len(caught.value.problems) == 20


def test_a_commit_is_told_from_a_tag() -> None:
    """A tag that was moved would go unnoticed, or a commit be looked up for nothing."""
    assert not ENTRY.is_commit
    assert ENTRY._replace(ref=COMMIT[:7].upper()).is_commit


def test_faults_of_a_lock() -> None:
    """A service would be held to what nobody has asked for, or to nothing."""
    other = TargetKey("common", "v2")
    said = {
        one.message: (one.code, one.file, one.remedy) for one in find_lock_faults({ENTRY.key: ENTRY}, {other: ()}, {})
    }
    assert said == {
        "lacks common at v2, which a service is pinned to": ("CS011", "common-sync.lock", "common-sync distribute"),
        "has common at v1.0.1, which no service is pinned to": ("CS011", "common-sync.lock", "common-sync distribute"),
    }
    (found,) = find_lock_faults({ENTRY.key: ENTRY}, {ENTRY.key: ()}, {})
    assert re.search('other patterns in "exclude"', found.message)
    assert not list(find_lock_faults({ENTRY.key: ENTRY}, {ENTRY.key: ("/tests/",)}, {}))


@pytest.mark.parametrize("owners", [{}, {"libs/common": "common"}, {"base": "common", "libs/events": "events"}])
def test_entries_of_a_library_are_kept(owners: dict[str, str]) -> None:
    """The pins of a library whose master was moved would be lost."""
    assert keep_own({ENTRY.key: ENTRY}, owners) == {ENTRY.key: ENTRY}


def test_an_entry_of_another_library_is_none() -> None:
    """Where two libraries exchange their names, each copy that is pinned would be made of the other one, in silence."""
    lock, owners = {ENTRY.key: ENTRY}, {"libs/common": "events", "libs/events": "common"}
    assert keep_own(lock, owners) == {}
    (found,) = find_lock_faults(lock, {ENTRY.key: ENTRY.exclude}, owners)
    assert found.message == "common at v1.0.1 was locked with libs/common, the master of events"


def test_an_entry_of_another_repository_is_of_that_place_only() -> None:
    """What was locked of one repository would be copied for another one that has its name."""
    foreign = ENTRY._replace(git="../platform")
    assert 'library = "common"\ngit = "../platform"\npath' in format_lock([foreign]).decode()
    whole = foreign._replace(path=".")
    assert parse_lock(format_lock([whole]), "lock") == {whole.key: whole}
    lock, wanted = {foreign.key: foreign}, {foreign.key: foreign.exclude}
    for owners, kept in (
        ({foreign.master: "common"}, True),
        ({}, True),
        ({"git+../other#subdirectory=libs/common": "common"}, False),
        ({"libs/common": "common"}, False),
    ):
        assert (keep_own(lock, owners) == lock) == kept
        said = [one.message for one in find_lock_faults(lock, wanted, owners)]
        assert said == (
            []
            if kept
            else [f"common at v1.0.1 was locked from {foreign.master}, and the configuration names another place"]
        )
    assert not keep_own({ENTRY.key: ENTRY}, {foreign.master: "common"})
    lacks = find_lock_faults({}, wanted, {foreign.master: "common"})
    assert [one.message for one in lacks] == ["lacks common at v1.0.1, which the configuration asks for"]
