"""Watch a run: note each path that it looks at, and what it sees there; each question to git, and the answer.

The functions that look at the disk are stood in for while a run is watched. So no code has to say what it looks at, and code that
is written next year cannot forget to.
"""

import builtins
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from errno import ENOENT
from stat import S_ISDIR
from typing import IO, NamedTuple, Self, TypeVar

from common_sync.edges.files.content import write_all
from common_sync.edges.files.folders import open_below, opened
from common_sync.edges.git.ask import listeners
from common_sync.edges.processes.workers import observers
from common_sync.edges.state import stamp
from common_sync.edges.state.stamp import LISTING, OF_LINK, OF_TARGET

RACY = 2_000_000_000
"""Nanoseconds: what was touched so shortly before it was read may change again and keep its times, as in git's index."""

_NEW = ".new-"
_OWN = __name__.partition(".")[0]
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
_MOST_QUESTIONS = 8
_OPEN, _STAT, _SCANDIR, _READLINK, _DUP = os.open, os.stat, os.scandir, os.readlink, os.dup
_OPEN_FILE: Callable[..., IO[bytes]] = builtins.open

Item = TypeVar("Item")
Result = TypeVar("Result")
Looks = dict[str, int | str]
"""The letter of a way to look, and an absolute path → what was seen."""


class Sight(NamedTuple):
    """What a part of a run has seen.

    Attributes:
        looks: Every look.
        newest: When the newest of the files was touched, in nanoseconds since 1970.
        doubt: Whether it might see something else another time, or has written something.
    """

    looks: Looks
    newest: int
    doubt: bool


class Watch:
    """What a run has seen so far."""

    def __init__(self) -> None:
        self.looks: Looks = {}
        self.newest, self.doubt = 0, False
        self._began, self._here, self._process = time.time_ns(), os.getcwd(), os.getpid()
        self._asked: dict[str, str] = {}
        self._folders: dict[int, str] = {}

    @property
    def is_certain(self) -> bool:
        """Whether the next run may rely on it."""
        settled = self.newest < self._began - RACY and time.time_ns() >= self._began
        return settled and not self.doubt and len(self._asked) <= _MOST_QUESTIONS

    def parts(self, key: bytes) -> list[bytes]:
        """Return what a stamp is made of.

        Args:
            key: What decides beside what was seen.
        """
        seen = (field for place, seen in self.looks.items() for field in (place, str(seen)))
        asked = (os.fsencode(part) for pair in self._asked.items() for part in pair)
        return [key, os.fsencode("\0".join(seen)), *asked]

    def hear(self, command: Sequence[str] | None, answer: str) -> None:
        """Note what git was asked, and what it said; of None, that it cannot be asked the same again."""
        # what a worker process asks is not known here
        known = command is not None and stamp.may_be_asked([*command]) and os.getpid() == self._process
        if command is None or not known or self._asked.setdefault("\0".join(command), answer) != answer:
            self.doubt = True

    def observe(self, function: Callable[[Item], Result], item: Item) -> tuple[Result, object]:
        """Call a function; return its result, and what it has seen."""
        before, self.looks = self.looks, {}
        result = function(item)
        sight = Sight(self.looks, self.newest, self.doubt)
        self.looks = before
        return result, sight

    def take_in(self, seen: object) -> None:
        """Note what was seen in a worker process."""
        assert isinstance(seen, Sight)
        for place, what in seen.looks.items():
            self._note(place, what)
        self.newest, self.doubt = max(self.newest, seen.newest), self.doubt or seen.doubt

    def note_program(self) -> None:
        """Note which files the program was installed as, each since a checkout may be edited, and what else it has imported."""
        for name, module in [*sys.modules.items()]:
            top, _, rest = name.partition(".")
            noted = not rest or top == _OWN
            if noted and top not in sys.stdlib_module_names and (file := getattr(module, "__file__", None)):
                self._stat(file)

    def stand_ins(self) -> dict[str, object]:
        """Return what stands in for functions of `os`, by their names."""
        return {
            "open": self._open,
            "stat": self._stat,
            "lstat": lambda path, *, dir_fd=None: self._stat(path, dir_fd=dir_fd, follow_symlinks=False),
            "scandir": self._scandir,
            "listdir": lambda path=".": [child.name for child in self._scandir(path)],
            "readlink": self._readlink,
            "dup": self._dup,
        }

    def _note(self, place: str, seen: int | str) -> None:
        if self.looks.setdefault(place, seen) != seen:
            self.doubt = True  # the run has seen two states of the disk

    def _note_status(self, place: str, status: os.stat_result) -> None:
        if not S_ISDIR(status.st_mode):
            self.newest = max(self.newest, status.st_mtime_ns, status.st_ctime_ns)
        self._note(place, stamp.describe(status))

    def _find(self, path: "str | bytes | os.PathLike[str] | int", folder: int | None = None) -> str:
        """Return the absolute path of what a function is given."""
        if isinstance(path, int):
            return self._folders[path]
        if type(path) is not str:
            path = os.fsdecode(path)
        return path if path[:1] == "/" else f"{self._here if folder is None else self._folders[folder]}/{path}"

    def _open(self, path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        place = (OF_LINK if flags & os.O_NOFOLLOW else OF_TARGET) + self._find(path, dir_fd)
        if flags & _WRITING:
            self.doubt = True
        try:
            descriptor = _OPEN(path, flags, mode, dir_fd=dir_fd)
        except OSError as error:
            self._note_failure(place, error)
            raise
        status = os.fstat(descriptor)
        if S_ISDIR(status.st_mode):
            self._folders[descriptor] = place[1:]
        self._note_status(place, status)
        return descriptor

    def _note_failure(self, place: str, error: OSError) -> None:
        """Note that a path would not open: it is not there, or is something else."""
        missing = stamp.look(place[0], place[1:]) == stamp.describe_failure(FileNotFoundError(ENOENT, ""))
        self.doubt = self.doubt or missing != isinstance(error, FileNotFoundError)  # it has come, or gone, meanwhile

    def _stat(
        self, path: "str | os.PathLike[str] | int", *, dir_fd: int | None = None, follow_symlinks: bool = True
    ) -> os.stat_result:
        if isinstance(path, int):
            return _STAT(path)
        place = (OF_TARGET if follow_symlinks else OF_LINK) + self._find(path, dir_fd)
        try:
            status = _STAT(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)
        except OSError as error:
            self._note(place, stamp.describe_failure(error))
            raise
        self._note_status(place, status)
        return status

    def _readlink(self, path: str, *, dir_fd: int | None = None) -> str:
        self._stat(path, dir_fd=dir_fd, follow_symlinks=False)
        return _READLINK(path, dir_fd=dir_fd)

    def _dup(self, descriptor: int) -> int:
        twin = _DUP(descriptor)
        if descriptor in self._folders:
            self._folders[twin] = self._folders[descriptor]
        return twin

    def _scandir(self, path: "str | os.PathLike[str] | int" = ".") -> "_Children":
        place = LISTING + self._find(path)
        try:
            with _SCANDIR(path) as found:
                children = [*found]
        except OSError as error:
            self._note(place, stamp.describe_failure(error))
            raise
        self._note(place, stamp.describe_children(children))
        return _Children(children)

    def open_file(self, file: "str | os.PathLike[str] | int", *arguments: object, **options: object) -> IO[bytes]:
        """Stand in for `open`."""
        if isinstance(file, int):
            return _OPEN_FILE(file, *arguments, **options)
        place = OF_TARGET + self._find(file)
        try:
            stream = _OPEN_FILE(file, *arguments, **options)
        except OSError as error:
            self._note_failure(place, error)
            raise
        self.doubt = self.doubt or stream.writable()
        self._note_status(place, os.fstat(stream.fileno()))
        return stream


class _Children(Iterator["os.DirEntry[str]"]):
    """What `os.scandir` returns, of what was listed already."""

    def __init__(self, children: "Iterable[os.DirEntry[str]]") -> None:
        self._children = iter(children)

    def __next__(self) -> "os.DirEntry[str]":
        return next(self._children)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open."""


@contextmanager
def watching() -> Iterator[Watch]:
    """Have what looks at the disk, or asks git, noted as long as the block runs."""
    watch = Watch()
    before = {name: getattr(os, name) for name in watch.stand_ins()}
    _stand_in(watch.stand_ins(), watch.open_file)
    listeners.append(watch.hear)
    observers.append(watch)
    try:
        yield watch
    finally:
        observers.remove(watch)
        listeners.remove(watch.hear)
        _stand_in(before, _OPEN_FILE)


def _stand_in(functions: Mapping[str, object], open_file: Callable[..., IO[bytes]]) -> None:
    for name, function in functions.items():
        setattr(os, name, function)
    builtins.open = open_file  # type: ignore[assignment] # it takes and returns what the real one does


def write_stamp(watch: Watch, arguments: list[str]) -> None:
    """Write down what a run saw that found all in sync; where that cannot be, the next one looks again.

    Args:
        watch: What it saw.
        arguments: Its own.
    """
    place = stamp.find_stamp(arguments)
    if place is None or not watch.is_certain:
        return
    data = stamp.pack(watch.parts(stamp.make_key(arguments)))
    state, name = os.path.split(place)
    above = os.path.dirname(state)
    with suppress(OSError):
        # where the repository is somebody else's, a folder of ours would be in his way
        if len(data) > stamp.LARGEST or os.stat(above).st_uid != os.geteuid():
            return
        with opened(above) as parent:
            folder = open_below(parent, stamp.FOLDER, make=True)
        try:
            _replace(folder, name, data)
        finally:
            os.close(folder)


def _replace(folder: int, name: str, data: bytes) -> None:
    """Put a stamp in its place, whole: each process writes under a name of its own, and takes away what a killed one left."""
    for left in os.listdir(folder):
        if left.startswith(f"{name}{_NEW}"):
            with suppress(FileNotFoundError):
                os.unlink(left, dir_fd=folder)
    new = f"{name}{_NEW}{os.getpid()}"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=folder)
    try:
        write_all(descriptor, data)
    finally:
        os.close(descriptor)
    os.rename(new, name, src_dir_fd=folder, dst_dir_fd=folder)
