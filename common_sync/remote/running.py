"""Tell when what runs from folders was started, and when these changed: the standard library alone, Python 3.7 or newer.

`common-sync fleet status` sends it behind the probe. Of a process it reads `/proc/PID/stat` alone: no command line, and no
environment. Nothing is written.
"""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import sys
import time

from common_sync.remote.probe import AS_WANTED, explain, tell, unpack, walk

CONTAINER = "container"
"""The process that a container was started with, and so the oldest one in it."""

_SECONDS = 20
"""For what systemd is asked."""

_PROPERTIES = ("LoadState", "ActiveState", "Type", "MainPID", "ControlGroup")
_GROUPS = ("/sys/fs/cgroup", "/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd")
_MOST_LINKS, _LONGEST = 40, 200
_ABOVE = 4
"""Folders above a copy that may have its environment."""

_FIRST = 2_000_000_000
"""Nanoseconds after a folder of compiled files was made in which Python writes the first of them."""


def answer(
    mark: str,
    seconds: int,
    left_alone: list[str],
    wanted: list[str],
    places: list[tuple[int, str, str, str]],
) -> int:
    """Print what folders hold, and when what runs from them was started: one line of JSON behind a mark.

    Args:
        mark: What tells the line from what else a shell prints when it starts.
        seconds: How long this may take; the asker has gone by then.
        left_alone: As for `probe`.
        wanted: What copies should hold, each as `unpack` takes it.
        places: A number of `wanted`, a folder's path, its library's name, and what runs from it, each: `container`, a unit
            of systemd, or nothing.
    """
    signal.alarm(seconds)
    told, packed = [], [unpack(one) for one in wanted]
    for number, folder, library, runs in places:
        start = find_start(runs) if runs else {}  # before its files are read: what changes from now on is newer
        one = tell(packed[number], left_alone, os.fsencode(folder))
        if runs and "named" in one:
            one["process"] = start
            if "started" in start:
                one["process"] = complete(start, packed[number], left_alone, folder, library, runs)
        told.append(one)
    print(mark + json.dumps(told))
    return AS_WANTED


def complete(
    start: dict[str, object], files: dict[str, list[str]], left_alone: list[str], folder: str, library: str, runs: str
) -> dict[str, object]:
    """Return when a process was started and what it imports has changed; or why nothing says that.

    Args:
        start: When it was started.
        files: What the folder should hold, as `unpack` returns it.
        left_alone: As for `probe`.
        folder: Its path.
        library: The library's name.
        runs: As in the places of `answer`.
    """
    try:
        sources = list_sources(os.path.realpath(folder), library, runs)
        other = find_other(os.path.realpath(folder), library, runs)
        if any(source not in ("", os.path.realpath(folder)) for _, _, source in sources):
            return {"none": other}
        changed = find_change(left_alone, os.fsencode(folder), in_container=runs == CONTAINER)
        if not other:
            return dict(start, changed=changed)
        copied = [installed for _, installed, source in sources if not source]
        more = _look_installed(changed, files, left_alone, copied, in_container=runs == CONTAINER)
        return dict(start, installed=other, **more) if "changed" in more else {"none": f"{other}: {more['none']}"}
    except OSError as error:
        return {"error": explain(error, os.fsencode(folder))}


def _look_installed(
    changed: float, files: dict[str, list[str]], left_alone: list[str], copied: list[str], *, in_container: bool
) -> dict[str, object]:
    """Return what of a library's installed files is not as wanted, and when they have last changed, or the folder; or why that is not known."""
    from common_sync.remote.installed import UntoldError, compare, find_tops  # sent where there is a process alone

    try:
        tops = [find_tops(one) for one in copied]
        differing = [path for one in tops for path in compare(files, left_alone, one)]
    except UntoldError as reason:
        return {"none": str(reason)}
    times = [_time_top(left_alone, top, in_container=in_container) for one in tops for top in one]
    times += [os.lstat(os.path.join(one, "RECORD")).st_ctime for one in copied]
    return {"changed": max([changed, *times]), "differing": differing}


def _time_top(left_alone: list[str], top: str, *, in_container: bool) -> float:
    """Return when a package or a module that is installed has last changed."""
    if os.path.isdir(top):
        return find_change(left_alone, os.fsencode(top), in_container=in_container)
    return max(os.lstat(top).st_ctime, os.stat(top).st_ctime)


def find_start(runs: str) -> dict[str, object]:
    """Return when the oldest process was started and what the time is now, in seconds of the calendar; or why that is not known.

    Args:
        runs: As in the places of `answer`.
    """
    if runs != CONTAINER:
        return _find_unit(runs)
    try:
        with open("/proc/2/comm", "rb") as file:
            is_shared = file.read() == b"kthreadd\n"
    except OSError:
        is_shared = False
    if is_shared:
        return {"none": "the container shares the processes of its host"}
    return _measure([1])


def _find_unit(unit: str) -> dict[str, object]:
    """Return the same of a unit of systemd: the machine's, or that of the user who asks."""
    import subprocess  # most places have no unit

    for words in ((), ("--user",)):
        try:
            told = _show(unit, *words)
        except (OSError, subprocess.TimeoutExpired) as error:
            return {"error": f"systemctl: {getattr(error, 'strerror', None) or 'it took too long'}"}
        if told.get("LoadState") not in (None, "not-found"):
            return dict(_measure_unit(unit, told), **({"user": True} if words else {}))
        if not told and not words:
            return {"error": "systemd does not answer there"}
    return {"error": f"systemd knows no unit {unit}"}


def _measure_unit(unit: str, told: dict[str, str]) -> dict[str, object]:
    """Return the same of a unit that systemd has told of."""
    try:
        processes = _list_processes(told.get("ControlGroup", "")) | {int(told.get("MainPID") or 0)}
    except (OSError, ValueError) as error:  # a control group may go meanwhile, or be one of threads
        return {"error": f"the processes of {unit} cannot be listed: {getattr(error, 'strerror', None) or error}"}
    if processes != {0}:
        return _measure(sorted(processes - {0}))
    if told.get("Type") == "oneshot":
        return {"none": f"{unit} runs from time to time"}
    return {"stopped": told.get("ActiveState", "")[:_LONGEST]}


def _show(unit: str, *words: str) -> dict[str, str]:
    import subprocess  # as above

    env = dict(os.environ)
    env.setdefault("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")
    command = ["systemctl", *words, "show", f"--property={','.join(_PROPERTIES)}", "--", unit]
    done = subprocess.run(  # where it fails, it has told nothing
        command,
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=_SECONDS,
        env=env,
    )
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    return {name: value for name, _, value in (line.partition("=") for line in lines)}


def _list_processes(group: str) -> set[int]:
    """Return the processes of a control group, and of those in it."""
    found: set[int] = set()
    for root in _GROUPS if group.strip("/") else ():
        for above, _, files in os.walk(root + group):
            if "cgroup.procs" in files:
                with open(os.path.join(above, "cgroup.procs"), "rb") as file:
                    found.update(map(int, file.read().split()))
    return found


def _measure(processes: list[int]) -> dict[str, object]:
    """Return when the oldest of some processes was started, counted back from now: the calendar may have been wrong then."""
    starts = []
    for number in processes:
        try:
            with open(f"/proc/{number}/stat", "rb") as file:
                starts.append(int(file.read().rpartition(b")")[2].split()[19]))
        except FileNotFoundError:
            continue  # it has ended
        except (OSError, ValueError, IndexError):
            return {"error": f"/proc/{number}/stat cannot be read"}
    if not starts:
        return {"error": "what runs has ended while it was looked at"}
    now = time.time()
    since = time.clock_gettime(time.CLOCK_BOOTTIME) - min(starts) / os.sysconf("SC_CLK_TCK")
    return {"started": now - since, "now": now}


def find_change(left_alone: list[str], folder: bytes, *, in_container: bool = False) -> float:
    """Return when a folder has last changed, in seconds of the calendar: its files, its folders, and the way to it.

    Args:
        left_alone: As for `probe`.
        folder: Its path.
        in_container: Whether it is in a container: where something is made below a folder of the image, that and all
            folders above it are copied first, and get a new time.

    Raises:
        OSError: Something cannot be looked at.
    """
    place, latest = _follow(folder, in_container=in_container)
    files, folders = walk(left_alone, place)
    for path in (b".common-sync.json", *files):
        try:
            latest = max(latest, os.lstat(os.path.join(place, path)).st_ctime_ns)
        except FileNotFoundError:
            continue
    times = {one: _time_folder(os.path.join(place, one)) for one in folders}
    own = {one: changed for one, (changed, is_own) in times.items() if is_own}
    for one, (changed, is_own) in times.items():
        above = one + b"/" if one else b""
        below = (when for other, when in own.items() if other.startswith(above))
        is_copied = in_container and any(0 <= when - changed < _FIRST for when in below)
        latest = latest if is_own or is_copied else max(latest, changed)
    return latest / 1e9


def _follow(folder: bytes, *, in_container: bool) -> tuple[bytes, int]:
    """Return a folder's path without symlinks, and when a symlink on the way was made, or a folder there got its name."""
    rest, place, latest, links = os.path.abspath(folder).split(b"/")[1:], b"/", 0, 0
    while rest:
        path = os.path.join(place, rest.pop(0))
        found = os.lstat(path)
        if stat.S_ISLNK(found.st_mode):
            links += 1
            if links > _MOST_LINKS:
                raise OSError(40, "too many symlinks", path)
            latest = max(latest, found.st_ctime_ns)
            target = os.path.normpath(os.path.join(place, os.readlink(path)))
            rest, place = [part for part in target.split(b"/") if part] + rest, b"/"
        else:  # what is made in it changes both times; a folder that was moved here has its own old one
            is_moved = found.st_ctime_ns != found.st_mtime_ns and not in_container
            latest = max(latest, found.st_ctime_ns if is_moved else 0)
            place = path
    return place, latest


def _time_folder(path: bytes) -> tuple[int, bool]:
    """Return when something was made in a folder, or taken out of it, or it was moved; and whether that were Python's compiled files."""
    found = os.lstat(path)
    try:
        with os.scandir(os.path.join(path, b"__pycache__")) as entries:
            first = min([entry.stat(follow_symlinks=False).st_ctime_ns for entry in entries], default=0)
    except OSError:
        return found.st_ctime_ns, False
    is_own = found.st_ctime_ns == found.st_mtime_ns and 0 <= first - found.st_ctime_ns < _FIRST
    return found.st_ctime_ns, is_own


def find_other(folder: str, library: str, runs: str) -> str:
    """Return why a process imports a library from another place than a folder, or nothing where nothing says so.

    Args:
        folder: Its path, without symlinks.
        library: The library's name.
        runs: As in the places of `answer`.
    """
    for place, _, source in list_sources(folder, library, runs):
        where = f"it was installed editable from {source}" if source else f"it was installed into {place}"
        if source != folder:
            return ascii(where)[1:-1][:_LONGEST]
    return ""


def list_sources(folder: str, library: str, runs: str) -> list[tuple[str, str, str]]:
    """Return where a library is installed for a process: the place, what says so there, and the folder that it is editable from, or nothing.

    Args:
        folder: The copy's path, without symlinks.
        library: The library's name.
        runs: As in the places of `answer`.
    """
    found = []
    for place in _list_environment() if runs == CONTAINER else _list_beside(folder):
        found += [(place, one, _find_source(one)) for one in _find_installed(place, library)]
        if found and runs != CONTAINER:
            break  # the nearest environment is what it is started with
    return found


def _list_environment() -> list[str]:
    """Return where the Python of a container has what is installed; its user's own place, too, which `-I` leaves out."""
    import site  # where no process is looked at, all that is imported is half of what a host pays

    return [site.getusersitepackages(), *(path for path in sys.path if path.endswith("-packages"))]


def _list_beside(folder: str) -> list[str]:
    """Return where the environments above a folder have what is installed, the nearest first."""
    import glob  # as above

    above, places = folder, []
    for _ in range(_ABOVE):
        above = os.path.dirname(above)
        places += glob.glob(os.path.join(glob.escape(above), ".venv/lib/python3*/site-packages"))
    return places


def _find_installed(place: str, library: str) -> list[str]:
    """Return what says that a library is installed in a place, in each of the forms that there are."""
    import glob  # as above

    found = []
    for end in (".dist-info", ".egg-info", _LINK):
        for one in sorted(glob.glob(os.path.join(glob.escape(place), f"*{end}"))):
            name = os.path.basename(one)[: -len(end)]
            if _normalise(name if end == _LINK else name.partition("-")[0]) == _normalise(library):
                found.append(one)
    return found


_LINK = ".egg-link"
"""What older tools leave of an editable install: the folder of its packages, and the way from there to the project's."""


def _find_source(installed: str) -> str:
    """Return the folder that a distribution was installed from, editable; nothing where its files were copied."""
    import urllib.parse  # as above

    try:
        if installed.endswith(_LINK):
            with open(installed, encoding="utf-8") as file:
                lines = [*file.read(4096).splitlines(), ""]
            return os.path.realpath(os.path.join(lines[0].strip(), lines[1].strip()))
        with open(os.path.join(installed, "direct_url.json"), encoding="utf-8") as file:
            told = json.load(file)
        is_editable = told["dir_info"]["editable"] is True
        return os.path.realpath(urllib.parse.unquote(urllib.parse.urlsplit(told["url"]).path)) if is_editable else ""
    except (OSError, ValueError, LookupError, TypeError):
        return ""


def _normalise(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
