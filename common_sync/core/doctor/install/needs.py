"""What an install reads, and whether it is in the image at that moment.

pip and uv resolve the paths of projects against the current folder, and those of `-r` and `-c` against the file that they
stand in (https://pip.pypa.io/en/stable/reference/requirements-file-format/).
"""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from posixpath import dirname, join, normpath, split
from typing import Literal, NamedTuple

from common_sync.core.doctor.image.files import Context, Image, Place
from common_sync.core.doctor.install.command import Asked, Install
from common_sync.core.doctor.install.projects import Dependency, Project, read_pipfile, read_project
from common_sync.core.doctor.install.selection import select
from common_sync.core.expressions import expression
from common_sync.core.formats.pip.paths import find_include, find_target, holds_variable
from common_sync.core.formats.pip.syntax import Instruction, parse_instructions

_PROJECT_FILES = ("pyproject.toml", "setup.py")
_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tgz")
_OTHER_SYSTEMS = expression(r"win32|windows|darwin|['\"]nt['\"]", re.IGNORECASE)


class Need(NamedTuple):
    """Something that an install reads.

    Attributes:
        kind: A file, or a project that is installed.
        written: What asks for it.
        path: The absolute path in the image; nothing where that cannot be told.
        state: Whether it is there.
        reason: More about it, where there is more.
        file: The file that asks for it, by its path in the build context; None for the command itself.
        line: The line in that file, counted from 1.
        editable: Whether its files are imported where they lie.
        direct: Whether it is asked for as `name @ file:./path`.
        project: What its pyproject.toml says, where it could be read.
    """

    kind: Literal["file", "project"]
    written: str
    path: str
    state: Literal["there", "missing", "unknown"]
    reason: str = ""
    file: str | None = None
    line: int | None = None
    editable: bool = False
    direct: bool = False
    project: Project | None = None


class _Asker(NamedTuple):
    """What asks for something: the file and the line, or the command itself."""

    file: str | None = None
    line: int | None = None


def find_needs(install: Install, image: Image, context: Context) -> list[Need]:
    """Return what an install reads, in the order in which it comes upon it, each once.

    Args:
        install: What is installed.
        image: The files that are there when it runs.
        context: Where the text of a file is read.
    """
    return list(dict.fromkeys(_Finder(install, image, context).find()))


class _Finder:
    def __init__(self, install: Install, image: Image, context: Context) -> None:
        self._install, self._image, self._context = install, image, context
        self._seen: set[str] = set()

    def find(self) -> Iterator[Need]:
        folder = self._install.folder
        if folder is None:
            if self._install.asked or self._install.synced:
                yield Need("file", "", "", "unknown", "the folder that it runs in cannot be told")
            return
        if self._install.synced:
            yield from self._synced(folder)
        for asked in self._install.asked:
            yield from self._asked(asked, folder)

    def _asked(self, asked: Asked, folder: str) -> Iterator[Need]:
        text, known, pattern = asked.word
        by_path = asked.kind != "project" or not text or find_target(text, editable=False) is not None
        if not known and by_path:
            yield Need("file", text, "", "unknown", "it holds a variable without a value")
        elif pattern and by_path:
            yield from self._pattern(asked, folder)
        elif asked.kind in {"file", "constraints"}:
            target = find_include(text)
            if target is not None:
                path = normpath(join(folder, target.path))
                yield from self._file(path, text, _Asker(), constrains=asked.kind == "constraints")
        elif (target := find_target(text, editable=asked.kind == "editable")) is not None:
            dependency = Dependency(target.path, 0, text, asked.kind == "editable")
            yield from self._project(dependency, folder, _Asker(), direct=bool(target.name))

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
                    Dependency(f"{above}/{found}", 0, written, asked.kind == "editable"), folder, _Asker()
                )

    def _file(self, path: str, written: str, asker: _Asker, *, constrains: bool) -> Iterator[Need]:
        place = self._image.look(path)
        need = Need("file", written, path, "there", "", *asker)
        if place is None or place.kind == "folder":
            yield need._replace(state="missing")
            return
        text = self._text(place)
        if text is None:
            yield need._replace(state="unknown", reason="what is in it cannot be told")
            return
        yield need
        if path in self._seen:
            return
        self._seen.add(path)
        if path.endswith("pyproject.toml"):
            yield from self._dependencies(text, place, dirname(path))
        else:
            yield from self._lines(text, place.origin, path, constrains=constrains)

    def _text(self, place: Place) -> str | None:
        if place.text is not None or place.origin is None:
            return place.text
        return self._context.read(place.origin)

    def _lines(self, text: str, file: str | None, path: str, *, constrains: bool) -> Iterator[Need]:
        for instruction in parse_instructions(text):
            asker = _Asker(file, instruction.line.number)
            value = instruction.value.value
            if instruction.kind in {"requirements-file", "constraints-file"}:
                include = find_include(value)
                if include is not None:
                    inner = constrains or instruction.kind == "constraints-file"
                    yield from self._file(normpath(join(dirname(path), include.path)), value, asker, constrains=inner)
            elif not constrains:  # a constraint installs nothing
                yield from self._line(instruction, asker)

    def _line(self, instruction: Instruction, asker: _Asker) -> Iterator[Need]:
        editable = instruction.kind == "editable"
        value = instruction.value.value
        target = find_target(value, editable=editable)
        if target is None or _OTHER_SYSTEMS.search(target.marker):
            return
        written = f"-e {value}" if editable else value
        if holds_variable(target):
            yield Need("project", written, "", "unknown", "it holds a variable", *asker)
            return
        start, end = target.subdirectory or (0, 0)
        path = f"{target.path}/{value[start:end]}".rstrip("/") if target.subdirectory else target.path
        folder = self._install.folder or "/"
        yield from self._project(Dependency(path, 0, written, editable), folder, asker, direct=bool(target.name))

    def _project(self, wanted: Dependency, folder: str, asker: _Asker, *, direct: bool = False) -> Iterator[Need]:
        path = normpath(join(folder, wanted.path))
        editable = wanted.editable and not self._install.has("--no-editable")
        need = Need("project", wanted.written, path, "there", "", *asker, editable, direct)
        place = self._image.look(path)
        if place is None:
            yield need._replace(state="missing")
        elif place.kind == "unknown":
            yield need._replace(state="unknown", reason="what is there cannot be told")
        elif place.kind == "file":
            reason = "" if path.endswith(_ARCHIVES) else "it is a file, and no package"
            yield need._replace(state="missing" if reason else "there", reason=reason)
        elif path not in self._seen:
            self._seen.add(path)
            yield from self._folder(need)

    def _folder(self, need: Need) -> Iterator[Need]:
        """Yield whether a project's folder can be installed, and what it needs itself."""
        found = {name: self._image.look(f"{need.path}/{name}") for name in _PROJECT_FILES}
        places = [place for place in found.values() if place is not None]
        if not places:
            yield need._replace(state="missing", reason=self._why_no_project(need.path))
            return
        if lacking := self._lacking(need.path, places[0]):
            state: Literal["missing", "unknown"] = "unknown" if need.editable else "missing"
            yield need._replace(state=state, reason=f"{lacking}/ of it is not there yet")
            return
        pyproject = found["pyproject.toml"]
        text = self._text(pyproject) if pyproject is not None else None
        if places[0].kind == "unknown":
            yield need._replace(state="unknown", reason="what is there cannot be told")
            return
        yield need._replace(project=read_project(text) if text is not None else None)
        if pyproject is not None and text is not None:
            yield from self._dependencies(text, pyproject, need.path, build=True)

    def _why_no_project(self, path: str) -> str:
        """Return why a folder cannot be installed, and the rule that keeps its project file out, where there is one."""
        place = self._image.look(path)
        origin = place.origin if place is not None else None
        rules = (self._context.why_dropped(f"{origin}/{name}") for name in _PROJECT_FILES if origin)
        rule = next((rule for rule in rules if rule is not None), None)
        return f"the folder {path} holds neither pyproject.toml nor setup.py" + (
            f", which {rule} keeps out" if rule else ""
        )

    def _lacking(self, path: str, place: Place) -> str | None:
        """Return a package of the project that the build context has and the image has not."""
        above = dirname(place.origin or "")
        if not above:
            return None  # made by the build; or the service itself, whose own packages may come later
        for name in sorted(self._context.names(above)):
            inner = f"{above}/{name}".lstrip("/")
            package = name == "src" or self._context.look(f"{inner}/__init__.py") is not None
            if package and name != "tests" and self._image.look(f"{path}/{name}") is None:
                return name
        return None

    def _dependencies(self, text: str, place: Place, folder: str, *, build: bool = False) -> Iterator[Need]:
        project = read_project(text)
        if project is None:
            yield Need("file", "pyproject.toml", f"{folder}/pyproject.toml", "unknown", "it is no TOML", place.origin)
            return
        if build:
            yield from self._readme(project, place, folder)
        for dependency in select(self._install, project):
            yield from self._project(dependency, folder, _Asker(place.origin, dependency.line))
        if project.workspace and self._install.tool == "uv":
            yield Need("project", "workspace = true", "", "unknown", "uv workspaces are not followed", place.origin)

    def _readme(self, project: Project, place: Place, folder: str) -> Iterator[Need]:
        """Yield the file that the build of a project reads; setuptools only warns when it is not there."""
        if project.readme is None or project.backend == "setuptools":
            return
        path = normpath(join(folder, project.readme))
        found = self._image.look(path)
        state: Literal["there", "missing", "unknown"] = "missing" if found is None else "there"
        yield Need("file", f'readme = "{project.readme}"', path, state, "", place.origin)

    def _synced(self, folder: str) -> Iterator[Need]:
        """Yield what a tool needs that installs a project from its own files."""
        name = "Pipfile" if self._install.tool == "pipenv" else "pyproject.toml"
        here = next((above for above in _upward(folder) if self._image.look(join(above, name)) is not None), folder)
        place = self._image.look(join(here, name))
        text = self._text(place) if place is not None else None
        if place is None or text is None:
            state: Literal["missing", "unknown"] = "missing" if place is None else "unknown"
            yield Need("file", name, join(here, name), state)
            return
        yield Need("file", name, join(here, name), "there")
        if lock := self._lock():
            path = join(here, lock)
            yield Need("file", lock, path, "there" if self._image.look(path) is not None else "missing")
        if name == "Pipfile":
            pipfile = read_pipfile(text)
            for dependency in select(self._install, pipfile) if pipfile is not None else ():
                yield from self._project(dependency, here, _Asker(place.origin, dependency.line))
        else:
            packaged = (read_project(text) or Project()).packaged
            build = self._install.tool == "uv" and packaged and not self._install.has(*_NO_ROOT)
            yield from self._dependencies(text, place, here, build=build)

    def _lock(self) -> str | None:
        """Return the lock file that has to be there."""
        install = self._install
        if install.tool == "uv" and install.has("--frozen", "--locked"):
            return "uv.lock"
        if install.tool == "pipenv" and install.has("--deploy", "--ignore-pipfile"):
            return "Pipfile.lock"
        return "pdm.lock" if install.tool == "pdm" and install.has("--frozen-lockfile", "--check") else None


_NO_ROOT = ("--no-install-project", "--no-install-workspace", "--no-install-local", "--only-group", "--only-dev")


def _upward(folder: str) -> Iterator[str]:
    yield folder
    while folder != "/":
        folder = dirname(folder)
        yield folder
