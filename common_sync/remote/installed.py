"""Tell whether what is installed of a library is what is wanted: the standard library alone, Python 3.7 or newer.

`common-sync fleet status` sends it with `running`, which asks it where a library was installed without `-e`: its files were copied
then, and what is installed has no manifest. So each file is held against the one whose path ends alike. Where that does not decide
it, nothing is claimed.
"""

from __future__ import annotations

import csv
import hashlib
import os

from common_sync.remote.probe import walk

_NEVER = ("docs", "doc", "examples", "example", "tests", "test", "conftest.py", "noxfile.py", "setup.py")
"""What lies beside packages in a project's folder, and no tool installs unasked."""

_MOST_NAMED = 3


class UntoldError(Exception):
    """It cannot be told; says why."""


def find_tops(installed: str) -> list[str]:
    """Return the paths of the packages and modules of a distribution.

    Args:
        installed: The path of its `.dist-info`.

    Raises:
        UntoldError: It does not name them.
    """
    place, tops = os.path.dirname(installed), set()
    try:
        with open(os.path.join(installed, "RECORD"), encoding="utf-8", newline="") as file:
            paths = [row[0] for row in csv.reader(file) if row]
    except (OSError, ValueError, csv.Error):
        paths = []
    for path in paths:
        top = path.split("/")[0]
        if top not in ("", ".", "..", "__pycache__", os.path.basename(installed)):
            tops.add(os.path.join(place, top))
    if not tops:
        message = "its RECORD names no file"
        raise UntoldError(message)
    return sorted(tops)


def compare(files: dict[str, list[str]], left_alone: list[str], tops: list[str]) -> list[str]:
    """Return the files that are not as wanted, up to three.

    Args:
        files: What the library should hold, as for `probe`.
        left_alone: As for `probe`.
        tops: The packages and modules that are installed.

    Raises:
        UntoldError: A file has none that it can be held against, or one is not installed.
        OSError: A file cannot be read.
    """
    found, untold, differing = dict(_list_files(left_alone, tops)), [], []
    matched: set[str] = set()
    above: set[str] = set()
    for path, place in sorted(found.items()):
        meant = [one for one in files if one == path or one.endswith("/" + path)]
        kept = {tuple(files[one]) for one in meant if files[one][0] != "link"}
        if len({digest for _, digest in kept}) != 1:
            untold.append(f"{ascii(path)[1:-1]} there is no file of the library")
        elif _hash(place) != kept.pop()[1]:
            differing.append(ascii(path)[1:-1])
        matched.update(meant)
        above.update(one[: len(one) - len(path)] for one in meant)
    untold += (f"{ascii(path)[1:-1]} is not installed there" for path in _find_missing(set(files) - matched, above))
    if untold and not differing:
        raise UntoldError(untold[0])
    return differing[:_MOST_NAMED]


def _find_missing(paths: set[str], above: set[str]) -> list[str]:
    """Return the modules that lie where others were installed from, and could have been installed."""
    modules = sorted(path for path in paths if path.endswith(".py"))
    return [
        path
        for path in modules
        if any(path.startswith(one) and path[len(one) :].split("/")[0] not in _NEVER for one in above)
    ]


def _list_files(left_alone: list[str], tops: list[str]) -> list[tuple[str, str]]:
    """Return what is there, whoever has put it there: paths as they are imported, and as they are opened."""
    found: list[tuple[str, str]] = []
    for top in tops:
        name = os.path.basename(top)
        if os.path.isdir(top):
            inside = [os.fsdecode(one) for one in walk(left_alone, os.fsencode(top))[0]]
            found += [(f"{name}/{one}", os.path.join(top, one)) for one in inside]
        else:
            found.append((name, top))
    return found


def _hash(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()
