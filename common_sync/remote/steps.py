"""The steps by which a service goes from release to release, whatever kind its machine is of: the standard library alone, Python 3.7.

begun, fetched, built, verified (nothing that runs was changed so far), switching, switched, deployed. Before the switch it
ends as discarded; once that has begun, as rolled-back, or as rollback-failed, where a person has to look.
"""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod

from common_sync.remote.calls import Job, RefusalError, StepError, refuse
from common_sync.remote.journal import Journal, UnreadableError, read_journal, write_json
from common_sync.remote.look import explain
from common_sync.remote.waiting import Watch

_RESTING = ("", "verified", "deployed", "rolled-back", "discarded")
UNTOUCHED = ("begun", "fetched", "built")
KEPT = 3
"""Releases, the one that runs among them."""

_MOST_SAID = 4000
ERRORS = (StepError, OSError, ValueError, LookupError, TypeError, AttributeError)
"""What may go wrong; the last ones where git or Docker answer in another form than they should."""


class Steps(ABC):
    """Takes one service from release to release.

    Args:
        job: What is to be done.
        state: The folder that has what is known of its deploys.
    """

    def __init__(self, job: Job, state: str) -> None:
        self._job, self._state, self._log = job, state, os.path.join(state, "log")
        self.journal, self._watch = Journal(), Watch(job.health)
        self._took: float | None = None

    @abstractmethod
    def begin(self) -> None:
        """Note what runs, once nothing speaks against a new release."""

    @abstractmethod
    def build(self) -> None:
        """Fetch the commit, build of it, and see what that holds; what runs is left alone."""

    @abstractmethod
    def back(self) -> str:
        """Get ready to go back to the release before, which is kept."""

    @abstractmethod
    def discard(self, why: str) -> None:
        """Take away what was prepared; what runs was not touched."""

    @abstractmethod
    def check_unchanged(self) -> None:
        """Refuse where somebody has changed something since it was prepared."""

    @abstractmethod
    def take_over(self) -> None:
        """Switch to what was prepared, and see that it does well and holds what is wanted."""

    @abstractmethod
    def keep_releases(self, journal: Journal) -> None:
        """Note that it is deployed."""

    @abstractmethod
    def go_back(self) -> None:
        """Bring back what ran before, and see that it does as well as before."""

    @abstractmethod
    def tidy(self) -> None:
        """Take away what nobody needs any more; what cannot be, the next run does."""

    def run(self) -> dict[str, object]:
        """Do the job; return how it has ended."""
        before = os.path.getsize(self._log) if os.path.exists(self._log) else 0
        actions = {"prepare": self.prepare, "back": self.back, "switch": self.switch, "undo": self.undo}
        try:
            self.journal = read_journal(self._state)
            is_whole = self.journal.step in _RESTING or self.recover()
            end, why = actions[self._job.action]() if is_whole else "rollback-failed", ""
        except RefusalError as error:
            end, why = "refused", str(error)
        except UnreadableError as error:
            end, why = "lost", str(error)
        except ERRORS as error:
            end, why = "failed" if self.journal.step in (*_RESTING, *UNTOUCHED) else "lost", explain(error)
        commit, old = self.journal.commit, self.journal.old
        told = {"end": end, "why": why or self.journal.why, "commit": commit, "old": old, "log": self._log}
        told["digest"] = self.journal.digest if end in ("verified", "deployed") else ""
        took = None if self._took is None else int(self._took)
        return dict(told, said=self._read_log(before), gap=self._watch.gap, seconds=took)

    def _read_log(self, before: int) -> str:
        """Return the end of what was written since."""
        with open(self._log, "rb") as file:
            file.seek(max(before, os.path.getsize(self._log) - _MOST_SAID))
            return file.read().decode("utf-8", "replace")

    def note(self, step: str, journal: Journal) -> None:
        """Write into the journal that a step was reached."""
        noted = journal._replace(step=step)
        write_json(os.path.join(self._state, "journal.json"), noted._asdict())
        self.journal = noted

    def try_to_note(self, step: str) -> bool:
        """Write into the journal that a step was reached, if that can be; a full disk must not keep from the way back."""
        try:
            self.note(step, self.journal)
        except OSError as error:
            text = f"the journal cannot be written: {explain(error)}"
            why = self.journal.why if text in self.journal.why else f"{self.journal.why}; {text}"
            self.journal = self.journal._replace(step=step, why=why)
            return False
        return True

    def prepare(self) -> str:
        """Fetch, build and verify the commit; what runs is left alone."""
        self.begin()
        began = time.monotonic()
        try:
            self.build()
        except (RefusalError, *ERRORS) as error:
            self.discard(explain(error))
            return "failed"
        self._took = time.monotonic() - began
        self.note("verified", self.journal)
        return "verified"

    def undo(self) -> str:
        """Take back what a run has deployed."""
        if not self.journal.history or self.journal.history[0]["run"] != self._job.of:
            refuse("another deploy came in between")
        end = self.back()
        return self.switch() if end == "verified" else end

    def switch(self) -> str:
        """Switch to what was prepared; go back where it does not become well."""
        journal = self.journal
        if journal.step != "verified" or journal.run != self._job.run:
            refuse("what was prepared is not there any more: another run came in between")
        self.check_unchanged()
        self.note("switching", journal)
        self._watch.begin()
        end = self._switch(journal)
        self._watch.end()
        if end == "deployed":
            self.tidy()
        return end

    def _switch(self, journal: Journal) -> str:
        try:
            self.take_over()
            self.keep_releases(journal)
        except (RefusalError, *ERRORS) as error:
            self.journal = self.journal._replace(why=explain(error))
            return "rolled-back" if self.recover() else "rollback-failed"
        return "deployed"

    def recover(self) -> bool:
        """Go back to what ran before; tell whether all is as it was."""
        why = self.journal.why or f"it was interrupted at `{self.journal.step}`"
        if self.journal.step in UNTOUCHED:
            self.discard(why)
            return True
        self.journal = self.journal._replace(why=why)
        self.try_to_note("rolling-back")
        try:
            self.go_back()
        except (RefusalError, *ERRORS) as error:
            self.journal = self.journal._replace(why=f"{self.journal.why}; then the way back: {explain(error)}")
            self.try_to_note("rollback-failed")
            return False
        is_noted = self.try_to_note("rolled-back")
        self.tidy()
        return is_noted
