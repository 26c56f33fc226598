"""Releases on the disk, in a folder of the service's own below that of all deployments.

releases/0007/           a release, whole when it holds release.json: app/, run; and proven or failed, empty files
releases/current         -> 0007: the only switch
releases/former          -> 0006, or 0000: where a switch came from that is not proven yet
origin                   the absolute path of the service in the work tree that they are of
shared/                  what outlives releases; they lead there
.venv/envs/              environments, as in a work tree

`place` is the absolute path of that folder. A switch needs no room on the disk: it is made of symlinks and empty files.
"""

import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import IO

from common_sync.core import limits
from common_sync.core.environments.releases import (
    Release,
    Releases,
    format_release,
    make_launcher,
    name_release,
    parse_number,
    parse_release,
)
from common_sync.core.environments.units import SHARED
from common_sync.edges.environments.disk import flush
from common_sync.edges.environments.folder import CURRENT, path_of
from common_sync.edges.environments.placing import point
from common_sync.edges.files.folders import explained, opened, read_bytes, remove_tree
from common_sync.edges.files.writing import replace_bytes

RELEASES, APP, RECORD, PROVEN, FAILED = "releases", "app", "release.json", "proven", "failed"
_RUN, _FORMER, _ORIGIN = "run", "former", "origin"
_MAY_RUN = 0o755


def release_path(place: str, number: int) -> str:
    """Return the absolute path of a release."""
    return os.path.join(place, RELEASES, name_release(number))


def has_releases(place: str) -> bool:
    """Tell whether a service has a current release."""
    return os.path.islink(os.path.join(place, RELEASES, CURRENT))


def read_current(place: str) -> tuple[int, bool]:
    """Return the number of a service's current release, 0 for none, and whether it was proven since it was switched to."""
    try:
        with opened(os.path.join(place, RELEASES)) as folder:
            return _leads(folder, CURRENT) or 0, _leads(folder, _FORMER) is None
    except OSError:
        return 0, True


def find_stranger(place: str, source: str) -> str:
    """Return the service of another work tree that has its releases in a folder; nothing where there is none.

    A work tree that is there no more has none: it was moved.

    Args:
        place: The folder.
        source: The absolute path of the service in this work tree.
    """
    try:
        with opened(place) as folder:
            origin = os.fsdecode(read_bytes(_ORIGIN, folder, limits.MANIFEST))
    except OSError:
        return ""
    return origin if origin != source and os.path.isdir(origin) else ""


def note_origin(place: str, source: str) -> None:
    """Note of which work tree a folder's releases are.

    Args:
        place: The folder.
        source: The absolute path of the service in the work tree.

    Raises:
        TreeError: It cannot be written.
    """
    with explained(os.path.join(place, _ORIGIN), "write it"), opened(place) as folder:
        replace_bytes(folder, _ORIGIN, os.fsencode(source), flushed=True)


def read_releases(place: str) -> Releases:
    """Return the releases of a service, as they are.

    Raises:
        TreeError: They cannot be read.
    """
    path = os.path.join(place, RELEASES)
    with explained(path, "read it"):
        try:
            with opened(path) as folder:
                numbers = [number for name in os.listdir(folder) if (number := parse_number(name)) is not None]
                known = {number: one for number in sorted(numbers) if (one := _read(folder, number)) is not None}
                return Releases(known, numbers, _leads(folder, CURRENT) or 0, _leads(folder, _FORMER))
        except FileNotFoundError:
            return Releases({})


def _read(folder: int, number: int) -> Release | None:
    with suppress(OSError), opened(name_release(number), folder) as release:
        data, names = read_bytes(RECORD, release, limits.MANIFEST), os.listdir(release)
        return parse_release(number, data, proven=PROVEN in names, failed=FAILED in names)
    return None


def _leads(folder: int, name: str) -> int | None:
    try:
        target = os.readlink(name, dir_fd=folder)
    except OSError:
        return None
    return parse_number(target) or 0


@contextmanager
def packed(place: str) -> Iterator[IO[bytes]]:
    """Open a file without a name, for what goes into a release; nothing is left of it, even by a killed run.

    Raises:
        TreeError: It cannot be made.
    """
    path = os.path.join(place, RELEASES)
    with explained(path, "write there"):
        os.makedirs(path, exist_ok=True)
        with tempfile.TemporaryFile(dir=path) as file:
            yield file


def make_release(place: str, release: Release, content: IO[bytes]) -> None:
    """Write a release, under the name that it keeps; it counts once all of it is on the disk.

    Args:
        place: The service's folder.
        release: What it is.
        content: Its files, a tar stream.

    Raises:
        TreeError: It cannot be written; then nothing is left of it.
    """
    name, path = name_release(release.number), release_path(place, release.number)
    with explained(path, "write it"), opened(os.path.dirname(path)) as releases:
        remove_tree(name, releases)
        try:
            _fill(place, path, release, content)
            with opened(name, releases) as folder:
                flush(folder)
                replace_bytes(folder, RECORD, format_release(release), flushed=True)
                os.fsync(folder)
        except BaseException:
            with suppress(OSError):
                remove_tree(name, releases)
            raise


def _fill(place: str, path: str, release: Release, content: IO[bytes]) -> None:
    app, made = os.path.join(path, APP), release.made
    os.makedirs(app)
    with tarfile.open(fileobj=content, mode="r|") as tar:
        tar.extraction_filter = getattr(tarfile, "fully_trusted_filter", None)
        tar.extractall(app)  # noqa: S202 - we have written it
    for inside in made.persistent:
        os.makedirs(os.path.dirname(os.path.join(app, inside)), exist_ok=True)
        os.symlink(os.path.join(place, SHARED, inside), os.path.join(app, inside))
    if made.command:
        text = make_launcher(app, path_of(place, made.environment), made.command, release.number)
        with open(os.path.join(path, _RUN), "x", encoding="utf-8") as file:
            file.write(text)
        os.chmod(os.path.join(path, _RUN), _MAY_RUN)


def share(place: str, source: str, paths: Iterable[str], owner: tuple[int, int] | None) -> None:
    """Take over what outlives releases, where that was not done before; what is there is never overwritten.

    Args:
        place: The service's folder.
        source: The absolute path of the service in the work tree.
        paths: The paths in it.
        owner: Whom it is given to; None for nobody else.

    Raises:
        TreeError: It cannot be copied.
    """
    shared, staged = os.path.join(place, SHARED), os.path.join(place, ".shared.new")
    with explained(shared, "make it"):
        _make_folder(shared, shared, owner)
    for path in paths:
        origin, target = os.path.join(source, path), os.path.join(shared, path)
        with explained(target, "copy it"):
            _make_folder(os.path.dirname(target), shared, owner)
            if os.path.lexists(target) or not os.path.lexists(origin):
                continue
            with opened(place) as folder:
                remove_tree(os.path.basename(staged), folder)
            if os.path.isdir(origin) and not os.path.islink(origin):
                shutil.copytree(origin, staged, symlinks=True)
            else:
                shutil.copy2(origin, staged, follow_symlinks=False)
            _give(staged, owner)
            with opened(place) as folder:
                flush(folder)
            os.rename(staged, target)


def _make_folder(path: str, top: str, owner: tuple[int, int] | None) -> None:
    if path != top:
        _make_folder(os.path.dirname(path), top, owner)
    with suppress(FileExistsError):
        os.makedirs(path)
        _give(path, owner)


def _give(path: str, owner: tuple[int, int] | None) -> None:
    if owner is None:
        return
    os.chown(path, *owner, follow_symlinks=False)
    for above, folders, files in os.walk(path):
        for name in (*folders, *files):
            os.chown(os.path.join(above, name), *owner, follow_symlinks=False)


def switch_release(place: str, number: int, former: int) -> None:
    """Make a release the current one; until it is proven, a note says where the switch came from.

    Args:
        place: The service's folder.
        number: The release.
        former: The one that ran before; 0 for none.

    Raises:
        TreeError: It cannot be switched.
    """
    with explained(os.path.join(place, RELEASES, CURRENT), "switch it"), _opened(place) as releases:
        point(releases, _FORMER, name_release(former))
        os.fsync(releases)
        point(releases, CURRENT, name_release(number))
        os.fsync(releases)


def settle(place: str) -> None:
    """Note that the current release was proven since the switch.

    Raises:
        TreeError: That cannot be noted.
    """
    with explained(os.path.join(place, RELEASES, _FORMER), "remove it"), _opened(place) as releases:
        remove_tree(_FORMER, releases)
        os.fsync(releases)


def mark(place: str, number: int, *, proven: bool) -> None:
    """Note that a release was healthy, or was not.

    Raises:
        TreeError: That cannot be noted.
    """
    path = release_path(place, number)
    now, before = (PROVEN, FAILED) if proven else (FAILED, PROVEN)
    with explained(path, "note how it did"), opened(path) as folder:
        os.close(os.open(now, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644, dir_fd=folder))
        remove_tree(before, folder)
        os.fsync(folder)


def remove_releases(place: str, numbers: Sequence[int]) -> None:
    """Remove releases; the record goes first, so that what is left of one is not taken for one.

    Raises:
        TreeError: They cannot be removed.
    """
    if not numbers:
        return
    with explained(os.path.join(place, RELEASES), "open it"), _opened(place) as releases:
        for number in numbers:
            with explained(release_path(place, number), "remove it"):
                with suppress(OSError), opened(name_release(number), releases) as folder:
                    remove_tree(RECORD, folder)
                remove_tree(name_release(number), releases)


def _opened(place: str) -> opened:
    return opened(os.path.join(place, RELEASES))
