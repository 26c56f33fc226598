"""A service that takes the library from an index: what would let another index, or another file, answer in its place.

What pip and uv do was tried with a private and a public index that both have the library: pip takes the newest version of all indexes,
and of one version the file of either; with a hash it takes the file that has it. uv takes a package from the index that its source names.
"""

import re
from collections.abc import Iterator
from posixpath import basename
from typing import NamedTuple

from common_sync.core.doctor.checks.by_name import find_address
from common_sync.core.doctor.view import Service
from common_sync.core.expressions import expression
from common_sync.core.findings import file_finding
from common_sync.core.formats.pip.names import normalise, parse_name
from common_sync.core.formats.toml import parse_toml
from common_sync.core.model import Finding
from common_sync.core.references.kinds import is_dockerfile, is_requirements
from common_sync.core.text import UnparsableError

_PROJECT, _LOCK = "pyproject.toml", "uv.lock"
_SCRIPTS = (".sh", ".bash", "Makefile", ".yml", ".yaml")
_COMMENT = expression(r"(?:^|\s)#.*")
_EXACT = expression(r"={2,3}\s*[^\s,;*)]+(?![^\s,)])")
_HASH = expression(r"--hash[=\s]+\S+:[0-9a-f]{32,}")
_INSTALL = expression(r"\b(?:pip[\d.]*|uv)\b.*\b(?:install|add|sync|run)\b")
_UNVERIFIED = expression(r"no-verify-hashes|NO_VERIFY_HASHES|no-require-hashes")
_WIDER = expression(r"(?i)extra[-_]index[-_]url|unsafe-(?:best|first)-match")
_OTHERS = ("Pipfile", "poetry.lock", "pdm.lock")

_HASHES = "write `{name}==VERSION --hash=sha256:…`, as `pip-compile --generate-hashes` and `uv pip compile --generate-hashes` do"
_SOURCE = 'name its index: `{name} = {{ index = "…" }}` in [tool.uv.sources], then `uv lock`'


class _Asked(NamedTuple):
    """A line that asks an index for the library: its file, its number, and what lets another file answer, or nothing."""

    file: str
    line: int
    why: str = ""
    remedy: str = ""
    code: str = "CS422"


def check_from_index(service: Service) -> Iterator[Finding]:
    """Yield where a service takes the library from an index unsafely, and whether nothing asks for it.

    Args:
        service: The service; its configuration says that it takes the library from an index.
    """
    name = normalise(service.library)
    asked = [
        found
        for file in service.files
        for found in _look(service, file, service.folder.read(file) or "", name)
    ]  # fmt: skip
    wider = _find(service, _WIDER)
    for one in asked:
        more = f"; {wider} asks other indexes as well" if wider and one.code == "CS422" else ""
        if one.why:
            yield file_finding(one.code, one.file, one.line, one.why + more, one.remedy.format(name=service.library))
    if not asked:
        message = f"no file is seen to ask an index for {service.library}, so nobody can tell where it comes from"
        yield file_finding(
            "CS213", "", None, message, "name it in requirements.txt, or in pyproject.toml with an uv.lock"
        )


def _look(service: Service, file: str, text: str, name: str) -> Iterator[_Asked]:
    base = basename(file)
    if is_requirements(base):
        if "constraint" not in base:  # it asks for nothing
            yield from _in_requirements(service, file, text, name)
    elif base == _PROJECT:
        yield from _in_project(service, file, text, name)
    elif base in _OTHERS and re.search(
        rf'^\W*(?:name\s*=\s*")?{re.escape(name)}\b', normalise_lines(text), re.MULTILINE
    ):
        why = f"nobody can tell here whether {base} holds the library to one index and one file"
        yield _Asked(file, 1, why, "look whether it names the index, and has hashes", "CS213")
    elif is_dockerfile(base) or file.endswith(_SCRIPTS):
        yield from _in_commands(file, text, name)


def normalise_lines(text: str) -> str:
    """Return a text in small letters with names in their one spelling."""
    return re.sub(r"[-_.]+", "-", text).lower()


def _join(text: str) -> Iterator[tuple[int, str]]:
    """Yield the logical lines of a text without comments: those that end in a backslash with what follows them."""
    first, joined = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        first = first or number
        plain = _COMMENT.sub("", line).rstrip()
        joined += f" {plain.removesuffix(chr(92))}"
        if not plain.endswith("\\"):
            yield first, joined.strip()
            first, joined = 0, ""
    if joined:
        yield first, joined.strip()


def _in_requirements(service: Service, file: str, text: str, name: str) -> Iterator[_Asked]:
    unverified = _find(service, _UNVERIFIED)
    for number, line in _join(text):
        written = line.partition(" --")[0].strip()
        if (address := find_address(written, name)) is not None and "sha256=" not in address:
            yield _Asked(file, number, f"`{address}` has no hash", "put `#sha256=…` at the end of the address")
        elif address is not None:
            yield _Asked(file, number)
        named = parse_name(written)
        if named is None or named.name != name:
            continue
        if not _EXACT.search(written.partition(";")[0]):
            yield _Asked(file, number, f"`{written}` takes whatever version an index has", _HASHES)
        elif not _HASH.search(line):
            yield _Asked(
                file, number, f"`{written}` has no hash, so any index that has this version may answer", _HASHES
            )
        elif unverified:
            yield _Asked(
                file, number, f"`{written}` has a hash, and {unverified} has it not looked at", "take that away"
            )
        else:
            yield _Asked(file, number)


def _in_commands(file: str, text: str, name: str) -> Iterator[_Asked]:
    for number, line in _join(text):
        words = [word.strip("\"'`,;()[]") for word in line.split()] if _INSTALL.search(line) else []
        named = next((found for word in words if (found := parse_name(word)) is not None and found.name == name), None)
        if named is not None:
            remedy = "put it into a requirements file, with its hash: " + _HASHES
            yield _Asked(
                file, number, f"`{named.written}` on a command line has no hash, so any index may answer", remedy
            )


def _in_project(service: Service, file: str, text: str, name: str) -> Iterator[_Asked]:
    line = next((number for number, one in enumerate(text.splitlines(), 1) if name in normalise_lines(one)), None)
    try:
        tables = parse_toml(text).tables
    except UnparsableError:
        tables = {}
    if line is None or not tables:
        return
    folder = file.removesuffix(_PROJECT)
    source = next((one for key, one in _sources(tables).items() if normalise(key) == name), None)
    lock = service.folder.read(f"{folder}{_LOCK}")
    if not (isinstance(source, dict) and isinstance(source.get("index"), str)):
        yield _Asked(file, line, "names no index for the library, so any index that is asked may answer", _SOURCE)
    elif lock is None:
        yield _Asked(
            file,
            line,
            f"there is no {_LOCK} beside it, so nothing holds the library to one version and one file",
            "uv lock",
        )
    elif not _is_locked(lock, name):
        yield _Asked(file, line, f"{_LOCK} does not take the library from an index with a hash", "uv lock")
    else:
        yield _Asked(file, line)


def _sources(tables: object) -> dict[str, object]:
    for key in ("tool", "uv", "sources"):
        tables = tables.get(key) if isinstance(tables, dict) else None
    return tables if isinstance(tables, dict) else {}


def _is_locked(text: str, name: str) -> bool:
    """Tell whether a lock of uv takes every version of a package from an index, each file with its hash."""
    try:
        packages = parse_toml(text).tables.get("package")
    except UnparsableError:
        return False
    listed = packages if isinstance(packages, list) else []
    own = [one for one in listed if isinstance(one, dict) and normalise(str(one.get("name"))) == name]
    return bool(own) and all(_has_hashes(one) for one in own)


def _has_hashes(package: dict[str, object]) -> bool:
    source, wheels, sdist = package.get("source"), package.get("wheels"), package.get("sdist")
    files = [*(wheels if isinstance(wheels, list) else []), *([sdist] if sdist is not None else [])]
    hashed = all(isinstance(one, dict) and "hash" in one for one in files)
    return isinstance(source, dict) and "registry" in source and bool(files) and hashed


def _find(service: Service, wanted: re.Pattern[str]) -> str:
    """Return the first place in a service's files where something stands, as `file:line`, or nothing."""
    for file in service.files:
        base = basename(file)
        if is_requirements(base) or is_dockerfile(base) or file.endswith((*_SCRIPTS, ".toml", ".conf", ".env", ".ini")):
            for number, line in enumerate((service.folder.read(file) or "").splitlines(), 1):
                if wanted.search(_COMMENT.sub("", line)):
                    return f"{file}:{number}"
    return ""
