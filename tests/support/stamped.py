"""Runs of the hook in this process, which may end by a stamp; a run is asked what it says, and whether it has looked for itself."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import pytest

from common_sync.core.errors import CommonSyncError
from common_sync.edges.state import stamp, watching
from common_sync.interface import hook
from support.monorepo import Monorepo, environment


class Said(NamedTuple):
    """What a run of the hook has said: its exit code, and whether its stamp sufficed."""

    code: int
    by_stamp: bool = False


STAMP = Said(0, by_stamp=True)
FULL = Said(0)


class Stamped:
    """A repository, and the hook in it: `--check`, so that it changes nothing.

    Args:
        repo: The repository.
        env: More variables.
        arguments: More arguments.
    """

    def __init__(self, repo: Monorepo, env: Mapping[str, str] | None = None, *arguments: str) -> None:
        self.repo, self.env, self.arguments = repo, dict(env or {}), ["--check", *arguments]

    @property
    def stamp(self) -> Path:
        """Where its stamp is."""
        with self.standing():
            place = stamp.find_stamp(self.arguments)
        assert place is not None
        return Path(place)

    @contextmanager
    def standing(self, racy: int = 0) -> Iterator[None]:
        """Be where git would run the hook; nothing that was touched before now is taken for racy, unless it is said."""
        settings = {name: value for name, value in environment(**self.env).items() if name != "CI"} | self.env
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(self.repo.root)
            patch.setattr(os, "environ", settings)
            patch.setattr(sys, "argv", ["common-sync-hook", *self.arguments])
            patch.setattr(watching, "RACY", racy)
            yield

    def run(self, racy: int = 0) -> Said:
        """Run the hook as a user does: by its stamp, or in full."""
        let_the_clock_tick(self.repo.root)
        with self.standing(racy):
            if stamp.is_unchanged(self.arguments):
                return STAMP
            return Said(_run())

    def run_in_full(self) -> Said:
        """Run the hook without a stamp, and without leaving one."""
        with self.standing(), pytest.MonkeyPatch.context() as patch:
            patch.setattr(hook, "may_be_used", lambda _: False)
            return Said(_run())

    def leave_stamp(self) -> None:
        """Run it so that the next run may end by the stamp."""
        assert self.run().code == 0
        assert self.run() == STAMP


def _run() -> int:
    with suppress(CommonSyncError):
        return hook._run()  # noqa: SLF001 - `main` ends the process
    return 2


def let_the_clock_tick(root: Path) -> None:
    """Wait until what is touched from now on gets other times than what was touched before: it takes some milliseconds."""
    probe = root.parent / "probe"
    probe.write_bytes(b"")
    before = probe.stat().st_ctime_ns
    while probe.stat().st_ctime_ns == before:
        os.utime(probe)
