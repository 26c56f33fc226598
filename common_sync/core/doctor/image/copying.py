"""What a COPY or an ADD puts into the image, and what of it is not there to be copied."""

import re
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from posixpath import basename, join, normpath
from typing import NamedTuple

from common_sync.core.doctor.image.files import (
    WILD,
    Anything,
    Context,
    Doubt,
    Files,
    Image,
    Inline,
    Put,
    Without,
    match_paths,
)
from common_sync.core.expressions import expression
from common_sync.core.formats.dockerfile.syntax import Heredoc, Instruction
from common_sync.core.formats.dockerfile.words import Word
from common_sync.core.formats.dockerignore import parse_dockerignore
from common_sync.core.formats.shell.words import Word as ShellWord


class MissingSource(NamedTuple):
    """What is to be copied is not in the build context."""

    line: int  # the instruction's line
    written: str  # the source as it is written
    path: str  # the path in the build context, or in the stage, that it means
    dropped: str | None  # what keeps it out, where it is on the disk: `.dockerignore:3`
    local: bool = True  # whether it is copied from the build context, and not from a stage


class SourceAbove(NamedTuple):
    """A source leads out of the build context, and is cut off at its top."""

    line: int  # the instruction's line
    written: str  # the source as it is written
    taken: str  # what BuildKit takes for it


class Copying(NamedTuple):
    """A COPY or an ADD."""

    line: int  # its line
    sources: tuple[str, ...]  # what is copied, as written, variables put in
    destination: str  # the absolute path where it goes
    folder: bool  # whether the destination is a folder in any case
    origin: ShellWord | None  # what `--from` names, or None for the build context
    parents: bool  # whether the folders of a source are made, too
    left_out: tuple[str, ...]  # the patterns of what of a source is not copied
    unpacks: bool  # whether archives are unpacked, and URLs fetched
    heredocs: tuple[Heredoc, ...]  # the files that the Dockerfile itself holds


def read_copy(instruction: Instruction, expand: Callable[[Word], ShellWord], workdir: str) -> Copying | str:
    """Return what a COPY or an ADD copies, or what of it cannot be told."""
    words = [expand(word) for word in instruction.words]
    if unknown := next(
        (written for written, word in zip(instruction.words, words, strict=True) if not word.known), None
    ):
        return f"`{unknown.text}` holds a variable without a value"
    *sources, destination = [word.text for word in words]
    origin = instruction.flag("from")
    flags = {flag.name for flag in instruction.flags}
    return Copying(
        instruction.line,
        tuple(source for source in sources if not _is_heredoc(source, instruction)),
        normpath(join(workdir, destination)),
        destination.endswith("/") or basename(destination) in {".", "..", ""} or len(sources) > 1,
        expand(origin) if origin is not None else None,
        parents="parents" in flags,
        left_out=tuple(_patterns(instruction, expand)),
        unpacks=instruction.name == "ADD",
        heredocs=instruction.heredocs,
    )


def _is_heredoc(source: str, instruction: Instruction) -> bool:
    return bool(instruction.heredocs) and source.startswith("<<")


def copy_layers(
    copying: Copying, files: Files, context: Context, image: Image, may_hold: Callable[[str], bool] | None = None
) -> tuple[list[Put | Doubt], list[MissingSource | SourceAbove]]:
    """Return what a COPY or an ADD puts into the image, and what it would stumble over.

    Args:
        copying: What is copied where.
        files: Where from.
        context: The build context.
        image: The files of the image before it.
        may_hold: Tells of a path whether a stage may have it although no line shows that; None where it is none of a stage.
    """
    layers: list[Put | Doubt] = [*_inline(copying)]
    events: list[MissingSource | SourceAbove] = []
    local = files is context
    there = image.look(copying.destination)
    folder = copying.folder or (there is not None and there.kind == "folder")
    for source in copying.sources:
        if copying.unpacks and (_ARCHIVE.search(source) or _REMOTE.match(source)):
            layers.append(Doubt(copying.destination, f"line {copying.line} unpacks or fetches `{source}`"))
            continue
        path, above = _clean(source, local=local)
        found = match_paths(path, files)
        if above:
            events.append(SourceAbove(copying.line, source, path))
        if found:
            pivot = _pivot(source)
            layers += [_put(copying, one, files, folder=folder or len(found) > 1, pivot=pivot) for one in found]
        elif may_hold is not None and may_hold(path):
            why = f"line {copying.line} copies `{source}` from a stage in which programs may have made it"
            layers.append(Doubt(copying.destination, why))
        elif not _is_empty_match(path, files):
            dropped = context.why_dropped(path) if local else None
            events.append(MissingSource(copying.line, source, path, dropped, local))
    return layers, events


_ARCHIVE = expression(r"\.(?:tar(?:\.\w+)?|tgz|tbz2?|txz)$", re.IGNORECASE)
_REMOTE = expression(r"[a-z][a-z0-9+.-]*://|git@", re.IGNORECASE)


def _inline(copying: Copying) -> Iterator[Put | Doubt]:
    for heredoc in copying.heredocs:
        place = join(copying.destination, heredoc.announced.name) if copying.folder else copying.destination
        text = re.sub(r"(?m)^\t+", "", heredoc.content) if heredoc.announced.chomp else heredoc.content
        unclear = heredoc.announced.expand and "$" in text
        why = f"line {copying.line} writes it with variables in it"
        yield Doubt(place, why) if unclear else Put(place, Inline(text), "")


def _clean(source: str, *, local: bool) -> tuple[str, bool]:
    """Return a source's path, cut off at the top, and whether it led above it."""
    path = normpath(source.lstrip("/") or ".")
    parts = path.split("/")
    above = parts[0] == ".."
    rest = "/".join(part for part in parts if part not in {"..", "."})
    return (rest, above) if local else (f"/{rest}", above)


def _is_empty_match(path: str, files: Files) -> bool:
    """Tell whether it is a wildcard in a folder that is there: BuildKit lets that match nothing."""
    fixed = path[: wild.start()] if (wild := WILD.search(path)) else None
    return fixed is not None and files.look(fixed.rpartition("/")[0]) is not None


def _pivot(source: str) -> int:
    """Return how many folders at the beginning of a source `--parents` does not make: those before the first `/./`."""
    before, pivot, _ = source.partition("/./")
    return len([part for part in before.split("/") if part not in {"", "."}]) if pivot else 0


def _put(copying: Copying, source: str, files: Files, *, folder: bool, pivot: int) -> Put | Doubt:
    place = files.look(source)
    destination = copying.destination
    if isinstance(files, Anything):  # a folder there is copied by what is in it, a file by its name
        inside = basename(source) in _FILES and (folder or basename(destination) in {"bin", "sbin"})
        destination = join(destination, basename(source)) if inside else destination
        return Doubt(destination, f"line {copying.line} copies what is there: {place.why}" if place is not None else "")
    if copying.parents:
        destination = join(destination, *source.strip("/").split("/")[pivot:])
    elif folder and (place is None or place.kind != "folder"):
        destination = join(destination, basename(source)).rstrip("/")
    if not copying.left_out:
        return Put(destination, files, source)
    whole = place is not None and place.kind == "folder" and not copying.parents
    if not whole and any(fnmatchcase(basename(source), basename(one)) for one in copying.left_out):
        return Doubt(destination, f"line {copying.line} leaves some of it out")
    if any(_ODD.search(one) for one in copying.left_out):
        return Doubt(destination, f"line {copying.line} leaves some of it out, and it cannot be told what")
    patterns = parse_dockerignore("\n".join(copying.left_out))
    return Put(destination, Without(files, source, patterns) if whole else files, source)


_FILES = frozenset(
    (
        *("uv", "uvx", "tini", "tini-static", "dumb-init", "gosu", "su-exec", "catatonit", "dockerize", "wait"),
        *("aws-lambda-rie", "kubectl", "docker", "caddy", "litestream", "ffmpeg", "ffprobe", "chamber", "supercronic"),
    )
)
"""Programs that images from elsewhere hold as one file, which is copied by its name."""

_ODD = expression(r"[\[\]\\!#\n\0]|\.\.")
"""What stands in a pattern that is not followed here."""


def _patterns(instruction: Instruction, expand: Callable[[Word], ShellWord]) -> Iterator[str]:
    for flag in instruction.flags:
        if flag.name == "exclude":
            found = expand(flag.value) if flag.value is not None else ShellWord("", known=False)
            yield found.text if found.known else "\0*"
