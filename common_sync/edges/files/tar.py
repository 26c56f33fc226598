"""Write a build context as a tar stream: the same bytes for the same content, on any machine, however large a file is."""

import hashlib
import os
import tarfile
from collections.abc import Callable, Container, Iterable, Iterator
from io import BytesIO
from typing import IO, NamedTuple

from common_sync.core.errors import Problem, TreeError
from common_sync.core.formats.dockerignore import Dockerignore
from common_sync.core.paths import ancestors
from common_sync.edges.files.folders import FILE, OWNER_MAY_EXECUTE, explain_os_error, explained
from common_sync.edges.files.reading import STAGING, TEMPORARY

_TIME = 315_619_200
"""The time of every file: 2 January 1980. A zip file, and so a wheel, holds no time before 1980, whatever the time zone, and
flit-core builds none from a file that has one."""

_NOT_SENT = (TEMPORARY, STAGING)


class Member(NamedTuple):
    """A file or symlink of a build context."""

    path: str  # POSIX path inside the context
    source: str = ""  # the absolute path of the file that it is read from, or what it is called where `read` opens it
    data: bytes | None = None  # all of its bytes, where no file holds them
    executable: bool = False  # whether it may be executed, where no file says so
    target: str | None = None  # where it leads, if it is a symlink
    sha256: str | None = None  # what the source's digest must be, where it was read before
    read: Callable[[], IO[bytes]] | None = None  # opens it, where it is no file of the folder


class Listing(NamedTuple):
    """What a folder gives to a build context: its files and symlinks, and its folders, in no order."""

    members: list[Member]
    folders: list[str]


def list_folder(folder: str, others: Container[str], ignore: Dockerignore) -> Listing:
    """Return what Docker would take of a folder.

    Args:
        folder: Its absolute path.
        others: Paths inside it that are left out, with all that is below.
        ignore: What is kept out.

    Raises:
        TreeError: A folder in it cannot be listed.
    """
    found = Listing([], [])
    pending = [""]
    while pending:
        prefix = pending.pop()
        try:
            with os.scandir(os.path.join(folder, prefix)) as children:
                for child in children:
                    path = prefix + child.name
                    if path not in others and child.name not in _NOT_SENT:
                        pending.extend(_take(child, path, ignore, found))
        except OSError as error:
            raise explain_os_error(error, os.path.join(folder, prefix), "list it") from error
    return found


def _take(child: os.DirEntry[str], path: str, ignore: Dockerignore, found: Listing) -> Iterator[str]:
    """Take in what stays; yield a folder that is to be looked into."""
    out = ignore.exclusion(path) is not None
    if child.is_dir(follow_symlinks=False):
        if not out:
            found.folders.append(path)
        if not out or ignore.may_bring_back_below(path):
            yield f"{path}/"
    elif not out and child.is_symlink():
        found.members.append(Member(path, child.path, target=os.readlink(child.path)))
    elif not out and child.is_file(follow_symlinks=False):  # Docker sends no sockets either
        found.members.append(Member(path, child.path))


def write_tar(stream: IO[bytes], members: Iterable[Member], folders: Iterable[str]) -> None:
    """Write a tar stream.

    Args:
        stream: Where to.
        members: Files and symlinks, no path twice.
        folders: Folders to be there even if nothing is in them.

    Raises:
        TreeError: A file cannot be read, or has changed since it was read before; the stream is cut off then.
    """
    files = {member.path: member for member in members}
    above = {folder for path in files for folder in ancestors(path)}
    with tarfile.open(fileobj=stream, mode="w|", format=tarfile.GNU_FORMAT, encoding="utf-8") as tar:
        for path in sorted({*files, *above, *folders}, key=os.fsencode):
            member = files.get(path)
            if member is None:
                tar.addfile(_header(path, tarfile.DIRTYPE, 0o755))
            else:
                _add(tar, member)


def _header(path: str, kind: bytes, mode: int, size: int = 0, target: str = "") -> tarfile.TarInfo:
    header = tarfile.TarInfo(path)
    header.type, header.mode, header.size, header.linkname, header.mtime = kind, mode, size, target, _TIME
    return header


def _add(tar: tarfile.TarFile, member: Member) -> None:
    if member.target is not None:
        tar.addfile(_header(member.path, tarfile.SYMTYPE, 0o777, target=member.target))
    elif member.data is not None:
        mode = 0o755 if member.executable else 0o644
        tar.addfile(_header(member.path, tarfile.REGTYPE, mode, len(member.data)), BytesIO(member.data))
    elif member.read is not None:
        with member.read() as file:
            _add_file(tar, member, file, executable=member.executable)
    else:
        with explained(member.source, "read it"):
            descriptor = os.open(member.source, FILE)
        with open(descriptor, "rb", buffering=0) as file:
            _add_file(tar, member, file, executable=bool(os.fstat(descriptor).st_mode & OWNER_MAY_EXECUTE))


def _add_file(tar: tarfile.TarFile, member: Member, file: IO[bytes], *, executable: bool) -> None:
    size = file.seek(0, os.SEEK_END)
    file.seek(0)
    reader = _Reader(file, member.source)
    tar.addfile(_header(member.path, tarfile.REGTYPE, 0o755 if executable else 0o644, size), reader)
    if member.sha256 not in (None, reader.sha256.hexdigest()):
        raise _changed(member.source)


class _Reader(BytesIO):
    """Reads a file, and hashes what it reads; what fails on the way out is not taken for a fault of the file."""

    def __init__(self, file: IO[bytes], where: str) -> None:
        super().__init__()
        self._file, self._where, self.sha256 = file, where, hashlib.sha256()

    def read(self, size: int | None = -1) -> bytes:
        with explained(self._where, "read it"):
            data = self._file.read(-1 if size is None else size)
        if len(data) < (size or 0):  # tarfile asks for no more than the file had
            raise _changed(self._where)
        self.sha256.update(data)
        return data


def _changed(where: str) -> TreeError:
    return TreeError(Problem("has changed while it was read", where, remedy="run it again"))
