"""Libraries that need each other: a path in a copy leads where it leads in the master, or somebody is told."""

import posixpath

from hypothesis import given
from hypothesis import strategies as st

from common_sync.core.copies.library import Library
from common_sync.core.copies.needs import Need, find_incomplete, find_misplaced
from common_sync.core.copies.rules import Rules

NO_RULES = Rules(())
FILE = "libs/b/pyproject.toml"


def library(master: str, copy: str = "", *services: str) -> Library:
    """Return a library."""
    name = master.rpartition("/")[2]
    return Library(name, master, copy or name, NO_RULES, services=frozenset(services) if services else None)


def test_siblings_stay_siblings() -> None:
    """Libraries that lie side by side would need more than their names in the configuration."""
    need = Need(library("libs/b"), library("libs/a"), FILE, 3)
    assert list(find_misplaced([need])) == []


def test_other_places_are_told() -> None:
    """A service would fail to install a library that is in it, and nothing would say why."""
    need = Need(library("packages/py/auth"), library("common"), "packages/py/auth/pyproject.toml", 3)
    (finding,) = find_misplaced([need])
    assert (finding.code, finding.service, finding.file, finding.line) == ("CS015", "", need.file, 3)
    assert finding.message.startswith("leads to common, and would not in a service")
    assert finding.remedy == 'write copy = "packages/py/auth" in auth, and copy = "common" in common'


PATHS = st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map("/".join)


@given(PATHS, PATHS)
def test_the_places_that_are_told_are_right(one: str, other: str) -> None:
    """Somebody would do as he is told, and be told the same again."""
    if posixpath.commonpath([one, other]) in (one, other):
        return
    need = Need(library(one, "x/y"), library(other, "z"), FILE, 3)
    for finding in find_misplaced([need]):
        copies = finding.remedy.split('"')[1::2]
        assert list(find_misplaced([Need(library(one, copies[0]), library(other, copies[1]), FILE, 3)])) == []
        path = posixpath.relpath(other, one)
        assert posixpath.normpath(posixpath.join(copies[0], path)) == copies[1]


def test_a_service_lacks_what_its_library_needs() -> None:
    """A service would get a library that cannot be installed there."""
    needs = [Need(library("libs/b", "", "api", "web"), library("libs/a", "", "web"), FILE, 3)]
    (finding,) = find_incomplete("api", needs)
    assert (finding.code, finding.service, finding.file, finding.line) == ("CS015", "api", FILE, 3)
    assert (finding.message, finding.remedy) == ("needs a, which api does not get", 'add "api" to the `services` of a')
    assert list(find_incomplete("web", needs)) == list(find_incomplete("other", needs)) == []
