"""Lines of scripts, Makefiles and CI files that build an image: `docker build -f services/api/Dockerfile .`, or a step of CI with `file:`.

Source of the options: https://docs.docker.com/reference/cli/docker/buildx/build/, https://github.com/docker/build-push-action
"""

import posixpath
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.shell.script import Command, read_script
from common_sync.core.paths import ancestors, is_below
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

_HINT = expression(r"\b(?:docker|podman|buildah|nerdctl)\b")
_PROGRAMS = frozenset({"docker", "podman", "buildah", "nerdctl"})
_VERBS = (("build",), ("buildx", "build"), ("image", "build"), ("builder", "build"), ("bud",))
_ALONE = frozenset(
    (
        *(
            "--check",
            "--compress",
            "--debug",
            "-D",
            "--force-rm",
            "--load",
            "--no-cache",
            "--pull",
            "--push",
            "--quiet",
            "-q",
        ),
        *("--rm", "--squash"),
    )
)
"""Options of `docker build` that take no value."""
_INPUT = expression(r"(?P<indent>\s+)(?P<key>file|context):\s*(?P<value>[\"']?[^\s#][^#]*)")
_FILES = frozenset({"-f", "--file"})
_COMPOSE = expression(r"\bdocker[ -]compose\b.*\b(?:build|up|run)\b")
_TURNED = expression(r"\bDOCKER_BUILDKIT[\"']?\s*[:?]?[=:]\s*[\"']?(?P<value>\w+)")
_TOP = "."
_WORKSPACE = expression(r"\$\{\{ *github\.workspace *\}\}")


class ImageBuild(NamedTuple):
    """A line that builds images of services by their own Dockerfiles, from a folder that is not theirs."""

    line: int  # its number, counted from 1
    text: str  # the line, to be shown
    services: tuple[str, ...]  # the services, sorted
    context: str  # the folder that they are built from, as it is written
    is_command: bool  # whether it is a command, and not an input of a step


class ClassicBuild(NamedTuple):
    """A line that builds images by the classic builder, and not by BuildKit."""

    line: int  # its number, counted from 1
    text: str  # the line, to be shown
    dockerfiles: tuple[str, ...]  # the paths of the Dockerfiles
    composed: bool  # whether it builds what compose files say


class _Built(NamedTuple):
    """What an image is built by and from, as written, from the folder that the command runs in."""

    dockerfile: str
    context: str
    is_docker: bool = True  # whether `docker build` does it, which `DOCKER_BUILDKIT` may turn to the classic builder


Owners = Mapping[str, Mapping[str, str]]
"""Of the files in services, any of which may be a Dockerfile: a file's name → its path → its service."""


def list_owners(tree: Tree, services: Container[str]) -> Owners:
    """Return the service of each file that is in one.

    Args:
        tree: The repository.
        services: The services' paths from the root.
    """
    owners: dict[str, dict[str, str]] = {}
    for file in tree.files:
        service = next((folder for folder in ancestors(file) if folder in services), None)
        if service is not None:
            owners.setdefault(last(file), {})[file] = service
    return owners


def find_image_builds(tree: Tree, file: str, owners: Owners) -> Iterator[ImageBuild]:
    """Yield the lines of a file that build a service by a Dockerfile in its folder, from another folder than that.

    Args:
        tree: The repository.
        file: The file.
        owners: The services of files.
    """
    if b"build" not in tree.data(file):
        return
    bases = _list_bases(file)
    for number, line, read in _read_lines(tree.text(file)):
        found = [(built.context, _find_services(built, bases, owners)) for built in read]
        if services := {service for _, some in found for service in some}:
            context = next(context for context, some in found if some)
            yield ImageBuild(number, _show(line), tuple(sorted(services)), context, is_command=True)
    if file.partition("/")[0] in CI_FOLDERS:
        yield from _read_steps(tree.text(file), owners)


def find_classic_builds(tree: Tree, file: str, owners: Owners) -> Iterator[ClassicBuild]:
    """Yield the lines of a file that build images by the classic builder: `DOCKER_BUILDKIT` is 0 in them, or in all of the file.

    Args:
        tree: The repository.
        file: The file.
        owners: The services of files.
    """
    if b"DOCKER_BUILDKIT" not in tree.data(file):
        return
    text, bases = tree.text(file), _list_bases(file)
    everywhere = any(_is_classic(line, otherwise=False) and not _HINT.search(line) for _, line in _list_lines(text))
    for number, line, read in _read_lines(text):
        if _is_classic(line, otherwise=everywhere):
            found = (_find_dockerfiles(built, bases, owners) for built in read if built.is_docker)
            dockerfiles = {file for one in found for file in one.services}
            composed = _COMPOSE.search(line) is not None
            if dockerfiles or composed:
                yield ClassicBuild(number, _show(line), tuple(sorted(dockerfiles)), composed)


def _is_classic(line: str, *, otherwise: bool) -> bool:
    """Tell whether a line turns BuildKit off; where it says nothing of it, what holds otherwise."""
    found = _TURNED.search(line)
    return otherwise if found is None else found["value"].lower() in {"0", "false"}


def _list_bases(file: str) -> tuple[str, ...]:
    """Return the folders that a file's commands may run in, the likeliest first."""
    return tuple(dict.fromkeys((above(file), *ancestors(above(file)), "")))


def _show(line: str) -> str:
    return " ".join(show_line(line).split())


def _list_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that are no comments."""
    yield from ((number, line) for number, line in join_lines(text) if not line.lstrip().startswith(("#", "//")))


def _read_lines(text: str) -> Iterator[tuple[int, str, list[_Built]]]:
    """Yield the lines that may build images, with what they build."""
    values = read_values(text)
    for number, line in _list_lines(text):
        if ("build" in line or _COMPOSE.search(line)) and _HINT.search(line):
            yield number, line, [*read_ways(list_ways(line, values), _HINT, _run)]


def _run(script: str) -> Iterator[_Built]:
    for command in read_script(script, "/", {}) or ():
        words = [word.text for word in command.arguments]
        for verb in _VERBS if command.program in _PROGRAMS else ():
            if tuple(words[: len(verb)]) == verb:
                is_docker = command.program == "docker" and verb[0] != "buildx"
                yield from (one._replace(is_docker=is_docker) for one in _read_options(command, words[len(verb) :]))


def _read_options(command: Command, words: Sequence[str]) -> Iterator[_Built]:
    """Yield what `docker build` is told; nothing where its words do not name one folder."""
    file, contexts, rest = "", list[str](), iter(words)
    for word in rest:
        name, equals, value = word.partition("=")
        if not word.startswith("-") or word == "-":
            contexts.append(word)
        elif name in _ALONE:
            continue
        else:
            value = value if equals else next(rest, "")
            file = value if name in _FILES else file
    if len(contexts) == 1 and "://" not in contexts[0] and contexts[0] != "-":
        folder = (command.folder or "/").lstrip("/")
        context = posixpath.join(folder, contexts[0])
        yield _Built(posixpath.join(folder, file) if file else posixpath.join(context, "Dockerfile"), context)


class _Found(NamedTuple):
    """The Dockerfiles that a line may mean, each with its service, and the path of the context."""

    services: Mapping[str, str]
    context: str


def _find_services(built: _Built, bases: Iterable[str], owners: Owners) -> tuple[str, ...]:
    """Return the services whose Dockerfile it is, and that the context is another folder than."""
    if ANY in built.context:
        return ()
    found = _find_dockerfiles(built, bases, owners)
    return tuple(sorted({one for one in found.services.values() if not is_below(found.context, one)}))


def _find_dockerfiles(built: _Built, bases: Iterable[str], owners: Owners) -> _Found:
    """Return the services' Dockerfiles that a line builds; wildcards may be any name."""
    for base in bases:
        pattern, context = (posixpath.normpath(posixpath.join(base, one)) for one in built[:2])
        if pattern.startswith(ANY):
            continue
        named = (files for name, files in owners.items() if fits(last(pattern), name))
        found = {file: service for files in named for file, service in files.items() if fits(pattern, file)}
        if found:
            return _Found(found, context)
    return _Found({}, "")


def _read_steps(text: str, owners: Owners) -> Iterator[ImageBuild]:
    """Yield the steps of CI that name a Dockerfile by `file`; the context is the repository where they name none."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        found = _INPUT.fullmatch(line)
        if found is None or found["key"] != "file":
            continue
        context = next(_list_beside(lines, number, found["indent"]), _TOP)
        file, context = (
            next(list_ways(_WORKSPACE.sub(_TOP, one), {}), "") for one in (_strip(found["value"]), context)
        )
        built = _Built(file, context)
        if services := _find_services(built, ("",), owners):
            yield ImageBuild(number + 1, line.strip(), services, built.context, is_command=False)


def _list_beside(lines: Sequence[str], number: int, indent: str) -> Iterator[str]:
    """Yield the contexts that stand beside a line: in the lines around it that are indented as it is, or deeper."""
    for step in (-1, 1):
        at = number + step
        while 0 <= at < len(lines) and (not lines[at].strip() or lines[at].startswith(indent)):
            found = _INPUT.fullmatch(lines[at])
            if found is not None and found["key"] == "context" and found["indent"] == indent:
                yield _strip(found["value"])
            at += step


def _strip(value: str) -> str:
    return value.strip().strip("\"'")
