"""Writing trees: whole or not at all, never out of the service, never over what somebody has just written."""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import pytest

from common_sync.core.copies.plan import Operation
from common_sync.core.errors import TreeError
from common_sync.core.model import Entry, File, FileEdit, Symlink
from common_sync.edges.files.content import WorkTree
from common_sync.edges.files.folders import FOLDER, open_below, opened, read_bytes, remove_empty, remove_tree
from common_sync.edges.files.large import Large
from common_sync.edges.files.memory import Held
from common_sync.edges.files.reading import STAGING, TEMPORARY, read_entry
from common_sync.edges.files.replacing import write_edit
from common_sync.edges.files.writing import lay_out, replace_bytes, stage_copy, update_copy

MANIFEST = ".common-sync.json"
WHERE = "service/common"


def file(content: bytes, *, executable: bool = False) -> File:
    """Return what a file with some content is."""
    return File(sha256(content).hexdigest(), executable)


class Place(NamedTuple):
    """A service on the disk, its open folder, and a folder outside that must stay as it is."""

    path: Path
    descriptor: int
    outside: Path

    @property
    def copy(self) -> Path:
        """The copy's folder."""
        return self.path / "common"

    def tree(self) -> dict[str, object]:
        """Return path → what is there, of the service and of what is outside."""
        return {str(path): _what(path) for top in (self.path, self.outside) for path in sorted(top.rglob("*"))}


def _what(path: Path) -> object:
    if path.is_symlink():
        return os.readlink(path)
    return path.read_bytes() if path.is_file() else "a folder"


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """Return an empty service."""
    service, outside = tmp_path / "service", tmp_path / "outside"
    service.mkdir()
    (outside / "deep").mkdir(parents=True)
    (outside / "deep/x.py").write_bytes(b"outside")
    descriptor = os.open(service, FOLDER)
    yield Place(service, descriptor, outside)
    os.close(descriptor)


ENTRIES: dict[str, Entry] = {
    "x.py": file(b"x"), "deep/er/y.py": file(b"y", executable=True), "deep/link": Symlink("er/y.py"), "empty": file(b""),
}  # fmt: skip
HELD = {"x.py": b"x", "deep/er/y.py": b"y", "empty": b""}


def hold(files: Mapping[str, bytes], master: Path | str = "nowhere") -> WorkTree:
    """Return a master of whose files some are held."""
    held = Held(1 << 20, Large(str(master)))
    for path, data in files.items():
        held.keep(path, file(data), data)
    return WorkTree(str(master), held)


def stage(place: Place, source: WorkTree | None = None, copy: str = "common") -> None:
    """Make a new copy."""
    stage_copy(place.descriptor, copy, lay_out(ENTRIES), source or hold(HELD), b"manifest", WHERE)


def test_a_new_copy(place: Place) -> None:
    """A copy would lack a file, or have other modes."""
    stage(place)
    assert _what(place.copy / "deep/link") == "er/y.py"
    assert stat.S_IMODE((place.copy / "deep/er/y.py").stat().st_mode) & 0o111
    assert not stat.S_IMODE((place.copy / "x.py").stat().st_mode) & 0o111
    assert (place.copy / MANIFEST).read_bytes() == b"manifest"
    assert sorted(os.listdir(place.path)) == ["common"]


@pytest.mark.parametrize("leftover", ["file", "folder", "symlink"])
def test_what_a_killed_run_has_left_is_removed(place: Place, leftover: str) -> None:
    """Every run after a crash would fail, or delete what a symlink leads to."""
    left = place.path / STAGING
    if leftover == "file":
        left.write_bytes(b"")
    elif leftover == "folder":
        (left / "deep/er").mkdir(parents=True)
        (left / "deep/er/link").symlink_to(place.outside)
    else:
        left.symlink_to(place.outside)
    stage(place)
    assert sorted(os.listdir(place.path)) == ["common"]
    assert (place.outside / "deep/x.py").read_bytes() == b"outside"


def test_a_copy_is_not_made_in_half(place: Place, tmp_path: Path) -> None:
    """A build would take half a copy for a whole one."""
    master = tmp_path / "master"
    (master / "deep/er").mkdir(parents=True)
    (master / "deep/er/y.py").write_bytes(b"changed since it was read")
    with pytest.raises(TreeError, match=r"master/deep/er/y\.py: has changed while it was copied \(run it again\)"):
        stage(place, hold({"x.py": b"x", "empty": b""}, master))
    assert os.listdir(place.path) == []
    (master / "deep/er/y.py").unlink()
    with pytest.raises(TreeError, match=r"master/deep/er/y\.py: cannot read it: no such file or directory"):
        stage(place, hold({"x.py": b"x", "empty": b""}, master))
    assert os.listdir(place.path) == []


def test_what_has_taken_the_place_meanwhile_stays(place: Place) -> None:
    """A copy that somebody else has just made would be overwritten."""
    place.copy.mkdir()
    (place.copy / "mine").write_bytes(b"mine")
    with pytest.raises(TreeError, match="service/common: cannot write the copy: directory not empty"):
        stage(place)
    assert (os.listdir(place.path), os.listdir(place.copy)) == (["common"], ["mine"])


@pytest.mark.parametrize("copy", ["link/common", "deep/link/common"])
def test_a_copy_is_not_made_through_a_symlink(place: Place, copy: str) -> None:
    """A copy would be written outside the service."""
    (place.path / "deep").mkdir()
    (place.path / copy.rpartition("/")[0]).symlink_to(place.outside)
    before = place.tree()
    with pytest.raises(TreeError, match="service/common: cannot write the copy: not a directory"):
        stage(place, copy=copy)
    assert place.tree() == before


def update(place: Place, *operations: Operation, manifest: bytes = b"manifest", caches: tuple[str, ...] = ()) -> None:
    """Apply operations to the copy."""
    with opened("common", place.descriptor) as folder:
        update_copy(folder, operations, caches, hold(HELD | {"new/z.py": b"z"}), manifest, WHERE)


def change(path: str, before: Entry | None, after: Entry | None) -> Operation:
    """Return an operation."""
    action = "create" if before is None else "delete" if after is None else "update"
    return Operation(action, path, before, after, "stale")  # type: ignore[arg-type]


@pytest.fixture
def copied(place: Place) -> Place:
    """Return a service with a copy, of which `x.py` is old."""
    stage(place)
    (place.copy / "x.py").write_bytes(b"old")
    return place


def test_only_what_is_to_change_is_written(copied: Place) -> None:
    """Docker's cache and file watchers would take everything for changed."""
    before = {path: path.lstat() for path in copied.copy.rglob("*")}
    update(
        copied, change("x.py", file(b"old"), file(b"x")), change("deep/er/y.py", file(b"y", executable=True), None),
        change("new/z.py", None, file(b"z")),
    )  # fmt: skip
    after = {path: path.lstat() for path in copied.copy.rglob("*")}
    files = {str(path.relative_to(copied.copy)) for path, status in before.items() if after.get(path) == status}
    assert files == {"deep/link", "empty", MANIFEST}
    assert (copied.copy / "x.py").read_bytes() == b"x"
    assert not (copied.copy / "deep/er").exists(), "a folder goes with its last file"
    assert (copied.copy / "new/z.py").read_bytes() == b"z"


def test_a_new_manifest_comes_last(copied: Place) -> None:
    """An interrupted run would look like one that has finished."""
    (copied.copy / "x.py").write_bytes(b"edited meanwhile")
    with pytest.raises(TreeError, match=r"x\.py: has changed while common-sync ran, and was left alone"):
        update(copied, change("x.py", file(b"old"), file(b"x")), manifest=b"new")
    assert (copied.copy / MANIFEST).read_bytes() == b"manifest"
    (copied.copy / "x.py").write_bytes(b"old")
    update(copied, change("x.py", file(b"old"), file(b"x")), manifest=b"new")
    assert (copied.copy / MANIFEST).read_bytes() == b"new"
    assert not [path for path in copied.copy.rglob(".common-sync.*") if path.name != MANIFEST]


def _appear(copy: Path) -> None:
    (copy / "new").mkdir()
    (copy / "new/z.py").write_bytes(b"mine")


def _lead_elsewhere(copy: Path) -> None:
    (copy / "deep/link").unlink()
    (copy / "deep/link").symlink_to("mine")


MEANWHILE: dict[str, tuple[Callable[[Path], object], Operation]] = {
    "edited": (lambda copy: (copy / "x.py").write_bytes(b"mine"), change("x.py", file(b"old"), file(b"x"))),
    "made executable": (lambda copy: (copy / "x.py").chmod(0o755), change("x.py", file(b"old"), file(b"x"))),
    "deleted": (lambda copy: (copy / "x.py").unlink(), change("x.py", file(b"old"), file(b"x"))),
    "edited before it is deleted": (lambda copy: (copy / "x.py").write_bytes(b"mine"), change("x.py", file(b"old"), None)),
    "deleted before it is deleted": (lambda copy: (copy / "x.py").unlink(), change("x.py", file(b"old"), None)),
    "made before it is made": (_appear, change("new/z.py", None, file(b"z"))),
    "a symlink led elsewhere": (
        _lead_elsewhere,
        change("deep/link", Symlink("er/y.py"), Symlink("x")),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MEANWHILE)
def test_what_somebody_does_meanwhile_is_left_alone(copied: Place, name: str) -> None:
    """An edit that is made while the tool runs would be lost."""
    act, operation = MEANWHILE[name]
    act(copied.copy)
    before = {path: what for path, what in copied.tree().items() if ".common-sync." not in path}
    with pytest.raises(TreeError, match=r"has changed while common-sync ran, and was left alone \(run it again\)"):
        update(copied, operation, manifest=b"new")
    assert {path: what for path, what in copied.tree().items() if ".common-sync." not in path} == before
    assert not list(copied.copy.rglob(TEMPORARY))


@pytest.mark.parametrize(
    "operation",
    [
        change("deep/x.py", file(b"outside"), file(b"x")),
        change("deep/x.py", file(b"outside"), None),
        change("deep/new.py", None, file(b"x")),
        change("deep/link", None, Symlink("x")),
    ],
)
def test_a_symlink_that_is_planted_meanwhile_is_not_followed(copied: Place, operation: Operation) -> None:
    """A run would write or delete whatever somebody's symlink leads to."""
    (copied.copy / "deep").rename(copied.copy / "moved")
    (copied.copy / "deep").symlink_to(copied.outside / "deep")
    before = copied.tree()
    with pytest.raises(TreeError, match=r"cannot (write|delete) it: not a directory"):
        update(copied, operation)
    assert copied.tree() == before


def test_caches_go_first(copied: Place) -> None:
    """A cache in the place of a new file would stop every run, or a link in a cache would lead it astray."""
    (copied.copy / "new/__pycache__/deep").mkdir(parents=True)
    (copied.copy / "new/__pycache__/deep/link").symlink_to(copied.outside)
    (copied.copy / "new/x.pyc").write_bytes(b"")
    update(copied, change("new/z.py", None, file(b"z")), caches=("new/__pycache__", "new/x.pyc"))
    assert os.listdir(copied.copy / "new") == ["z.py"]
    assert (copied.outside / "deep/x.py").exists()


def test_leftovers_in_a_copy_are_no_obstacle(copied: Place) -> None:
    """Every run after a crash would fail."""
    (copied.copy / TEMPORARY / "deep").mkdir(parents=True)
    (copied.copy / ".common-sync.next").write_bytes(b"half")
    update(copied, change("x.py", file(b"old"), file(b"x")), manifest=b"new")
    assert (copied.copy / "x.py").read_bytes() == b"x"
    assert (copied.copy / MANIFEST).read_bytes() == b"new"
    assert not list(copied.copy.rglob(TEMPORARY))


def test_folders_around_empty_folders(copied: Place) -> None:
    """A folder that has become a file would stop every run for the empty folders in it."""
    (copied.copy / "new/z.py/empty/empty").mkdir(parents=True)
    (copied.copy / "new/z.py/empty2").mkdir()
    update(copied, change("new/z.py", None, file(b"z")))
    assert (copied.copy / "new/z.py").read_bytes() == b"z"


# --- the user's own files


def rewrite(place: Place, path: str = "requirements.txt") -> None:
    """Replace a user's file."""
    write_edit(place.descriptor, FileEdit(path, b"before", b"after"), f"service/{path}")


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o640, 0o755, 0o444, 0o400])
def test_a_users_file_keeps_its_mode_and_owner(place: Place, mode: int) -> None:
    """A file with secrets would be open to everybody, or closed to the user that builds."""
    target = place.path / "requirements.txt"
    target.write_bytes(b"before")
    target.chmod(mode)
    owner = (12345, 12346) if os.geteuid() == 0 else (os.geteuid(), os.getegid())
    os.chown(target, *owner)
    (place.path / TEMPORARY).write_bytes(b"of a run that was killed")
    rewrite(place)
    status = target.stat()
    assert (target.read_bytes(), stat.S_IMODE(status.st_mode)) == (b"after", mode)
    assert (status.st_uid, status.st_gid) == owner
    assert os.listdir(place.path) == ["requirements.txt"]


@pytest.mark.parametrize("held", [b"", b"befor", b"before\n", b"mine"])
def test_a_users_file_that_changes_meanwhile_is_left_alone(place: Place, held: bytes) -> None:
    """What somebody types while the tool runs would be lost."""
    (place.path / "requirements.txt").write_bytes(held)
    with pytest.raises(TreeError, match=r"service/requirements\.txt: has changed while common-sync ran"):
        rewrite(place)
    assert (os.listdir(place.path), (place.path / "requirements.txt").read_bytes()) == (["requirements.txt"], held)


def test_a_users_file_is_not_written_through_a_symlink(place: Place) -> None:
    """A file outside the service would be overwritten."""
    (place.outside / "requirements.txt").write_bytes(b"before")
    (place.path / "requirements.txt").symlink_to(place.outside / "requirements.txt")
    (place.path / "deploy").symlink_to(place.outside)
    before = place.tree()
    for path in ("requirements.txt", "deploy/requirements.txt", "nothing.txt"):
        with pytest.raises(TreeError, match=r"cannot write it|has changed"):
            rewrite(place, path)
    assert place.tree() == before


def test_another_name_of_a_users_file_stays(place: Place) -> None:
    """A hard link, such as a backup's, would change with the file."""
    (place.path / "requirements.txt").write_bytes(b"before")
    os.link(place.path / "requirements.txt", place.outside / "backup")
    rewrite(place)
    assert (place.outside / "backup").read_bytes() == b"before"


# --- the tool's own files, and folders


def test_the_same_bytes_are_not_written_again(place: Place) -> None:
    """A file would look changed though it is not."""
    replace_bytes(place.descriptor, "x", b"1")
    before = (place.path / "x").stat()
    replace_bytes(place.descriptor, "x", b"1")
    after = (place.path / "x").stat()
    assert (after.st_ino, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_ino,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )
    replace_bytes(place.descriptor, "x", b"2")
    assert (place.path / "x").read_bytes() == b"2"


def test_folders(place: Place) -> None:
    """A path would be opened that leads out of the folder it starts in."""
    os.close(open_below(place.descriptor, "a/b/c", make=True))
    assert (place.path / "a/b/c").is_dir()
    with pytest.raises(FileNotFoundError):
        open_below(place.descriptor, "a/x/c")
    (place.path / "a/link").symlink_to(place.outside)
    for path in ("a/link", "a/link/deep"):
        with pytest.raises(NotADirectoryError), opened(path, place.descriptor):
            pass
    with opened("a", place.descriptor) as folder:
        remove_empty("link", folder)
        remove_empty("b", folder)
        assert os.listdir(folder) == ["link"]
        (place.path / "a/full/empty").mkdir(parents=True)
        (place.path / "a/full/x").write_bytes(b"")
        remove_empty("full", folder)
        assert (place.path / "a/full/x").exists()
        remove_tree("nothing", folder)
        remove_tree("link", folder)
        remove_tree("full", folder)
        assert os.listdir(folder) == []
    assert (place.outside / "deep/x.py").exists()


def test_reading_one_file(place: Place) -> None:
    """A file that grows while it is read would be taken for what it was."""
    target = place.path / "x"
    target.write_bytes(b"x" * 100)
    assert read_entry("x", place.descriptor, "x") == (file(b"x" * 100), 100, b"x" * 100)
    with pytest.raises(OSError, match="larger than 50 bytes"):
        read_bytes("x", place.descriptor, 50)
    os.mkfifo(place.path / "fifo")
    with pytest.raises(OSError, match="not a regular file"):
        read_bytes("fifo", place.descriptor, 50)
    place.copy.mkdir()
    with pytest.raises(IsADirectoryError):
        read_entry("common", place.descriptor, "common")
    with pytest.raises(FileNotFoundError):
        read_entry("nothing", place.descriptor, "nothing")
    # A file of /proc says that it holds nothing, and holds something: its size cannot be trusted either.
    with opened("/proc/self") as process:
        comm = Path("/proc/self/comm").read_bytes()
        assert read_entry("comm", process, "comm") == (file(comm), len(comm), comm)
