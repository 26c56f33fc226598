"""Versions: pins, several libraries, history, and other repositories."""

import os
import shutil
import sys
from typing import NamedTuple

from benchmarks.objects import measure_foreign, measure_reading
from benchmarks.past import measure_past
from benchmarks.pinned import measure_pinned
from benchmarks.rounds import Table

KEY, TITLE = "versions", "Versions"
ROUNDS = 4


class VersionsResult(NamedTuple):
    """What was measured.

    Attributes:
        rounds: How many rounds were run.
        many: The runs on many services, with pins and without.
        processes: A hook's title → how many processes of git it starts.
        past: The runs on a library with a long history.
        reading: The runs that read a library as a commit has it.
        came: How many bytes come from another repository for the first copy of its library.
        packed: How many bytes that library takes where git packs it.
    """

    rounds: int
    many: Table
    processes: dict[str, int]
    past: Table
    reading: Table
    came: int
    packed: int


def run_versions_case(folder: str, rounds: int) -> VersionsResult:
    """Build the repositories and run the rounds.

    Args:
        folder: Where to build them.
        rounds: How many rounds.

    Raises:
        WrongResultError: A command failed, or did something else than it should.
    """
    print(f"{KEY}: {rounds} rounds", file=sys.stderr)
    own = os.path.join(folder, KEY)
    os.mkdir(own)
    try:
        reading, past = measure_reading(own, rounds), measure_past(own, rounds)
        many, processes = measure_pinned(own, rounds)
        return VersionsResult(rounds, many, processes, past, reading, *measure_foreign(own))
    finally:
        shutil.rmtree(own)
