"""Large files: compared and copied instead of hashed, and never so that anybody could tell the difference."""

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from support.monorepo import Monorepo
from support.trees import file

from common_sync.commands.distribute import distribute
from common_sync.core.copies.plan import Operation
from common_sync.core.copies.rules import Rules
from common_sync.core.errors import TreeError
from common_sync.core.model import Seen, Snapshot
from common_sync.edges.files import content, large, reading
from common_sync.edges.files.content import WorkTree
from common_sync.edges.files.folders import BLOCK, opened
from common_sync.edges.files.large import Large, is_settled
from common_sync.edges.files.memory import Held
from common_sync.edges.files.reading import Expected, read_listed, walk
from common_sync.edges.files.writing import update_copy
from common_sync.edges.project.load import load_project

OLD, NEW = b"o" * BLOCK + b"old", b"o" * BLOCK + b"new"
LONG = NEW + b"er"


@pytest.fixture(autouse=True)
def old_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take files for settled that have just been made: `alter` sees to it that their times change."""
    monkeypatch.setattr(large, "COARSE", -(1 << 62))
    monkeypatch.setattr(large, "FINE", -(1 << 62))


@pytest.fixture
def master(tmp_path: Path) -> Path:
    """Return a folder with a large file."""
    (tmp_path / "master").mkdir()
    (tmp_path / "master/x").write_bytes(OLD)
    return tmp_path / "master"


def hold(root: Path) -> Held:
    """Read a master."""
    held = Held(1 << 20, Large(str(root)))
    with opened(str(root)) as folder:
        read_listed(folder, ["x"], "master", held)
    return held


def look(root: Path, held: Held | None = None) -> Snapshot:
    """Read a copy, with the master at hand or without."""
    with opened(str(root)) as folder:
        return walk(folder, "copy", Rules(()), Expected(held=held))


def alter(path: Path, data: bytes) -> None:
    """Write a file again, until its time is another one: some kernels' clocks tick every 4 ms."""
    before = path.stat().st_ctime_ns
    while path.stat().st_ctime_ns == before:
        path.write_bytes(data)


def exchange(path: Path, data: bytes) -> None:
    """Put another file in the place of one, as editors do."""
    path.with_name("new").write_bytes(data)
    path.with_name("new").rename(path)


class Meanwhile:
    """The module `os`, before one of whose calls somebody does something."""

    def __init__(self, at: int, act: Callable[[], None]) -> None:
        self.at, self._act, self._calls = at, act, 0

    @property
    def happened(self) -> bool:
        """Whether there were so many calls."""
        return self._calls >= self.at

    def __getattr__(self, name: str) -> object:
        """Return what the module has, counted where it is a function."""
        real: object = getattr(os, name)
        if not callable(real):
            return real

        def call(*arguments: object, **named: object) -> object:
            self._calls += 1
            if self._calls == self.at:
                self._act()
            return real(*arguments, **named)

        return call


def every_moment(
    monkeypatch: pytest.MonkeyPatch, prepare: Callable[[], object], act: Callable[[], None]
) -> Iterator[int]:
    """Yield once for each call of `os`, as something is to be done before it."""
    for at in count(1):
        prepare()
        meanwhile = Meanwhile(at, act)
        with monkeypatch.context() as patch:
            for module in (large, content):
                patch.setattr(module, "os", meanwhile)
            yield at
        if not meanwhile.happened:
            return


def seen(changed: int) -> Seen:
    """Return what is said of a file that was touched at some time."""
    return Seen(1, 2, 0o100644, BLOCK, 0, changed)


SECOND = 1_000_000_000


@pytest.mark.parametrize(
    ("changed", "began", "settled"),
    [
        (5 * SECOND + 123_456_789, 5 * SECOND + 323_456_789, True),
        (5 * SECOND + 123_456_789, 5 * SECOND + 222_000_000, False),
        (5 * SECOND, 6 * SECOND, False),
        (5 * SECOND, 7 * SECOND, False),
        (5 * SECOND, 7 * SECOND + 1, True),
        (5 * SECOND + 120_000_000, 6 * SECOND, False),
        (9 * SECOND + 123_456_789, 5 * SECOND, False),
    ],
)
def test_times_that_tell(monkeypatch: pytest.MonkeyPatch, changed: int, began: int, settled: bool) -> None:
    """A file that is written twice within a tick of the clock would be taken for what it was after the first time."""
    monkeypatch.undo()
    assert is_settled(seen(changed), began) is settled


@pytest.mark.parametrize("patience", [-(1 << 62), 1 << 62])
def test_nothing_is_hashed_twice(repo: Monorepo, monkeypatch: pytest.MonkeyPatch, patience: int) -> None:
    """A library with a model of some gigabytes would take minutes for each service; or a fresh file would not be hashed."""
    hashed: list[str] = []

    def counted(name: str, function: Callable[..., str]) -> Callable[..., str]:
        def call(*arguments: int) -> str:
            hashed.append(name)
            return function(*arguments)

        return call

    monkeypatch.setattr(large, "COARSE", patience)
    monkeypatch.setattr(large, "FINE", patience)
    monkeypatch.setattr(reading, "hash_blocks", counted("read", reading.hash_blocks))
    monkeypatch.setattr(content, "copy_and_hash", counted("written", content.copy_and_hash))
    counts = []
    for data in (OLD, OLD, NEW):
        alter(repo.write("common/large.bin"), data)
        hashed.clear()
        assert distribute(load_project(str(repo.root))).in_sync
        assert (repo.root / "services/api/common/large.bin").read_bytes() == data
        counts.append((hashed.count("read"), hashed.count("written")))
    services = len([*(repo.root / "services").iterdir()])
    expected = [(1, 0), (1, 0), (1 + services, 0)]
    assert (
        counts == expected if patience < 0 else all(have > least for have, least in zip(counts, expected, strict=True))
    )


@pytest.mark.parametrize("change", [alter, exchange])
@pytest.mark.parametrize("copied", [OLD, NEW, LONG])
@pytest.mark.parametrize("becomes", [NEW, LONG])
def test_master_changes_while_a_copy_is_compared(
    master: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path, bytes], None], copied: bytes, becomes: bytes
) -> None:
    """A copy would be called what the master was, because it is what the master is by now."""
    shutil.copytree(master, copy := master.with_name("copy"))
    (copy / "x").write_bytes(copied)
    held = [Held(0, Large(""))]

    def prepare() -> None:
        exchange(master / "x", OLD)
        held[0] = hold(master)

    for at in every_moment(monkeypatch, prepare, lambda: change(master / "x", becomes)):
        assert look(copy, held[0]).entries == {"x": file(copied)}, at


@pytest.mark.parametrize("change", [alter, exchange])
@pytest.mark.parametrize("becomes", [NEW, LONG, b"short"])
def test_master_changes_while_it_is_copied(
    master: Path, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path, bytes], None], becomes: bytes
) -> None:
    """The manifest would state the digest of other bytes than the copy holds."""
    held = [Held(0, Large(""))]

    def prepare() -> None:
        exchange(master / "x", OLD)
        held[0] = hold(master)
        (master / "target").unlink(missing_ok=True)

    said = [
        copy_or_complain(master, held[0])
        for _ in every_moment(monkeypatch, prepare, lambda: change(master / "x", becomes))
    ]
    assert set(said) == {"", "has changed while it was copied"}


def copy_or_complain(master: Path, held: Held) -> str:
    """Copy the large file; return what was said where its bytes are not those that were hashed."""
    with opened(str(master)) as folder:
        try:
            WorkTree(str(master), held).write("x", "target", folder, file(OLD))
        except TreeError as error:
            return error.problems[0].message
    assert (master / "target").read_bytes() == OLD
    return ""


@pytest.mark.parametrize("error", [errno.EXDEV, errno.ENOSYS, None])
def test_system_cannot_copy(master: Path, monkeypatch: pytest.MonkeyPatch, error: int | None) -> None:
    """Nothing could be distributed on an old kernel, in a sandbox, or to another file system."""

    def refuse(*_: int) -> int:
        if error is None:
            return 0  # as some file systems did
        raise OSError(error, os.strerror(error))

    monkeypatch.setattr(os, "copy_file_range", refuse)
    with opened(str(master)) as folder:
        WorkTree(str(master), hold(master)).write("x", "target", folder, file(OLD))
    assert (master / "target").read_bytes() == OLD


def test_disk_is_full_while_the_system_copies(master: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of a file would be taken for the file, or what is wrong with the disk would be called a change."""
    real = os.copy_file_range
    left = [BLOCK]

    def fill(source: int, target: int, _: int) -> int:
        if not left:
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))  # as if it could not do it at all
        return real(source, target, left.pop())

    monkeypatch.setattr(os, "copy_file_range", fill)
    with opened(str(master)) as folder, pytest.raises(OSError, match="Invalid argument"):
        WorkTree(str(master), hold(master)).write("x", "target", folder, file(OLD))


def test_system_ends_too_early(master: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The beginning of a file would be taken for the file."""
    real, sizes = os.copy_file_range, [BLOCK, 0]
    monkeypatch.setattr(os, "copy_file_range", lambda one, other, _: real(one, other, sizes.pop(0)))
    with opened(str(master)) as folder, pytest.raises(TreeError, match="x: has changed while it was copied"):
        WorkTree(str(master), hold(master)).write("x", "target", folder, file(OLD))


def test_a_copy_that_is_replaced_is_not_hashed_again(master: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An edit that is made while the tool runs would be lost; or what is to be replaced would be read once more for nothing."""
    shutil.copytree(master, copy := master.with_name("copy"))
    alter(copy / "x", NEW)
    planned = Operation("update", "x", file(NEW), file(OLD), "stale", seen=look(copy).seen["x"])
    read = reading.read_entry
    monkeypatch.setattr("common_sync.edges.files.writing.read_entry", lambda *_: pytest.fail("it was read"))
    update(copy, planned, master)
    assert (copy / "x").read_bytes() == OLD
    monkeypatch.setattr("common_sync.edges.files.writing.read_entry", read)
    alter(copy / "x", NEW)  # the same bytes, by another hand
    update(copy, planned, master)
    assert (copy / "x").read_bytes() == OLD
    alter(copy / "x", LONG)
    with pytest.raises(TreeError, match="x: has changed while common-sync ran, and was left alone"):
        update(copy, planned, master)
    assert (copy / "x").read_bytes() == LONG


def update(copy: Path, operation: Operation, master: Path) -> None:
    """Apply an operation."""
    with opened(str(copy)) as folder:
        update_copy(folder, [operation], (), WorkTree(str(master), hold(master)), b"manifest", "copy")
