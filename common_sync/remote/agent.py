"""Bring one service of Compose from release to release on its machine: the standard library alone, Python 3.7 or newer.

`common-sync fleet deploy` sends it, with its modules and its job, by standard input. What it does goes on when the
connection ends: it works in a process of its own, holds a lock, and notes each step in a journal before it goes on. The next
run that finds a journal which is not at its end, and a lock that nobody holds, goes back first.

Steps: begun, fetched, built, verified (nothing that runs was changed so far), switching, switched, deployed. Before the
switch it ends as discarded; once that has begun, as rolled-back, or as rollback-failed, where a person has to look.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time

from common_sync.remote.calls import Job, RefusalError, StepError, fail, refuse
from common_sync.remote.clone import SHORT, Clone
from common_sync.remote.host import Host
from common_sync.remote.journal import Journal, Release, UnreadableError, read_journal, write_json
from common_sync.remote.look import find_state, list_running

_RESTING = ("", "verified", "deployed", "rolled-back", "discarded")
_UNTOUCHED = ("begun", "fetched", "built")
_KEPT = 3
"""Releases, the one that runs among them."""

_PATIENCE = 2.0
"""Seconds for somebody who only looks whether the lock is free."""

_MOST_SAID = 4000
_ERRORS = (StepError, OSError, ValueError, KeyError, TypeError)
"""What may go wrong; the last ones where git or Docker answer in another form than they should."""


def work(mark: str, job: dict[str, object]) -> int:
    """Do a job in a process of its own; print how it has ended: one line of JSON behind a mark.

    Args:
        mark: What tells the line from what else a shell prints when it starts.
        job: The fields of `Job`.
    """
    wanted = Job(**job)  # type: ignore[arg-type] # the sender has them from the same class
    state = find_state(wanted.path, wanted.service)
    os.makedirs(state, 0o700, exist_ok=True)
    lock = os.open(os.path.join(state, "lock"), os.O_RDWR | os.O_CREAT, 0o600)
    if not _take(lock):
        print(mark + json.dumps({"end": "busy", "why": "another deploy is at work there"}))
        return 0
    ears, mouth = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ears)
        _work_apart(wanted, state, lock, mouth)
    os.close(lock)  # the child holds it, and what it starts: these may live on where it is killed
    os.close(mouth)
    with open(ears, "rb") as file:
        told = file.read()
    os.waitpid(child, 0)
    print(mark + (told.decode() or json.dumps({"end": "lost", "why": "the process that did it was killed"})))
    return 0


def _take(lock: int) -> bool:
    """Take the lock, or tell that another one works."""
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.05)
        else:
            return True


def _work_apart(job: Job, state: str, lock: int, mouth: int) -> None:
    """Work apart from whoever has asked, tell how it has ended, and end; whoever has asked may have gone."""
    try:
        os.setsid()
        log = os.open(os.path.join(state, "log"), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        null = os.open(os.devnull, os.O_RDONLY)
        for own, there in ((null, 0), (log, 1), (log, 2)):
            os.dup2(own, there)
        result = Agent(job, state, (lock,)).run()
        with open(mouth, "wb") as file:
            file.write(json.dumps(result).encode())
    finally:
        os._exit(0)


class Agent:
    """Takes one service from release to release.

    Args:
        job: What is to be done.
        state: The folder that has what is known of its deploys.
        lock: The descriptors of its lock.
    """

    def __init__(self, job: Job, state: str, lock: tuple[int, ...] = ()) -> None:
        self._job, self._state, self._host, self._clone = job, state, Host(job, lock), Clone(job, lock)
        self._tree = os.path.join(state, "tree", os.path.basename(job.path))
        self._log = os.path.join(state, "log")
        self.journal = Journal()
        self._known: set[str] = set()

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
        except _ERRORS as error:
            end, why = "failed" if self.journal.step in (*_RESTING, *_UNTOUCHED) else "lost", _explain(error)
        commit, old = self.journal.commit, self.journal.old
        told = {"end": end, "why": why or self.journal.why, "commit": commit, "old": old, "log": self._log}
        return dict(told, said=self._read_log(before))

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

    def _try_to_note(self, step: str) -> bool:
        """Write into the journal that a step was reached, if that can be; a full disk must not keep from the way back."""
        try:
            self.note(step, self.journal)
        except OSError as error:
            text = f"the journal cannot be written: {_explain(error)}"
            why = self.journal.why if text in self.journal.why else f"{self.journal.why}; {text}"
            self.journal = self.journal._replace(step=step, why=why)
            return False
        return True

    def prepare(self) -> str:
        """Fetch, build and verify the commit; what runs is left alone."""
        self._begin()
        try:
            self._clone.fetch()
            self._host.add_tree(self._tree)
            self.note("fetched", self.journal)
            self.note("built", self.journal._replace(new=self._build()))
            for unit, image in self.journal.new.items():
                words = ("run", "--rm", "-i", "--network", "none", "--entrypoint", "python3", image, "-I", "-")
                self._host.prove(f"the image of {unit}", *words)
        except (RefusalError, *_ERRORS) as error:
            self._discard(_explain(error))
            return "failed"
        self.note("verified", self.journal)
        return "verified"

    def _begin(self) -> None:
        """See what runs, and that nobody else works there; note it."""
        if self.journal.step == "verified":
            self._discard("another run has begun")
        self._clone.check(self._job.branch)
        project, names = self._host.read_units(self._job.path)
        running = {unit: image for unit, image in self._host.find_running(project).items() if unit in names}
        self._known = self._list_kept()
        for unit, name in names.items():
            self._host.check_name(name, running.get(unit), self._known)
        for unit, image in running.items():
            self._host.keep(project, unit, image)
        well = bool(running) and not self._host.find_ill(project, running)
        fresh = Journal("", self._job.run, self._job.commit, self._job.tree, self._clone.head(), project, running)
        self.note("begun", fresh._replace(branch=self._clone.branch(), well=well, history=self.journal.history))

    def _list_kept(self) -> set[str]:
        """Return the images of the releases that are kept, and of what ran before the last deploy."""
        kept = [release.images for release in self.journal.releases]
        return {image for images in (*kept, self.journal.running) for image in images.values()}

    def _build(self) -> dict[str, str]:
        """Build the images from the work tree beside the clone; return their ids."""
        root = self._find_root()
        project, names = self._host.read_units(root)
        if project != self.journal.project:
            fail(f"{self._job.commit[:SHORT]} calls its project {project}, and not {self.journal.project}")
        for unit, name in names.items():
            self._host.check_name(name, self.journal.running.get(unit), self._known)
        return self._host.build(root, project, names)

    def _find_root(self) -> str:
        """Return the repository's folder in the work tree beside the clone."""
        prefix = self._host.ask("git", "rev-parse", "--show-prefix").rstrip("/")
        return os.path.join(self._tree, prefix) if prefix else self._tree

    def _check_names(self) -> None:
        """Refuse where somebody has made an image by a name that is about to be given to another one."""
        for root in (self._job.path, self._find_root()):
            for unit, name in self._host.read_units(root)[1].items() if os.path.isdir(root) else []:
                self._host.check_name(name, self.journal.running.get(unit), self._list_ours())

    def _list_ours(self) -> set[str]:
        """Return the images that have a name of our own, and so lose nothing with Compose's."""
        return self._list_kept().union(self.journal.running.values(), self.journal.new.values())

    def _discard(self, why: str) -> None:
        """Take away what was prepared; what runs was not touched."""
        self._host.remove_tree(self._tree)
        self.note("discarded", self.journal._replace(why=why))
        self._forget_images()

    def _forget_images(self) -> None:
        """Forget the images that were built here, are in no kept release, and do not run."""
        journal = self.journal
        held = [release.images for release in journal.releases]
        held += [journal.running] if journal.step != "deployed" else []
        with contextlib.suppress(*_ERRORS):  # the next run does it
            found = {str(one["image"]) for one in list_running(journal.project)}
            self._host.forget(journal.project, found.union(*(one.values() for one in held)))

    def back(self) -> str:
        """Get ready to go back to the release before, which is kept."""
        if not self.journal.history[1:]:
            refuse("no earlier release is kept there")
        last, target = self.journal.releases[:2]
        self._clone.check_left(last.commit, last.branch)
        self._clone.check_way(target.commit)
        self._begin()
        if not all(map(self._host.find_image, target.images.values())):
            self._discard("an image of the release before was removed")
            return "failed"
        to = self.journal._replace(commit=target.commit, tree=target.tree, new=target.images, back=True)
        self.note("verified", to)
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
        self._clone.check(journal.branch)
        found = self._host.find_running(journal.project)
        if self._clone.head() != journal.old or any(
            found.get(unit) != image for unit, image in journal.running.items()
        ):
            refuse("somebody has changed the clone, or what runs, since it was prepared")
        self._clone.check_way(journal.commit)
        self._check_names()
        self.note("switching", journal)
        try:
            self._take_over()
            self._keep_releases(journal)
        except (RefusalError, *_ERRORS) as error:
            self.journal = self.journal._replace(why=_explain(error))
            return "rolled-back" if self.recover() else "rollback-failed"
        with contextlib.suppress(*_ERRORS):  # it is deployed, whether that goes or not; the next run takes it away
            self._host.remove_tree(self._tree)
        return "deployed"

    def _keep_releases(self, journal: Journal) -> None:
        """Note that it is deployed, and forget the images of our own that no kept release has."""
        history = journal.history or [Release(journal.old, "", "", journal.running)._asdict()][: len(journal.running)]
        new = Release(journal.commit, journal.tree, journal.run, journal.new, journal.branch)._asdict()
        if journal.back:
            history = [dict(history[1], branch=journal.branch), *history[2:]]
        else:
            history = [new, *(one for one in history if one["images"] != journal.new)]
        self.note("deployed", self.journal._replace(history=history[:_KEPT], why=""))
        self._forget_images()

    def _take_over(self) -> None:
        """Move the clone, start the new images, and see that they do well and hold what is wanted."""
        journal = self.journal
        self._clone.move(journal.commit, back=journal.back)
        self._host.start(journal.new, self._list_ours())
        self.note("switched", journal)
        self._host.wait_until_well(journal.project, journal.new)
        if journal.back:
            return
        found = [(str(one["unit"]), str(one["id"])) for one in list_running(journal.project)]
        for unit, container in found:
            if unit in journal.new:
                self._host.prove(f"the container of {unit}", "exec", "-i", container, "python3", "-I", "-")
        unproven = sorted(set(journal.new).difference(unit for unit, _ in found))
        if unproven:
            fail(f"{', '.join(unproven)}: the container is gone")

    def recover(self) -> bool:
        """Go back to what ran before; tell whether all is as it was."""
        why = self.journal.why or f"it was interrupted at `{self.journal.step}`"
        if self.journal.step in _UNTOUCHED:
            self._discard(why)
            return True
        self.journal = self.journal._replace(why=why)
        self._try_to_note("rolling-back")
        try:
            self._go_back()
        except (RefusalError, *_ERRORS) as error:
            self.journal = self.journal._replace(why=f"{self.journal.why}; then the way back: {_explain(error)}")
            self._try_to_note("rollback-failed")
            return False
        is_noted = self._try_to_note("rolled-back")
        self._forget_images()
        return is_noted

    def _go_back(self) -> None:
        """Move the clone back, start the old images, and see that they do as well as before."""
        journal, head = self.journal, self._clone.head()
        if head not in (journal.old, journal.commit):
            fail(f"somebody has moved the clone to {head[:SHORT]}")
        self._clone.check_branch(journal.branch)
        self._clone.mend(journal.commit if head == journal.old else journal.old)
        self._clone.check_way(journal.old)
        fresh = {unit: image for unit, image in journal.new.items() if unit not in journal.running}
        if fresh and head == journal.commit:
            self._host.remove(fresh)
        if head != journal.old:
            self._clone.move(journal.old, back=True)
        self._host.start(journal.running, self._list_ours())
        if journal.well:
            self._host.wait_until_well(journal.project, journal.running)
        found = self._host.find_running(journal.project)
        gone = sorted(unit for unit, image in journal.running.items() if found.get(unit) != image)
        if gone:
            fail(f"{', '.join(gone)}: what ran before is not there again")
        self._host.remove_tree(self._tree)


def _explain(error: BaseException) -> str:
    return str(error) or type(error).__name__
