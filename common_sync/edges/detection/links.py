"""Where the lines of a repository's files lead: each mention of a path, resolved to a folder, and the service that it is of."""

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from common_sync.core.paths import ancestors, is_below, overlap
from common_sync.core.references.contract import Place
from common_sync.core.references.kinds import Kind, kind_anywhere
from common_sync.core.text import UnparsableError
from common_sync.edges.detection.images import ComposedService, Copied, cut_off, read_copied, read_services
from common_sync.edges.detection.reading import Lead, Strength, read_leads, search_lines
from common_sync.edges.detection.tree import Tree, above, last

_OF_THE_FOLDER_ABOVE = frozenset({"requirements", "docker", "deploy", "deployment", "compose", "ci"})
"""Folders in which people keep the files by which the folder above is built."""

_COMPOSE_HINTS = (b"build", b"volumes", b"./", b"context")


class Link(NamedTuple):
    """A line of a service's file that leads to a folder: a mention whose place is known."""

    service: str  # the folder whose file it is
    target: str  # where it leads; below the service when it asks for a copy there, which need not exist
    kind: Strength  # how much it says
    file: str  # the file, relative to the root
    line: int | None  # its line, counted from 1; None for a symlink
    text: str  # the line, to be shown
    name: str  # what the folder is called where it is copied or mounted to, or nothing
    wide: bool = False  # whether it leads there only where an image is built from a folder above the service's
    composed: bool = False  # whether a compose file says that the image is built so
    shared: bool = False  # whether it is of one image for several services

    @property
    def leads_inside(self) -> bool:
        """Whether it asks for a folder of the service itself."""
        return is_below(self.target, self.service)


class WideImage(NamedTuple):
    """An image that takes a library from its master, since it is built from a folder above its service."""

    file: str  # the Dockerfile's path from the root
    service: str  # the service's
    composed: bool  # whether a compose file says how it is built


def find_links(tree: Tree) -> list[Link]:
    """Return every line, and every symlink, by which one folder leads to another, in the order of the files."""
    links = sorted(_Linker(tree).links(), key=lambda link: link.file)
    for file, place in sorted(item for item in tree.symlinks.items() if not tree.is_of_tests(item[0])):
        holder = next(filter(tree.looks_like_service, ancestors(file)), above(file))
        if holder and not overlap(place, holder):
            links.append(Link(holder, place, "copy", file, None, f"a symlink to {place}", last(file)))
    return links


class _Taken(NamedTuple):
    """What a Dockerfile copies, where that is, and the folder from which the path leads there."""

    copied: Copied
    place: str
    base: str


class _Linker:
    """Reads the files of a repository: compose files tell how Dockerfiles are built, and Dockerfiles what of."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._kinds: dict[str, Kind] = {file: kind for file in sorted(tree.files) if (kind := kind_anywhere(file))}
        self._composed = {file: self._read_compose(file) for file, kind in self._kinds.items() if kind == "compose"}
        self._contexts: dict[str, list[str]] = {}
        for file, services in self._composed.items():
            for service in services or ():
                for context, dockerfile in self._built(file, service):
                    self._contexts.setdefault(dockerfile, []).append(context)
        self._owners: dict[str, list[str]] = {}

    def links(self) -> Iterator[Link]:
        """Yield them all, what each kind of file says together."""
        dockerfiles = {file for file, kind in self._kinds.items() if kind == "dockerfile"}
        taken = {file: self._read_dockerfile(file) for file in sorted(dockerfiles | self._named_dockerfiles())}
        often = Counter(place for found in taken.values() for place in {one.place for one in found or ()})
        for file, found in taken.items():
            yield from self._link_dockerfile(file, found, often)
        for file, services in self._composed.items():
            yield from self._link_compose(file, services)
        for file, kind in self._kinds.items():
            if kind not in {"dockerfile", "compose"}:
                yield from self._link_file(file, kind, service_of(above(file)))

    def _link_file(self, file: str, kind: Kind, service: str) -> Iterator[Link]:
        """Yield what a file says, and what the files of any name say that pip reads for it."""
        pending, seen = [(file, kind)], {file}
        while pending:
            file, kind = pending.pop()
            for lead in read_leads(self._tree, file, kind, service):
                yield from make_link(self._tree, service, lead, file)
                if lead.reads and lead.place in self._tree.files and lead.place not in {*self._kinds, *seen}:
                    seen.add(lead.place)
                    pending.append((lead.place, "requirements"))

    def _named_dockerfiles(self) -> set[str]:
        """Return the files of any name that a compose file builds by."""
        return {file for file in self._contexts if file in self._tree.files}

    def _read_compose(self, file: str) -> list[ComposedService] | None:
        """Return the services of a compose file, or None where it cannot be parsed."""
        if not any(hint in self._tree.data(file) for hint in _COMPOSE_HINTS):
            return []
        from common_sync.edges.files.yaml import parse_yaml  # 20 ms, where there is something to read

        try:
            return list(read_services(parse_yaml(self._tree.text(file))))
        except UnparsableError:
            return None

    def _built(self, file: str, service: ComposedService) -> Iterator[tuple[str, str]]:
        """Yield the context and the Dockerfile of each image that a compose service builds."""
        for build in service.builds:
            context = self._tree.locate(above(file), build.context)
            if context is not None:
                yield context, posixpath.normpath(posixpath.join(context, build.dockerfile))

    def _read_dockerfile(self, file: str) -> list[_Taken] | None:
        """Return what a Dockerfile copies, or None where it cannot be parsed."""
        bases = self._contexts.get(file) or [above(file), *ancestors(above(file)), ""]
        with suppress(UnparsableError):
            copied = list(read_copied(self._tree.text(file)))
            places = ((one, self._locate(bases, one.path)) for one in copied)
            return [_Taken(one, *place) for one, place in places if place is not None]
        return None

    def _locate(self, bases: Sequence[str], path: str) -> tuple[str, str] | None:
        """Return where a path leads, and the folder that it does so from."""
        spelled = (path, cut_off(path)) if ".." in path else (path,)
        places = ((self._tree.locate(base, one), base) for one in spelled for base in bases)
        return next(((place, base) for place, base in places if place is not None), None)

    def _link_dockerfile(self, file: str, found: list[_Taken] | None, often: Counter[str]) -> Iterator[Link]:
        if found is None:
            yield from self._link_lines(file)
            return
        self._owners[file] = self._own(file, found, often)
        for service in self._owners[file]:
            for copied, place, base in found:
                of_service = any(is_below(place, owner) for owner in self._owners[file])
                if not copied.varies and not of_service:
                    wide = base != service and is_below(service, base)
                    lead = Lead(place, "copy", copied.line, copied.text, copied.name, wide=wide)
                    links = make_link(self._tree, service, lead, file)
                    shared = len(self._owners[file]) > 1
                    yield from (link._replace(composed=file in self._contexts, shared=shared) for link in links)

    def _own(self, file: str, found: Iterable[_Taken], often: Counter[str]) -> list[str]:
        """Return the services that are built by a Dockerfile: its own folder, or the programs that it copies."""
        folder = service_of(above(file))
        places = {one.place for one in found}
        if folder in self._tree.python_folders and any(overlap(place, folder) for place in places):
            return [folder]
        varying = [inner for one in found if one.copied.varies for inner in self._tree.inner.get(one.place, ())]
        programs = self._programs((*(one.place for one in found if not one.copied.varies), *varying), often)
        return programs or ([folder] if folder else [])

    def _programs(self, places: Iterable[str], often: Counter[str]) -> list[str]:
        """Return those of some places that belong to a program; of the rest, what only one Dockerfile copies."""
        around = (next(filter(self._tree.looks_like_service, (place, *ancestors(place))), "") for place in places)
        likely = sorted({one for one in around if one and not self._only_keeps_dockerfiles(one)})
        started = [one for one in likely if self._tree.is_program(one)]
        return started or [one for one in likely if often[one] == 1]

    def _only_keeps_dockerfiles(self, folder: str) -> bool:
        """Tell whether a folder is for files by which others are built: a `COPY *.toml` there does not mean the folder."""
        return last(folder) in _OF_THE_FOLDER_ABOVE and folder not in self._tree.python_folders

    def _link_compose(self, file: str, services: list[ComposedService] | None) -> Iterator[Link]:
        if services is None:
            yield from self._link_lines(file)
        for one in services or ():
            places = [(path, self._tree.locate(above(file), path.path)) for path in one.paths]
            there = [(path, place) for path, place in places if place is not None]
            mounted = [place for path, place in there if path.use == "mount"]
            for owner in self._run(file, one, mounted):
                for path, place in there:
                    if path.use not in {"build", "dockerfile"}:
                        lead = Lead(
                            place, "copy" if path.use == "folder" else "aside", path.line, "", last(path.target)
                        )
                        yield from make_link(self._tree, owner, lead._replace(text=self._line(file, path.line)), file)

    def _line(self, file: str, number: int) -> str:
        return self._tree.text(file).split("\n")[number - 1].strip()

    def _run(self, file: str, service: ComposedService, mounted: Iterable[str]) -> list[str]:
        """Return the folders that a compose service runs: what its image is built of, or what is mounted into it."""
        built = list(self._built(file, service))
        owners = [owner for _, dockerfile in built for owner in self._owners.get(dockerfile, ())]
        owners += (service_of(above(dockerfile)) for _, dockerfile in built if not owners)
        own = service_of(above(file))
        beside = [own] if own in self._tree.python_folders else []
        return sorted(set(filter(None, owners))) or self._programs(mounted, Counter()) or beside

    def _link_lines(self, file: str) -> Iterator[Link]:
        """Yield what a file that cannot be parsed names in passing."""
        service = service_of(above(file))

        def locate(path: str, _: bool) -> Place:
            found = self._locate([above(file)], path)
            return Place("outside") if found is None else Place("master", found[0])

        for lead in search_lines(self._tree.text(file), locate):
            yield from make_link(self._tree, service, lead, file)


def make_link(tree: Tree, service: str, lead: Lead, file: str) -> Iterator[Link]:
    """Yield the link that a line makes; nothing for one that leads to the service itself, or to nothing.

    Args:
        tree: The repository.
        service: The folder that is built by the file.
        lead: The line.
        file: The file.
    """
    place, strength, name = lead.place, lead.strength, lead.name
    if place not in tree.names and not tree.is_there(place):
        if tree.is_anything(place):
            place, strength, name = above(place), "aside", ""  # a file of it, whose name is not the folder's
        elif strength != "install" or not is_below(place, service):
            return
    if service and place != service and not is_below(service, place):
        target = place if is_below(place, service) else library_of(tree, place, service)
        yield Link(service, target, strength, file, lead.line, lead.text, name, lead.wide)


def service_of(folder: str) -> str:
    """Return the folder that is built by the files in a folder: most often that folder itself."""
    while last(folder) in _OF_THE_FOLDER_ABOVE or last(folder).startswith("."):
        folder = above(folder)
    return folder


def library_of(tree: Tree, place: str, service: str) -> str:
    """Return the library that a place belongs to: the project around it, or the outermost package, or itself.

    Args:
        tree: The repository.
        place: A folder.
        service: The folder that refers to it, which is no part of the library.
    """

    def apart(folder: str) -> bool:
        return not is_below(service, folder)

    around = (folder for folder in (place, *ancestors(place)) if apart(folder))
    project = next((folder for folder in around if tree.is_project(folder)), None)
    if project is not None and (project == place or not tree.looks_like_service(project)):
        return project
    while above(place) and apart(above(place)) and "__init__.py" in tree.names.get(above(place), ()):
        place = above(place)
    return place
