"""The stamp of a run that found all in sync: what it saw, so that the next run need only see that it is still so.

A run is a function of what it sees: its arguments and environment, what the disk says, what git answers. Where the next one would
see the same, it would say the same. `watching.py` writes down what a run sees; here the next one compares.

A hook with nothing to do imports this and little else, so it imports nothing that costs. Any doubt means a full run.
"""

import os
import sys
from stat import S_ISDIR, S_ISREG
from zlib import crc32

from common_sync import __version__
from common_sync.edges.git.repository import environment_for, find_top, finish, git_directory, start

FOLDER = "common-sync"
"""Where the stamps are, in the git directory."""

LARGEST = 32 << 20
"""Bytes that a stamp may have; reading more would take longer than it saves."""

NO_CACHE = "--no-cache"

OF_LINK, OF_TARGET, LISTING = "l", "t", "d"
"""Ways to look at a path: as it is, through a symlink, or what is in the folder."""

_MAGIC = b"common-sync-stamp-1"
_KILL = 9  # `signal` takes a tenth of bare Python to import

# Variables that git, Python or the tool reads begin like this. What git sets for each commit anew decides nothing.
READ = ("CI", "GIT_", "HOME", "LANG", "LC_", "PATH", "PRE_COMMIT", "PYTHON", "XDG_")
_NEW_EACH_TIME = ("GIT_AUTHOR_", "GIT_COMMITTER_", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR", "GIT_REFLOG_ACTION")
_PUSHED = ("PRE_COMMIT_TO_REF", "PRE_COMMIT_LOCAL_BRANCH")


def may_be_used(arguments: list[str]) -> bool:
    """Tell whether a run may begin with a stamp and end with one: none of CI, none at a push, none where nobody wants it.

    Args:
        arguments: The run's own.
    """
    told = NO_CACHE in arguments or "CI" in os.environ or any(os.environ.get(name) for name in _PUSHED)
    return not told and None not in (sys.stdin, sys.stdout, sys.stderr)  # else what is opened would take their places


def is_unchanged(arguments: list[str]) -> bool:
    """Tell whether all is still as a full run saw it that found all in sync.

    Args:
        arguments: The run's own.
    """
    if not may_be_used(arguments):
        return False
    try:
        place = find_stamp(arguments)
        parts = _unpack(_read(place)) if place is not None else [b""]
        return parts[0] == make_key(arguments) and _sees_the_same(parts[1], parts[2:])
    except Exception:  # noqa: BLE001 - any doubt means a full run, and that will say what is wrong
        return False


def find_stamp(arguments: list[str]) -> str | None:
    """Return the path of a run's stamp, or None outside git.

    Args:
        arguments: The run's own: hooks for several projects of one repository do not share one.
    """
    top = find_top(os.getcwd())
    if top is None:
        return None
    name = " ".join(["hook", *arguments]).replace("%", "%25").replace("/", "%2F")
    return os.path.join(git_directory(top), FOLDER, name)


def make_key(arguments: list[str]) -> bytes:
    """Return what decides beside the disk and git, as one text.

    Args:
        arguments: The run's own.
    """
    variables = [
        f"{name}={value}"
        for name, value in sorted(os.environ.items())
        if name.startswith(READ) and not name.startswith(_NEW_EACH_TIME)
    ]
    ids = f"{os.geteuid()} {os.getegid()} {os.getgroups()}"
    python = (sys.executable, sys.version, sys.getfilesystemencoding())
    return os.fsencode("\0".join((__version__, __file__, *python, ids, os.getcwd(), *arguments, "", *variables)))


def look(way: str, path: str) -> str:
    """Return what can be seen of a path.

    Args:
        way: How to look at it.
        path: An absolute path.
    """
    try:
        if way == LISTING:
            with os.scandir(path) as children:
                return describe_children([*children])
        return str(describe(os.stat(path, follow_symlinks=way == OF_TARGET)))
    except OSError as error:
        return describe_failure(error)


def describe(status: os.stat_result) -> int:
    """Return a number that tells a file from any other, and from itself once it was written; of a folder, only which one it is.

    Of numbers, Python's own hash is the same in every process; to write all six takes as long as to ask the system.

    Args:
        status: What the system says of it.
    """
    if S_ISDIR(status.st_mode):  # what is in it is another question, and who else works there is nobody's business
        return hash((status.st_mode, status.st_dev, status.st_ino))
    return hash((status.st_mode, status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns))


def describe_failure(error: OSError) -> str:
    """Return what tells why a path could not be looked at."""
    return f"!{error.errno}"


def describe_children(children: "list[os.DirEntry[str]]") -> str:
    """Return the names in a folder, each after a letter for what it is: no name holds a slash.

    Args:
        children: What is in it.
    """
    return "/".join(sorted(map(_describe_child, children)))


def _describe_child(child: "os.DirEntry[str]") -> str:
    if child.is_dir(follow_symlinks=False):
        return f"d{child.name}"
    return f"l{child.name}" if child.is_symlink() else f"{'f' if child.is_file() else 'o'}{child.name}"


def _sees_the_same(looks: bytes, asked: list[bytes]) -> bool:
    """Tell whether the disk and git say what they said; git is started first, and works meanwhile."""
    running: list[tuple[int, int]] = []
    try:
        running.extend(map(_ask, asked[::2]))
        fields = iter(os.fsdecode(looks).split("\0"))
        for place, seen in zip(fields, fields, strict=True):
            if look(place[0], place[1:]) != seen:
                return False
        return all(_finish(running) == answer for answer in asked[1::2])
    finally:
        for process, reader in running:
            os.close(reader)
            os.kill(process, _KILL)
            os.waitpid(process, 0)


def _ask(question: bytes) -> tuple[int, int]:
    """Start git again. Nothing else is started by what stands in a file, and git does nothing else than to list files.

    Raises:
        ValueError: It is another question.
    """
    command = os.fsdecode(question).split("\0")
    if not may_be_asked(command):
        raise ValueError
    started = start(command, environment_for(command[2]))
    if started is None:
        raise ValueError
    return started


def may_be_asked(command: list[str]) -> bool:
    """Tell whether git may be asked this by a stamp.

    Args:
        command: The words.
    """
    rest = command[4:] if command[3:4] == ["--literal-pathspecs"] else command[3:]
    return command[:2] == ["git", "-C"] and rest[:1] == ["ls-files"]


def _finish(running: list[tuple[int, int]]) -> bytes:
    """Return what the first of several processes says, and take it out of them."""
    status, output = finish(*running.pop(0))
    return os.fsencode(output) if status == 0 else b"\0failed"


def _read(place: str) -> bytes:
    """Return the bytes of a stamp.

    Raises:
        OSError: There is none, or a symlink is in its place.
        ValueError: It is not what this user's own run would have written.
    """
    above, name = os.path.split(place)
    folder = os.open(above, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        descriptor = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    finally:
        os.close(folder)
    with open(descriptor, "rb", buffering=0) as file:
        status = os.fstat(descriptor)
        own = S_ISREG(status.st_mode) and status.st_uid == os.geteuid() and not status.st_mode & 0o022
        if not own or status.st_nlink != 1 or status.st_size > LARGEST:
            raise ValueError
        return file.read(status.st_size)


def pack(parts: list[bytes]) -> bytes:
    """Return the bytes of a stamp.

    Args:
        parts: The key, what was seen, then each question to git and its answer.
    """
    body = b"".join(parts)
    lengths = b" ".join(b"%d" % len(part) for part in parts)
    return b"%s %d %s\n%s" % (_MAGIC, crc32(lengths + body), lengths, body)


def _unpack(data: bytes) -> list[bytes]:
    """Return the parts of a stamp.

    Raises:
        ValueError: It is none, or not whole.
    """
    head, _, body = data.partition(b"\n")
    magic, checksum, lengths = head.split(b" ", 2)
    sizes = [int(length) for length in lengths.split()]
    if magic != _MAGIC or int(checksum) != crc32(lengths + body) or sum(sizes) != len(body):
        raise ValueError
    ends = [sum(sizes[: at + 1]) for at in range(len(sizes))]
    return [body[end - size : end] for end, size in zip(ends, sizes, strict=True)]
