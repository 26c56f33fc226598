"""Lines of scripts, Makefiles and CI files that copy one folder into others: `cp -r common services/api/`, rsync, links.

A line is read as a shell would run it, once for each value that its variables may have; where nobody can tell a value, it may be any
folder that is there.
"""

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.shell.script import Command, read_script
from common_sync.core.paths import ancestors, is_below
from common_sync.core.references.kinds import kind_of
from common_sync.edges.detection.reading import Lead
from common_sync.edges.detection.script_lines import (
    ANY,
    fits,
    join_lines,
    list_ways,
    read_values,
    read_ways,
    show_line,
)
from common_sync.edges.detection.tree import CI_FOLDERS, Tree, above, last

_NAMES = expression(
    r"Jenkinsfile|Procfile|package\.json|.*\.(?:mk|bash|zsh|bat|ps1|cmd)|Tiltfile|Earthfile|"
    r"(?:\.gitlab-ci|cloudbuild|skaffold|azure-pipelines|bitbucket-pipelines|buildspec|appveyor|\.travis|\.drone|Taskfile).*\.ya?ml"
)
_OF_SCRIPTS = frozenset({"", "scripts", "tools", "bin", "ci", "deploy", "build"})
"""Folders whose Python files are scripts."""
_COPIES = frozenset({"cp", "rsync", "ln", "gcp", "xcopy", "robocopy", "copy", "mv"})
_HINT = expression(r"\b(?:cp|rsync|ln|xcopy|robocopy|copytree|rm)\b")
_MAY_COPY = (b"cp ", b"rsync", b"ln -", b"xcopy", b"robocopy", b"copytree")
_COPYTREE = expression(r"copytree\(\s*(.+?)\s*,\s*(.+?)\s*(?:,|\)\s*$)")
_LITERAL = expression(r"""(f?)(["'])(.*?)\2""")
_FIELD = expression(r"\{[^{}]*\}")
_CONTENTS = expression(r"/(?:\.|\*|\*\.\w+)?$")
"""What asks for all that is in a folder, at the end of its path."""


class _Copying(NamedTuple):
    """A copy that a command makes: from where, to where, and whether by a link; or, with no source, what it removes."""

    source: str
    target: str
    linked: bool = False


class HandCopy(NamedTuple):
    """A line that copies a library into services, or removes their copies, without the tool."""

    line: int
    text: str
    services: tuple[str, ...]  # sorted
    removes: bool  # whether it only removes


class Known(NamedTuple):
    """What a configuration names: the masters' and the services' paths from the root, and the copies' inside a service."""

    masters: tuple[str, ...]
    services: tuple[str, ...]
    copies: tuple[str, ...]


def is_script(path: str) -> bool:
    """Tell by its path whether a file may hold commands that copy folders."""
    folder, _, name = path.rpartition("/")
    if name.endswith(".py") and folder in _OF_SCRIPTS:
        return True
    return _is_script_name(name) or folder.partition("/")[0] in CI_FOLDERS


@cache
def _is_script_name(name: str) -> bool:
    """Tell it by a name, which many files of a large repository share."""
    return kind_of(name) == "mention" or _NAMES.fullmatch(name) is not None


def find_copies(tree: Tree, file: str) -> Iterator[tuple[str, Lead]]:
    """Yield each service into which a file's commands copy a folder, and the line that does so."""
    for number, line, found in _read_lines(tree, file, "."):
        seen = set()
        for one in found:
            named = one.source.strip("*/.")  # a variable that may be anything names no library
            for service, place, name in _locate(tree, file, one.source, one.target) if named else ():
                if (service, place) not in seen:
                    seen.add((service, place))
                    yield service, Lead(place, "copy", number, show_line(line), name)


def find_hand_copies(tree: Tree, file: str, known: Known) -> Iterator[HandCopy]:
    """Yield the lines of a file that copy a library into services, and of such a file those that remove the copies.

    A path that begins with a variable of which nobody knows what it holds leads nowhere.
    """
    bases = tuple(dict.fromkeys((above(file), *ancestors(above(file)), "")))
    for number, line, found in _read_lines(tree, file, ANY):
        made, gone = set[str](), set[str]()
        for one in found:
            (made if one.source else gone).update(_concerned(one, bases, known))
        if made or gone:
            yield HandCopy(number, show_line(line), tuple(sorted(made or gone)), removes=not made)


def _read_lines(tree: Tree, file: str, unset: str) -> Iterator[tuple[int, str, list[_Copying]]]:
    """Yield the lines that copy or remove, in a file that copies: number, text, and what each copies or removes.

    Args:
        tree: The repository.
        file: The file.
        unset: What stands for a variable in capitals that the file does not set.
    """
    if not any(hint in tree.data(file) for hint in _MAY_COPY):
        return
    text = tree.text(file)
    values = read_values(text)
    for number, line in join_lines(text):
        if _HINT.search(line) and not line.lstrip().startswith(("#", "//")):
            yield number, line, list(_pairs(line, values, unset))


def _concerned(one: _Copying, bases: Iterable[str], known: Known) -> set[str]:
    """Return the services into which a library is copied, or whose copy is removed; nothing that only wildcards say."""
    if one.source.startswith(ANY) or one.target.startswith(ANY):
        return set()
    for base in bases:
        target = _resolve(base, one.target)
        services = {service for service in known.services if _leads_into(target, service)}
        if not one.source:
            copies = {service for service in services for copy in known.copies if fits(target, f"{service}/{copy}")}
            if copies:
                return copies
        elif services and _is_library(base, target, one, known.masters):
            return services
    return set()


def _resolve(base: str, path: str) -> str:
    """Return a path from the root."""
    return posixpath.normpath(posixpath.join(base, path))


def _leads_into(target: str, service: str) -> bool:
    """Tell whether a path, with wildcards, is a service or in it; what is all wildcards says nothing."""
    parts = target.split("/")
    return bool(target.strip("*/")) and fits("/".join(parts[: service.count("/") + 1]), service)


def _is_library(base: str, target: str, one: _Copying, masters: Iterable[str]) -> bool:
    """Tell whether what is copied is a library, or of one; a link's source starts from where the link is."""
    written = _CONTENTS.sub("", one.source)
    sources = {_resolve(folder, written) for folder in ((base, target, above(target)) if one.linked else (base,))}
    return any(is_below(source, master) for source in sources for master in masters)


def _pairs(line: str, values: Mapping[str, tuple[str, ...]], unset: str) -> Iterator[_Copying]:
    """Yield each copy that a line makes or removes, wildcards for what cannot be told."""
    for match in _COPYTREE.finditer(line):
        yield _Copying(_spell(match[1]), _spell(match[2]))
    yield from read_ways(list_ways(line, values, unset), _HINT, _run)


def _run(script: str) -> Iterator[_Copying]:
    for command in read_script(script, "/", {}) or ():
        yield from _operands(command)


def _spell(code: str) -> str:
    """Return the path that an expression of Python comes to: its strings, joined, and a wildcard for anything else."""
    parts = [_FIELD.sub(ANY, match[3]) if match[1] else match[3] for match in _LITERAL.finditer(code)]
    rest = _LITERAL.sub("", code).strip(" /()+")
    return "/".join(parts) if parts and not rest.endswith((".", "name")) else "/".join([*parts, ANY])


def _operands(command: Command) -> Iterator[_Copying]:
    if command.program not in _COPIES and command.program != "rm":
        return
    words = [word.text for word in command.arguments if not word.text.startswith("-") or word.text == "-"]
    base = (command.folder or "/").lstrip("/")
    paths = [posixpath.join(base, word) for word in words]
    linked = command.program == "ln"
    if command.program == "rm":
        yield from (_Copying("", path) for path in paths)
    elif len(paths) > 1:
        yield from (_Copying(source, paths[-1], linked) for source in paths[:-1])
    elif len(paths) == 1 and linked:
        yield _Copying(paths[0], base or ".", linked)


def _locate(tree: Tree, file: str, source: str, target: str) -> Iterator[tuple[str, str, str]]:
    """Yield the service, the folder that is copied into it, and what it is called there."""
    for base in dict.fromkeys((above(file), *ancestors(above(file)), "")):
        sources = (place for place in _expand(tree, base, source.removesuffix("/*").removesuffix("/.")) if place)
        python = [place for place in sources if place in tree.python_folders]
        found = [
            (holder, place, last(rest) if rest else last(place))
            for holder, rest in (_holders(tree, base, target) if python else ())
            for place in python
            if not is_below(place, holder) and not is_below(holder, place)
        ]
        if found:
            yield from found
            return


def _holders(tree: Tree, base: str, target: str) -> Iterator[tuple[str, str]]:
    """Yield the services that a destination is in, each with what follows in its path: a copy that need not be there."""
    parts = posixpath.normpath(posixpath.join(base, target)).split("/")
    for end in range(len(parts), 0, -1):
        found = [place for place in _match(tree, parts[:end]) if tree.looks_like_service(place)]
        if found:
            yield from ((place, "/".join(parts[end:])) for place in found)
            return


def _expand(tree: Tree, base: str, path: str) -> list[str]:
    return _match(tree, posixpath.normpath(posixpath.join(base, path)).split("/"))


def _match(tree: Tree, parts: list[str]) -> list[str]:
    """Return the folders of the repository that a path with wildcards leads to."""
    folders = [""]
    for part in parts:
        if ANY in part or "?" in part or "[" in part:
            inner = (one for folder in folders for one in tree.inner.get(folder, ()))
            folders = [one for one in inner if fnmatchcase(last(one), part)]
        else:
            joined = (f"{folder}/{part}".lstrip("/") for folder in folders)
            folders = [one for one in joined if one in tree.names]
    return folders
