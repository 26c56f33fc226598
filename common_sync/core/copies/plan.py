"""The plan: what would bring a copy in sync. A copy is in sync when its plan is empty; nothing else says so.

For every path, the manifest is the common ancestor of a three-way comparison:

====================  ==========================  =============  =========================================
copy to manifest      master to manifest          state          what the plan holds
====================  ==========================  =============  =========================================
same                  same                        current        nothing
same                  changed or gone             stale          an update or a delete
changed               same                        modified       a guarded update
changed               changed, and differently    diverged       a guarded update or delete
changed               changed to the same         current        only the manifest catches up
missing               any                         missing        a create, if the master still has it
not in the manifest   the master lacks it         extra          a guarded delete
no manifest at all                                unmanaged      adopts what is equal or former, guards the rest
====================  ==========================  =============  =========================================

A guarded operation would discard somebody's own bytes; it is applied only with `--force`. What is to be written where
something stands that stays, below a file or in place of a folder, is blocked by it, and waits.

Without a manifest, a file that holds what the master once had at the same path (a *former* state) is stale: its bytes are in
git's history, so they are nobody's edit, and nothing is lost when they go. So is one whose edit `promote` has taken into the master, where
a run was stopped before the copy followed.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal, NamedTuple

from common_sync.core.copies.manifest import Manifest, make_manifest
from common_sync.core.model import GUARDED, STATES, Entries, Entry, Seen, Snapshot, State
from common_sync.core.paths import ancestors

Action = Literal["create", "update", "delete"]


class Operation(NamedTuple):
    """One change of one file in a copy."""

    action: Action  # what to do
    path: str  # path inside the copy
    before: Entry | None  # what the copy holds there now, checked again before it is replaced
    after: Entry | None  # what it is to hold; None for a delete
    state: State  # why
    blocked_by: str | None = None  # a path of the copy that stands in the way and stays, or None
    seen: Seen | None = None  # what the system said of a large file there: while it says so, these are its bytes
    unfinished: bool = False  # whether git has left the marks of a merge there

    @property
    def guarded(self) -> bool:
        """Whether it would discard somebody's own bytes, or waits for an operation that would."""
        return self.state in GUARDED or self.blocked_by is not None


class CopyPlan(NamedTuple):
    """What would bring one copy in sync.

    Attributes:
        state: The worst of its files' states.
        operations: Sorted by path.
        retained: Path → what the manifest goes on saying, for the files that differ and are left alone, and for those
            that wait for them (None: nothing). So it never names a file and something below it.
        touched: Whether the copy differs from its own manifest.
        behind: Whether its manifest differs from the master's.
        catches_up: Whether the manifest changes even when what is guarded is left alone.
        caches: Paths to remove on the way; they are no drift.
        settled: What the manifest is to say before anything else, where a run was stopped in the middle; or None.
    """

    state: State
    operations: tuple[Operation, ...]
    retained: Mapping[str, Entry | None]
    touched: bool
    behind: bool
    catches_up: bool
    caches: tuple[str, ...] = ()
    settled: Manifest | None = None

    @property
    def is_empty(self) -> bool:
        """Whether the copy is in sync."""
        return not self.operations and not self.behind

    def applicable(self, *, force: bool) -> tuple[Operation, ...]:
        """Return the operations that may be applied; a file is left alone while something in its way stays.

        Args:
            force: Whether the user gave his say to discard bytes.
        """
        if not any(operation.guarded for operation in self.operations):
            return self.operations
        if not force:
            return tuple(operation for operation in self.operations if not operation.guarded)
        removed = {operation.path for operation in self.operations if operation.action == "delete"}
        return tuple(op for op in self.operations if op.blocked_by is None or op.blocked_by in removed)

    def rewrites_manifest(self, *, force: bool) -> bool:
        """Return whether applying the plan changes the manifest.

        Args:
            force: As for `applicable`.
        """
        return self.behind if force else self.catches_up

    def files_after(self, master: Entries, *, force: bool) -> Entries:
        """Return what the manifest is to list once the plan is applied.

        Args:
            master: What the copy should hold.
            force: As for `applicable`.
        """
        return master if force else _retain(master, self.retained)


IN_SYNC = CopyPlan("current", (), {}, touched=False, behind=False, catches_up=False)


def build_plan(
    master: Manifest,
    base: Manifest | None,
    copy: Snapshot | None,
    announced: Manifest | None = None,
    former: Collection[str] = (),
    taken: Collection[str] = (),
) -> CopyPlan:
    """Compare master, manifest and copy, and return what would bring the copy in sync.

    Args:
        master: The manifest of a copy that is in sync with the master.
        base: The copy's own manifest, or None when it has none.
        copy: What the copy holds, or None when there is no such folder.
        announced: What a run that was stopped was about to make of the copy, or None when there was none.
        former: Paths of files that hold what the master once had there; they count only where there is no manifest.
        taken: Paths of files whose edits the master has by now.
    """
    entries = copy.entries if copy is not None else {}
    caches = copy.caches if copy is not None else ()
    stated, behind = base, base != master
    if not behind and entries == master.files:
        return IN_SYNC._replace(caches=caches)
    settled = _settle(base, announced, entries) if announced is not None else None
    base = settled or base
    ancestor = base.files if base is not None else master.files
    if taken or (former and base is None):
        own = {path: held for path, held in entries.items() if path in taken or (base is None and path in former)}
        ancestor = {**ancestor, **own}
    operations = list(_compare(master.files, ancestor, entries))
    operations = _mark_blocked(operations, copy.ignored if copy is not None else ())
    if copy is not None and copy.seen:
        operations = [operation._replace(seen=copy.seen.get(operation.path)) for operation in operations]
    unmanaged = base is None and copy is not None and bool(entries)
    retained = _retained(operations, ancestor)
    return CopyPlan(
        state=_worst(operations, behind=behind, unmanaged=unmanaged),
        operations=tuple(operations),
        retained=retained,
        touched=base is None or entries != base.files,
        behind=behind,
        catches_up=stated != make_manifest(master.library, _retain(master.files, retained)) if retained else behind,
        caches=caches,
        settled=settled,
    )


def _settle(base: Manifest | None, announced: Manifest, copy: Entries) -> Manifest:
    """Return what the manifest comes to when a run was stopped: a file that is as it announced is the tool's own work."""
    before = base.files if base is not None else {}
    files = {path: entry for path, entry in before.items() if path in copy or path in announced.files}
    files |= {path: entry for path, entry in announced.files.items() if copy.get(path) == entry}
    return make_manifest((base or announced).library, files)


def _compare(master: Entries, ancestor: Entries, copy: Entries) -> Iterator[Operation]:
    for path in sorted(master.keys() | copy.keys()):
        held, wanted, known = copy.get(path), master.get(path), ancestor.get(path)
        if held == wanted:
            continue
        if held is None:
            yield Operation("create", path, None, wanted, "stale" if known is None else "missing")
        else:
            action: Action = "delete" if wanted is None else "update"
            yield Operation(action, path, held, wanted, _state(held, wanted, known))


def _state(held: Entry, wanted: Entry | None, known: Entry | None) -> State:
    """Return the state of a file that the copy holds, and that differs from the master's."""
    if held == known:
        return "stale"
    if wanted == known:
        return "modified" if wanted is not None else "extra"
    return "diverged"


def _mark_blocked(operations: list[Operation], ignored: tuple[str, ...]) -> list[Operation]:
    """Mark each file to be written below, or in place of, something that stays in the copy.

    Of several in the way, one that is ignored is named: not even `--force` removes it.
    """
    stays = [operation.path for operation in operations if operation.action == "delete" and operation.guarded]
    stays += sorted(ignored)
    if not stays:
        return operations
    files = frozenset(stays)
    folders = {folder: path for path in stays for folder in ancestors(path)}

    def obstacle(path: str) -> str | None:
        return folders.get(path) or next((folder for folder in ancestors(path) if folder in files), None)

    return [
        operation if operation.action == "delete" else operation._replace(blocked_by=obstacle(operation.path))
        for operation in operations
    ]


def _worst(operations: Iterable[Operation], *, behind: bool, unmanaged: bool) -> State:
    states: set[State] = {operation.state for operation in operations}
    if behind:
        states.add("unmanaged" if unmanaged else "stale")
    return max(states, key=STATES.index)


def _retained(operations: Iterable[Operation], ancestor: Entries) -> dict[str, Entry | None]:
    return {op.path: ancestor.get(op.path) for op in operations if op.state == "diverged" or op.blocked_by is not None}


def _retain(master: Entries, retained: Mapping[str, Entry | None]) -> Entries:
    if not retained:
        return master
    files = dict(master) | {path: entry for path, entry in retained.items() if entry is not None}
    return {path: entry for path, entry in files.items() if retained.get(path, entry) is not None}
