"""Lines that ask for the library by its name: an index is asked for it, and no copy can answer."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from posixpath import basename, join

from common_sync.core.doctor.checks.path_entries import inner_path_entries
from common_sync.core.doctor.checks.references import PROJECT_FILES, list_needs
from common_sync.core.doctor.install.project.projects import WORKSPACE, find_named
from common_sync.core.doctor.view import Import, Service, View, is_test
from common_sync.core.expressions import expression
from common_sync.core.findings import file_finding
from common_sync.core.formats.pip.names import normalise, parse_name
from common_sync.core.model import Finding
from common_sync.core.paths import below
from common_sync.core.references.kinds import is_compose, is_dockerfile, is_requirements

_COMMENT = expression(r"(?:^|\s)#.*")


def check_asked_by_name(view: View) -> Iterator[Finding]:
    """Yield what a service without an image imports and nothing here installs, or where an index is asked for it."""
    service = view.service
    if view.in_image or _installs_copy(service):
        return
    found = list_asked_by_name(service, _reached(service))
    yield from found or _imported_only(service)


def _imported_only(service: Service) -> Iterator[Finding]:
    """Yield the import of a package that is neither installed nor where Python looks, as far as the files tell."""
    folders = {"", *inner_path_entries(service)}
    absent = [one for one in service.imports if not any(_is_at(service, folder, one.package) for folder in folders)]
    absent = absent or [*islice(_find_split(service, folders), 1)]
    if not absent or _sets_path(service):
        return
    one = absent[0]
    message = f"imports `{one.package}`, and no file of the service installs it"
    remedy = f"install it where the service is set up: `./{service.copy}` in its requirements"
    yield file_finding("CS213", one.file, one.line, message, remedy)


def _find_split(service: Service, folders: Iterable[str]) -> Iterator[Import]:
    """Yield what only the copy has of a package of which the service has another part: `walt.common` beside `walt.node`."""
    for package in dict.fromkeys(one.package for one in service.imports):
        importing = re.compile(rf"^(?:from|import)\s+({re.escape(package)}\.\w+)", re.MULTILINE)
        for file in (one for one in service.files if one.endswith(".py") and not is_test(one)):
            text = service.folder.read(file) or ""
            for found in importing.finditer(text):
                copied = any(_holds(service, f"{service.copy}{inside}", found[1]) for inside in ("", "/src"))
                if copied and not any(_holds(service, folder, found[1]) for folder in folders):
                    yield Import(found[1], file, text.count("\n", 0, found.start()) + 1)


def _holds(service: Service, folder: str, name: str) -> bool:
    path = join(folder, name.replace(".", "/"))
    return any(service.folder.look(one) is not None for one in (path, f"{path}.py"))


def _is_at(service: Service, folder: str, package: str) -> bool:
    return service.folder.look(join(folder, package.replace(".", "/"))) is not None


_SETTINGS = (".env", "Makefile", "Procfile", ".sh", ".service", ".toml", ".ini", ".cfg", ".yml", ".yaml", ".json")


def _sets_path(service: Service) -> bool:
    """Tell whether a file of the service has Python look into the copy by its environment."""
    texts = (service.folder.read(file) or "" for file in service.files if file.endswith(_SETTINGS))
    return any("PYTHONPATH" in text and service.copy in text for text in texts)


def _installs_copy(service: Service) -> bool:
    files = {
        one.file
        for one in service.references
        if one.state in {"points-at-copy", "points-at-master", "points-at-former"}
    }
    return any(not is_dockerfile(name) and not is_compose(name) for name in map(basename, files))


def list_asked_by_name(service: Service, reached: Iterable[str] = ()) -> list[Finding]:
    """Return where the files of a service ask for the library by its name.

    Args:
        service: The service.
        reached: The paths in it of more files that installs read, whatever their names.
    """
    names = dict.fromkeys([*(file for file in service.files if _is_asking(file)), *reached])
    files = [(file, service.folder.read(file) or "") for file in names if "constraint" not in basename(file)]
    found = (find_asked_by_name(file, text, service.library, service.copy) for file, text in files)
    return [one for one in found if one is not None]


def _reached(service: Service) -> Iterator[str]:
    """Yield the files that the service's own requirements read, and those that these read."""
    for _, need in list_needs(service):
        rest = below(need.path, service.top) if need.kind == "file" and need.state == "there" else None
        if rest:
            yield rest


def _is_asking(file: str) -> bool:
    name = basename(file)  # a constraint asks for nothing
    return (is_requirements(name) and "constraint" not in name) or file in PROJECT_FILES


def find_asked_by_name(file: str, text: str, library: str, copy: str, *, sources: bool = True) -> Finding | None:
    """Return that a file asks for the library by its name, and not by a path to the copy.

    Args:
        file: Its path in the service: a requirements file, `pyproject.toml` or `Pipfile`.
        text: Its text.
        library: The library's name.
        copy: The copy's path in the service.
        sources: Whether uv reads it, and with it its sources.
    """
    if file.endswith((".toml", "Pipfile")):
        written = find_named(text, normalise(library), sources=sources)
        lines = text.splitlines()
        line = next((number for number, one in enumerate(lines, 1) if written and _mentions(one, library)), None)
        remedy = f'give it a source: `{library} = {{ path = "{copy}" }}`'
    else:
        line, written = next(_find_requirements(text, normalise(library)), (None, None))
        remedy = f"write `./{copy}`"
    if written is None:
        return None
    message = f"`{written}` {_says(written)}"
    return file_finding("CS213", file, line, message, remedy)


def _says(written: str) -> str:
    if "://" in written:
        return "may take the library from that address, and not the copy"
    workspace = "a uv workspace, which is not there where the service is alone,"
    who = workspace if written.endswith(WORKSPACE) else "an index"
    return f"asks {who} for the library by its name, and no copy can answer"


def _find_requirements(text: str, library: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        plain = _COMMENT.sub("", line).strip()
        named = parse_name(plain)
        if named and named.name == library:
            yield number, named.written
        elif (address := find_address(plain, library)) is not None:
            yield number, address


_ADDRESS = expression(
    r"(?:(?:-e|--editable)[\s=]*)?(?:(?P<name>[A-Za-z0-9][\w.-]*)\s*(?:\[[^]]*\])?\s*@\s*)?(?P<url>(?!file:)[a-z][a-z0-9+.-]*://\S+)"
)
_NAMED_IN_URL = expression(r"[#&]egg=([A-Za-z0-9][\w.-]*)")


def find_address(written: str, library: str) -> str | None:
    """Return a requirement that takes the library from an address, or may: a repository can hold anything.

    Args:
        written: The requirement.
        library: The library's name, normalised.
    """
    found = _ADDRESS.match(written.strip("\"'"))
    if found is None:
        return None
    url = found["url"]
    egg = _NAMED_IN_URL.search(url)
    name = found["name"] or (egg[1] if egg else "")
    wheel = normalise(url.rpartition("/")[2]).startswith(f"{library}-")
    opaque = not name and url.startswith(("git+", "hg+", "svn+", "bzr+"))
    return written if opaque or wheel or (name and normalise(name) == library) else None


def find_asked(written: str, library: str) -> str | None:
    """Return what a requirement on a command line asks an index or an address for, in a sentence, if that is the library."""
    found = next(_find_requirements(written, normalise(library)), None)
    return f"`{found[1]}` {_says(found[1])}" if found else None


def _mentions(line: str, library: str) -> bool:
    name = rf"(?<![\w-]){re.escape(normalise(library))}(?![\w-])"
    return re.search(name, normalise(line.partition("#")[0])) is not None
