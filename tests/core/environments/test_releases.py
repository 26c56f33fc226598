"""Releases: their records, which one is gone back to, and which are no longer needed."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common_sync.core.environments.releases import (
    Made,
    Release,
    Releases,
    choose_fallback,
    choose_target,
    find_prepared,
    find_release_program,
    format_release,
    list_old,
    make_launcher,
    name_release,
    parse_number,
    parse_release,
)

MADE = Made("c0ffee", "0123456789ab", ("serve", "--port", "80"), (".env", "data"))


def make(states: str, current: int, former: int | None = None) -> Releases:
    """Return releases: a letter each, `p` for proven, `f` for failed, `u` for neither, `x` for a leftover."""
    known = {
        number: Release(number, MADE, proven=state == "p", failed=state == "f")
        for number, state in enumerate(states, 1)
        if state in "pfu"
    }
    return Releases(known, [number for number, state in enumerate(states, 1) if state != "."], current, former)


@given(st.builds(Made, st.text(), st.sampled_from(["", "0123456789ab", "0123456789ab.2"]), *[st.tuples(st.text())] * 2))
def test_a_record_is_read_as_it_was_written(made: Made) -> None:
    """A release would be made anew each time, or another be taken for it."""
    release = Release(7, made, "abc+", proven=True, failed=False)
    assert parse_release(7, format_release(release), proven=True, failed=False) == release


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"schema": 2}', format_release(Release(1, MADE)).replace(b"0123456789ab", b"../../../etc")],
)
def test_a_record_that_cannot_be_read(data: bytes) -> None:
    """What a power cut has left, or somebody has edited, would be started."""
    assert parse_release(1, data, proven=False, failed=False) is None


def test_names() -> None:
    """Another folder would be taken for a release, and removed; or a release not be found."""
    assert [name_release(number) for number in (1, 9999, 10000)] == ["0001", "9999", "10000"]
    assert [parse_number(name_release(number)) for number in (1, 9999, 10000)] == [1, 9999, 10000]
    assert [parse_number(name) for name in ("0000", "1", "00001", "current", "0001.new", "")] == [None] * 6


def test_states() -> None:
    """`rollback --list` would not tell which release is to be trusted."""
    assert [one.described for one in make("pfu", 1).known.values()] == ["proven", "failed", "unproven"]
    assert (make("p", 1).is_settled, make("p", 1, 0).is_settled) == (True, False)
    assert [make(states, 0).next_number for states in ("", "p", "px")] == [1, 2, 3]
    assert Releases({}, (), 4).next_number == 5, "the number of what somebody has removed is not given again"


def test_the_launcher() -> None:
    """A release would be started elsewhere, with other words, or by the environment of another one."""
    folder = "/srv/a 'b'/releases/0001/app"
    text = make_launcher(folder, "/usr", ("printf", "%s|", "$HOME", "a  b", ";"), 1)
    assert text.endswith("exec /usr/bin/printf '%s|' '$HOME' 'a  b' ';'\n")
    text = text.replace("cd '/srv/a '", "cd '/nowhere'")
    assert subprocess.run(["/bin/sh", "-c", text], capture_output=True, check=False).returncode == 1
    text = make_launcher("/", "/nowhere", ("/usr/bin/printf", "%s|", "$HOME", "a  b", ";"), 12)
    done = subprocess.run(["/bin/sh", "-c", text], capture_output=True, encoding="utf-8", check=True)
    assert done.stdout == "common-sync: release 12\n$HOME|a  b|;|"
    assert find_release_program("/e", "x") == "/e/bin/x"
    assert find_release_program("/e", "/x") == "/x"


FALLBACKS = [
    ("nothing was there before", make("u", 0), 1, None),
    ("the one that ran", make("pu", 1), 2, 1),
    ("the one that ran, after a rollback, and not a newer one", make("ppu", 1), 3, 1),
    ("the one that ran was never proven, but one was", make("puu", 2, 1), 3, 1),
    ("the one that ran has failed", make("pfu", 2), 3, 1),
    ("none was ever proven: the one that ran", make("uuu", 2, 1), 3, 1),
    ("none was ever proven, and none ran before: the current one", make("uu", 1, 0), 2, 1),
    ("the one that ran is gone", make("p.u", 2), 3, 1),
    ("all have failed", make("ff", 1), 2, None),
    ("a switch back was cut off", make("pf", 1, 1), 2, 1),
    ("the current one is proven anew, and fails", make("pp", 2), 2, 1),
    ("the only one", make("p", 1), 1, None),
]


@pytest.mark.parametrize(
    ("releases", "failed", "expected"), [row[1:] for row in FALLBACKS], ids=[r[0] for r in FALLBACKS]
)
def test_what_is_gone_back_to_by_itself(releases: Releases, failed: int, expected: int | None) -> None:
    """A deploy that fails would end with a release that nobody has seen to work."""
    found = choose_fallback(releases, failed)
    assert (found and found.number) == expected


NOTED = [
    ("a person has left a newer one", make("pppp", 4), 4, 2, 2),
    ("it has failed since then", make("pfpp", 4), 4, 2, 3),
    ("it is gone", make("p.pp", 4), 4, 2, 3),
    ("it was never proven", make("pupp", 4), 4, 2, 3),
    ("it is the one that fails", make("pp", 2), 2, 2, 1),
]


@pytest.mark.parametrize(
    ("releases", "failed", "before", "expected"), [row[1:] for row in NOTED], ids=[r[0] for r in NOTED]
)
def test_what_ran_before_is_gone_back_to(releases: Releases, failed: int, before: int, expected: int) -> None:
    """A release that a person has gone back from would come back by itself, once a later one fails."""
    found = choose_fallback(releases, failed, before)
    assert (found and found.number) == expected


TARGETS = [
    ("nothing is there", make("", 0), None),
    ("the one before", make("pp", 2), 1),
    ("the one before that was proven", make("pufp", 4), 1),
    ("one after another", make("ppp", 2), 1),
    ("no further", make("pp", 1), None),
    ("none was ever proven", make("ufu", 3), 1),
    ("a deploy was cut off after its switch", make("pu", 2, 1), 1),
    ("a deploy was cut off after its proof", make("pp", 2, 1), 2),
    ("a way back was cut off", make("pf", 1, 1), 1),
    ("a deploy was cut off, and nothing was there before", make("u", 1, 0), None),
    ("without systemd", make("uu", 2, 1), 1),
    ("without systemd, and several", make("uuu", 3, 0), 2),
    ("the current one is gone", make("p.", 2, 2), 1),
]


@pytest.mark.parametrize(("releases", "expected"), [row[1:] for row in TARGETS], ids=[row[0] for row in TARGETS])
def test_what_is_gone_back_to(releases: Releases, expected: int | None) -> None:
    """`rollback` would go to a release that does not work, or to the one that is to be left."""
    found = choose_target(releases)
    assert (found and found.number) == expected


OLD = [
    ("the newest proven ones stay", make("ppppp", 5), 3, [1, 2]),
    ("the current one stays", make("ppppp", 1), 3, [2, 3]),
    ("what has failed goes, but not the last", make("pfpfpf", 5), 3, [2, 4]),
    ("a proven one before an unproven one", make("puuup", 5), 2, [2, 3, 4]),
    ("leftovers go", make("pxpx", 3), 3, [2, 4]),
    ("where a switch came from stays", make("ufuuuuu", 7, 1), 2, [2, 3, 4, 5]),
    ("nothing is there", make("", 0), 3, []),
]


@pytest.mark.parametrize(("releases", "keep", "expected"), [row[1:] for row in OLD], ids=[row[0] for row in OLD])
def test_what_is_no_longer_needed(releases: Releases, keep: int, expected: list[int]) -> None:
    """The disk of a Raspberry Pi would fill, or the release be gone that is to be gone back to."""
    assert list_old(releases, keep) == expected


PREPARED = [("pu", 1, None, 2), ("pup", 1, None, 0), ("pf", 1, None, 0), ("p", 1, None, 0), ("pu", 2, 1, 0), ("pux", 1, None, 0), ("", 0, None, 0), ("u", 0, None, 1)]  # fmt: skip


@pytest.mark.parametrize(("states", "current", "former", "number"), PREPARED)
def test_a_release_that_was_made_aside(states: str, current: int, former: int | None, number: int) -> None:
    """A release would be made twice, or one be switched to that has failed, or that somebody has left."""
    releases = make(states, current, former)
    found = find_prepared(releases, MADE, "")
    assert (found.number if found is not None else 0) == number
    assert find_prepared(releases, MADE._replace(content="other"), "") is None
    assert find_prepared(releases, MADE, "another") is None
