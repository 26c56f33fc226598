"""Which files of an image may be executed: what `chmod` and `COPY --chmod` say, and else what the build context has.

Sources: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/chmod.html and https://docs.docker.com/reference/dockerfile/#copy---chown---chmod.
"""

from collections.abc import Iterator
from posixpath import join, normpath

from common_sync.core.doctor.image.files import (
    WILD,
    Allowed,
    Context,
    Doubt,
    Gone,
    Image,
    Inline,
    Place,
    Put,
    match_paths,
)
from common_sync.core.expressions import expression
from common_sync.core.formats.shell.script import Command
from common_sync.core.paths import below

_NUMBER = expression(r"[0-7]{1,5}")
_GIVES = expression(r"(?:^|,)[ugoa]*[+=][rwst]*[xX]")
_TAKES = expression(r"(?:^|,)a?-[rwst]*x")
_CHMOD = expression(r"\bchmod\b")


def may_run_by(mode: str) -> bool | None:
    """Tell whether a mode lets a file be executed by anybody; None where it leaves that as it is.

    Args:
        mode: As `chmod` takes it, `0755` or `u+x`.
    """
    if _NUMBER.fullmatch(mode):
        return bool(int(mode, 8) & 0o111)
    return True if _GIVES.search(mode) else False if _TAKES.search(mode) else None


def list_allowed(command: Command, image: Image) -> Iterator[Allowed]:
    """Yield what a command says about the right to be executed.

    Args:
        command: The command.
        image: The files that are there then.
    """
    if command.program != "chmod":
        if command.program == "setfacl" or any(_CHMOD.search(word.text) for word in command.arguments):
            yield Allowed("/", None)  # by `find` or `xargs`, or by a program of Python's
        return
    options = [word.text for word in command.arguments if _OPTIONS.fullmatch(word.text)]
    rest = [word for word in command.arguments if not _OPTIONS.fullmatch(word.text)]
    deep = any(one == "--recursive" or (one[1] != "-" and "R" in one) for one in options)
    like = bool(rest) and rest[0].text.startswith("--reference")
    runs = may_run_by(rest[0].text) if rest and rest[0].known else None
    if rest and rest[0].known and runs is None and not like:
        return
    for word in rest[1:]:
        if not word.known or (command.folder is None and not word.text.startswith("/")):
            yield Allowed("/", None)
            continue
        path = normpath(join(command.folder or "/", word.text))
        found = match_paths(path, image) if WILD.search(path) else [path]
        yield from (Allowed(_behind(one, image), runs, deep=deep) for one in found)


_OPTIONS = expression(r"-[Rvcf]+|--(?:recursive|verbose|changes|silent|quiet)")


def may_run(path: str, image: Image, context: Context, *, cloned: bool = False) -> bool | None:
    """Tell whether a file of an image may be executed; None where nobody can tell.

    Args:
        path: Its absolute path.
        image: The files of the image.
        context: The build context that they came from.
        cloned: Whether that lies in a clone, which has the bits that git has, and not in this work tree.
    """
    return next(_answers(_behind(path, image), image, context, cloned=cloned), None)


_MOST_LINKS = 8


def _behind(path: str, image: Image) -> str:
    """Return the path to which links lead: they have no rights of their own."""
    for _ in range(_MOST_LINKS):
        puts = (layer for layer in reversed(image.layers) if isinstance(layer, Put))
        latest = next((layer for layer in puts if below(path, layer.place) is not None), None)
        if latest is None or not latest.link:
            break
        path = normpath(join(latest.source, below(path, latest.place) or ""))
    return path


def _answers(path: str, image: Image, context: Context, *, cloned: bool) -> Iterator[bool | None]:
    """Yield what each layer says, the latest first; that a folder is made says nothing of files."""
    for layer in reversed(image.layers):
        rest = below(path, layer.place)
        if rest is None:
            continue
        if isinstance(layer, Put):
            inner = join(layer.source, rest) if rest else layer.source
            if (place := layer.files.look(inner)) is not None:
                yield _of_put(layer, place, inner, context, cloned=cloned)
        elif isinstance(layer, Gone | Doubt):
            yield None
        elif isinstance(layer, Allowed) and (not rest or layer.deep):
            yield layer.runs


def _of_put(layer: Put, place: Place, inner: str, context: Context, *, cloned: bool) -> bool | None:
    if isinstance(layer.files, Image):
        return may_run(inner, layer.files, context, cloned=cloned)
    if isinstance(layer.files, Inline):
        return False
    return context.may_run(place.origin, cloned=cloned) if place.origin is not None else None
