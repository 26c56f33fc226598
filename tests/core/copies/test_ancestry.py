"""Which commit a copy is of: the nearest state, the newest of equals; a digest; what an edited file was made of."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.trees import file, thorough

from common_sync.core.copies.ancestry import (
    EXECUTABLE,
    PLAIN,
    SYMLINK,
    Blob,
    Commit,
    Nearest,
    find_differing,
    find_digest,
    find_likest,
    find_nearest,
    make_entry,
)
from common_sync.core.copies.digest import digest_tree
from common_sync.core.model import Entries, Symlink

A, B, RUN, LINK = Blob(PLAIN, "a"), Blob(PLAIN, "b"), Blob(EXECUTABLE, "a"), Blob(SYMLINK, "a")
Tree = dict[str, Blob]


def line(*states: Mapping[str, Blob | None]) -> list[Commit]:
    """Return commits that change one tree into the next."""
    return [Commit(str(number), "2026-01-01", "A", "", changes) for number, changes in enumerate(states)]


@pytest.mark.parametrize(
    ("listed", "number", "differing"),
    [
        ({"x": A}, 0, set()),
        ({"x": A, "y": A}, 1, set()),
        ({"x": B, "y": A}, 2, set()),
        ({"x": B}, 4, set()),  # the newest of the two
        ({"x": B, "y": B}, 4, {"y"}),
        ({"x": B, "mine": A}, 4, {"mine"}),
        ({}, 4, {"x"}),
    ],
)
def test_the_nearest_state(listed: Tree, number: int, differing: set[str]) -> None:
    """A person would be shown commits that his copy has, or not those that it lacks."""
    commits = line({"x": A}, {"y": A}, {"x": B}, {"y": None}, {"x": B})
    assert find_nearest(commits, {path: (blob,) for path, blob in listed.items()}) == Nearest(
        number, frozenset(differing)
    )


@pytest.mark.parametrize("listed", [{"x": LINK}, {"x": RUN}, {"y": A}])
def test_nothing_in_common(listed: Tree) -> None:
    """A folder of somebody's own would be called an old copy."""
    assert find_nearest(line({"x": A}, {"x": B}), {path: (blob,) for path, blob in listed.items()}) is None


def test_no_commit() -> None:
    """A library that nobody has committed has no state that a copy could be of."""
    assert find_nearest([], {"x": (A,)}) is None


changes = st.dictionaries(st.sampled_from("xyz"), st.sampled_from([A, B, RUN, LINK, None]), max_size=3)


@thorough
@given(states=st.lists(changes, min_size=1, max_size=8), pick=st.integers(0, 7), edits=changes)
def test_no_state_is_nearer(states: list[Tree], pick: int, edits: Tree) -> None:
    """The figures are kept up from commit to commit: one that is forgotten would shift all that follow."""
    trees: list[Tree] = [{}]
    for state in states:
        trees.append({path: blob for path, blob in {**trees[-1], **state}.items() if blob})
    del trees[0]
    merged = {**trees[pick % len(trees)], **edits}
    listed = {path: blob for path, blob in merged.items() if blob}
    distances = [sum(tree.get(path) != listed.get(path) for path in tree.keys() | listed) for tree in trees]
    found = find_nearest(line(*states), {path: (blob,) for path, blob in listed.items()})
    if found is None:
        assert listed
        assert min(distances) >= len(listed)
    else:
        assert len(found.differing) == distances[found.number] == min(distances)
        assert all(distance > min(distances) for distance in distances[found.number + 1 :])


def test_a_digest_is_found() -> None:
    """A manifest far from its repository would not lead back to a commit, or to the wrong one."""
    entries = {blob: make_entry(blob, blob.name * 64, "x") for blob in (A, B, RUN, LINK)}
    commits = line({"x": A}, {"x": RUN}, {"y": LINK}, {"x": B}, {"x": RUN}, {"x": None})
    trees = [{"x": entries[A]}, {"x": entries[RUN]}, {"x": entries[RUN], "y": entries[LINK]}, {"y": entries[LINK]}]
    assert [find_digest(commits, digest_tree(tree), entries) for tree in trees] == [0, 1, 4, 5]
    assert find_digest(commits, digest_tree(trees[0])[:12], entries) == 0
    assert find_digest(commits, digest_tree({}), entries) is None
    assert entries[LINK] == Symlink("x")


def test_in_what_two_trees_differ() -> None:
    """A copy that was made without executable bits would count as another state, or one with them as the same."""
    run = file(b"a", executable=True)
    one: Entries = {"x": file(b"a"), "y": file(b"b"), "z": Symlink("x")}
    other: Entries = {"x": run, "z": Symlink("y"), "new": run}
    assert find_differing(one, other, modes=True) == {"x", "y", "z", "new"}
    assert find_differing(one, other, modes=False) == {"y", "z", "new"}


@pytest.mark.parametrize(
    ("data", "likest"),
    [(b"1\n2\n3\n", "new"), (b"1\n2\nmine\n", "new"), (b"1\n", "old"), (b"", "old"), (b"other\n", "old")],
)
def test_what_an_edited_file_was_made_of(data: bytes, likest: str) -> None:
    """An edit would be merged from a state that it was never made of, and lines would come back that are gone."""
    assert find_likest(data, [("new", b"1\n2\n3\n"), ("old", b"1\n"), ("older", b"1\n")]) == likest
