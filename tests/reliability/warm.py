"""The tests' side of the warm process: ask it to run the program, and hear how that ended."""

import os
import pickle
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self

from reliability.runs import Calls, Ended, Hindrance, Run
from support.monorepo import UNMEASURED, environment

_TESTS = Path(__file__).parents[1]


def unmeasured(**more: str) -> dict[str, str]:
    """Return an environment for runs whose coverage is not measured: that would write thousands of files."""
    return environment(**UNMEASURED, **more)


class Program:
    """The program, as real processes that are forked from a warm one."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "reliability.driver"],
            cwd="/",
            env=unmeasured(PYTHONPATH=os.pathsep.join([str(_TESTS), str(_TESTS.parent)])),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the warm process."""
        self._process.__exit__(kind, error, trace)

    def run(
        self,
        cwd: Path,
        *arguments: str,
        calls: Calls = "changing",
        hindrance: Hindrance | None = None,
        env: dict[str, str] | None = None,
        user: int | None = None,
        workers: bool = False,
    ) -> Ended:
        """Run the program once."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        run = Run(str(cwd), arguments, calls, hindrance, tuple((env or {}).items()), user, workers)
        pickle.dump(run, self._process.stdin)
        self._process.stdin.flush()
        ended: Ended = pickle.load(self._process.stdout)  # noqa: S301 - from our own process
        return ended
