"""A run that was stopped in the middle: by the manifest that it had announced, its work is told from a person's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.trees import entries, file, thorough, trees

from common_sync.core.copies.manifest import Manifest, format_manifest, make_manifest, parse_manifest
from common_sync.core.copies.plan import IN_SYNC, build_plan
from common_sync.core.model import Entry, Origin, Snapshot, State

LIBRARY = Origin("our-common", "common", "1.0")
OLD, MID, NEW, OWN = file(b"old"), file(b"mid"), file(b"new"), file(b"own")
KEPT = {"kept": file(b"kept")}


def manifest(entry: Entry | None) -> Manifest:
    """Return the manifest of a tree with the file in question, or without it."""
    return make_manifest(LIBRARY, KEPT if entry is None else {**KEPT, "f": entry})


@pytest.mark.parametrize(
    ("reason", "base", "announced", "copy", "master", "state"),
    [
        ("written, and the master has moved on", OLD, MID, MID, NEW, "stale"),
        ("written, and gone from the master by now", None, MID, MID, None, "stale"),
        ("not yet written, and the master has moved on", OLD, MID, OLD, NEW, "stale"),
        ("written, then edited", OLD, MID, OWN, NEW, "diverged"),
        ("not yet written, and edited", OLD, MID, OWN, MID, "diverged"),
        ("deleted, and back in the master", OLD, None, None, NEW, "stale"),
        ("not yet deleted, and back in the master", OLD, None, OLD, NEW, "stale"),
        ("not yet deleted, and edited", OLD, None, OWN, None, "diverged"),
        ("restored, and the master has moved on", OLD, OLD, OLD, NEW, "stale"),
        ("a person's own, of which nothing was announced", None, None, OWN, None, "extra"),
    ],
)
def test_announced(
    reason: str, base: Entry | None, announced: Entry | None, copy: Entry | None, master: Entry | None, state: State
) -> None:
    """After Ctrl-C and one more change of the master, the user would be told that he had edited the copy."""
    held = Snapshot(manifest(copy).files)
    plan = build_plan(manifest(master), manifest(base), held, manifest(announced))
    assert {operation.path: operation.state for operation in plan.operations} == {"f": state}


def test_all_written_but_the_manifest() -> None:
    """Killed at the very end, the copy would be called in sync while its manifest is still the old one."""
    plan = build_plan(manifest(NEW), manifest(OLD), Snapshot(manifest(NEW).files), manifest(NEW))
    assert (plan.is_empty, plan.behind, plan.operations) == (False, True, ())
    assert plan.catches_up


def test_done_but_for_the_leftover() -> None:
    """A leftover beside a copy that is in sync would be drift."""
    plan = build_plan(manifest(NEW), manifest(NEW), Snapshot(manifest(NEW).files), manifest(NEW))
    assert plan == IN_SYNC


def test_adoption_was_stopped() -> None:
    """A copy that was about to be adopted would forget which files the tool itself had made."""
    plan = build_plan(manifest(NEW), None, Snapshot(manifest(MID).files), manifest(MID))
    assert [operation.state for operation in plan.operations] == ["stale"]
    assert plan.settled == manifest(MID)


@thorough
@given(trees(), st.none() | trees(), trees(), trees(holding=entries))
def test_only_what_was_announced_is_the_tools(
    master: dict[str, Entry], base: dict[str, Entry] | None, announced: dict[str, Entry], copy: dict[str, Entry]
) -> None:
    """A leftover of a killed run would make a person's edit look like the tool's own work, and the next run overwrite it."""
    stated = None if base is None else make_manifest(LIBRARY, base)
    plan = build_plan(make_manifest(LIBRARY, master), stated, Snapshot(copy), make_manifest(LIBRARY, announced))
    for path, entry in copy.items():
        known = (base or {}).get(path)
        guarded = [operation.guarded for operation in plan.operations if operation.path == path]
        if entry not in (master.get(path), known, announced.get(path)):
            assert guarded == [True]
    if plan.settled is not None:
        assert parse_manifest(format_manifest(plan.settled), "m") == plan.settled
