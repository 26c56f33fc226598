"""Lines of scripts, Makefiles and CI files that build an image: `docker build -f services/api/Dockerfile .`, or a step of CI with `file:`.

Source of the options: https://docs.docker.com/reference/cli/docker/buildx/build/, https://github.com/docker/build-push-action
"""

import posixpath
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.shell.script import Command, read_script
from common_sync.core.model import ancestors, is_below
from common_sync.edges.detection.script_lines import ANY, cut_out, join_lines, list_ways, read_values, show_line
from common_sync.edges.detection.tree import CI_FOLDERS, Tree, above

_HINT = expression(r"\b(?:docker|podman|buildah|nerdctl)\b")
_PROGRAMS = frozenset({"docker", "podman", "buildah", "nerdctl"})
_VERBS = (("build",), ("buildx", "build"), ("image", "build"), ("builder", "build"), ("bud",))
_ALONE = frozenset(
    (
        "--compress",
        "--force-rm",
        "--load",
        "--no-cache",
        "--pull",
        "--push",
        "--quiet",
        "-q",
        "--rm",
        "--squash",
        "--check",
        "--debug",
        "-D",
    )
)
"""Options of `docker build` that take no value."""
_INPUT = expression(r"(?P<indent>\s+)(?P<key>file|context):\s*(?P<value>[\"']?[^\s#][^#]*)")
_FILES = frozenset({"-f", "--file"})
_TOP = "."
_WORKSPACE = expression(r"\$\{\{ *github\.workspace *\}\}")


class ImageBuild(NamedTuple):
    """A line that builds images of services by their own Dockerfiles, from a folder that is not theirs."""

    line: int  # its number, counted from 1
    text: str  # the line, to be shown
    services: tuple[str, ...]  # the services, sorted
    context: str  # the folder that they are built from, as it is written
    is_command: bool  # whether it is a command, and not an input of a step


class _Built(NamedTuple):
    """What an image is built by and from, as written, from the folder that the command runs in."""

    dockerfile: str
    context: str


def list_owners(tree: Tree, services: Container[str]) -> dict[str, str]:
    """Return the service of each file that is in one: any of them may be a Dockerfile.

    Args:
        tree: The repository.
        services: The services' paths from the root.
    """
    found = ((file, next((folder for folder in ancestors(file) if folder in services), "")) for file in tree.files)
    return {file: service for file, service in found if service}


def find_image_builds(tree: Tree, file: str, owners: Mapping[str, str]) -> Iterator[ImageBuild]:
    """Yield the lines of a file that build a service by a Dockerfile in its folder, from another folder than that.

    Args:
        tree: The repository.
        file: The file.
        owners: The service of each file that is in one.
    """
    if b"build" not in tree.data(file):
        return
    text = tree.text(file)
    bases = tuple(dict.fromkeys((above(file), *ancestors(above(file)), "")))
    values = read_values(text)
    for number, line in join_lines(text):
        if _HINT.search(line) and ("build" in line or "bud" in line) and not line.lstrip().startswith(("#", "//")):
            found = [(built.context, _find_services(built, bases, owners)) for built in _read_line(line, values)]
            if services := {service for _, some in found for service in some}:
                context = next(context for context, some in found if some)
                yield ImageBuild(
                    number, " ".join(show_line(line).split()), tuple(sorted(services)), context, is_command=True
                )
    if file.partition("/")[0] in CI_FOLDERS:
        yield from _read_steps(text, owners)


def _read_line(line: str, values: dict[str, tuple[str, ...]]) -> Iterator[_Built]:
    for way in list_ways(line, values):
        hint = _HINT.search(way)
        yield from list(_run(way)) or _run(cut_out(way, hint.start() if hint else 0))


def _run(script: str) -> Iterator[_Built]:
    for command in read_script(script, "/", {}) or ():
        words = [word.text for word in command.arguments]
        for verb in _VERBS if command.program in _PROGRAMS else ():
            if tuple(words[: len(verb)]) == verb:
                yield from _read_options(command, words[len(verb) :])


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


def _find_services(built: _Built, bases: Iterable[str], owners: Mapping[str, str]) -> tuple[str, ...]:
    """Return the services whose Dockerfile it is, and that the context is another folder than; wildcards may be any name."""
    for base in bases:
        pattern, context = (posixpath.normpath(posixpath.join(base, one)) for one in built)
        if pattern.startswith(ANY) or ANY in context:
            continue
        found = {service for file, service in owners.items() if _fits(file, pattern)}
        if found:
            return tuple(sorted(service for service in found if not is_below(context, service)))
    return ()


def _fits(path: str, pattern: str) -> bool:
    names, parts = path.split("/"), pattern.split("/")
    return len(names) == len(parts) and all(map(fnmatchcase, names, parts))


def _read_steps(text: str, owners: Mapping[str, str]) -> Iterator[ImageBuild]:
    """Yield the steps of CI that name a Dockerfile by `file`; the context is the repository where they name none."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        found = _INPUT.fullmatch(line)
        if found is None or found["key"] != "file":
            continue
        context = next(_list_beside(lines, number, found["indent"]), _TOP)
        built = _Built(
            *(next(list_ways(_WORKSPACE.sub(_TOP, one), {}), "") for one in (_strip(found["value"]), context))
        )
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
