"""What would bring one service in sync: what may be written, what goes, and what is said of it."""

from typing import NamedTuple

import pytest
from support.trees import file

from common_sync.core.copies.library import TargetKey
from common_sync.core.copies.manifest import make_manifest
from common_sync.core.copies.plan import CopyPlan, build_plan
from common_sync.core.findings import make_finding
from common_sync.core.model import Entries, Origin, Snapshot
from common_sync.core.service_plan import CopySurvey, FormerCopy, ServicePlan

SERVICE, MASTER = "services/api", "libs/common"
KEY = TargetKey("common")
DISTRIBUTE = f"common-sync distribute {SERVICE}"
A, B = file(b"a"), file(b"b")


def plan(master: Entries, base: Entries, copy: Entries) -> CopyPlan:
    """Return what makes of a copy with a manifest what the master is."""
    made = [make_manifest(Origin("common", MASTER, "1"), tree) for tree in (master, base)]
    return build_plan(made[0], made[1], Snapshot(copy))


def survey(plan: CopyPlan) -> CopySurvey:
    """Return a copy in a service's folder `common`."""
    return CopySurvey(KEY, MASTER, SERVICE, "common", plan, leftover=False, exists=True)


EDITED = plan({"a": B, "b": A}, {"a": A, "b": A}, {"a": A, "b": B})
"""The file `a` is behind the master, and somebody has edited `b`."""


def test_nothing_is_written_to_a_copy_whose_target_is_not_known() -> None:
    """A clone that lacks a pinned commit would empty the copies that stay at it, be it with `--force`."""
    lacks = (make_finding("CS011", SERVICE, "common-sync.lock", None, "lacks common at v1", "fetch it"),)
    unknown = survey(EDITED)._replace(known=False, lacks=lacks)
    assert unknown.applicable(force=True) == unknown.applicable(force=False) == ()
    assert next(unknown.findings()) == lacks[0]
    service = ServicePlan(SERVICE, (survey(plan({}, {}, {}))._replace(known=False, lacks=lacks),), (), (), ())
    assert (service.is_empty, service.findings()) == (False, list(lacks))


def test_what_may_be_written_to_a_copy() -> None:
    """What somebody has edited would be overwritten without his say, or a service never get its first copy."""
    assert [one.path for one in survey(EDITED).applicable(force=False)] == ["a"]
    assert [one.path for one in survey(EDITED).applicable(force=True)] == ["a", "b"]
    none = survey(plan({"a": A}, {}, {}))._replace(exists=False)
    assert [one.path for one in none.applicable(force=False)] == ["a"]
    assert [(one.code, one.file, one.message) for one in none.findings()] == [
        ("CS002", f"{SERVICE}/common", "there is no copy (1 file)")
    ]


def test_edits_in_the_copies_of_other_libraries_are_spared() -> None:
    """Who pins one library by force would lose what somebody has edited in the copy of another one."""
    events = survey(EDITED)._replace(target=TargetKey("events", "v1"), place="events", alone=False)
    other = survey(EDITED)._replace(alone=False)
    gone = [FormerCopy(one.target, MASTER, SERVICE, "old", plan({}, {"a": A}, {"a": B})) for one in (other, events)]
    service = ServicePlan(SERVICE, (other, events), (), (), (), former=tuple(gone)).sparing("events")
    spared, forced = service.copies
    assert [[one.path for one in copy.applicable(force=True)] for copy in (spared, forced)] == [["a"], ["a", "b"]]
    entries = {"a": B, "b": A}
    assert [copy.files_after(entries, force=True)["b"] for copy in (spared, forced)] == [A, A]
    assert [copy.rewrites_manifest(force=True) for copy in (spared, forced)] == [True, True]
    assert not survey(EDITED)._replace(known=False).rewrites_manifest(force=True)
    assert [one.goes(force=True) for one in service.former] == [False, True]
    assert service.pinned_edits == (forced,)
    assert [one.called for one in (survey(EDITED), forced)] == [None, "events"]
    (told,) = forced.findings_of(tuple(one for one in forced.plan.operations if one.guarded))
    assert told.remedy.startswith(f"common-sync promote {SERVICE}")


@pytest.mark.parametrize(("ref", "source"), [(None, MASTER), ("v1.0.1", f"{MASTER}@v1.0.1")])
def test_what_a_copy_is_of(ref: str | None, source: str) -> None:
    """People would look into the master for what a pinned service has from a tag."""
    one = survey(EDITED)._replace(target=TargetKey("common", ref))
    assert one.source == source
    assert ServicePlan(SERVICE, (one,), (), (), ()).is_pinned is (ref is not None)


def test_how_a_copy_stands() -> None:
    """`status` and the report would show that all is well, or only behind, where a person has to look at an edit."""
    assert survey(EDITED).kind == "modified"
    assert survey(plan({"a": A}, {"a": A}, {"a": A})).kind == "current"
    assert survey(plan({"a": A}, {}, {}))._replace(exists=False).kind == "no copy"
    by_hand = build_plan(make_manifest(Origin("common", MASTER, "1"), {"a": A}), None, Snapshot({"a": A}))
    assert survey(by_hand).kind == "unmanaged"


class Former(NamedTuple):
    """A former copy, whether it goes without and with `--force`, and what is said of it: file, and parts of the message and the remedy."""

    copy: Entries
    needed: bool
    goes: tuple[bool, bool]
    said: tuple[tuple[str, str, str], ...]


OLD = f"{SERVICE}/old"
FORMER = {
    "nobody needs it": Former(
        {"a": A}, False, (True, True), ((OLD, f"another name or place for the copies of {MASTER}", DISTRIBUTE),)
    ),
    "something leads there": Former(
        {"a": A}, True, (False, False), ((OLD, "stays as long as what leads there cannot be turned", "mend the errors"),)
    ),
    "somebody has edited it": Former(
        {"a": B},
        False,
        (False, True),
        ((f"{OLD}/a", "is not what the manifest of this former copy says", f"take it over to {MASTER}/a, or {DISTRIBUTE} --force discards it"),),
    ),
    "both": Former(
        {"a": B},
        True,
        (False, False),
        ((f"{OLD}/a", "so the copy stays", "take it over to"), (OLD, "cannot be turned", "mend the errors")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMER)
def test_a_former_copy_goes_when_nothing_is_lost(name: str) -> None:
    """A folder would be deleted that a build still takes, or with it what somebody wrote; or stay for ever, and nobody know why."""
    copy, needed, goes, said = FORMER[name]
    former = FormerCopy(KEY, MASTER, SERVICE, "old", plan({}, {"a": A}, copy), needed)
    assert tuple(former.goes(force=force) for force in (False, True)) == goes
    service = ServicePlan(SERVICE, (survey(plan({}, {}, {})),), (), (), (), former=(former,))
    found = service.findings()
    assert not service.is_empty
    assert [(one.code, one.service, one.file) for one in found] == [("CS119", SERVICE, file) for file, _, _ in said]
    for one, (_, message, remedy) in zip(found, said, strict=True):
        assert (message in one.message, remedy in one.remedy) == (True, True)
