"""`watch`: options in, rounds of `distribute` until Ctrl-C, exit code out."""

import gc
import os
import sys
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import partial
from typing import TYPE_CHECKING, Annotated

from common_sync.commands.watch import concerns, find_folders
from common_sync.core.errors import CommonSyncError, ConfigurationError, LockedError, Problem, TreeError
from common_sync.edges.project.load import Project, load_project
from common_sync.interface.show.options import Option, Options, Services
from common_sync.interface.show.progress import show_progress
from common_sync.interface.show.terminal import flush, look_at, say, write

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify  # not there without the extra

    from common_sync.core.model import Finding

_MOST, _SETTLING = 2_000, 100
"""Milliseconds: how long changes are gathered at most, and how long nothing more must change."""

_AGAIN = 1.0
"""Seconds until a round is begun again that found the repository locked."""

Wait = Callable[[float | None], set[str] | None]
"""Takes how many seconds to wait, or None for ever; returns the paths that have changed, or None where it cannot name them."""

Begin = Callable[[Collection[str]], AbstractContextManager[Wait]]
"""Begins to watch some folders."""


def run_watch(
    options: Options,
    services: Services = None,
    *,
    poll: Annotated[bool, Option("--poll", "Look twice a second, where the system tells of no changes.")] = False,
) -> int:
    """Distribute once, then on each change of the master or of the configuration, until Ctrl-C.

    Edits in copies are left alone, and named once.
    """
    begin = _begin_to_poll if poll else _load_watcher()
    gc.enable()  # this run is not short
    rounds = _Rounds(options, services or ())
    try:
        _watch(rounds, begin)
    except (KeyboardInterrupt, SystemExit):  # asked to end, by Ctrl-C or SIGTERM
        if rounds.running:
            say("interrupted: the next run finishes what was begun")
    return 0


class _Rounds:
    """Rounds of `distribute`, and what they have said so far."""

    def __init__(self, options: Options, services: Sequence[str]) -> None:
        self.project: Project = load_project(options.root)
        self.running = False
        self._options, self._services, self._begun = options, services, False
        self._findings: Sequence[Finding] = ()
        self._problems: tuple[Problem, ...] = ()

    def go(self, cause: str | None) -> bool:
        """Run one; return False where the repository was locked.

        Args:
            cause: What has changed, or None where nothing is known to have.

        Raises:
            CommonSyncError: Something is wrong, and no round has come to its end yet.
        """
        self.running = True
        wrong = self._try(cause)
        flush(sys.stdout)
        self.running = False
        return not isinstance(wrong, LockedError)

    def _try(self, cause: str | None) -> CommonSyncError | None:
        """Distribute; return what was wrong, and say it unless it was said last time."""
        try:
            self._distribute(cause)
        except CommonSyncError as error:
            if not self._begun and not isinstance(error, LockedError):
                raise
            if error.problems != self._problems:
                _explain(error, self._options)
            self._problems = error.problems
            return error
        self._begun, self._problems = True, ()
        return None

    def _distribute(self, cause: str | None) -> None:
        from common_sync.commands.distribute import Locks, distribute  # help needs none of it
        from common_sync.interface.show.watch import round_lines

        started = time.perf_counter()
        self.project = load_project(self.project.root)
        with show_progress() as phases:
            distribution = distribute(
                self.project, self._services, locks=Locks(may_connect=False), say=say, phases=phases
            )
        seconds = time.perf_counter() - started
        for line in round_lines(cause, distribution, seconds, self._findings, self._options):
            write(line)
        self._findings = distribution.findings()


def _explain(error: CommonSyncError, options: Options) -> None:
    from common_sync.interface.show.text import problem_lines  # only where something is wrong

    for problem in error.problems:
        for line in problem_lines(problem, look_at(sys.stderr, options.color)):
            say(line)


def _watch(rounds: _Rounds, begin: Begin) -> None:
    """Run rounds for ever. What changes is watched before a round reads anything, so that nothing is missed."""
    from common_sync.interface.show.watch import name_cause  # help needs none of it

    cause: str | None = "start"
    while True:
        folders = find_folders(rounds.project)
        try:
            with begin(folders) as wait:
                done = rounds.go(cause)
                if find_folders(rounds.project) != folders:  # there is a new one, or the configuration names another
                    cause = None
                    continue
                changed = _wait_for_change(wait, rounds.project, None if done else _AGAIN)
        except FileNotFoundError:  # a folder has gone since it was found
            if not os.path.isdir(rounds.project.root):
                raise
            continue
        if changed is None or changed:
            cause = name_cause(changed or ())


def _wait_for_change(wait: Wait, project: Project, seconds: float | None) -> set[str] | None:
    """Return what has changed that concerns a copy; nothing where the time is over."""
    while changed := wait(seconds):
        if concerning := {path for path in changed if concerns(project, path)}:
            return {path for path in concerning if os.path.isfile(path)} or concerning
    return changed


def _begin_to_poll(folders: Collection[str]) -> AbstractContextManager[Wait]:
    from common_sync.edges.files.polling import Poller  # only where it is asked for

    return nullcontext(Poller(folders).wait)


def _load_watcher() -> Begin:
    """Return what has the system tell of changes.

    Raises:
        ConfigurationError: The extra is not installed.
    """
    try:
        from watchfiles._rust_notify import RustNotify  # takes longer than a round, and nobody else needs it
    except ImportError:
        remedy = "pip install 'common-sync[watch]'"
        raise ConfigurationError(Problem("watch needs watchfiles, which is not installed", remedy=remedy)) from None

    @contextmanager
    def begin(folders: Collection[str]) -> Iterator[Wait]:
        with _start(RustNotify, folders) as watcher:
            yield partial(_ask, watcher)

    return begin


def _start(watcher: "type[RustNotify]", folders: Collection[str]) -> "RustNotify":
    try:
        return watcher(sorted(folders), False, False, 0, False, False)
    except FileNotFoundError:
        raise
    except (
        OSError,
        RuntimeError,
        UnicodeError,
    ) as error:  # too many folders, too many watchers, a name that is no text
        message = f"the system cannot tell of changes here: {str(error).partition(' about ')[0].rstrip('.')}"
        raise TreeError(Problem(message, remedy="common-sync watch --poll")) from error


def _ask(watcher: "RustNotify", seconds: float | None) -> set[str] | None:
    """Wait for a change.

    Raises:
        KeyboardInterrupt: The process is asked to end; the watcher keeps the exception to itself.
    """
    try:
        seen = watcher.watch(_MOST, _SETTLING, int((seconds or 0) * 1_000), None)
    except RuntimeError:  # a name that is no text
        return None
    if seen == "signal":
        raise KeyboardInterrupt
    return set() if isinstance(seen, str) else {path for _, path in seen}
