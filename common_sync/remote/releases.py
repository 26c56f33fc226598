"""A service with releases of its own, taken from one to another: the standard library alone, Python 3.7 or newer.

The clone is only where commits come from: it is not moved, and what is edited in it stays. The machine's own common-sync makes
a release aside, switches by one symlink, proves it, and goes back where it is not healthy. Here is when, and what is noted.
"""

from __future__ import annotations

from common_sync.remote.calls import Job, fail, refuse
from common_sync.remote.clone import SHORT, Clone
from common_sync.remote.journal import Journal, Release
from common_sync.remote.look import RELEASE
from common_sync.remote.machine import Machine
from common_sync.remote.steps import KEPT, UNTOUCHED, Steps


class Releases(Steps):
    """Has releases made and switched to.

    Args:
        job: What is to be done.
        state: The folder that has what is known of its deploys.
        lock: The descriptors of its lock.
    """

    def __init__(self, job: Job, state: str, lock: tuple[int, ...] = ()) -> None:
        super().__init__(job, state)
        self._machine, self._clone = Machine(job, lock), Clone(job, lock)

    @property
    def _old(self) -> int:
        """The release that ran before; 0 for none."""
        return int(self.journal.running.get(RELEASE, 0))

    def build(self) -> None:
        """Fetch the commit, make a release of it aside, and see what it holds."""
        self._clone.bring()
        self.note("fetched", self.journal)
        number = self._machine.make()
        self.note("built", self.journal._replace(new={RELEASE: str(number)}))
        self._machine.prove(number)

    def begin(self) -> None:
        """Note what runs."""
        standing = self._machine.read()
        running = {RELEASE: str(standing.current)} if standing.current else {}
        fresh = Journal("", self._job.run, self._job.commit, self._job.tree, running=running, well=standing.settled)
        self.note("begun", fresh._replace(history=self.journal.history))

    def back(self) -> str:
        """Get ready to go back to the release before."""
        meant = self._old if self._job.action == "undo" else 0
        if self._job.action == "undo" and not meant:
            refuse("there was no release before")
        target = self._machine.choose(meant or self._find_meant())
        if not target:
            refuse("the release to go back to is the current one")
        self.begin()
        commit = self._machine.read().commits.get(target, "")
        tree = self._clone.find("git", "rev-parse", "--verify", "-q", f"{commit}:./{self._job.service}") or ""
        to = self.journal._replace(commit=commit, tree=tree, new={RELEASE: str(target)}, back=True)
        self.note("verified", to)
        return "verified"

    def _find_meant(self) -> int:
        """Return the newest release of the commit that is meant before the current one; 0 where none is named."""
        standing, to = self._machine.read(), self._job.to
        found = [number for number, commit in standing.commits.items() if number < standing.current and commit == to]
        if to and not found:
            refuse(f"no earlier release of {to[:SHORT]} is kept there")
        return max(found, default=0)

    def discard(self, why: str) -> None:
        """Note that nothing came of it; a release that was made aside goes with the next deploy that needs it no more."""
        self.note("discarded", self.journal._replace(why=why))

    def check_unchanged(self) -> None:
        """Refuse where somebody has switched to another release meanwhile."""
        standing = self._machine.read()
        if standing.current != self._old:
            refuse(f"release {standing.current} is current, which was not so when it was prepared")

    def take_over(self) -> None:
        """Switch to the release, and see that it does well and holds what is wanted."""
        journal, number = self.journal, int(self.journal.new[RELEASE])
        if journal.back:
            self._machine.go_back(number)
        else:
            self._machine.deploy(number)
        self.note("switched", journal)
        self._machine.wait_until_well(number)
        if not journal.back:
            self._machine.prove(number)

    def keep_releases(self, journal: Journal) -> None:
        """Note that it is deployed; which releases stay is the machine's own business."""
        number = int(journal.new[RELEASE])
        new = Release(journal.commit, journal.tree, journal.run, journal.new)._asdict()
        history = [one for one in journal.releases if int(one.images[RELEASE]) < number]
        kept = [new, *(one._asdict() for one in history)]
        self.note("deployed", self.journal._replace(history=kept[:KEPT], why=""))

    def recover(self) -> bool:
        """Go back to the release before; where there was none, the next deploy goes on with what is there."""
        if self.journal.step not in UNTOUCHED and not self._old and self._job.action == "prepare":
            self.discard(f"it was interrupted at `{self.journal.step}`, and there is no release to go back to")
            return True
        return super().recover()

    def go_back(self) -> None:
        """Go back to the release that ran before, where it is not there again by itself, and see that it does well."""
        old, standing = self._old, self._machine.read()
        if not old and not standing.current:
            return
        if not old:
            fail("there is no release to go back to")
        if standing.current != old or not standing.settled:
            self._machine.go_back(old)
        if self.journal.well:
            self._machine.wait_until_well(old)

    def tidy(self) -> None:
        """Do nothing: the machine's own deploy takes away what nobody needs."""
