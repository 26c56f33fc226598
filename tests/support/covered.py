"""Coverage of processes that are forked from a warm one, at a tenth of what coverage.py's own restart after a fork costs.

The warm process is measured, and so a fork of it goes on being. As a fork ends, it tells only what nobody before it has
covered, which is nothing most of the time. The warm process keeps it all, and writes one data file as it ends.
"""

import io
import os
import pickle
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NoReturn

import coverage

Arc = tuple[int, int]
"""From which line to which line execution went."""

_FIRST = 2
"""So many runs of a kind are measured, whatever they are."""

_PROJECT = Path(__file__).parents[2]


def data_file() -> str:
    """Return where this process's coverage goes, or nothing where it is not measured."""
    measured = coverage.Coverage.current()
    return os.path.join(_PROJECT, str(measured.get_option("run:data_file"))) if measured else ""


class Covered:
    """What a warm process and its forks cover.

    Args:
        file: What the names of data files begin with.
    """

    def __init__(self, file: str) -> None:
        self._file = file
        included = [f"{_PROJECT}/common_sync/*"]
        self._measured = coverage.Coverage(data_file=None, config_file=False, branch=True, include=included)
        self._known: dict[str, set[Arc]] = {}
        self._runs: Counter[str] = Counter()
        self._news = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - until the process ends
        self._exit = os._exit
        self._measured.start()

    def settle(self) -> None:
        """Remember what the warm process itself has covered, so that no fork tells it again."""
        self._learn(dict(self._arcs()))

    def is_worth(self, kind: str) -> bool:
        """Tell whether a run of a kind is to be measured: it takes twice as long, and the hundredth `verify` covers nothing new.

        Args:
            kind: Which kind; of its runs the first ones are measured, then every fifth.
        """
        self._runs[kind] += 1
        return self._runs[kind] <= _FIRST or self._runs[kind] % 5 == 0

    def in_fork(self, *, measured: bool) -> None:
        """See to it that this process, and those that it forks in turn, tell what they have covered as they end.

        Args:
            measured: Whether they do.
        """
        if measured:
            self._exit, os._exit = os._exit, self._tell_and_exit
        else:
            self._measured.stop()

    def after_fork(self) -> None:
        """Learn what forks that have ended have covered."""
        told = io.BytesIO(os.pread(self._news.fileno(), os.fstat(self._news.fileno()).st_size, 0))
        while told.tell() < len(told.getbuffer()):
            self._learn(pickle.load(told))  # noqa: S301 - from our own processes
        self._news.seek(0)  # of all forks as well: they share it
        self._news.truncate(0)

    def write(self) -> None:
        """Write it all into a data file."""
        self._measured.stop()
        data = coverage.CoverageData(self._file, suffix=f"warm.{os.getpid()}")
        data.add_arcs(self._known)
        data.write()

    def _arcs(self) -> Iterator[tuple[str, set[Arc]]]:
        data = self._measured.get_data()
        for file in data.measured_files():
            yield file, set(data.arcs(file) or ())

    def _learn(self, arcs: Mapping[str, set[Arc]]) -> None:
        for file, some in arcs.items():
            self._known.setdefault(file, set()).update(some)

    def _tell_and_exit(self, status: int) -> NoReturn:
        self._measured.stop()
        news = {file: new for file, arcs in self._arcs() if (new := arcs - self._known.get(file, set()))}
        if news:
            os.write(self._news.fileno(), pickle.dumps(news))
        self._exit(status)
        raise AssertionError  # it has ended
