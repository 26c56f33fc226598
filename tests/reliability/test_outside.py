"""Plant symlinks wherever the program writes, before it runs and while it does: not one byte outside may change."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from reliability.cases import as_nobody, new_case, prepare
from reliability.outside import DISCARDED, LOCK, SYSTEM, Twin, make_twin
from reliability.runs import NOT_DONE, Ended, Hindrance
from reliability.scenarios import SCENARIOS
from reliability.warm import Program
from support.depth import ALL, FULL, Record, deep, sample

SCENARIO = {scenario.name: scenario for scenario in SCENARIOS}
API = "services/api"
COPY = f"{API}/common"

PLACES = (
    "services",
    API,
    COPY,
    f"{COPY}/ours",
    f"{COPY}/ours/models",
    f"{COPY}/ours/__init__.py",
    f"{COPY}/pyproject.toml",
    f"{COPY}/large.bin",
    f"{COPY}/new",
    f"{COPY}/.common-sync.json",
    f"{COPY}/.common-sync.next",
    f"{COPY}/.common-sync.tmp",
    f"{COPY}/ours/.common-sync.tmp",
    f"{API}/.common-sync.new",
    f"{API}/.common-sync.tmp",
    f"{API}/requirements.txt",
    f"{API}/requirements",
    ".git/common-sync",
    LOCK,
    DISCARDED,
)
"""Every place that the program writes or removes something at, and the folders above them."""

TARGETS = ("the twin", "nothing", "the system", "itself", "each other", "up")


def lead(place: str, target: str, root: Path, twin: Twin) -> str:
    """Return where a symlink at a place leads; `each other` needs a second one beside it."""
    path = root / place
    if target == "each other":
        os.symlink(path.name, f"{path}.other")
    return {
        "the twin": str(twin.folder / place),
        "nothing": str(twin.folder / "nothing" / path.name),
        "the system": SYSTEM if path.is_file() else "/etc",
        "itself": path.name,
        "each other": f"{path.name}.other",
        "up": os.path.relpath(twin.folder, path.parent),
    }[target]


def plant(place: str, target: str, root: Path, twin: Twin) -> None:
    """Put a symlink in the place of what is there."""
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    leads = lead(place, target, root, twin)
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    path.symlink_to(leads)


def wrong_ends(ended: Ended, twin: Twin) -> Iterator[str]:
    """Yield what no run may come to: something outside is touched, or there is a traceback."""
    yield from twin.touched()
    if ended.code not in (0, 1, 2) or (ended.code == 2) != ("error: " in ended.err):
        yield f"it ended with {ended.code}: {ended.out} {ended.err}"


@pytest.mark.parametrize("name", ["first copy", "update", "forced overwrite", "requirements rewrite"])
def test_planted_before(name: str, program: Program, folder: Path, record_property: Record) -> None:
    """A pull request with a symlink in it would have a developer's own files overwritten, or deleted."""
    prepared = prepare(SCENARIO[name], folder, program)
    twin, wrong, tried = make_twin(prepared), [], 0
    for number, place in sample([*enumerate(PLACES)], 3, record_property, "places of a planted symlink"):
        other = TARGETS[1 + number % (len(TARGETS) - 1)]
        for target in TARGETS if FULL else ("the twin", other) if prepared.edits else ("the twin",):
            case = as_nobody(new_case(prepared, program))
            plant(place, target, case.root, twin)
            for arguments in (("distribute",), ("distribute", "--force")):
                ended = case.run(*arguments)
                wrong += [f"{place} to {target}, {arguments}: {one}" for one in wrong_ends(ended, twin)]
                tried += 1
    assert wrong == []
    record_property("count: runs with a symlink planted", tried)


MEANWHILE = (
    ("first copy", f"{API}/.common-sync.new"),
    ("first copy", f"{API}/.common-sync.new/ours"),
    ("first copy", API),
    ("update", COPY),
    ("update", f"{COPY}/ours"),
    ("update", f"{COPY}/.common-sync.tmp"),
    ("update", f"{COPY}/new"),
    ("update", f"{COPY}/ours/__pycache__"),
    ("deletion", f"{COPY}/ours"),
    ("deletion", f"{COPY}/ours/models"),
    ("forced overwrite", f"{COPY}/mine"),
    ("forced overwrite", f"{COPY}/pyproject.toml"),
    ("forced overwrite", DISCARDED),
    ("requirements rewrite", f"{API}/requirements"),
    ("requirements rewrite", f"{API}/.common-sync.tmp"),
)
"""What the run makes, replaces, empties and removes, and the folders above that."""


MANY = 50
"""Calls; of so many, not each is tried in `make test`."""


@pytest.mark.parametrize(("name", "place"), MEANWHILE)
def test_planted_meanwhile(name: str, place: str, program: Program, folder: Path, record_property: Record) -> None:
    """A symlink that appears after the program has looked would be followed: it has looked at every call once."""
    prepared = prepare(SCENARIO[name], folder, program)
    twin, wrong, tried = make_twin(prepared), [], 0
    step = 1 if FULL else 2 if len(prepared.calls) < MANY else 5
    for at in sample(range(1, len(prepared.calls) + 1, step), 4, record_property, "symlinks planted while it writes"):
        case = as_nobody(new_case(prepared, program))
        planted = Hindrance(at, "act", path=str(case.root / place), link=str(twin.folder / place))
        ended = case.distribute(hindrance=planted)
        if NOT_DONE not in ended.calls:
            tried += 1
            wrong += [f"{place} before {ended.calls[at - 1]}: {one}" for one in wrong_ends(ended, twin)]
    assert wrong == []
    assert tried
    record_property("count: symlinks planted while it writes", tried)


RUNS = 600 if FULL else 60 if ALL else 8
"""Of the program, at least, while the other process swaps."""

SWAPPED = (
    API,
    COPY,
    f"{COPY}/ours",
    f"{COPY}/ours/__init__.py",
    f"{COPY}/new",
    f"{API}/.common-sync.new",
    f"{API}/requirements.txt",
)

SWAPPER = """
import ctypes, os, shutil, sys

HERE, EXCHANGE = -100, 2  # AT_FDCWD, RENAME_EXCHANGE: renameat2(2)
rename = ctypes.CDLL(None).renameat2
twin, *places = sys.argv[1:]
while True:
    for place in places:
        aside = "aside-" + place.replace("/", "-")
        if not os.path.islink(aside) and not os.path.islink(place):
            shutil.rmtree(aside, ignore_errors=True)
            if os.path.lexists(aside):
                os.unlink(aside)
            os.symlink(os.path.join(twin, place), aside)
        swaps = sum(not rename(HERE, aside.encode(), HERE, place.encode(), EXCHANGE) for _ in range(100))
        os.write(1, b"%d\\n" % swaps)
"""
"""Exchanges real files and folders with symlinks to their twins, as fast as the kernel does it, until it is killed."""


def swapping(root: Path, twin: Twin) -> subprocess.Popen[bytes]:
    """Start the other process."""
    command = [sys.executable, "-c", SWAPPER, str(twin.folder), *SWAPPED]
    return subprocess.Popen(command, cwd=root, stdout=subprocess.PIPE)


@deep("runs of the whole program that take long")
@pytest.mark.skipif(sys.platform != "linux", reason="NOT TESTED: only Linux has renameat2")
def test_swapped_in_a_loop(program: Program, folder: Path, record_property: Record) -> None:
    """Somebody who may write in the repository could use a run of another user to write elsewhere."""
    prepared = prepare(SCENARIO["update"], folder, program)
    twin, case = make_twin(prepared), as_nobody(new_case(prepared, program))
    wrong: list[str] = []
    codes: list[int] = []
    with swapping(case.root, twin) as swapper:
        while len(codes) < RUNS or set(codes) <= {2}:
            assert len(codes) < 100 * RUNS, "no run gets through"
            change_master(case.root, len(codes))
            ended = case.run("distribute", *["--force"][: len(codes) % 2])
            codes.append(ended.code)
            wrong += wrong_ends(ended, twin)
        assert swapper.poll() is None
        assert swapper.stdout is not None
        swaps = sum(int(swapper.stdout.readline()) for _ in range(30))
        swapper.kill()
        swaps += sum(int(line) for line in swapper.stdout)
    assert wrong == []
    assert swaps > 1000
    record_property("count: symlinks swapped in while it writes", swaps)
    record_property("count: runs meanwhile", len(codes))


def change_master(root: Path, number: int) -> None:
    """Give a run something to write, to make and to delete."""
    for path in ("ours/__init__.py", "ours/models/base.py", "wait.sh/__init__.py"):
        (root / "common" / path).write_text(f"NUMBER = {number}\n")
    new = root / "common/new/folder/module.py"
    if number % 3 == 2:
        new.unlink()
    elif not new.exists():
        new.parent.mkdir(parents=True, exist_ok=True)
        new.write_text("NEW = True\n")
