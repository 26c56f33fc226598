"""A service that Compose runs from a clone, taken from release to release: the standard library alone, Python 3.7 or newer."""

from __future__ import annotations

import contextlib
import os

from common_sync.remote.calls import Job, fail, refuse
from common_sync.remote.clone import SHORT, Clone
from common_sync.remote.host import Host, Units
from common_sync.remote.journal import Journal, Release
from common_sync.remote.look import list_running
from common_sync.remote.registry import Registry
from common_sync.remote.steps import ERRORS, KEPT, Steps


class Compose(Steps):
    """Moves the clone, and starts images that were built of it, here or elsewhere.

    Args:
        job: What is to be done.
        state: The folder that has what is known of its deploys.
        lock: The descriptors of its lock.
    """

    def __init__(self, job: Job, state: str, lock: tuple[int, ...] = ()) -> None:
        super().__init__(job, state)
        self._lock, self._clone, self._registry = lock, Clone(job, lock), Registry(job, lock)
        self._tree = os.path.join(state, "tree", os.path.basename(job.path))
        self._known: set[str] = set()
        self._once: list[str] = []

    @property
    def _host(self) -> Host:
        """The machine; what the kept releases were called in a registry is the service's own there."""
        former = [release.digest for release in self.journal.releases]
        return Host(self._job, self._lock, [*former, self.journal.digest])

    def build(self) -> None:
        """Fetch the commit, build or pull its images, and verify them; what runs is left alone."""
        self._clone.fetch()
        self._host.add_tree(self._tree)
        self.note("fetched", self.journal)
        root, units = self._read_tree()
        images = self._pull_images(units) if self._job.image else self._host.build(root, units.project, units.names)
        new = {unit: image for unit, image in images.items() if unit not in units.once}
        once = {unit: images[unit] for unit in units.once}
        self.note("built", self.journal._replace(new=new, once=once, pulled=""))
        for unit, image in images.items():
            words = ("run", "--rm", "-i", "--network", "none", "--entrypoint", "python3", image, "-I", "-")
            self._host.prove(f"the image of {unit}", *words)

    def begin(self) -> None:
        """See what runs, and that nobody else works there; note it."""
        if self.journal.step == "verified":
            self.discard("another run has begun")
        self._clone.check(self._job.branch)
        project, names, once = self._host.read_units(self._job.path)
        self._once = once
        found = {unit: image for unit, image in self._host.find_running(project).items() if unit in names}
        self._known = self._list_kept().union(found.values())
        for unit, name in names.items():
            self._host.check_name(name, found.get(unit), self._known)
        for unit, image in found.items():
            self._host.keep(project, unit, image)
        ran = {unit: image for unit, image in found.items() if unit in once}
        running = {unit: image for unit, image in found.items() if unit not in once}
        well = bool(running) and not self._host.find_ill(project, running)
        fresh = Journal("", self._job.run, self._job.commit, self._job.tree, self._clone.head(), project, running)
        self.note(
            "begun", fresh._replace(branch=self._clone.branch(), well=well, ran=ran, history=self.journal.history)
        )

    def _list_kept(self) -> set[str]:
        """Return the images of the releases that are kept, and of what ran before the last deploy."""
        kept = [release.images for release in self.journal.releases]
        return {image for images in (*kept, self.journal.running) for image in images.values()}

    def _pull_images(self, units: Units) -> dict[str, str]:
        """Bring the image that was built of the commit elsewhere; return its id for each unit."""
        self._registry.check(units.names)
        digest = self._registry.resolve()
        is_there = bool(self._host.find_image(digest))
        self.note("fetched", self.journal._replace(digest=digest, pulled="" if is_there else digest))
        image = self._registry.pull(digest)
        self._host.keep_pulled(image)
        for unit in units.names:
            self._host.keep(units.project, unit, image)
        self._registry.let_go(self.journal.pulled)
        return dict.fromkeys(units.names, image)

    def _read_tree(self) -> tuple[str, Units]:
        """Return the work tree's folder of the repository, and the units there."""
        root, journal = self._find_root(), self.journal
        host = self._host if self._job.image else Host(self._job, self._lock)  # what is pulled cannot be built
        units = host.read_units(root)
        if units.project != journal.project:
            fail(f"{self._job.commit[:SHORT]} calls its project {units.project}, and not {journal.project}")
        # A unit that ends may be left from a later release than the clone has.
        there = self._host.find_running(units.project)
        ran = {**journal.ran, **{unit: there[unit] for unit in units.once if unit in there}}
        for unit, name in units.names.items():
            self._host.check_name(name, {**journal.running, **ran}.get(unit), self._known)
        self.journal = journal._replace(ran=ran)
        return root, units

    def _find_root(self) -> str:
        """Return the repository's folder in the work tree beside the clone."""
        prefix = self._host.ask("git", "rev-parse", "--show-prefix").rstrip("/")
        return os.path.join(self._tree, prefix) if prefix else self._tree

    def _check_names(self) -> None:
        """Refuse where somebody has made an image by a name that is about to be given to another one."""
        for root in (self._job.path, self._find_root()):
            for unit, name in self._host.read_units(root).names.items() if os.path.isdir(root) else []:
                self._host.check_name(name, self.journal.running.get(unit), self._list_ours())

    def _list_ours(self) -> set[str]:
        """Return the images that have a name of our own, and so lose nothing with Compose's."""
        journal = self.journal
        images = (journal.running, journal.ran, journal.new, journal.once)
        return self._list_kept().union(*(one.values() for one in images))

    def discard(self, why: str) -> None:
        """Take away what was prepared; what runs was not touched."""
        self._host.remove_tree(self._tree)
        self._registry.let_go(self.journal.pulled)
        self.note("discarded", self.journal._replace(why=why, pulled=""))
        self._forget_images()

    def _forget_images(self) -> None:
        """Forget the images that were built or pulled here, are in no kept release, and do not run."""
        journal = self.journal
        held = [release.images for release in journal.releases]
        held += [journal.running, journal.ran] if journal.step != "deployed" else []
        with contextlib.suppress(*ERRORS):  # the next run does it
            found = {str(one["image"]) for one in list_running(journal.project)}
            self._host.forget(journal.project, found.union(*(one.values() for one in held)))

    def back(self) -> str:
        """Get ready to go back to the release before, which is kept."""
        if not self.journal.history[1:]:
            refuse("no earlier release is kept there")
        last, target = self.journal.releases[0], self.journal.releases[self._choose()]
        self._clone.check_left(last.commit, last.branch)
        self._clone.check_way(target.commit)
        self.begin()
        new = {unit: image for unit, image in target.images.items() if unit not in self._once}  # a start undoes nothing
        if not all(map(self._host.find_image, new.values())):
            self.discard("an image of the release before was removed")
            return "failed"
        to = self.journal._replace(commit=target.commit, tree=target.tree, new=new, digest=target.digest, back=True)
        self.note("verified", to)
        return "verified"

    def _choose(self) -> int:
        """Return which of the kept releases to go back to: the one before, or the newest one of a commit."""
        kept, to = self.journal.releases, self._job.to
        found = [number for number, one in enumerate(kept) if number and to in ("", one.commit)]
        if not found:
            named = ", ".join(dict.fromkeys(one.commit[:SHORT] for one in kept[1:]))
            refuse(f"no earlier release of {to[:SHORT]} is kept there: kept are {named}")
        return found[0]

    def keep_releases(self, journal: Journal) -> None:
        """Note that it is deployed."""
        history = journal.history or [Release(journal.old, "", "", journal.running)._asdict()][: len(journal.running)]
        new = Release(journal.commit, journal.tree, journal.run, journal.new, journal.branch, journal.digest)._asdict()
        if journal.back:
            number = self._choose()
            history = [dict(history[number], branch=journal.branch, images=journal.new), *history[number + 1 :]]
        else:
            history = [new, *(one for one in history if one["images"] != journal.new)]
        self.note("deployed", self.journal._replace(history=history[:KEPT], why=""))

    def tidy(self) -> None:
        """Take away the work tree beside the clone, and the images of our own that no kept release has."""
        with contextlib.suppress(*ERRORS):
            self._host.remove_tree(self._tree)
        self._forget_images()

    def check_unchanged(self) -> None:
        """Refuse where somebody has changed the clone, or what runs, since it was prepared."""
        journal = self.journal
        self._clone.check(journal.branch)
        found = self._host.find_running(journal.project)
        if self._clone.head() != journal.old or any(
            found.get(unit) != image for unit, image in journal.running.items()
        ):
            refuse("somebody has changed the clone, or what runs, since it was prepared")
        self._clone.check_way(journal.commit)
        self._check_names()

    def take_over(self) -> None:
        """Move the clone, start the new images, and see that they do well and hold what is wanted."""
        journal = self.journal
        names = self._list_names(self._job.path) if journal.back else set()
        self._clone.move(journal.commit, back=journal.back)
        self._host.run_once(journal.once, self._list_ours())
        self._host.start(journal.new, self._list_ours(), set() if journal.back else self._list_anew())
        self.note("switched", journal)
        self._host.wait_until_well(journal.project, journal.new)
        if journal.back:
            self._host.take_off(names, {*journal.running.values(), *journal.ran.values()})
            return
        found = [(str(one["unit"]), str(one["id"])) for one in list_running(journal.project)]
        for unit, container in found:
            if unit in journal.new:
                self._prove_container(unit, container)
        unproven = sorted(set(journal.new).difference(unit for unit, _ in found))
        if unproven:
            fail(f"{', '.join(unproven)}: the container is gone")

    def _list_anew(self) -> set[str]:
        """Return the units that have the images that they are to have, and something was changed in their containers."""
        found = [
            one for one in list_running(self.journal.project) if self.journal.new.get(str(one["unit"])) == one["image"]
        ]
        return {*self._job.anew, *(str(one["unit"]) for one in found if not self._is_proven(str(one["id"])))}

    def _is_proven(self, container: str) -> bool:
        """Tell whether a container holds what is wanted."""
        try:
            self._prove_container("it", container)
        except ERRORS:
            return False
        return True

    def _prove_container(self, unit: str, container: str) -> None:
        self._host.prove(f"the container of {unit}", "exec", "-i", container, "python3", "-I", "-")

    def go_back(self) -> None:
        """Move the clone back, start the old images, and see that they do as well as before."""
        journal, head = self.journal, self._clone.head()
        if head not in (journal.old, journal.commit):
            fail(f"somebody has moved the clone to {head[:SHORT]}")
        if journal.once:
            self._host.stop(journal.project, journal.once)
        self._clone.check_branch(journal.branch)
        self._clone.mend(journal.commit if head == journal.old else journal.old)
        self._clone.check_way(journal.old)
        after, before = {**journal.new, **journal.once}, {**journal.running, **journal.ran}
        fresh = {unit: image for unit, image in after.items() if unit not in before}
        if fresh and head == journal.commit:
            self._host.remove(fresh)
        if head != journal.old:
            self._clone.move(journal.old, back=True)
        self._host.start(journal.serving, self._list_ours())
        if journal.well:
            self._host.wait_until_well(journal.project, journal.serving)
        found = self._host.find_running(journal.project)
        self._name_ended(found)
        gone = sorted(unit for unit, image in journal.serving.items() if found.get(unit) != image)
        if gone:
            fail(f"{', '.join(gone)}: what ran before is not there again")
        root = self._find_root()
        if os.path.isdir(root) and not journal.back:  # a way back has no work tree, and its names were there before
            self._host.take_off(self._list_names(root), {*journal.new.values(), *journal.once.values()})
        self._host.remove_tree(self._tree)

    def _list_names(self, root: str) -> set[str]:
        """Return the names of images in the compose files below a root; none where these cannot be read any more."""
        try:
            return set(self._host.read_units(root).names.values())
        except ERRORS:
            return set()

    def _name_ended(self, found: dict[str, str]) -> None:
        """Give the names of units that end to what their containers have; a name that others have is theirs.

        Args:
            found: The image of each unit's container.
        """
        names = self._host.read_units(self._job.path).names if self.journal.ran else {}
        taken = {names.get(unit) for unit in self.journal.serving}
        own = {unit for unit in self.journal.ran if names.get(unit) not in taken}
        if own:
            self._host.name({unit: image for unit, image in found.items() if unit in own}, self._list_ours())
