"""A service of Compose on its machine, as the agent finds and changes it: the standard library alone, Python 3.7 or newer."""

from __future__ import annotations

import json
import math
import os
import time
from typing import Iterable, NamedTuple  # noqa: UP035 - Python 3.7

from common_sync.remote.calls import Caller, Job, fail, refuse
from common_sync.remote.clone import SHORT
from common_sync.remote.look import LIMIT, explain, find_state, list_running
from common_sync.remote.registry import find_repository
from common_sync.remote.waiting import find_ill, wait_until_well

_LABEL = "common-sync.target"
"""Of images that were built here, and whose names may be taken away again."""

_ENDED = ("exited", "dead")
"""States of a container in which nothing of it runs, or begins to."""

_FILES = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")


class Units(NamedTuple):
    """What Compose starts of a service."""

    project: str  # its name
    names: dict[str, str]  # the image's name of each unit; those with ports first
    once: list[str]  # the units that do their work and end, each after those that it waits for


class Host(Caller):
    """Asks and changes a service's images and containers.

    Args:
        job: What is to be done.
        lock: The descriptors of its lock.
        former: Names of images that it came from a registry by: the compose file that is there may still have them.
    """

    def __init__(self, job: Job, lock: tuple[int, ...] = (), former: Iterable[str] = ()) -> None:
        super().__init__(job, lock)
        self._repositories = {find_repository(one) for one in (job.image, *former) if one}

    def add_tree(self, tree: str) -> None:
        """Check the commit out beside the clone."""
        self.remove_tree(tree)
        os.makedirs(os.path.dirname(tree), exist_ok=True)
        self.do(
            "git", "-c", "core.hooksPath=/dev/null", "worktree", "add", "--force", "--detach", tree, self.job.commit
        )

    def remove_tree(self, tree: str) -> None:
        """Remove what was checked out beside the clone."""
        if os.path.lexists(tree) and not self.succeeds("git", "worktree", "remove", "--force", "--force", tree):
            self.do("rm", "-rf", "--", tree)  # git does not know it: it was interrupted

    def find_image(self, name: str) -> str:
        """Return the id of an image, or nothing where there is none of that name."""
        return self.find("docker", "image", "inspect", "--format", "{{.Id}}", name) or ""

    def check_name(self, name: str, image: str | None, kept: set[str]) -> None:
        """Refuse to take a name from an image that somebody has made and not started; ours are kept by another one.

        Raises:
            StepError: Docker does not tell whether there is one.
        """
        named = self.find_image(name) or self._list_image(name)
        if named and named not in {image, *kept}:
            remedy = "start it, or remove its name by docker rmi" if image else "remove its name by docker rmi"
            refuse(f"the image {name} is there and is not what runs: {remedy}")

    def _list_image(self, name: str) -> str:
        """Return the same by another question: that an image is not found, and that Docker does not answer, look alike in the first."""
        if "@" in name:
            return ""
        tag = name.rpartition(":")[2] if ":" in name.rpartition("/")[2] else "latest"
        return self.ask("docker", "image", "ls", "--quiet", "--no-trunc", f"{find_repository(name)}:{tag}")

    def keep(self, project: str, unit: str, image: str) -> None:
        """Give an image a name of our own: it is not pruned while it has one."""
        self.do("docker", "tag", image, _own_name(project, unit, image))

    def keep_pulled(self, image: str) -> None:
        """Give an image that came from a registry a name of our own: by that it is found again when nobody needs it."""
        self.do("docker", "tag", image, f"{self._shelf}:pulled-{_shorten(image)}")

    def forget(self, project: str, held: set[str]) -> None:
        """Take our own names from images that were built or pulled here and are not held; others stay, and what a container has."""
        names = f"common-sync/{project}"
        found = self._list_names(names, "--filter", f"label={_LABEL}={self._target}")
        pulled = self._list_names(self._shelf)
        if pulled:
            ids = {image for _, image in pulled}
            found += [one for one in self._list_names(names) if one[1] in ids and one not in found] + pulled
        for name, image in found:
            if image not in held or not name.endswith(f"-{_shorten(image)}"):  # or a build was interrupted
                self.succeeds("docker", "rmi", name)

    def _list_names(self, repository: str, *words: str) -> list[tuple[str, str]]:
        """Return the names of a repository, each with its image's id."""
        shown = ("--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}", *words)
        lines = self.ask("docker", "image", "ls", *shown, repository).splitlines()
        return [(name, image) for name, _, image in (line.rpartition(" ") for line in lines)]

    @property
    def _shelf(self) -> str:
        """What the images that came from a registry are called; a service's name may have letters that no image may have."""
        return f"common-sync/pulled/{self._target.rpartition('-')[2]}"

    @property
    def _target(self) -> str:
        """The service's name of its own on this machine."""
        return os.path.basename(find_state(self.job.path, self.job.service))

    def build(self, root: str, project: str, names: dict[str, str]) -> dict[str, str]:
        """Build the images by names of our own, so that those of what runs stay as they are; return their ids.

        Args:
            root: The folder to build from.
            project: The project's name.
            names: The image's name of each unit.
        """
        labels = {"org.opencontainers.image.revision": self.job.commit, _LABEL: self._target}
        first = {name: unit for unit, name in reversed(list(names.items()))}  # two units may have one image
        ours = {unit: f"common-sync/{project}:building-{first[name]}" for unit, name in names.items()}
        parts = {unit: {"image": ours[unit], "build": {"labels": labels}} for unit in names}
        self.compose(root, "build", "--", *names, over=json.dumps({"services": parts}))
        new = {unit: self.find_image(ours[unit]) for unit in names}
        for unit, image in new.items():
            self.keep(project, unit, image)
        for tag in set(ours.values()):
            self.do("docker", "rmi", "--no-prune", tag)
        return new

    def prove(self, what: str, *words: str) -> None:
        """See that the library's folder, in an image or in a container, holds what is wanted."""
        self.prove_by(what, "docker", *words)

    def find_running(self, project: str) -> dict[str, str]:
        """Return the image of each unit of a project."""
        return {str(one["unit"]): str(one["image"]) for one in list_running(project)}

    def name(self, images: dict[str, str], ours: set[str]) -> Units:
        """Give their names to images; return the units.

        Args:
            images: The image of each unit.
            ours: The images that lose nothing with such a name; it is taken from no other one.
        """
        units = self.read_units(self.job.path)
        for unit, image in images.items():
            if unit in units.names:
                self.check_name(units.names[unit], None, {image, *ours})
        for unit, name in units.names.items():
            if unit in images:
                self.do("docker", "tag", images[unit], name)
        return units

    def start(self, images: dict[str, str], ours: set[str], anew: Iterable[str] = ()) -> None:
        """Give their names to images, as `name` does, then start the units from them one after another.

        Args:
            images: The image of each unit.
            ours: As for `name`.
            anew: The units that Compose would leave alone, and that get new containers.
        """
        units = self.name(images, ours)
        limit = self._limit(units.project)
        for unit in units.names:
            if unit in images:
                words = (*_UP[:-1], "--force-recreate", "--") if unit in anew else _UP
                self.compose(self.job.path, *words, unit, limit=limit)

    def run_once(self, images: dict[str, str], ours: set[str]) -> None:
        """Start units that do their work and end, one after another, from images that get their names by `name`.

        Raises:
            StepError: One has not ended with 0, or all together took longer than a command may take.
        """
        project, deadline = self.name(images, ours).project, time.monotonic() + self.job.timeout
        for unit in images:
            self.compose(self.job.path, *_UP, unit, limit=_find_left(deadline))
            found = [str(one["id"]) for one in list_running(project) if one["unit"] == unit]
            codes = self.ask("docker", "wait", *found, limit=_find_left(deadline)).split() if found else []
            if set(codes) != {"0"}:
                fail(f"{unit} has ended with {', '.join(codes) or 'no container'}")

    def stop(self, project: str, images: dict[str, str]) -> None:
        """Stop units of a project that still run from images; a container with another image is somebody's, and goes on."""
        limit = self._limit(project)
        for one in list_running(project):
            if images.get(str(one["unit"])) == one["image"] and one["state"] not in _ENDED:
                self.do("docker", "stop", str(one["id"]), limit=limit)

    def remove(self, images: dict[str, str]) -> None:
        """Remove units that were not there before, and the names of their images."""
        project, names, _ = self.read_units(self.job.path)
        limit = self._limit(project)
        for unit in [unit for unit in names if unit in images]:
            self.compose(self.job.path, "rm", "--stop", "--force", "--", unit, limit=limit)
            is_shared = names[unit] in {name for other, name in names.items() if other not in images}
            if self.find_image(names[unit]) == images[unit] and not is_shared:
                self.do("docker", "rmi", "--no-prune", names[unit])

    def take_off(self, names: set[str], images: set[str]) -> None:
        """Take names from images where the compose file that is there now has no such name; one that has another image stays."""
        for name in sorted(names.difference(self.read_units(self.job.path).names.values())):
            if self.find_image(name) in images:
                self.succeeds("docker", "rmi", "--no-prune", name)

    def wait_until_well(self, project: str, images: dict[str, str]) -> None:
        """Wait until all is well so many times in a row, and stays so for a while."""
        wait_until_well(self.job, lambda: self._see(project, images))

    def _see(self, project: str, images: dict[str, str]) -> tuple[str, str]:
        """Return why a service is not well, or nothing, and its starts; where Docker does not tell, it may do so soon."""
        try:
            found = [one for one in list_running(project) if one["unit"] in images]
        except OSError as error:
            return explain(error), ""
        starts = json.dumps([[one["id"], one["started"], one["restarts"]] for one in found])
        return self._find_ill(found, images), starts

    def find_ill(self, project: str, images: dict[str, str]) -> str:
        """Return why a service is not well, or nothing."""
        return self._find_ill([one for one in list_running(project) if one["unit"] in images], images)

    def _find_ill(self, found: list[dict[str, object]], images: dict[str, str]) -> str:
        for one in found:
            if one["image"] != images[str(one["unit"])]:
                return f"{one['unit']} runs another image"
            if one["state"] != "running" or one["health"] not in ("", "healthy"):
                return f"{one['unit']} is {one['health'] or one['state']}"
        missing = sorted(set(images).difference(str(one["unit"]) for one in found))
        if missing:
            return f"{', '.join(missing)}: no container"
        return find_ill(self.job.health)

    def find_files(self, root: str) -> list[str]:
        """Return the service's compose files."""
        if self.job.compose:
            return [os.path.join(root, one) for one in self.job.compose]
        folder, live = (os.path.join(above, self.job.service) for above in (root, self.job.path))
        for name in _FILES:
            stem, end = os.path.splitext(name)
            own, there = (os.path.join(one, f"{stem}.override{end}") for one in (folder, live))
            if os.path.exists(os.path.join(folder, name)):
                is_hosts = os.path.exists(there) and not self.succeeds("git", "ls-files", "--error-unmatch", there)
                found = [
                    os.path.join(folder, name),
                    there if is_hosts else own,
                ]  # the host may have one that git does not know
                return [one for one in found if os.path.exists(one)]
        return fail(f"there is no compose file in {folder}")

    def read_units(self, root: str) -> Units:
        """Return the units that are built of the service, or have its image."""
        words = ("config", "--format", "json", "--no-env-resolution")
        told = json.loads(self.ask(*self._find_compose(root), *words))
        folder, found = os.path.join(os.path.realpath(root), self.job.service), []
        for unit, one in told["services"].items():
            build = one.get("build") or {}
            context = os.path.realpath(build.get("context") or "/")
            file = os.path.realpath(os.path.join(context, build.get("dockerfile") or ""))
            name = str(one.get("image") or f"{told['name']}-{unit}")
            is_built = any((place + "/").startswith(folder + "/") for place in (context, file))
            if is_built or find_repository(name) in self._repositories:
                found.append((not one.get("ports"), unit, name))
        if not found:
            fail(
                f"its compose files build no image of {self.job.service}{f' and start no {self.job.image}' if self.job.image else ''}"
            )
        names = {unit: name for _, unit, name in sorted(found)}
        return Units(str(told["name"]), names, _find_once(told["services"], names))

    def _limit(self, project: str) -> float:
        """Return how many seconds a unit may take to be stopped and started."""
        stops = [int(str(one["stops"])) for one in list_running(project)]
        return self.job.health_timeout + LIMIT + max(stops, default=0)

    def compose(self, root: str, *words: str, over: str = "", limit: float = 0) -> str:
        """Run Compose with the service's files below a root; `over` is put over them."""
        return self.do(*self._find_compose(root, over), *words, given=over, limit=limit)

    def _find_compose(self, root: str, over: str = "") -> list[str]:
        """Return how Compose is called with the service's files below a root."""
        files = self.find_files(root)
        live = os.path.dirname(os.path.join(self.job.path, os.path.relpath(files[0], root)))
        settings = self.job.env_file or os.path.join(live, ".env")
        command = ["docker", "compose"]
        for file in [*files, "-"] if over else files:
            command += ["-f", file]
        command += ["--env-file", settings] if os.path.exists(settings) else []
        return command


_UP = ("up", "-d", "--no-build", "--no-deps", "--pull", "never", "--")


def _find_once(services: dict[str, dict[str, dict[str, dict[str, str]]]], names: dict[str, str]) -> list[str]:
    """Return the units that another one waits for until they have ended well, each after those that it waits for itself."""
    needs = {unit: one.get("depends_on") or {} for unit, one in services.items()}
    conditions = [item for one in needs.values() for item in one.items()]
    ends = {unit for unit, one in conditions if one.get("condition") == "service_completed_successfully"}
    left, found = [unit for unit in names if unit in ends], []
    while left:
        ready = [unit for unit in left if not set(left).intersection(needs[unit])]
        found.append((ready or left)[0])
        left.remove(found[-1])
    return found


def _find_left(deadline: float) -> int:
    """Return how many whole seconds are left, or one."""
    return max(1, math.ceil(deadline - time.monotonic()))


def _own_name(project: str, unit: str, image: str) -> str:
    return f"common-sync/{project}:{unit}-{_shorten(image)}"


def _shorten(image: str) -> str:
    return image.rpartition(":")[2][:SHORT]
