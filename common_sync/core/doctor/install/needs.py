"""What an install reads, and whether it is in the image at that moment.

pip and uv resolve the paths of projects against the current folder, and those of `-r` and `-c` against the file that they
stand in (https://pip.pypa.io/en/stable/reference/requirements-file-format/).
"""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from posixpath import dirname, join, normpath, split

from common_sync.core.doctor.image.files import Context, Image, Place
from common_sync.core.doctor.install.bounds import bind, find_replaced, list_bounds, list_paths
from common_sync.core.doctor.install.command import Asked, Install
from common_sync.core.doctor.install.markers import holds
from common_sync.core.doctor.install.need import BEFORE, Asker, Before, Need, lacking, read_text
from common_sync.core.doctor.install.project.build_needs import list_build_needs
from common_sync.core.doctor.install.project.projects import Dependency, Project, read_links, read_pipfile, read_project
from common_sync.core.doctor.install.project.setup_script import SETUP_FILES, list_required
from common_sync.core.doctor.install.project.unbuilt import PROJECT_FILES, find_absent, refuse_lines, why_no_project
from common_sync.core.doctor.install.project.workspace import find_bare_members, find_doubled_members, find_root
from common_sync.core.doctor.install.selection import find_lock, installs_root, is_unlocked, select
from common_sync.core.doctor.install.settings.options import refuse_absent
from common_sync.core.doctor.install.settings.pip import asks_for_hashes, find_unclear_settings
from common_sync.core.doctor.install.settings.sources import Source, given_sources, list_sources, needs_it
from common_sync.core.doctor.install.settings.uv import find_config_files, wheels_only
from common_sync.core.doctor.install.settings.uv_settings import refuse_settings
from common_sync.core.doctor.install.together import refuse_together, way_of
from common_sync.core.doctor.install.upward import upward
from common_sync.core.formats.pip.paths import ARCHIVES, find_include, find_target, holds_variable, name_project
from common_sync.core.formats.pip.refusals import is_nameless, why_refused, why_uv_refuses
from common_sync.core.formats.pip.syntax import Instruction, parse_instructions


def find_needs(install: Install, image: Image, context: Context, before: Before = BEFORE) -> list[Need]:
    """Return what an install reads, in the order in which it comes upon it, each once.

    Args:
        install: What is installed, with the options that files of settings give it.
        image: The files that are there then.
        context: The build context that they came from.
        before: What was installed before.
    """
    finder = _Finder(install, image, context)
    needs = list(finder.find())  # all is read before anybody knows whether something has a hash
    install, bounds = finder.install, list_bounds(needs, finder.install, image, context)
    together = [*bind(refuse_together(needs, install, before.names, hashes=finder.hashes), bounds)]
    return list(dict.fromkeys([*together, *find_replaced(bounds, needs, install, before.versions)]))


class _Finder:
    def __init__(self, install: Install, image: Image, context: Context) -> None:
        self.install, self._image, self._context = install, image, context
        self._seen: set[str] = set()
        self._ways: dict[str, tuple[bool, str]] = {}
        self.hashes = install.has("--require-hashes")
        self._locked = ""
        self._others = list_paths(install, "--overrides", "--override", "--excludes")

    def find(self) -> Iterator[Need]:
        folder = self.install.folder
        if folder is None:
            if self.install.asked or self.install.synced:
                yield Need("file", "", "", "unknown", "the folder that it runs in cannot be told")
            return
        if self.install.tool == "pip" and (unclear := find_unclear_settings(self.install, self._image)) is not None:
            yield Need("file", unclear[0], unclear[0], "unknown", unclear[1])
        yield from find_config_files(self.install, folder, self._image)
        yield from refuse_settings(self.install, self._image, self._context)
        for source in given_sources(self.install):
            yield from self._source(source, [folder], None)
        if self.install.tool == "uv" and not self.install.has("--no-config"):
            yield from self._links(folder)
        if self.install.synced:
            yield from self._synced(folder)
        for value in (
            self.install.values("--group") if self.install.tool in {"pip", "uv"} and not self.install.synced else ()
        ):
            yield from self._group(value, folder)
        for asked in self.install.asked:
            yield from self._asked(asked, folder)

    def _group(self, value: str, folder: str) -> Iterator[Need]:
        """Yield the projects of a dependency group, `[PATH:]NAME`; pip takes their paths from where it runs."""
        path, _, group = value.rpartition(":")
        path = normpath(join(folder, path or "pyproject.toml"))
        place = self._image.look(path)
        project = read_project((self._text(place) if place is not None else None) or "") or Project()
        yield Need("file", f"--group {value}", path, "there" if place is not None else "missing")
        uv = self.install.tool == "uv"
        for one in (*project.dependencies, *(project.uv if uv else ())):
            asker = Asker(place.origin if place is not None else None, one.line)
            if one.group == group:
                yield from self._project(one, dirname(path) if uv else folder, asker, direct=True)

    def _asked(self, asked: Asked, folder: str) -> Iterator[Need]:
        text, known, pattern, _ = asked.word
        by_path = asked.kind != "project" or not text or find_target(text, editable=False) is not None
        if not known and by_path:
            yield Need("file", text, "", "unknown", "it holds a variable without a value")
        elif pattern and by_path:
            yield from self._pattern(asked, folder)
        elif asked.kind in {"file", "constraints"} and text in _STANDARD_INPUT:
            yield Need("file", text, "", "unknown", "it reads what another program writes")
        elif asked.kind in {"file", "constraints"}:
            target = find_include(text)
            if target is not None:
                path = normpath(join(folder, target.path))
                yield from self._file(path, text, Asker(), constrains=asked.kind == "constraints")
        elif (target := find_target(text, editable=asked.kind == "editable")) is not None:
            editable = asked.kind == "editable"
            wanted = Dependency(name_project(target, text), 0, text, editable)
            refused = self._why_refused(text, editable=editable)
            yield from self._project(wanted, folder, Asker(), direct=bool(target.name), refused=refused)

    def _pattern(self, asked: Asked, folder: str) -> Iterator[Need]:
        """Yield the projects that a pattern means; wheels that the build has made need nothing more."""
        above, name = split(join(folder, asked.word.text))
        if asked.kind not in {"project", "editable"} or self._image.look(normpath(above)) is None:
            yield Need("file", asked.word.text, "", "unknown", "it is a pattern")
            return
        for found in sorted(self._image.names(normpath(above))):
            if fnmatchcase(found, name):
                written = asked.word.text
                yield from self._project(
                    Dependency(f"{above}/{found}", 0, written, asked.kind == "editable"), folder, Asker()
                )

    def _file(self, path: str, written: str, asker: Asker, *, constrains: bool) -> Iterator[Need]:
        place = self._image.look(path)
        need = Need("file", written, path, "there", "", *asker, constrains=constrains)
        if place is None or place.kind == "folder":
            yield need._replace(state="missing")
            return
        text = self._text(place)
        if text is None:
            yield need._replace(state="unknown", reason=_why_unread(place, path))
            return
        yield need
        if path in self._seen:
            return
        self._seen.add(path)
        if path.endswith("pyproject.toml"):
            yield from self._dependencies(text, place, dirname(path))
        else:
            yield from self._lines(text, place.origin, path, constrains=constrains)

    def _sources(self, text: str, file: str | None, path: str) -> Iterator[Need]:
        for source in list_sources(text):
            yield from self._source(source, [dirname(path), self.install.folder or "/"], file, text)

    def _links(self, folder: str) -> Iterator[Need]:
        """Yield the folders of packages that uv's settings name, in the nearest file that has some."""
        for above in upward(folder):
            for name, table in (("uv.toml", ()), ("pyproject.toml", ("tool", "uv"))):
                place = self._image.look(join(above, name))
                text = self._text(place) if place is not None else None
                links = read_links(text, *table) if text is not None else ()
                for link in links:
                    yield from self._source(link, [above], place.origin if place is not None else None)
                if links:
                    return

    def _source(self, source: Source, folders: list[str], file: str | None, text: str = "") -> Iterator[Need]:
        """Yield a folder of packages, where it is not sure to be there; relative to a file, or to the folder that it runs in."""
        places = [normpath(join(folder, source.path)) for folder in folders]
        if all(self._image.look(place) is None for place in places):
            needed = needs_it(source, self.install, text)
            reason = "" if needed else "it is not there, and an index has to have all that is in it"
            yield Need("file", source.written, places[-1], lacking(sure=needed), reason, file, source.line)

    def _text(self, place: Place) -> str | None:
        return read_text(place, self._context)

    def _lines(self, text: str, file: str | None, path: str, *, constrains: bool) -> Iterator[Need]:
        self.hashes = self.hashes or asks_for_hashes(text, self.install.tool)
        self.install = self.install._replace(options=(*self.install.options, *wheels_only(text)))
        yield from self._sources(text, file, path)
        yield from refuse_lines(text, file, self.install)
        for instruction in parse_instructions(text):
            asker = Asker(file, instruction.line.number)
            value = instruction.value.value
            if instruction.kind in {"requirements-file", "constraints-file"}:
                include = find_include(value)
                if include is not None:
                    inner = constrains or instruction.kind == "constraints-file"
                    yield from self._file(normpath(join(dirname(path), include.path)), value, asker, constrains=inner)
            elif not constrains:  # a constraint installs nothing
                yield from self._line(instruction, asker)
            elif path not in self._others and is_nameless(instruction):
                refused = "a constraint has to begin with a name"
                yield Need("project", value, "", "there", "", *asker, refused=refused, brought=False)

    def _line(self, instruction: Instruction, asker: Asker) -> Iterator[Need]:
        editable = instruction.kind == "editable"
        value = instruction.value.value
        target = find_target(value, editable=editable)
        held = holds(target.marker, self.install.target) if target is not None else False
        if target is None or held is False:
            return
        written = f"-e {value}" if editable else value
        if holds_variable(target):
            yield Need("project", written, "", "unknown", "it holds a variable", *asker)
            return
        folder = self.install.folder or "/"
        refused = self._why_refused(value, editable=editable, loose=instruction.loose, options=instruction.options)
        refused = refused or (why_uv_refuses(instruction) if self.install.tool == "uv" else "")
        wanted = Dependency(name_project(target, value), 0, written, editable)
        yield from self._project(wanted, folder, asker, direct=bool(target.name), refused=refused)
        if held is None:
            reason = f"it is installed only where `{target.marker.strip()}` holds"
            yield Need("project", written, "", "unknown", reason, *asker)

    def _why_refused(
        self, value: str, *, editable: bool, loose: Sequence[str] = (), options: Sequence[str] = ()
    ) -> str:
        tool = self.install.tool
        if tool not in {"pip", "uv"}:
            return ""
        return why_refused("uv" if tool == "uv" else "pip", value, editable=editable, loose=loose, options=options)

    def _project(
        self, wanted: Dependency, folder: str, asker: Asker, *, direct: bool = False, refused: str = ""
    ) -> Iterator[Need]:
        path = normpath(join(folder, wanted.path))
        editable = wanted.editable and not self.install.has("--no-editable")
        need = Need("project", wanted.written, path, "there", "", *asker, editable, direct, refused=refused)
        need = need._replace(brought=wanted.brought)
        if refused:
            yield need
            return
        place = self._image.look(path)
        if place is None:
            yield need._replace(state="missing")
        elif place.kind == "unknown":
            yield need._replace(state="unknown", reason=place.why, unseen=True)
        elif place.kind == "file":
            reason = "" if path.endswith(ARCHIVES) else "it is a file, and no package"
            yield need._replace(state="missing" if reason else "there", reason=reason)
        elif path not in self._ways:
            self._ways[path] = way_of(need)
            yield from self._folder(need)
        elif self._ways[path] != way_of(need):
            yield need

    def _folder(self, need: Need) -> Iterator[Need]:
        """Yield whether a project's folder can be installed, and what it needs itself."""
        looked = {name: self._image.look(f"{need.path}/{name}") for name in PROJECT_FILES}
        found = {name: place for name, place in looked.items() if place is not None and place.kind != "folder"}
        places = [*found.values()]
        if not places:
            yield need._replace(state="missing", reason=why_no_project(need.path, self._image, self._context))
            return
        if absent := find_absent(need.path, places[0], self._image, self._context):
            yield need._replace(state=lacking(sure=not need.editable), reason=f"{absent}/ of it is not there yet")
            return
        pyproject = found.get("pyproject.toml")
        text = self._text(pyproject) if pyproject is not None else None
        if places[0].kind == "unknown":
            yield need._replace(state="unknown", reason=places[0].why, unseen=True)
            return
        yield need._replace(project=read_project(text or ""))
        if pyproject is not None:
            whole = not self.install.has("--no-deps")
            yield from self._dependencies(
                text or "", pyproject, need.path, build=True, editable=need.editable, whole=whole
            )
        else:
            said = self.install.environment
            yield from list_build_needs(
                Project(), places[0], need.path, self._image, self._context, said, editable=need.editable
            )
        if not self.install.has("--no-deps"):
            yield from self._required(need.path)

    def _required(self, folder: str) -> Iterator[Need]:
        """Yield the local projects that the files of setuptools require."""

        def read(path: str) -> str | None:
            place = self._image.look(normpath(join(folder, path)))
            return self._text(place) if place is not None and place.kind == "file" else None

        for name in SETUP_FILES:
            place, text = self._image.look(join(folder, name)), read(name)
            for one in list_required(name, text, folder, read) if place and text else ():
                asker = Asker(place.origin if place else None, one.line)
                if one.path is None or (one.reason and self._image.look(one.path) is None):
                    yield Need("project", one.written, one.path or "", "unknown", one.reason, *asker)
                elif not one.reason:
                    yield from self._project(Dependency(one.path, one.line, one.written), folder, asker, direct=True)

    def _dependencies(
        self,
        text: str,
        place: Place,
        folder: str,
        *,
        build: bool = False,
        editable: bool = False,
        whole: bool = True,
    ) -> Iterator[Need]:
        project = read_project(text)
        if project is None:
            yield Need("file", "pyproject.toml", f"{folder}/pyproject.toml", "unknown", "it is no TOML", place.origin)
            return
        if build:
            yield from list_build_needs(
                project, place, folder, self._image, self._context, self.install.environment, editable=editable
            )
        for dependency in select(self.install, project) if whole else ():
            yield from self._project(dependency, folder, Asker(place.origin, dependency.line))
            if self.install.tool == "uv" and is_unlocked(dependency, project, self._locked):
                reason = "uv.lock does not name it: run `uv lock`"
                yield Need("project", dependency.written, "", "unknown", reason, place.origin, dependency.line)
        yield from find_bare_members(text, place.origin, folder, self.install, self._image)
        yield from find_doubled_members(text, place.origin, folder, self.install, self._image, self._context)
        if project.workspace and self.install.tool == "uv":
            yield Need("project", "workspace = true", "", "unknown", "uv workspaces are not followed", place.origin)

    def _synced(self, folder: str) -> Iterator[Need]:
        """Yield what a tool needs that installs a project from its own files."""
        name = "Pipfile" if self.install.tool == "pipenv" else "pyproject.toml"
        here = next((above for above in upward(folder) if self._image.look(join(above, name)) is not None), folder)
        place = self._image.look(join(here, name))
        text = self._text(place) if place is not None else None
        if place is None or text is None:
            yield Need("file", name, join(here, name), lacking(sure=place is None))
            return
        yield Need("file", name, join(here, name), "there")
        if lock := find_lock(self.install):
            locked = find_root(here, self._image, self._context) if self.install.tool == "uv" else here
            path = join(locked, lock)
            there = self._image.look(path)
            yield Need("file", lock, path, "there" if there is not None else "missing")
            self._locked = (self._text(there) or "") if there is not None and there.kind == "file" else ""
        if name == "Pipfile":
            pipfile = read_pipfile(text)
            for dependency in select(self.install, pipfile) if pipfile is not None else ():
                yield from self._project(dependency, here, Asker(place.origin, dependency.line))
        else:
            project = read_project(text) or Project()
            yield from refuse_absent(self.install, project)
            build = project.packaged and installs_root(self.install)
            yield from self._dependencies(text, place, here, build=build)


_STANDARD_INPUT = frozenset({"-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"})


def _why_unread(place: Place, path: str) -> str:
    return place.why or f"the text of {path} cannot be told"
