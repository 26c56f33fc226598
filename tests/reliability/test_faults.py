"""Let the calls of a run fail, and let others change the disk while it runs: it says so, loses nothing, and the next succeeds."""

import errno
from collections.abc import Iterable, Iterator, Sequence
from itertools import cycle
from pathlib import Path

import pytest
from reliability.cases import Case, losses, new_case, prepare, unfinished
from reliability.runs import CHANGING, NOT_DONE, Calls, Ended, Hindrance
from reliability.scenarios import SCENARIOS, Scenario, out_of_sync, read_tree
from reliability.traced import STRACE, numbered, trace
from reliability.warm import Program
from support.depth import FULL, Record, deep, sample, skip

SCENARIO = {scenario.name: scenario for scenario in SCENARIOS}
REASONS = {errno.EIO: "nput/output error", errno.ENOSPC: "o space left on device"}


def wrong_after_fault(case: Case, ended: Ended, reason: str) -> Iterator[str]:
    """Yield all that is wrong once a run has met a fault: losses, silence, and what the next run does not finish."""
    yield from losses(case)
    if ended.code == 0:
        yield from (f"it says that {service} is in sync" for service in out_of_sync(read_tree(case.root)))
    elif ended.code != 2 or "error: " not in ended.err or reason not in ended.err:
        yield f"it ended with {ended.code}: {ended.out} {ended.err}"
    now = read_tree(case.root)
    for path in [path for path, item in case.prepared.edits.items() if now.get(path) != item]:
        if path not in ended.out + ended.err or "brings it back: " not in ended.out + ended.err:
            yield f"it does not say that it has discarded {path}, or how to bring it back: {ended.out} {ended.err}"
    if now != case.prepared.before:
        yield from unfinished(case, case.distribute())
        yield from losses(case)


def hinder_everywhere(
    case: Case, calls: Calls, faults: tuple[Hindrance, ...], numbers: Iterable[int]
) -> Iterator[tuple[Case, Ended, str, Hindrance]]:
    """Yield a run for some of its calls, each with the next of the faults at it; what is left is thrown away."""
    for number, next_fault in zip(numbers, cycle(faults), strict=False):
        fault = next_fault._replace(at=number)
        ended = case.distribute(calls=calls, hindrance=fault)
        if number > len(ended.calls):
            return
        yield case, ended, f"{fault} at {ended.calls[number - 1]}", fault
        if read_tree(case.root) != case.prepared.before:
            case = new_case(case.prepared, case.program)


def calls_to_hinder(calls: Sequence[str], step: int, record: Record, what: str) -> list[int]:
    """Return the numbers of the calls that something is put in the way of, and record how many.

    Args:
        calls: Those of a run that nothing hinders.
        step: Of so many calls, `make test-all` tries one.
        record: pytest's `record_property`.
        what: What is put in the way.
    """
    return sample(range(1, len(calls) + 1, 1 if FULL else step), 4, record, f"faults, {what}")


FAULTS = (Hindrance(0, "fail", errno.EIO), Hindrance(0, "fail", errno.ENOSPC, lasting=True))
"""One bad sector; and a disk that is full from then on."""


@pytest.mark.parametrize("faults", [(one,) for one in FAULTS] if FULL else [FAULTS], ids=len)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_writing_fails_anywhere(
    scenario: Scenario, faults: tuple[Hindrance, ...], program: Program, folder: Path, record_property: Record
) -> None:
    """A disk that is full or broken in the middle of a run would leave half a file, or half a file and no word of it."""
    wrong, tried = [], 0
    case = new_case(prepare(scenario, folder, program), program)
    numbers = calls_to_hinder(case.prepared.calls, 1, record_property, "a call that writes")
    for tried_case, ended, what, fault in hinder_everywhere(case, "changing", faults, numbers):
        wrong += [f"{what}: {one}" for one in wrong_after_fault(tried_case, ended, REASONS[fault.error])]
        tried += 1
    assert wrong == []
    record_property("count: faults, a call that writes", tried)


@pytest.mark.parametrize("name", list(SCENARIO) if FULL else ["update", "requirements rewrite"])
def test_reading_fails_anywhere(name: str, program: Program, folder: Path, record_property: Record) -> None:
    """What cannot be read would be taken for missing: files would vanish from copies, or drift be called `in sync`."""
    wrong, tried = [], 0
    case = new_case(prepare(SCENARIO[name], folder, program, "reading"), program)
    numbers = calls_to_hinder(case.prepared.calls, 6, record_property, "a call that reads")
    for tried_case, ended, what, _ in hinder_everywhere(case, "reading", FAULTS[:1], numbers):
        wrong += [f"{what}: {one}" for one in wrong_after_fault(tried_case, ended, "")]
        tried += 1
    assert wrong == []
    record_property("count: faults, a call that reads", tried)


@pytest.mark.parametrize("name", list(SCENARIO) if FULL else ["requirements rewrite", "deletion"])
def test_verify_fails_closed(name: str, program: Program, folder: Path, record_property: Record) -> None:
    """A check that cannot read what it checks would be green."""
    case = new_case(prepare(SCENARIO[name], folder, program), program)
    wrong, tried = [], 0
    calls = case.run("verify", calls="reading").calls
    for number in calls_to_hinder(calls, 3, record_property, "a call of verify that reads"):
        ended = case.run("verify", calls="reading", hindrance=Hindrance(number, "fail", errno.EIO))
        assert number <= len(ended.calls)
        tried += 1
        if ended.code not in (1, 2):
            wrong.append(f"{ended.calls[number - 1]}: {ended}")
    assert wrong == []
    record_property("count: faults, a call of verify that reads", tried)


KINDS = ("create", "fsync", "mkdir", "rename", "truncate", "unlink", "write")


@deep("calls that fail by strace")
def test_strace_lets_calls_fail(program: Program, folder: Path, record_property: Record) -> None:
    """What holds when a function of `os` raises would not hold when the system call itself fails."""
    if STRACE is None:
        skip("there is no strace here")
    prepared = prepare(SCENARIO["forced overwrite"], folder, program)
    arguments, also = prepared.scenario.arguments, ("read",)
    env = new_case(prepared, program).env
    calls, paths = numbered(lambda: new_case(prepared, program).root, *arguments, env=env, also=also)
    wrong, tried = [], 0
    for kind in sample((*KINDS, "read"), 1, record_property, "faults, by strace"):
        call = [call for call in calls if call.kind == kind][-1]
        inject = f"{call.name}:error=EIO:when={call.number}"
        case = new_case(prepared, program)
        done, made = trace(case.root, *arguments, env=case.env, inject=inject, also=also, paths=paths)
        assert [one.kind for one in made if "(INJECTED)" in one.text] == [kind], call
        ended = Ended(done.code, done.out, done.err, (), 0)
        wrong += [f"{call}: {one}" for one in wrong_after_fault(case, ended, REASONS[errno.EIO])]
        tried += 1
    assert wrong == []
    record_property("count: faults, by strace", tried)


def somebody(folder: Path, path: str, data: bytes | None) -> Hindrance:
    """Return that somebody writes a file of the case's repository in the middle of a run, or removes it."""
    return Hindrance(0, "act", path=str(folder / "case" / "repo" / path), data=data)


def last_change(ended: Ended) -> int:
    """Return the number of the last call of a run that changed the disk."""
    changing = {*CHANGING, "create"}
    return max((number for number, call in enumerate(ended.calls, 1) if call.split()[0] in changing), default=0)


MANY = 100
"""Calls; of so many, not each is tried in `make test`."""

EDITED = (
    ("update", "services/api/common/large.bin"),
    ("update", "services/api/common/ours/models/base.py"),
    ("update", "services/api/common/new/folder/module.py"),
    ("update", "services/worker/common/wait.sh"),
    ("forced overwrite", "services/api/common/mine/notes.txt"),
    ("forced overwrite", "services/worker/common/pyproject.toml"),
    ("requirements rewrite", "services/worker/requirements.txt"),
    ("adoption", "services/api/common/link"),
)
"""Files that the run replaces, leaves alone, makes, deletes, discards and rewrites."""


@pytest.mark.parametrize(("name", "path"), EDITED)
def test_somebody_edits_meanwhile(
    name: str, path: str, program: Program, folder: Path, record_property: Record
) -> None:
    """Whoever saves a file while the hook runs would lose what was saved.

    Between the last look at a file and the call that replaces it, some microseconds remain: there no edit is tried.
    """
    case = new_case(prepare(SCENARIO[name], folder, program), program)
    edit, file = b"what somebody saves while common-sync runs", case.root / path
    step = 1 if len(case.prepared.calls) < MANY else 3
    numbers = calls_to_hinder(case.prepared.calls, step, record_property, "somebody edits a file meanwhile")
    wrong, tried = [], 0
    for tried_case, ended, what, fault in hinder_everywhere(case, "changing", (somebody(folder, path, edit),), numbers):
        call = ended.calls[fault.at - 1]
        if NOT_DONE in ended.calls or (call.startswith(("rename ", "unlink ")) and call.endswith(f" {file.name}")):
            continue
        tried += 1
        left = {item.data for item in read_tree(tried_case.root).values()} | {
            item.data for _, item in tried_case.kept()
        }
        if ended.code not in (0, 1, 2) or edit not in left:
            wrong.append(f"{what}: the edit is lost: {ended}")
    assert wrong == []
    record_property("count: faults, somebody edits a file meanwhile", tried)


def test_a_file_changes_while_it_is_read(program: Program, folder: Path, record_property: Record) -> None:
    """Half of the old and half of the new contents would be taken for a file's, and what was saved be overwritten."""
    path, edit = "services/api/common/ours/__init__.py", b"what somebody saves while it is read"
    case = new_case(prepare(SCENARIO["update"], folder, program, "reading"), program)
    wrong, tried = [], 0
    numbers = calls_to_hinder(case.prepared.calls, 3, record_property, "a file changes while it is read")
    for tried_case, ended, what, fault in hinder_everywhere(case, "reading", (somebody(folder, path, edit),), numbers):
        if ended.calls[fault.at - 1] == "rename .common-sync.tmp __init__.py":
            continue
        tried += 1
        if ended.code not in (0, 1, 2) or (tried_case.root / path).read_bytes() != edit:
            wrong.append(f"{what}: the edit is lost: {ended}")
    assert wrong == []
    record_property("count: faults, a file changes while it is read", tried)


GONE = (
    ("first copy", "services/api/common"),
    ("update", "services/api/common"),
    ("update", "services/worker/common/ours"),
    ("update", "services/worker"),
    ("requirements rewrite", "services/api/requirements.txt"),
)


@pytest.mark.parametrize(("name", "path"), GONE)
def test_a_folder_vanishes_meanwhile(
    name: str, path: str, program: Program, folder: Path, record_property: Record
) -> None:
    """Whoever deletes a copy or a service while it is written would see a traceback, or get half of it back as whole."""
    case = new_case(prepare(SCENARIO[name], folder, program), program)
    wrong, tried = [], 0
    numbers = calls_to_hinder(case.prepared.calls, 1, record_property, "a folder vanishes meanwhile")
    for tried_case, ended, what, _ in hinder_everywhere(case, "changing", (somebody(folder, path, None),), numbers):
        if NOT_DONE in ended.calls:
            continue
        tried += 1
        if ended.code not in (0, 2) or (ended.code == 2 and path.rpartition("/")[0] not in ended.err):
            wrong.append(f"{what}: {ended}")
        (tried_case.root / "services/worker").mkdir(exist_ok=True)
        again = tried_case.distribute()
        if again.code != 0 or [*out_of_sync(read_tree(tried_case.root))]:
            wrong.append(f"{what}: the next run: {again}")
    assert wrong == []
    record_property("count: faults, a folder vanishes meanwhile", tried)


@pytest.mark.parametrize("name", ["first copy", "update"])
@pytest.mark.parametrize("path", ["common/ours/__init__.py", "common/large.bin", "common/added.py", "common/ours"])
def test_master_changes_meanwhile(
    name: str, path: str, program: Program, folder: Path, record_property: Record
) -> None:
    """Copies would hold half of one state of the library and half of the next, and nobody would be told."""
    case = new_case(prepare(SCENARIO[name], folder, program, "reading"), program)
    change = somebody(folder, path, None if path == "common/ours" else b"changed meanwhile\n")
    wrong, tried = [], 0
    numbers = calls_to_hinder(case.prepared.calls, 10, record_property, "the master changes meanwhile")
    for tried_case, ended, what, fault in hinder_everywhere(case, "reading", (change,), numbers):
        if fault.at > last_change(ended):
            break  # as if it had changed after the run
        tried += 1
        said = ended.code == 2 and ("changed" in ended.err or "no such file" in ended.err)
        if not said and [*out_of_sync(read_tree(tried_case.root))]:
            wrong.append(f"{what}: {ended}")
        again = tried_case.distribute()
        if again.code != 0 or [*out_of_sync(read_tree(tried_case.root))]:
            wrong.append(f"{what}: the next run: {again}")
    assert wrong == []
    record_property("count: faults, the master changes meanwhile", tried)
