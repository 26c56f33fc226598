"""Tell whether folders hold a library: the standard library alone, Python 3.7 or newer; nothing is written.

`common-sync fleet probe` prints it with what a copy should hold. It runs on machines and in containers that have no
common-sync, and reads the folders that its arguments name. It ends with 0 where all are as wanted, 1 where one is not, and
2 where one could not be read. `common-sync fleet status` sends it with the folders in it, and reads its answer.
"""

from __future__ import annotations

import hashlib
import os
import stat
import sys

try:  # `signal`, `json` and `re` take longer than all that is done here: most machines need none of them
    from _signal import alarm  # type: ignore[import-not-found] # it is CPython's own
except ImportError:
    from signal import alarm

AS_WANTED, DIFFERS, UNKNOWN = 0, 1, 2

_MOST_SHOWN = 20
_BLOCK = 1 << 16
_LARGEST = 16 << 20
"""Bytes of a manifest."""

_WHOLE = '{{"changed": 0, "missing": 0, "extra": 0, "named": [], "own": null, "mount": "{}"}}'
"""JSON of a folder that is as wanted."""


def probe(wanted: list[tuple[str, str, str]], left_alone: list[str], folders: list[str]) -> int:
    """Print a verdict for each folder; return the exit code.

    Args:
        wanted: The copies of a service, each with its path there, what it should be, in words, and its files as `unpack`
            takes them.
        left_alone: The built-in patterns of what no copy is made of.
        folders: The paths of copies on this machine; of several libraries, each ends as the copy's path does.
    """
    if not folders:
        print("error: no folder is named\n  help: python3 - FOLDER...", file=sys.stderr)
        return UNKNOWN
    return max([_judge(wanted, left_alone, folder) for folder in folders])


def unpack(packed: str) -> dict[str, list[str]]:
    """Return what should be in a folder: path → a kind, `file`, `exec` or `link`, and its sha256 or its target.

    Args:
        packed: The same, in one text: Python reads that sooner than a table with thousands of files.
    """
    parts = packed.split("\0") if packed else []
    return {parts[at]: parts[at + 1 : at + 3] for at in range(0, len(parts), 3)}


def _judge(wanted: list[tuple[str, str, str]], left_alone: list[str], folder: str) -> int:
    """Print a verdict for a folder, held against the copy that it is."""
    path = os.path.abspath(folder)
    meant = [one for one in wanted if len(wanted) == 1 or path.endswith("/" + one[0])]
    if not meant:
        where, ends = _printable(os.fsencode(folder)), ", ".join(ascii(one[0]) for one in wanted)
        print(f"error: {where}: is not the path of a copy, which ends with one of {ends}", file=sys.stderr)
        print("  help: make the probe of one library, by --library", file=sys.stderr)
        return UNKNOWN
    _, shown, files = max(meant, key=lambda one: len(one[0]))
    return _report(shown, unpack(files), left_alone, folder)


def answer(
    mark: str,
    seconds: int,
    left_alone: list[str],
    wanted: list[str],
    places: list[tuple[int, str]],
) -> int:
    """Print what folders hold: one line of JSON behind a mark.

    Args:
        mark: What tells the line from what else a shell prints when it starts.
        seconds: How long this may take; the asker has gone by then.
        left_alone: As for `probe`.
        wanted: What copies should hold, each as `unpack` takes it.
        places: A number of `wanted` and a folder's path, each.
    """
    alarm(seconds)
    files = [unpack(one) for one in wanted]
    told = [tell(files[number], left_alone, os.fsencode(folder)) for number, folder in places]
    print(mark + _dump(told))
    return AS_WANTED


def _dump(told: list[dict[str, object]]) -> str:
    """Return JSON."""
    if not any("gone" in one or "error" in one or one["named"] for one in told):
        mounts = [str(one["mount"]).replace("\\", "\\\\").replace('"', '\\"') for one in told]
        return f"[{', '.join(map(_WHOLE.format, mounts))}]"
    import json

    return json.dumps(told)


def tell(files: dict[str, list[str]], left_alone: list[str], folder: bytes) -> dict[str, object]:
    """Return how a folder differs, and what its own manifest says of it; or why it cannot be read.

    Args:
        files: As `unpack` returns them.
        left_alone: The built-in patterns.
        folder: Its path.
    """
    try:
        differences = find_differences(files, left_alone, folder)
        own = _find_own(left_alone, folder) if differences else None
    except FileNotFoundError as error:
        if error.filename == folder:
            return {"gone": True}
        return {"error": explain(error, folder)}
    except OSError as error:
        return {"error": explain(error, folder)}
    words = [word for _, word in differences]
    counts = {word: words.count(word) for word in ("changed", "missing", "extra")}
    named = [[_printable(path), word] for path, word in differences[:_MOST_SHOWN]]
    return {**counts, "named": named, "own": own, "mount": _read_mount(folder)}


def _read_mount(folder: bytes) -> str:
    """Return the mount that a folder's files come from, at least in part; nothing where that is the root, or not known."""
    try:
        with open("/proc/self/mountinfo", "rb") as file:
            return _printable(find_mount(file.read(), os.path.realpath(folder)))
    except OSError:
        return ""


def find_mount(listed: bytes, folder: bytes) -> bytes:
    """Return the mount that covers a folder, or lies in it; nothing where that is the root alone.

    Args:
        listed: What `/proc/self/mountinfo` holds; proc(5) has the format.
        folder: Its absolute path, without symlinks.
    """
    found = b""
    for words in map(bytes.split, listed.splitlines()):
        point = _unescape(words[4]).rstrip(b"/") + b"/"
        if point != b"/" and ((folder + b"/").startswith(point) or point.startswith(folder + b"/")):
            found = max(found, point[:-1], key=len)
    return found


def _unescape(path: bytes) -> bytes:
    """Return a path, in which a backslash and three octal digits stand for a letter."""
    if b"\\" not in path:
        return path
    import re

    return re.sub(rb"\\([0-7]{3})", lambda escape: bytes([int(escape[1], 8)]), path)


def _find_own(left_alone: list[str], folder: bytes) -> list[str] | None:
    """Return what a folder holds by its own manifest, its library, version and digest; None where it does not hold that."""
    import json

    try:
        with open(os.path.join(folder, b".common-sync.json"), "rb") as file:
            stated = json.loads(file.read(_LARGEST).decode("utf-8"))
        files = {path: _entry(path, one) for path, one in stated["files"].items()}
        words = [str(stated[key] or "") for key in ("library", "version", "tree")]
        return None if find_differences(files, left_alone, folder) else words
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _entry(path: str, stated: dict[str, object]) -> list[str]:
    if not {"", ".", ".."}.isdisjoint(path.split("/")):  # it leads out of the copy
        raise ValueError(path)
    if "symlink" in stated:
        return ["link", str(stated["symlink"])]
    return ["exec" if stated["exec"] else "file", str(stated["sha256"])]


def find_differences(files: dict[str, list[str]], left_alone: list[str], folder: bytes) -> list[tuple[bytes, str]]:
    """Return how a folder differs from what it should hold.

    Args:
        files: As `unpack` returns them.
        left_alone: The built-in patterns.
        folder: Its path.

    Returns:
        Paths, sorted, each with `changed`, `missing` or `extra`.

    Raises:
        OSError: It is not there, or something in it cannot be read.
    """
    wanted = {path.encode("utf-8", "surrogateescape"): entry for path, entry in files.items()}
    extra = [(path, "extra") for path in walk(left_alone, folder)[0] if path not in wanted]
    found = [(path, _compare(folder, path, entry)) for path, entry in wanted.items()]
    return sorted(extra + [(path, word) for path, word in found if word])


def walk(left_alone: list[str], folder: bytes) -> tuple[list[bytes], list[bytes]]:
    """Return the paths of files below a folder, and of folders, itself first, but for what no copy is made of; symlinks are not followed.

    Args:
        left_alone: The built-in patterns.
        folder: Its path.

    Raises:
        OSError: A folder cannot be read.
    """
    found: list[bytes] = []
    folders, seen = [b""], [b""]
    while folders:  # no recursion: somebody may have nested folders without end
        above = folders.pop()
        with os.scandir(os.path.join(folder, above) if above else folder) as entries:
            listed = [(os.path.join(above, entry.name), entry.is_dir(follow_symlinks=False)) for entry in entries]
        for path, is_folder in listed:
            if not any(_matches(pattern, path, is_folder) for pattern in left_alone):
                (folders if is_folder else found).append(path)
                seen += [path] if is_folder else []
    return found, seen


def _matches(pattern: str, path: bytes, is_folder: bool) -> bool:
    """Tell whether a built-in pattern, a name with one `*` at most, matches a path: `/` before it means the top, behind it a folder."""
    if (pattern.endswith("/") and not is_folder) or (pattern.startswith("/") and b"/" in path):
        return False
    name, (begins, star, ends) = path.rpartition(b"/")[2], pattern.strip("/").replace("\\", "").encode().partition(b"*")
    return (
        name.startswith(begins) and name.endswith(ends) and len(name) >= len(begins + ends) if star else name == begins
    )


def _compare(folder: bytes, path: bytes, entry: list[str]) -> str:
    """Return `missing`, `changed`, or nothing where all is as it should be."""
    parts = path.split(b"/")
    try:
        for end in range(1, len(parts)):  # what lies behind a symlink is not in the copy
            if not stat.S_ISDIR(os.lstat(os.path.join(folder, *parts[:end])).st_mode):
                return "missing"
        mode = os.lstat(os.path.join(folder, path)).st_mode
    except FileNotFoundError:
        return "missing"
    return "" if _read(os.path.join(folder, path), mode) == entry else "changed"


def _read(path: bytes, mode: int) -> list[str]:
    """Return what is at a path, as `probe` takes it; nothing for what is neither a file nor a symlink."""
    if stat.S_ISLNK(mode):
        return ["link", os.readlink(path).decode("utf-8", "surrogateescape")]
    if not stat.S_ISREG(mode):
        return []
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for block in iter(lambda: file.read(_BLOCK), b""):
            digest.update(block)
    return ["exec" if mode & stat.S_IXUSR else "file", digest.hexdigest()]


def _report(shown: str, files: dict[str, list[str]], left_alone: list[str], folder: str) -> int:
    where = _printable(os.fsencode(folder))
    try:
        differences = find_differences(files, left_alone, os.fsencode(folder))
    except OSError as error:
        print(f"error: {explain(error, os.fsencode(folder))}", file=sys.stderr)
        return UNKNOWN
    if not differences:
        print(f"{where}: holds {shown}")
        return AS_WANTED
    words = [word for _, word in differences]
    counts = [f"{words.count(word)} {word}" for word in ("changed", "missing", "extra") if word in words]
    print(f"{where}: differs from {shown}: {', '.join(counts)}")
    for path, word in differences[:_MOST_SHOWN]:
        print(f"  {word:7}  {_printable(path)}")
    if len(differences) > _MOST_SHOWN:
        print(f"  and {len(differences) - _MOST_SHOWN} more")
    return DIFFERS


def explain(error: OSError, folder: bytes) -> str:
    """Return what has gone wrong in a folder, in words."""
    return f"{_printable(os.fsencode(error.filename or folder))}: {error.strerror}"


def _printable(path: bytes) -> str:
    """Return a path in ASCII without control characters: somebody else may have chosen it."""
    text = path.decode("utf-8", "surrogateescape")
    return text if text.isascii() and text.isprintable() else ascii(text)
