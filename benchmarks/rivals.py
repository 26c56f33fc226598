"""Who takes part: the tool, and what people use instead of it."""

import os
import sys
from typing import Literal, NamedTuple

from benchmarks.running import Command
from benchmarks.trees import COPY, LARGE, MASTER, Shape

Work = Literal["first", "nothing", "changed", "verify"]

MANIFEST = ".common-sync.json"

DISTRIBUTE, VERIFY = "**`common-sync distribute`**", "**`common-sync verify`**"
SCRIPT, CP = "shell script", "`cp -r` loop"
RSYNC, RSYNC_C, RSYNC_N = "`rsync -a --delete` loop", "`rsync -a -c --delete` loop", "`rsync -anc --delete` loop"
DIFF = "`diff -rq` loop"
SHA256SUM = "`sha256sum` of the master"

_SCRIPT = f"""\
rm -rf "$service/{COPY}"
cp -r {MASTER} "$service/{COPY}"
find "$service/{COPY}" -name __pycache__ -type d -prune -exec rm -rf {{}} +
find "$service/{COPY}" -name '*.pyc' -delete
"""


class Team(NamedTuple):
    """Contestants that work on copies that one of them made.

    Attributes:
        first: Makes the copies.
        nothing: Are run when every copy is up to date.
        changed: Are run when one file of the master has changed.
        verify: Only check the copies.
        ours: Whether it is the tool.
    """

    first: Command
    nothing: tuple[Command, ...]
    changed: tuple[Command, ...]
    verify: tuple[Command, ...] = ()
    ours: bool = False


def tool(name: str, *words: str) -> tuple[str, ...]:
    """Return the words that run an installed script of the tool.

    Args:
        name: `common-sync` or `common-sync-hook`.
        words: Its arguments.
    """
    return (os.path.join(os.path.dirname(sys.executable), name), *words)


def teams(shape: Shape) -> tuple[Team, ...]:
    """Return all teams, the tool's first.

    Args:
        shape: What they work on.
    """
    distribute = Command(DISTRIBUTE, tool("common-sync", "distribute"), tool("common-sync")[0])
    verify = Command(VERIFY, tool("common-sync", "verify"), tool("common-sync")[0])
    script, again = _loop(SCRIPT, _SCRIPT, "cp", 1), _loop(SCRIPT, _SCRIPT, "cp", shape.share)
    copy = _loop(CP, f'cp -r {MASTER} "$service/"', "cp", 1)
    rsync = _rsync(RSYNC, "-a --delete", shape.share)
    checksum = _rsync(RSYNC_C, "-a -c --delete", shape.share)
    checks = (
        verify,
        _loop(DIFF, f'diff -rq -x {MANIFEST} {MASTER} "$service/{COPY}"', "diff", 1),
        _rsync(RSYNC_N, f"-anc --delete --exclude=/{MANIFEST}", shape.share),
    )
    digest = Command(SHA256SUM, ("sh", "-c", f"find {MASTER} -type f -exec sha256sum {{}} +"), "sha256sum")
    return (
        Team(distribute, (distribute,), (distribute,), (*checks, digest) if shape.key == LARGE else checks, ours=True),
        Team(script, (again,), (again,)),
        Team(copy, (copy,), (copy,)),
        Team(rsync, (rsync, checksum), (rsync, checksum)),
    )


def _rsync(title: str, options: str, share: int) -> Command:
    return _loop(title, f'rsync {options} {MASTER}/ "$service/{COPY}/"', "rsync", share)


def _loop(title: str, body: str, program: str, share: int) -> Command:
    """Return a shell's loop over the services, or over the first one in `share` of them."""
    places, some = _PLACES[share]
    text = f"for service in {places}; do\n{body.strip()} || exit 1\ndone"
    return Command(title + some, ("sh", "-c", text), program, share)


_PLACES = {1: ("services/*", ""), 20: ("services/s00[0-4]*", ", a twentieth of the services, times 20")}
"""Share → a glob, which means 50 of 1,000 services, and what is to be said about it."""
