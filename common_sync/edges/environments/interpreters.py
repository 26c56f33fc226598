"""Find the Python that an environment is made with; one that has answered is asked again only when its file has changed."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache

from common_sync.core.environments.record import Interpreter, Noted, Stamp
from common_sync.edges.environments.program import keep_variables, run

_ASK = """
import json, os, platform, sys, sysconfig
print(json.dumps([
    os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable), platform.python_implementation(),
    platform.python_version(), sysconfig.get_config_var("SOABI") or "", sysconfig.get_platform(),
    " ".join(platform.libc_ver()),
]))
"""


def default_python() -> str:
    """Return the version that is taken where none is asked for: the one that runs the tool."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def find_interpreter(asked: str, noted: Noted | None) -> Noted | None:
    """Return the Python that is asked for, or None where there is none.

    The one that is noted is taken as long as it is one: it is the real path of a version, since what a name like `python3`
    leads to becomes another version some day.

    Args:
        asked: A version, or an interpreter's absolute path.
        noted: What has answered to that before.
    """
    candidates = _list_candidates(asked)
    if noted is not None and noted.asked == asked:
        if _stamp(noted.interpreter.path) == noted.stamp:
            return noted
        candidates = iter([noted.interpreter.path, *candidates])
    for candidate in candidates:
        interpreter = ask_interpreter(candidate) if os.path.isfile(candidate) else None
        stamp = _stamp(interpreter.path) if interpreter is not None else None
        if interpreter is not None and stamp is not None and _fits(interpreter, asked):
            return Noted(asked, stamp, interpreter)
    return None


def ask_interpreter(path: str) -> Interpreter | None:
    """Run a Python, and return what it says of itself; None where it says nothing.

    A file is asked once: a start takes longer than all else that is looked at of a service.

    Args:
        path: Its file.
    """
    return _ask(path, _stamp(path))


@cache
def _ask(path: str, _: Stamp | None) -> Interpreter | None:
    done = run([path, "-I", "-S", "-c", _ASK], "/", keep_variables())
    with suppress(ValueError, TypeError):
        return Interpreter(*map(str, json.loads(done.out)))
    return None


def list_system_distributions(interpreter: Interpreter) -> list[str]:
    """Return the names of the `.dist-info` and `.egg-info` entries that the system has for a Python, with their versions.

    Args:
        interpreter: The Python; on Debian its packages are in `dist-packages`, those that pip has installed below `/usr/local`.
    """
    prefix = os.path.dirname(os.path.dirname(interpreter.path))
    versioned = f"python{'.'.join(interpreter.version.split('.')[:2])}"
    found = set[str]()
    for above in (f"lib/{versioned}", "lib/python3", f"local/lib/{versioned}"):
        for name in ("site-packages", "dist-packages"):
            with suppress(OSError):
                found.update(os.listdir(os.path.join(prefix, above, name)))
    return sorted(one for one in found if one.endswith((".dist-info", ".egg-info")))


def _list_candidates(asked: str) -> Iterator[str]:
    if asked.startswith("/"):
        yield asked
        return
    yield getattr(sys, "_base_executable", sys.executable)
    short = ".".join(asked.split(".")[:2])
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        if os.path.isabs(folder):
            yield from (os.path.join(folder, name) for name in (f"python{short}", "python3"))


def _fits(interpreter: Interpreter, asked: str) -> bool:
    return asked.startswith("/") or f"{interpreter.version}.".startswith(f"{asked}.")


def _stamp(path: str) -> Stamp | None:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ino
