"""Read a repository that was never seen: its files once, by name, and of those only the few that name other folders."""

import os
import posixpath
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from functools import cached_property
from stat import S_ISREG

from common_sync.core.asked_once import asked_once
from common_sync.core.copies.manifest import DEEPEST
from common_sync.core.copies.metadata import METADATA_FILES
from common_sync.core.expressions import expression
from common_sync.core.paths import ancestors
from common_sync.core.references.kinds import is_compose, is_dockerfile, kind_anywhere, limit_of
from common_sync.core.text import UndecodableError, decode_requirements, is_no_path
from common_sync.edges.files.folders import follow
from common_sync.edges.git.ask import list_files
from common_sync.edges.git.repository import find_top
from common_sync.edges.gitignore.patterns import Gitignores

SKIPPED = frozenset(
    (
        *("node_modules", "bower_components", "site-packages", "__pycache__", "build", "dist", "htmlcov"),
        *("vendor", "vendored", "_vendor", "third_party", "third-party", "thirdparty", "external"),
    )
)
"""Folders that hold what somebody else wrote or a tool made, at any depth; so do hidden ones and environments."""

COMMONPLACE = frozenset(
    (
        *("docs", "doc", "documentation", "tests", "test", "e2e", "examples", "example", "benchmarks", "notebooks"),
        *("scripts", "script", "tools", "tooling", "migrations", "alembic", "versions", "templates", "static"),
        *("config", "configs"),
    )
)
"""Names of folders that are in every second project and are no library, however alike they are."""

_OF_TESTS = frozenset({"tests", "test", "e2e", "fixtures", "testdata", "test_data", "mocks"})

CI_FOLDERS = frozenset({".github", ".circleci", ".gitlab", ".buildkite", ".azure"})
"""Hidden folders whose YAML files tell what is done before a build."""

_PROJECT_FILES = frozenset(METADATA_FILES)
_MAIN = frozenset({"main.py", "__main__.py", "app.py", "manage.py", "server.py", "wsgi.py", "asgi.py"})
_STARTS = expression(r"^\s*(?:CMD|ENTRYPOINT)\b", re.MULTILINE | re.IGNORECASE)
_SUBMODULE = expression(r"^\s*path\s*=\s*(.+?)\s*$", re.MULTILINE)


def above(path: str) -> str:
    """Return the folder that a path lies in."""
    return path.rpartition("/")[0]


def last(path: str) -> str:
    """Return the last part of a path."""
    return path.rpartition("/")[2]


def _open_at_once(path: str, flags: int) -> int:
    """Open a file without waiting for somebody to write into it, should it be a pipe."""
    return os.open(path, flags | os.O_NONBLOCK)


class Tree:
    """The files of a repository that count, and what their names say.

    Args:
        root: The absolute path of the folder that was read.
        files: POSIX paths relative to it.

    Attributes:
        sources: The paths of the modules, sorted.
    """

    def __init__(self, root: str, files: Iterable[str]) -> None:
        self.root = root
        self.files = frozenset(files)
        self.sources = sorted(path for path in self.files if path.endswith(".py"))

    @cached_property
    def names(self) -> dict[str, list[str]]:
        """Folder → the names of the files directly in it, for every folder that holds any file below it."""
        names: dict[str, list[str]] = {"": []}
        for path in self.files:
            folder, _, name = path.rpartition("/")
            names.setdefault(folder, []).append(name)
        for folder in list(names):
            for one in ancestors(folder):
                names.setdefault(one, [])
        return names

    @cached_property
    def python_folders(self) -> frozenset[str]:
        """The folders with a module somewhere below them, the root left out."""
        direct = {above(path) for path in self.sources}
        return frozenset(folder for one in direct for folder in (one, *ancestors(one)) if folder)

    @cached_property
    def inner(self) -> dict[str, list[str]]:
        """Folder → the folders directly in it, sorted."""
        inner: dict[str, list[str]] = {}
        for folder in sorted(self.names):
            if folder:
                inner.setdefault(above(folder), []).append(folder)
        return inner

    @cached_property
    def folders_by_name(self) -> dict[str, list[str]]:
        """Name → the folders with modules that are called so, the shallowest first."""
        by_name: dict[str, list[str]] = {}
        for folder in sorted(self.python_folders, key=lambda path: (path.count("/"), path)):
            by_name.setdefault(last(folder), []).append(folder)
        return by_name

    @cached_property
    def sources_by_name(self) -> dict[str, list[str]]:
        """Name of a module's file → the paths that have it."""
        by_name: dict[str, list[str]] = {}
        for path in self.sources:
            by_name.setdefault(last(path), []).append(path)
        return by_name

    @asked_once
    def modules(self, folder: str) -> frozenset[str]:
        """Return the paths, relative to a folder, of the modules in and below it."""
        start = bisect_left(self.sources, f"{folder}/")
        end = bisect_left(self.sources, f"{folder}0")  # what comes after the slash
        return frozenset(path[len(folder) + 1 :] for path in self.sources[start:end])

    def read(self, path: str) -> bytes:
        """Return a file's bytes; nothing for one that is gone, too large, unreadable or not a regular file."""
        try:
            with open(os.path.join(self.root, path), "rb", buffering=0, opener=_open_at_once) as file:
                status = os.fstat(file.fileno())
                small = S_ISREG(status.st_mode) and status.st_size <= limit_of(path)
                return file.read() if small else b""
        except OSError:
            return b""

    def is_there(self, folder: str) -> bool:
        """Tell whether a folder is on the disk; git still lists what was moved away."""
        return os.path.isdir(os.path.join(self.root, folder))

    def is_anything(self, path: str) -> bool:
        """Tell whether there is a file or a folder, on the disk or in git."""
        return path in self.files or os.path.lexists(os.path.join(self.root, path))

    @asked_once
    def data(self, path: str) -> bytes:
        """Return a file's bytes; it is read once, for whoever asks."""
        return self.read(path)

    def text(self, path: str) -> str:
        """Return a file's characters as pip would decode them, or as UTF-8 with the rest replaced; it is read once."""
        data = self.data(path)
        try:
            return decode_requirements(data).characters
        except UndecodableError:
            return data.decode("utf-8", "replace")

    @cached_property
    def symlinks(self) -> dict[str, str]:
        """Path of a symlink → the folder of the repository that it leads to; only names without a dot are looked at."""
        links = (path for path in self.files if "." not in last(path) and os.path.islink(os.path.join(self.root, path)))
        places = ((path, self.locate("", path)) for path in links)
        return {path: place for path, place in places if place in self.names}

    def locate(self, base: str, path: str) -> str | None:
        """Return where a path leads, relative to the root, or None where nothing is or it leads out.

        Args:
            base: The folder that it is relative to.
            path: As written; an absolute one may lead here too.
        """
        if is_no_path(path):
            return None
        full = posixpath.normpath(posixpath.join(self.root, base, path))
        place = self._relative(full)
        if place in self.names or (place in self.files and not os.path.islink(full)):
            return place
        real = follow(full)
        return self._relative(real) if os.path.exists(real) else None

    def _relative(self, full: str) -> str | None:
        if full == self.root:
            return ""
        return full[len(self.root) + 1 :] if full.startswith(f"{self.root}/") else None

    def is_built(self, folder: str) -> bool:
        """Tell whether a folder has a Dockerfile or a compose file of its own; one beside a service's tests starts what they need."""
        if self.has_dockerfile(folder):
            return True
        return any(map(is_compose, self.names.get(folder, ()))) and not self._is_aside(folder)

    def is_of_tests(self, folder: str) -> bool:
        """Tell whether a folder lies among tests and nothing builds it or installs for it by itself."""
        among = any(last(one) in _OF_TESTS for one in (folder, *ancestors(folder)))
        return among and not self.has_dockerfile(folder) and not self._asks(folder) and not self.is_project(folder)

    def _is_aside(self, folder: str) -> bool:
        """Tell whether a folder holds the tests or the scripts of the service around it."""
        around = (folder, *ancestors(folder))
        inside = next((number for number, one in enumerate(around) if last(one) in COMMONPLACE), len(around))
        return any(self.has_dockerfile(one) or self.is_project(one) for one in around[inside + 1 :])

    def has_dockerfile(self, folder: str) -> bool:
        """Tell whether a folder has a Dockerfile: a compose file beside several services builds none of them by itself."""
        return any(map(is_dockerfile, self.names.get(folder, ())))

    def is_project(self, folder: str) -> bool:
        """Tell whether pip could install a folder."""
        return not _PROJECT_FILES.isdisjoint(self.names.get(folder, ()))

    def has_main(self, folder: str) -> bool:
        """Tell whether a folder, or its package, has a module to start a program by."""
        inner = (one for one in self.inner.get(folder, ()) if last(one) not in COMMONPLACE)
        packages = (one for one in inner if self.is_package(one))
        return any(not _MAIN.isdisjoint(self.names.get(one, ())) for one in (folder, *packages))

    def is_program(self, folder: str) -> bool:
        """Tell whether a folder is built, or has a module to start a program by."""
        return self.is_built(folder) or self.has_main(folder)

    def is_package(self, folder: str) -> bool:
        """Tell whether a folder is a part of the program around it, and no program of its own."""
        package = last(folder) in {"app", "src"} or "__init__.py" in self.names[folder]
        return package and not self.is_built(folder) and not self._asks(folder)

    def _asks(self, folder: str) -> bool:
        return any(kind_anywhere(f"{folder}/{name}") == "requirements" for name in self.names.get(folder, ()))

    @asked_once
    def only_holds_base_image(self, folder: str) -> bool:
        """Tell whether all that makes a folder a service is a Dockerfile that starts nothing: others build on its image."""
        if folder in self.python_folders or self._asks(folder) or self.is_project(folder):
            return False
        dockerfiles = list(filter(is_dockerfile, self.names.get(folder, ())))
        return bool(dockerfiles) and not any(_STARTS.search(self.text(f"{folder}/{name}")) for name in dockerfiles)

    @asked_once
    def looks_like_service(self, folder: str) -> bool:
        """Tell by a folder's own files whether it is built, deployed or started by itself."""
        return self.is_built(folder) or self._asks(folder) or self.has_main(folder)


def read_tree(root: str) -> Tree:
    """List the files of a repository, without those of tools and of third parties.

    Args:
        root: An absolute path, with no symlink in it.

    Raises:
        GitError: Git failed.
    """
    return Tree(root, _walk(root) if find_top(root) is None else _listed(root))


def _listed(root: str) -> list[str]:
    files = list_files(root)
    environments = {above(path) for path in files if last(path) == "pyvenv.cfg"}
    known: dict[str, bool] = {"": True}

    def counts(folder: str) -> bool:
        if folder not in known:
            known[folder] = folder not in environments and not _is_skipped(last(folder)) and counts(above(folder))
        return known[folder]

    kept = [path for path in files if counts(above(path)) or _is_of_ci(path)]
    for inner in _repositories_in(root, kept):
        if counts(inner):
            kept += (f"{inner}/{path}" for path in _listed(os.path.join(root, inner)))
    return kept


def _is_of_ci(path: str) -> bool:
    return path.partition("/")[0] in CI_FOLDERS and path.endswith((".yml", ".yaml"))


def _is_skipped(name: str) -> bool:
    return name in SKIPPED or name.startswith(".") or name.endswith((".egg-info", ".dist-info"))


def _repositories_in(root: str, files: list[str]) -> Iterator[str]:
    """Yield the repositories inside one, submodules and clones, whose files git lists only when it is asked there."""
    inner = [path[:-1] for path in files if path.endswith("/")]
    if ".gitmodules" in files:
        named = map(posixpath.normpath, _SUBMODULE.findall(Tree(root, ()).text(".gitmodules")))
        inner += (path for path in dict.fromkeys(named) if not path.startswith(("/", "..")) and path != ".")
    return (path for path in inner if _is_repository(root, path))


def _is_repository(root: str, path: str) -> bool:
    """Tell whether a folder is a repository of its own, and not reached through a symlink, which could lead anywhere."""
    place = os.path.join(root, path)
    return not is_no_path(path) and os.path.lexists(f"{place}/.git") and os.path.realpath(place) == place


def _walk(root: str) -> Iterator[str]:
    """Yield the files below a folder outside git, less the folders that a `.gitignore` names."""
    gitignores = Gitignores(root)

    def inside(prefix: str, depth: int) -> Iterator[str]:
        try:
            with os.scandir(os.path.join(root, prefix)) as found:
                children = sorted((child.name, child.is_dir(follow_symlinks=False)) for child in found)
        except OSError:  # a database's volume that belongs to somebody else is no reason to give up
            return
        if depth > DEEPEST or ("pyvenv.cfg", False) in children:
            return
        for name, is_folder in children:
            if not is_folder:
                if prefix.partition("/")[0] not in CI_FOLDERS or _is_of_ci(prefix + name):
                    yield prefix + name
            elif (not _is_skipped(name) or (not prefix and name in CI_FOLDERS)) and gitignores.exclusion(
                prefix + name, folder=True
            ) is None:
                yield from inside(f"{prefix}{name}/", depth + 1)

    return inside("", 0)
