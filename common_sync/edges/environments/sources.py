"""Read what a service's environment is made from: its requirements and all that they include, local projects, indexes."""

import hashlib
import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import NamedTuple

from common_sync.core import limits
from common_sync.core.copies.digest import digest_tree
from common_sync.core.copies.rules import BUILT_IN, Rules
from common_sync.core.environments.closure import CANDIDATES, Closure, Local, is_lock, read_closure
from common_sync.core.environments.indexes import Indexes, read_indexes
from common_sync.core.environments.inputs import FILE, PROJECT, digest_text
from common_sync.core.errors import ConfigurationError, Problem
from common_sync.core.formats.pip.syntax import significant_lines
from common_sync.core.references.kinds import limit_of
from common_sync.core.service_settings import ServiceSettings
from common_sync.core.text import UndecodableError, decode_requirements, decode_to_read
from common_sync.edges.environments.uv_settings import read_uv_settings
from common_sync.edges.files.folders import explain_os_error, opened, read_bytes
from common_sync.edges.files.reading import hash_blocks, walk

_BUILD_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
"""What an editable installation depends on."""


class Sources(NamedTuple):
    """What an environment is made from, beside Python."""

    closure: Closure  # the requirements
    indexes: Indexes  # where packages come from
    items: Mapping[str, str]  # all of it, by labels


def read_sources(
    root: str,
    service: str,
    settings: ServiceSettings | None,
    file: str,
    masters: Mapping[str, str],
    *,
    by_uv: bool,
    editable: bool = True,
    copies: Sequence[str] = (),
) -> Sources | None:
    """Return what a service's environment is made from; None where it names no requirements.

    Args:
        root: The absolute path of the configuration's folder.
        service: The service's path from there.
        settings: How it is set up.
        file: The configuration's file, for messages.
        masters: The absolute paths of copies whose masters are installed instead.
        by_uv: Whether uv makes it, so that its settings count, too.
        editable: Whether what is asked for to be edited is; else it is built from a copy, and all of its files count.
        copies: Its copies of libraries, which may need each other; paths in the service.

    Raises:
        ConfigurationError: Something that it names is not there, or cannot be read.
    """
    folder = os.path.join(root, service)
    first = _find_first(folder, service, settings, file)
    if first is None:
        return None
    closure = read_closure(first, _Reader(folder, service).read)
    closure = closure._replace(locals=(*closure.locals, *_follow(folder, closure.locals, copies)))
    if not editable:
        closure = closure._replace(locals=tuple(one._replace(editable=False) for one in closure.locals))
    indexes = _read_indexes() if settings is None or settings.pip_config else Indexes({})
    items = {_label(FILE, service, path): _digest_file(path, text) for path, text in closure.files.items()}
    items |= dict(_digest_local(root, service, local, masters) for local in closure.locals)
    items |= {FILE + path: _hash_file(path, "pip's settings") for path in indexes.constraints}
    items |= read_uv_settings(root, folder) if by_uv else {}
    return Sources(closure, indexes, items | indexes.items())


def add_project(sources: Sources, root: str, service: str, path: str) -> Sources:
    """Return sources with a project that no file of requirements names.

    Args:
        sources: What else an environment is made from.
        root: The absolute path of the configuration's folder.
        service: The service's path from there.
        path: The absolute path of the project's folder, or of a package's file.

    Raises:
        ConfigurationError: It is not there, or cannot be read.
    """
    if not os.path.exists(path):
        raise ConfigurationError(Problem("is not there", path, remedy="name a project's folder, or a version"))
    closure, local = sources.closure, Local(path, False, sources.closure.first, 1)
    items = dict([_digest_local(root, service, local, {})])
    return sources._replace(closure=closure._replace(locals=(*closure.locals, local)), items={**sources.items, **items})


def _follow(folder: str, locals_: Iterable[Local], copies: Sequence[str]) -> Iterator[Local]:
    """Yield the copies that are installed because other ones need them."""
    pending = [one.path for one in locals_ if one.path in copies]
    if not pending:
        return
    from common_sync.core.doctor.install.project.projects import Project, read_project  # most services get one library

    seen = set(pending)
    while pending:
        copy = pending.pop()
        file = f"{copy}/pyproject.toml"
        with suppress(OSError), opened(os.path.join(folder, copy)) as place:
            text = read_bytes("pyproject.toml", place, limits.TEXT).decode("utf-8", "replace")
            project = read_project(text) or Project()  # what installs it says where it is no TOML
            for one in (*project.dependencies, *project.uv, *project.poetry):
                inside = posixpath.normpath(posixpath.join(copy, one.path))
                if inside in copies and inside not in seen:
                    seen.add(inside)
                    pending.append(inside)
                    yield Local(inside, one.editable, file, one.line)


def _find_first(folder: str, service: str, settings: ServiceSettings | None, file: str) -> str | None:
    if settings is None or settings.requirements is None:
        return next((name for name in CANDIDATES if os.path.isfile(os.path.join(folder, name))), None)
    name, line = settings.requirements
    if not os.path.isfile(os.path.join(folder, name)):
        raise ConfigurationError(Problem(f"{service}/{name} is not there", file, line, "name a file of the service"))
    return posixpath.normpath(name)


def _label(kind: str, service: str, path: str) -> str:
    return kind + posixpath.normpath(posixpath.join(service, path))


def _digest_file(path: str, text: str) -> str:
    return digest_text(text.splitlines() if is_lock(path) else list(significant_lines(text)))


class _Reader:
    def __init__(self, folder: str, service: str) -> None:
        self._folder, self._service = folder, service

    def read(self, path: str, asker: Local | None) -> str:
        """Return the text of a file of requirements."""
        name = path.rpartition("/")[2]
        where = posixpath.normpath(posixpath.join(self._service, path))
        try:
            with opened(os.path.join(self._folder, os.path.dirname(path))) as folder:
                data = read_bytes(name, folder, limit_of(path))
            return (decode_to_read if is_lock(path) else decode_requirements)(data).characters
        except OSError as error:
            if asker is None:
                raise explain_os_error(error, where, "read it") from error
            asking = posixpath.normpath(posixpath.join(self._service, asker.file))
            message = f"includes {where}, which cannot be read: {error.strerror}"
            raise ConfigurationError(Problem(message, asking, asker.line, "take the line out")) from error
        except UndecodableError as error:
            raise ConfigurationError(
                Problem(f"cannot be decoded: {error.reason}", where, None, "save it as UTF-8")
            ) from error


def _digest_local(root: str, service: str, local: Local, masters: Mapping[str, str]) -> tuple[str, str]:
    """Return the label and the digest of what is installed from this disk."""
    path = posixpath.normpath(posixpath.join(root, service, local.path))
    where = posixpath.normpath(posixpath.join(service, local.file))
    editable = local.editable or path in masters
    path = masters.get(path, path)
    label = PROJECT + os.path.relpath(path, root) + (" (editable)" if editable else "")
    if os.path.isfile(path):
        return label, _hash_file(path, where)
    try:
        with opened(path) as folder:
            if editable:
                return label, digest_text(list(_hash_build_files(folder)))
            return label, digest_tree(walk(folder, os.path.relpath(path, root), Rules(BUILT_IN)).entries)
    except OSError as error:
        message = f"installs {local.path}, which cannot be read: {error.strerror}"
        remedy = "common-sync distribute" if path.startswith(f"{root}/{service}/") else "mend the path"
        raise ConfigurationError(Problem(message, where, local.line, remedy)) from error


def _hash_build_files(folder: int) -> Iterator[str]:
    for name in _BUILD_FILES:
        with suppress(FileNotFoundError):
            yield f"{name} {hashlib.sha256(read_bytes(name, folder, limits.TEXT)).hexdigest()}"


def _hash_file(path: str, asker: str) -> str:
    try:
        with open(path, "rb", buffering=0) as file:
            return hash_blocks(file.fileno())
    except OSError as error:
        raise ConfigurationError(Problem(f"names {path}, which cannot be read: {error.strerror}", asker)) from error


def _read_indexes() -> Indexes:
    """Return what pip's files and variables say, as pip finds them (https://pip.pypa.io/en/stable/topics/configuration/)."""
    return read_indexes([text for path in _list_settings() if (text := _read_settings(path)) is not None], os.environ)


def _list_settings() -> Sequence[str]:
    own = os.environ.get("PIP_CONFIG_FILE", "")
    if own == os.devnull:
        return ()
    home = os.path.expanduser("~")
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    general = os.environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
    folders = (*general.split(os.pathsep), "/etc", os.path.join(home, ".pip"), os.path.join(config, "pip"))
    files = [os.path.join(f, "pip.conf") if f in {"/etc", *folders[-2:]} else f"{f}/pip/pip.conf" for f in folders]
    return (*files, *([own] if own else ()))


def _read_settings(path: str) -> str | None:
    with suppress(OSError), open(path, encoding="utf-8", errors="replace") as file:
        return file.read(limits.TEXT)
    return None
