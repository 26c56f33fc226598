"""The goals of a fleet."""

from collections.abc import Iterator
from statistics import median

from benchmarks.farm import CLASSIC
from benchmarks.fleet import HOSTS, LOGIN, STATUS, STATUS_CLASSIC, FleetResult
from benchmarks.judging import Goal, processor

_ABSENT = "**not measured**: there is no sshd here"

REASONS = {
    "fleet-here": (
        "Nearly all of it are the logins: each is a process of the user's own `ssh`, which means that users, keys and jump hosts are what "
        "`~/.ssh/config` says. The row of `ssh HOST true` takes as much. Nine tenths of a login are its key exchange, which quantum computers "
        "would not break (`sntrup761x25519-sha512`, the default of OpenSSH 9). The goal was set for libraries that log in without it: "
        f"the rows of `{CLASSIC}` are held against it, too. Which one is used is what `~/.ssh/config` says."
    ),
    "fleet-classic": "Nearly all of it are the logins: each is a process of the user's own `ssh`.",
    "fleet-own": "Python's start, and for each host a question to write, a process to start and an answer to read.",
    "fleet-memory": "16 processes of `ssh` live at one time; the tool's own is the largest process.",
    "fleet-absent": "The apt package openssh-server brings sshd.",
    "fleet-there": (
        "Python's start there and `hashlib` take half of it; to compile the module that is sent, and to read and hash the copy, takes the rest."
    ),
}
"""Why a goal was missed, by its key, as profiling had it (two cores, Python 3.11)."""


def judge_fleet(result: FleetResult) -> Iterator[Goal]:
    """Yield every goal of a fleet; where there is no sshd, each is missed.

    Args:
        result: What was measured.
    """
    here = f"fleet status of {HOSTS} hosts takes at most {_MOST_HERE} s of processor time here"
    classic = f"{here}, with the key exchange {CLASSIC}"
    own = f"fleet status of {HOSTS} hosts takes at most {_MOST_OWN} s of processor time here beyond that of the same logins"
    held = (
        f"fleet status of {HOSTS} hosts holds at most {_MOST_HELD / 1e6:.0f} MB at one time, with its processes of ssh"
    )
    there = f"on each host at most {_MOST_THERE * 1000:.0f} ms of processor time beyond the login"
    if not result.rounds:
        yield from (Goal("fleet-absent", text, _ABSENT, met=False) for text in (here, classic, own, held, there))
        return
    status, login = (processor(result.table[title]) for title in (STATUS, LOGIN))
    yield Goal("fleet-here", here, f"{status:.1f} s, the logins alone {login:.1f} s", status <= _MOST_HERE)
    alike = processor(result.table[STATUS_CLASSIC])
    yield Goal("fleet-classic", classic, f"{alike:.1f} s", alike <= _MOST_HERE)
    yield Goal("fleet-own", own, f"{status - login:.1f} s", status - login <= _MOST_OWN)
    if result.memory.together is not None:
        size, largest = result.memory.together * 1024, (result.memory.largest or 0) * 1024
        measured = f"{size / 1e6:.0f} MB, the largest process {largest / 1e6:.0f} MB"
        yield Goal("fleet-memory", held, measured, size <= _MOST_HELD)
    more = median(result.there[STATUS]) - median(result.there[LOGIN])
    yield Goal("fleet-there", there, f"{more * 1000:.0f} ms", more <= _MOST_THERE)


_MOST_HERE, _MOST_OWN, _MOST_THERE = 6, 2, 0.06
"""Seconds."""

_MOST_HELD = 80_000_000
"""Bytes."""
