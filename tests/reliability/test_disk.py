"""Run the program on a disk that is really full, really read-only, or that it really may not touch."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from reliability.cases import Case, Prepared, as_nobody, copy_folder, losses, new_case, prepare, unfinished
from reliability.runs import Ended
from reliability.scenarios import SCENARIOS, out_of_sync, read_tree
from reliability.warm import Program
from support.depth import ALL, FULL, Record, sampled, skip

SCENARIO = {scenario.name: scenario for scenario in SCENARIOS}
UNIT = {"size": 4096, "nr_inodes": 1}
"""The least by which room can grow."""

LEVELS = 1000 if FULL else 10 if ALL else 3
"""About how many there are between the room for nothing and enough."""


@contextmanager
def mounted(place: Path, options: str) -> Iterator[None]:
    """Have a memory file system of its own at a folder."""
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", place], capture_output=True, check=False)
    if done.returncode != 0:
        skip(f"a file system cannot be mounted here: {done.stderr.decode().strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", place], check=True)


def remount(place: Path, options: str) -> None:
    """Change the options of a file system that is mounted."""
    subprocess.run(["mount", "-o", f"remount,{options}", place], check=True)


def used(place: Path) -> dict[str, int]:
    """Return what is taken of a file system, as `mount` names it."""
    status = os.statvfs(place)
    return {
        "size": (status.f_blocks - status.f_bfree) * status.f_frsize,
        "nr_inodes": status.f_files - status.f_ffree,
    }


def try_on_full_disk(
    prepared: Prepared, program: Program, place: Path, what: str, room: int
) -> tuple[Ended, list[str]]:
    """Run with so much room and not more; return how it ended and all that is wrong, also after the next run."""
    with mounted(place, f"{what}={room}"):
        case = Case(prepared, copy_folder(prepared.folder, place / "case"), program)
        ended = case.distribute()
        wrong = [*losses(case)]
        if ended.code == 0:
            wrong += out_of_sync(read_tree(case.root))
        elif ended.code != 2 or "no space left on device" not in ended.err or "error: " not in ended.err:
            wrong.append(f"it ended with {ended.code}: {ended.out} {ended.err}")
        remount(place, f"{what}=0")
        wrong += [*unfinished(case, case.distribute()), *losses(case)]
    return ended, [f"{what}={room}: {one}" for one in wrong]


@pytest.mark.parametrize("what", ["size", "nr_inodes"])
@pytest.mark.parametrize(
    "name",
    list(SCENARIO)
    if FULL
    else sampled(["first copy", "forced overwrite", "requirements rewrite"], 1, "more scenarios on a full disk"),
)
def test_full_disk(name: str, what: str, program: Program, folder: Path, record_property: Record) -> None:
    """A disk that fills up in the middle would leave half a copy, or a requirements file of no bytes."""
    prepared = prepare(SCENARIO[name], folder, program)
    place = folder / "disk"
    place.mkdir()
    with mounted(place, "size=1g,nr_inodes=100000"):
        case = Case(prepared, copy_folder(prepared.folder, place / "case"), program)
        least = used(place)[what]
        assert case.distribute().code == 0
        most = 2 * used(place)[what] - least
    step = max(1, (most - least) // (UNIT[what] * LEVELS)) * UNIT[what]
    wrong, codes = [], [2]
    while codes[-1] == 2:
        ended, more = try_on_full_disk(prepared, program, place, what, least + (len(codes) - 1) * step)
        wrong += more
        codes.append(ended.code)
    assert wrong == []
    assert codes[1] == 2, "the levels begin with too little room"
    record_property("count: faults, a disk that is full", codes.count(2) - 1)


def test_read_only_disk(program: Program, folder: Path, record_property: Record) -> None:
    """On a read-only checkout it would fail with a traceback; and `verify`, which writes nothing, must work there."""
    prepared = prepare(SCENARIO["update"], folder, program)
    place = folder / "disk"
    place.mkdir()
    with mounted(place, "size=0"):
        case = Case(prepared, copy_folder(prepared.folder, place / "case"), program)
        remount(place, "ro")
        ended = case.distribute()
        assert (ended.code, case.run("verify").code) == (2, 1)
        assert "read-only file system" in ended.err
        assert ".git/common-sync/lock" in ended.err
        assert read_tree(case.root) == prepared.before
        remount(place, "rw")
        assert [*unfinished(case, case.distribute())] == []
        remount(place, "ro")
        assert case.run("verify").code == 0
    record_property("count: faults, a read-only disk", 1)


def test_read_only_service(program: Program, folder: Path, record_property: Record) -> None:
    """One service on a read-only mount would leave the others half done, or be passed over in silence."""
    prepared = prepare(SCENARIO["update"], folder, program)
    case = new_case(prepared, program)
    service = case.root / "services/worker"
    aside = service.rename(folder / "aside")
    service.mkdir()
    with mounted(service, "size=0"):
        copy_folder(aside, service)
        remount(service, "ro")
        ended = case.distribute()
        assert ended.code == 2
        assert "services/worker" in ended.err
        assert read_tree(case.root) == prepared.before
        assert case.run("distribute", "api").code == 0
        remount(service, "rw")
        assert [*unfinished(case, case.distribute())] == []
    record_property("count: faults, a read-only disk", 1)


CLOSED = (
    ("update", "services/worker", 0o555),
    ("update", "services/worker/common", 0o555),
    ("update", "services/worker/common/ours", 0o555),
    ("deletion", "services/worker/common/ours/models", 0o555),
    ("first copy", "services/worker", 0o555),
    ("first copy", ".git", 0o555),
    ("requirements rewrite", "services/worker/requirements", 0o555),
    ("forced overwrite", "services/api/common/mine", 0o555),
    ("update", "common/ours/__init__.py", 0),
    ("update", "common/ours", 0),
    ("update", "common", 0),
    ("update", "services", 0),
    ("update", "services/worker", 0),
    ("update", "services/worker/common", 0),
    ("update", "services/worker/common/ours", 0),
    ("update", "services/worker/common/ours/__init__.py", 0),
    ("update", "services/worker/common/.common-sync.json", 0),
    ("requirements rewrite", "services/worker/requirements.txt", 0),
    ("requirements rewrite", "services/worker/requirements", 0),
    ("update", "common-sync.toml", 0),
    ("first copy outside git", "common/.gitignore", 0),
)
"""What a user who is not root may not write (r-x) or not read (---)."""


@pytest.mark.parametrize(("name", "path", "mode"), sampled(CLOSED, 9, "more of what a user may not touch"))
def test_no_permission(
    name: str, path: str, mode: int, program: Program, folder: Path, record_property: Record
) -> None:
    """A folder that belongs to root, as after `sudo docker build`, would be passed over, or stop the run halfway."""
    prepared = prepare(SCENARIO[name], folder, program)
    case = as_nobody(new_case(prepared, program))
    closed = case.root / path
    if not closed.exists():
        closed.write_text("__pycache__\n")
        prepared.before[path] = prepared.after[path] = read_tree(case.root)[path]
    before = closed.stat().st_mode
    closed.chmod(mode)
    ended, checked = case.distribute(), case.run("verify")
    closed.chmod(before)
    assert ended.code == 2, ended
    assert checked.code == 2 if mode == 0 else checked.code == 1, checked
    assert path in ended.err
    assert path in checked.err or mode
    assert "permission denied" in ended.err or "cannot be written" in ended.err
    assert [*losses(case)] == []
    assert [*unfinished(case, case.distribute())] == []
    record_property("count: faults, no permission", 1)
