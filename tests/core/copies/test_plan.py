"""The plan: every row of the state table, what stands in the way, and what must hold for any three trees."""

from typing import NamedTuple

import pytest
from hypothesis import event, given
from hypothesis import strategies as st
from support.trees import file, thorough, without_conflicts

from common_sync.core.copies.manifest import Manifest, format_manifest, make_manifest, parse_manifest
from common_sync.core.copies.plan import IN_SYNC, CopyPlan, Operation, build_plan
from common_sync.core.model import STATES, Entries, Entry, Origin, Seen, Snapshot, State, Symlink
from common_sync.core.paths import ancestors

LIBRARY = Origin("our-common", "common", "1.0")
OLDER = LIBRARY._replace(version="0.9")

A, B, C = file(b"a"), file(b"b"), file(b"c")
RUN = A._replace(executable=True)
LINK = Symlink("a")
KEPT: Entries = {"kept": file(b"kept")}
"""A file that is the same everywhere, so that no tree is empty."""


def manifest(tree: Entries, library: Origin = LIBRARY) -> Manifest:
    """Return the manifest of a copy that holds the tree."""
    return make_manifest(library, tree)


def one(entry: Entry | None) -> Entries:
    """Return a tree with one file in question, or without it."""
    return KEPT if entry is None else {**KEPT, "f": entry}


class Copy(NamedTuple):
    """A copy on a disk that is a dictionary."""

    tree: Entries
    manifest: Manifest | None
    ignored: tuple[str, ...] = ()
    announced: Manifest | None = None

    def plan(self, master: Manifest) -> CopyPlan:
        """Plan for it."""
        return build_plan(master, self.manifest, Snapshot(self.tree, ignored=self.ignored), self.announced)

    def apply(self, master: Manifest, *, force: bool = False, steps: int | None = None) -> "Copy":
        """Apply its plan as `edges/files/writing.py` does, or only its first steps, as if the run was killed."""
        plan = self.plan(master)
        if plan.is_empty:
            return self
        tree = dict(self.tree)
        operations = plan.applicable(force=force)
        deletes = [operation for operation in operations if operation.after is None]
        for operation in [*reversed(deletes), *(one for one in operations if one.after is not None)][:steps]:
            assert tree.pop(operation.path, None) == operation.before
            if operation.after is not None:
                in_the_way = {*tree, *self.ignored}
                assert in_the_way.isdisjoint(ancestors(operation.path)), f"{operation.path} is below a file"
                assert operation.path not in folders_of(in_the_way), f"{operation.path} is a folder"
                tree[operation.path] = operation.after
        after = manifest(plan.files_after(master.files, force=force))
        if steps is None:
            return Copy(tree, after, self.ignored)
        return Copy(tree, plan.settled or self.manifest, self.ignored, announced=after)


def folders_of(paths: set[str]) -> set[str]:
    """Return all folders that paths lead through."""
    return {folder for path in paths for folder in ancestors(path)}


class Row(NamedTuple):
    """One row of the state table: three times the file `f`, and what becomes of it."""

    reason: str
    base: Entry | None
    master: Entry | None
    copy: Entry | None
    state: State
    action: str | None
    guarded: bool = False


ROWS = [
    Row("same, same: current", A, A, A, "current", None),
    Row("same, changed: stale", A, B, A, "stale", "update"),
    Row("same, gone: stale", A, None, A, "stale", "delete"),
    Row("same, executable now: stale", A, RUN, A, "stale", "update"),
    Row("same, a symlink now: stale", A, LINK, A, "stale", "update"),
    Row("changed, same: modified", A, A, B, "modified", "update", guarded=True),
    Row("executable now, same: modified", A, A, RUN, "modified", "update", guarded=True),
    Row("a symlink now, same: modified", A, A, LINK, "modified", "update", guarded=True),
    Row("changed, changed differently: diverged", A, B, C, "diverged", "update", guarded=True),
    Row("changed, gone: diverged", A, None, C, "diverged", "delete", guarded=True),
    Row("changed, changed to the same: only the manifest catches up", A, B, B, "stale", None),
    Row("missing, same: missing", A, A, None, "missing", "create"),
    Row("missing, changed: missing", A, B, None, "missing", "create"),
    Row("missing, gone: only the manifest catches up", A, None, None, "stale", None),
    Row("unknown, the master lacks it: extra", None, None, C, "extra", "delete", guarded=True),
    Row("not there, new in the master: stale", None, A, None, "stale", "create"),
    Row("unknown, new in the master, differently: diverged", None, A, C, "diverged", "update", guarded=True),
    Row("unknown, new in the master, the same: only the manifest catches up", None, A, A, "stale", None),
]


@pytest.mark.parametrize("row", ROWS, ids=[row.reason for row in ROWS])
def test_state_table(row: Row) -> None:
    """Somebody's edit would be overwritten, or a change of the master would not arrive."""
    master = manifest(one(row.master))
    copy = Copy(one(row.copy), manifest(one(row.base)))
    plan = copy.plan(master)
    operations = [("f", row.action, row.copy, row.master, row.guarded)] if row.action else []
    assert [(op.path, op.action, op.before, op.after, op.guarded) for op in plan.operations] == operations
    assert plan.state == row.state
    assert {op.state for op in plan.operations} <= {row.state}
    assert copy.apply(master).tree == (copy.tree if row.guarded else master.files)
    assert copy.apply(master, force=True).tree == master.files


UNMANAGED = [
    Row("the same: adopted", None, A, A, "unmanaged", None),
    Row("different: modified", None, A, B, "modified", "update", guarded=True),
    Row("the master lacks it: extra", None, None, B, "extra", "delete", guarded=True),
    Row("not there: missing", None, A, None, "missing", "create"),
]


@pytest.mark.parametrize("row", UNMANAGED, ids=[row.reason for row in UNMANAGED])
def test_copy_without_manifest(row: Row) -> None:
    """A copy that somebody made by hand would be overwritten, or never be taken under care."""
    master = manifest(one(row.master))
    copy = Copy(one(row.copy), None)
    plan = copy.plan(master)
    assert plan.state == "unmanaged"
    assert [(op.state, op.action, op.guarded) for op in plan.operations] == (
        [(row.state, row.action, row.guarded)] if row.action else []
    )
    after = copy.apply(master)
    assert after.manifest == master
    assert after.tree == (copy.tree if row.guarded else master.files)


@pytest.mark.parametrize("copy", [None, Snapshot({}), Snapshot({}, ignored=(".venv",))])
def test_no_copy_at_all_is_missing(copy: Snapshot | None) -> None:
    """A new service would be called unmanaged, as if somebody's files were at stake."""
    plan = build_plan(manifest(one(A)), None, copy)
    assert plan.state == "missing"
    assert [(op.path, op.action, op.state) for op in plan.operations] == [
        ("f", "create", "missing"),
        ("kept", "create", "missing"),
    ]


def test_nothing_to_do() -> None:
    """A copy in sync would be touched, or caches would count as drift."""
    master = manifest(one(A))
    plan = build_plan(master, master, Snapshot(one(A), caches=("__pycache__",), ignored=(".venv",)))
    assert plan == IN_SYNC._replace(caches=("__pycache__",))
    assert plan.is_empty


def test_another_version_alone() -> None:
    """The manifest would go on naming a version that the library no longer has."""
    plan = build_plan(manifest(one(A)), manifest(one(A), OLDER), Snapshot(one(A), caches=("x.pyc",)))
    assert (plan.state, plan.operations, plan.is_empty) == ("stale", (), False)
    assert (plan.touched, plan.behind, plan.catches_up) == (False, True, True)
    assert plan.caches == ("x.pyc",)


def test_a_manifest_with_an_edited_digest_is_behind() -> None:
    """A manifest that contradicts itself would pass as in sync."""
    master = manifest(one(A))
    assert not build_plan(master, master._replace(tree="cs1:0"), Snapshot(one(A))).is_empty


@pytest.mark.parametrize(
    ("base", "master", "held", "kept"),
    [
        pytest.param(A, B, C, A, id="the base, where the master changed it"),
        pytest.param(A, None, C, A, id="the base, where the master lost it"),
        pytest.param(None, B, C, None, id="nothing, where the master has just got it"),
    ],
)
def test_the_manifest_remembers_where_a_diverged_file_began(
    base: Entry | None, master: Entry | None, held: Entry, kept: Entry | None
) -> None:
    """After one run without --force, a diverged file would pass as modified, or as an extra that nobody missed."""
    wanted = manifest({**one(master), "new": A})
    copy = Copy(one(held), manifest(one(base), OLDER))
    after = copy.apply(wanted)
    assert after.tree == {**one(held), "new": A}
    assert after.manifest == manifest({**one(kept), "new": A})
    plan = after.plan(wanted)
    assert [(op.path, op.state) for op in plan.operations] == [("f", "diverged")]
    assert (plan.behind, plan.catches_up) == (True, False)
    assert not plan.rewrites_manifest(force=False)
    assert plan.rewrites_manifest(force=True)


class Conflict(NamedTuple):
    """A file in one tree where the other has a folder."""

    reason: str
    base: Entries
    master: Entries
    copy: Entries
    ignored: tuple[str, ...]
    operations: list[tuple[str, str, bool, str | None]]
    after: Entries
    forced: Entries


CONFLICTS = [
    Conflict(
        "a file became a folder",
        base={"a": A},
        master={"a/b": B},
        copy={"a": A},
        ignored=(),
        operations=[("a", "delete", False, None), ("a/b", "create", False, None)],
        after={"a/b": B},
        forced={"a/b": B},
    ),
    Conflict(
        "a folder became a file",
        base={"a/b": A, "a/c/d": A},
        master={"a": B},
        copy={"a/b": A, "a/c/d": A},
        ignored=(),
        operations=[("a", "create", False, None), ("a/b", "delete", False, None), ("a/c/d", "delete", False, None)],
        after={"a": B},
        forced={"a": B},
    ),
    Conflict(
        "an edited file where the master has a folder",
        base={"a": A},
        master={"a/b": B, "a/c/d": B},
        copy={"a": C},
        ignored=(),
        operations=[("a", "delete", True, None), ("a/b", "create", True, "a"), ("a/c/d", "create", True, "a")],
        after={"a": C},
        forced={"a/b": B, "a/c/d": B},
    ),
    Conflict(
        "an extra file where the master has a new folder",
        base=KEPT,
        master={**KEPT, "a/b": B},
        copy={**KEPT, "a": C},
        ignored=(),
        operations=[("a", "delete", True, None), ("a/b", "create", True, "a")],
        after={**KEPT, "a": C},
        forced={**KEPT, "a/b": B},
    ),
    Conflict(
        "an edited file in a folder that became a file",
        base={"a/b": A, "a/c": A},
        master={"a": B},
        copy={"a/b": C, "a/c": A},
        ignored=(),
        operations=[("a", "create", True, "a/b"), ("a/b", "delete", True, None), ("a/c", "delete", False, None)],
        after={"a/b": C},
        forced={"a": B},
    ),
    Conflict(
        "an ignored folder where the master has a new file",
        base={"a/b": A},
        master={"a": B},
        copy={"a/b": A},
        ignored=("a/.venv",),
        operations=[("a", "create", True, "a/.venv"), ("a/b", "delete", False, None)],
        after={},
        forced={},
    ),
    Conflict(
        "an ignored folder and an extra file, both where the master has a new file",
        base=KEPT,
        master={**KEPT, "a": B},
        copy={**KEPT, "a/x": C},
        ignored=("a/.env",),
        operations=[("a", "create", True, "a/.env"), ("a/x", "delete", True, None)],
        after={**KEPT, "a/x": C},
        forced=KEPT,
    ),
    Conflict(
        "an ignored file where the master has a folder",
        base=KEPT,
        master={**KEPT, ".env/a/b": B},
        copy=KEPT,
        ignored=(".env",),
        operations=[(".env/a/b", "create", True, ".env")],
        after=KEPT,
        forced=KEPT,
    ),
    Conflict(
        "names that only begin alike",
        base=KEPT,
        master={**KEPT, "a.b": B, "ab/c": B},
        copy={**KEPT, "a": C},
        ignored=("a.", "abc"),
        operations=[("a", "delete", True, None), ("a.b", "create", False, None), ("ab/c", "create", False, None)],
        after={**KEPT, "a": C, "a.b": B, "ab/c": B},
        forced={**KEPT, "a.b": B, "ab/c": B},
    ),
]


@pytest.mark.parametrize("conflict", CONFLICTS, ids=[conflict.reason for conflict in CONFLICTS])
def test_a_file_where_the_other_has_a_folder(conflict: Conflict) -> None:
    """A run would stop halfway at a folder in the way, remove what was in it, or write a manifest that none can read."""
    master = manifest(conflict.master)
    copy = Copy(conflict.copy, manifest(conflict.base), conflict.ignored)
    plan = copy.plan(master)
    assert [(op.path, op.action, op.guarded, op.blocked_by) for op in plan.operations] == conflict.operations
    after = copy.apply(master)
    assert after.tree == conflict.after
    assert after.manifest is not None
    assert parse_manifest(format_manifest(after.manifest), "m") == after.manifest
    assert not after.plan(master).applicable(force=False)
    assert copy.apply(master, force=True).tree == conflict.forced
    assert after.apply(master, force=True).tree == conflict.forced


def test_ancestors_are_the_folders_above() -> None:
    """A file in the way of a folder would not be seen."""
    assert list(ancestors("a/b/c")) == ["a/b", "a"]
    assert list(ancestors("a")) == []


# A run that was killed

STOPPED = [
    # manifest, what the killed run announced, copy, master by now: state, guarded
    pytest.param(A, B, B, C, ("stale", "update", False), id="written by the killed run, and changed again since"),
    pytest.param(A, B, A, C, ("stale", "update", False), id="not yet written"),
    pytest.param(None, B, B, C, ("stale", "update", False), id="created by the killed run"),
    pytest.param(None, B, B, None, ("stale", "delete", False), id="created, and gone from the master since"),
    pytest.param(A, None, None, A, ("stale", "create", False), id="deleted, and back in the master"),
    pytest.param(A, B, None, C, ("missing", "create", False), id="not yet written, and deleted by hand"),
    pytest.param(A, B, RUN, C, ("diverged", "update", True), id="edited since"),
    pytest.param(A, A, B, A, ("modified", "update", True), id="edited before"),
    pytest.param(None, None, C, None, ("extra", "delete", True), id="somebody's own"),
]


@pytest.mark.parametrize(("base", "announced", "held", "master", "expected"), STOPPED)
def test_what_a_killed_run_wrote_is_not_an_edit(
    base: Entry | None,
    announced: Entry | None,
    held: Entry | None,
    master: Entry | None,
    expected: tuple[State, str, bool],
) -> None:
    """After a power cut, half of a copy would have to be forced, or an edit in it would be lost."""
    known = manifest(one(base), OLDER)
    for stated, library in [(known, OLDER), *([(None, LIBRARY)] if base is None else [])]:
        copy = Copy(one(held), stated, announced=manifest(one(announced)))
        plan = copy.plan(manifest(one(master)))
        assert [(op.path, op.state, op.action, op.guarded) for op in plan.operations] == [("f", *expected)]
        assert plan.settled is not None
        assert plan.settled.library == library


def test_a_manifest_that_loses_a_file_to_what_is_in_its_way_is_rewritten() -> None:
    """A hook would write the manifest of a copy and say that it changed nothing."""
    master = manifest({"a": A})
    copy = Copy({"a/b": C}, master, announced=manifest({"a/b": B}))
    plan = copy.plan(master)
    assert [(op.path, op.action, op.blocked_by) for op in plan.operations] == [
        ("a", "create", "a/b"),
        ("a/b", "delete", None),
    ]
    assert copy.apply(master).manifest == manifest({})
    assert (plan.behind, plan.catches_up) == (False, True)


# For any three trees

PATHS = ["a", "a/a", "a/b", "a/b/a", "ab", "b", "b/a"]
IGNORED = ["a/.env", "a/b/.env", ".env", "b/.env", "a", "b/a"]


@st.composite
def copies(draw: st.DrawFn) -> tuple[Copy, Manifest]:
    """Return a copy and its master: the three trees share much, and lie in each other's way."""
    entry = st.sampled_from([None, None, A, B, C])
    columns = draw(st.lists(st.tuples(entry, entry, entry), min_size=len(PATHS), max_size=len(PATHS)))
    base, master, tree = (flat(PATHS, column, draw(st.booleans())) for column in zip(*columns, strict=True))
    ignored = tuple(draw(st.sets(st.sampled_from(IGNORED), max_size=2)))
    stated = manifest(base, draw(st.sampled_from([LIBRARY, OLDER])))
    known = draw(st.sampled_from([stated, stated, stated, None]))
    return Copy(without_conflicts(tree, ignored), known, ignored), manifest(master)


def flat(paths: list[str], column: tuple[Entry | None, ...], files_win: bool) -> dict[str, Entry]:
    """Return a tree, in which either the file or the folder of the same name is left out."""
    tree = {path: entry for path, entry in zip(paths, column, strict=True) if entry is not None}
    if files_win:
        return {path: entry for path, entry in tree.items() if tree.keys().isdisjoint(ancestors(path))}
    return without_conflicts(tree)


@st.composite
def stopped_copies(draw: st.DrawFn) -> tuple[Copy, Manifest]:
    """Return a copy in which runs were killed, what somebody did to it since, and what the master is by now."""
    copy, master = draw(copies())
    for _ in range(draw(st.integers(1, 2))):
        copy = copy.apply(master, force=draw(st.booleans()), steps=draw(st.integers(0, 6)))
        edited = dict.fromkeys(draw(st.sets(st.sampled_from(PATHS), max_size=2)), C)
        removed = draw(st.sets(st.sampled_from(PATHS), max_size=1))
        tree = {path: entry for path, entry in {**edited, **copy.tree}.items() if path not in removed}
        tree.update(edited if draw(st.booleans()) else {})
        copy = copy._replace(tree=without_conflicts(tree, copy.ignored))
        master = draw(st.one_of(st.just(master), copies().map(lambda case: case[1])))
    return copy, master


any_copies = st.one_of(copies(), stopped_copies())


def own_bytes(copy: Copy, master: Manifest) -> dict[str, Entry]:
    """Return what somebody wrote into a copy: no manifest has it, and not the master."""
    known = [one.files for one in (copy.manifest, copy.announced, master) if one is not None]
    return {path: entry for path, entry in copy.tree.items() if all(entry != files.get(path) for files in known)}


@thorough
@given(any_copies)
def test_nothing_that_a_person_wrote_is_lost(case: tuple[Copy, Manifest]) -> None:
    """An edit made in a copy would be overwritten or deleted by a mere `distribute`."""
    copy, master = case
    own = own_bytes(copy, master)
    after = copy.apply(master)
    event("somebody's bytes" if own else "nobody's bytes")
    assert own.items() <= after.tree.items()
    stays = {*own, *copy.ignored}
    for path in (master.files.keys() | after.tree.keys()) - own.keys():
        blocked = not stays.isdisjoint(ancestors(path)) or path in folders_of(stays)
        if blocked:
            event("something in the way")
        assert after.tree.get(path) == (None if blocked else master.files.get(path))


@thorough
@given(any_copies)
def test_one_run_does_all_that_can_be_done(case: tuple[Copy, Manifest]) -> None:
    """`distribute` would have to be run again and again, or would rewrite the manifest each time."""
    copy, master = case
    after = copy.apply(master)
    plan = after.plan(master)
    assert all(operation.guarded for operation in plan.operations)
    assert not plan.applicable(force=False)
    assert not plan.catches_up
    assert after.apply(master) == after


@thorough
@given(any_copies)
def test_force_brings_everything_in_sync(case: tuple[Copy, Manifest]) -> None:
    """`--force` would leave a copy that still is not the master's, but for what git is told to ignore."""
    copy, master = case
    after = copy.apply(master, force=True)
    plan = after.plan(master)
    assert {operation.blocked_by for operation in plan.operations} <= set(copy.ignored)
    if not copy.ignored:
        assert plan.is_empty
    assert after.manifest == master


@thorough
@given(any_copies, st.booleans())
def test_the_plan_is_empty_exactly_when_in_sync(case: tuple[Copy, Manifest], made_equal: bool) -> None:
    """`verify` would pass a copy that differs, or fail one that does not."""
    copy, master = case
    if made_equal:
        copy = copy._replace(tree=dict(master.files))
    in_sync = copy.tree == master.files and copy.manifest == master
    plan = copy.plan(master)
    assert plan.is_empty == in_sync
    assert plan.is_empty == (plan.state == "current")


@thorough
@given(any_copies, st.booleans())
def test_the_manifest_that_is_written_can_be_read(case: tuple[Copy, Manifest], force: bool) -> None:
    """A run would write a manifest that every later run refuses."""
    copy, master = case
    for written in (copy.plan(master).settled, copy.apply(master, force=force).manifest):
        if written is not None:
            assert parse_manifest(format_manifest(written), "m") == written


@thorough
@given(any_copies, st.booleans())
def test_the_plan_tells_the_truth(case: tuple[Copy, Manifest], force: bool) -> None:
    """The report would say that a copy was touched, is behind, or was written, when it was not."""
    copy, master = case
    plan = copy.plan(master)
    if copy.announced is None:
        assert plan.touched == (copy.manifest is None or copy.tree != copy.manifest.files)
    assert plan.behind == (copy.manifest != master)
    assert plan.catches_up == (copy.apply(master).manifest != copy.manifest)
    assert plan.rewrites_manifest(force=force) == (copy.apply(master, force=force).manifest != copy.manifest)


@thorough
@given(any_copies)
def test_the_plan_is_sorted_and_names_each_file_once(case: tuple[Copy, Manifest]) -> None:
    """The same drift would be reported twice, or in another order on each machine."""
    copy, master = case
    plan = copy.plan(master)
    named = [operation.path for operation in plan.operations]
    assert named == sorted(set(named))
    assert set(named) == {
        path for path in copy.tree.keys() | master.files.keys() if copy.tree.get(path) != master.files.get(path)
    }
    assert all(STATES.index(operation.state) <= STATES.index(plan.state) for operation in plan.operations)
    assert [op.action for op in plan.operations] == [action_of(op) for op in plan.operations]


def action_of(operation: Operation) -> str:
    """Return what an operation does, from what it holds and wants."""
    if operation.before is None:
        return "create"
    return "delete" if operation.after is None else "update"


def test_what_was_seen_of_a_large_file_goes_along() -> None:
    """A file of some gigabytes would be hashed once more before it is replaced."""
    seen = Seen(1, 2, 0o100644, 3, 4, 5)
    plan = build_plan(
        manifest({"f": A, "g": A}), manifest({"f": B, "g": B}), Snapshot({"f": B, "g": B}, seen={"f": seen})
    )
    assert [(operation.path, operation.seen) for operation in plan.operations] == [("f", seen), ("g", None)]
