"""The files of a build context, and those of an image while it is built: what was put where, in what order.

Nothing is listed before somebody asks for it: a stage is a pile of layers, and a path is looked for from the top one down.
"""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from posixpath import join
from typing import Literal, NamedTuple, Protocol

from common_sync.core.expressions import expression
from common_sync.core.formats.dockerignore import Dockerignore
from common_sync.core.paths import below


class Place(NamedTuple):
    """What is at a path."""

    kind: Literal["file", "folder", "unknown"]  # a file, a folder, or what cannot be told: perhaps nothing at all
    origin: str | None = None  # its path in the build context, or None when the build makes it
    text: str | None = None  # its contents where the Dockerfile itself holds them
    why: str = ""  # where it cannot be told: what makes it so, with its line


class Files(Protocol):
    """Files that something can be copied from: a build context, or the image of a stage."""

    def look(self, path: str) -> Place | None:
        """Return what is at a path, or None when there is nothing."""

    def names(self, path: str) -> Iterable[str]:
        """Return the names of what is in a folder."""


class Context(Files, Protocol):
    """A build context; paths are relative, and nothing for its own folder."""

    def read(self, path: str) -> str | None:
        """Return a file's text, or None when it has none."""

    def may_run(self, path: str, *, cloned: bool = False) -> bool | None:
        """Tell whether a file may be executed, here or in a clone, or None where nobody can tell."""

    def why_dropped(self, path: str) -> str | None:
        """Return what keeps a path out that is on the disk, `.dockerignore:3`, or None."""


class Inline(NamedTuple):
    """A file whose contents the Dockerfile holds."""

    text: str

    def look(self, path: str) -> Place | None:
        """Return the file."""
        return None if path else Place("file", text=self.text)

    def names(self, path: str) -> Iterable[str]:  # noqa: ARG002 - as all Files
        """Return nothing: it is no folder."""
        return ()


class Anything:
    """What nobody can look into: an image from elsewhere, an archive, something from a network.

    Args:
        why: What it is, with its line.
    """

    def __init__(self, why: str = "") -> None:
        self._why = why

    def look(self, path: str) -> Place | None:  # noqa: ARG002
        """Return that it cannot be told."""
        return Place("unknown", why=self._why)

    def names(self, path: str) -> Iterable[str]:  # noqa: ARG002
        """Return nothing that could be named."""
        return ()


class Rooted(NamedTuple):
    """Files whose paths are absolute: a build context that a Dockerfile has by a name, as it has the image of a stage."""

    files: Files

    def look(self, path: str) -> Place | None:
        """Return what is at a path, or None when there is nothing."""
        return self.files.look(path.strip("/"))

    def names(self, path: str) -> Iterable[str]:
        """Return the names of what is in a folder."""
        return self.files.names(path.strip("/"))


class Without(NamedTuple):
    """Files of which some are left out, as `COPY --exclude` does."""

    files: Files  # all of them
    top: str  # the path that is copied
    left_out: Dockerignore  # what is left out, relative to that

    def look(self, path: str) -> Place | None:
        """Return what is at a path, or None when there is nothing."""
        rest = below(path, self.top)
        return self.files.look(path) if not rest or self.left_out.exclusion(rest) is None else None

    def names(self, path: str) -> Iterable[str]:
        """Return the names of what is in a folder."""
        return [
            name
            for name in self.files.names(path)
            if self.look(f"{path}/{name}".removeprefix("/" if not path else "")) is not None
        ]


class Put(NamedTuple):
    """Something was copied to a place."""

    place: str  # where to, an absolute path
    files: Files  # where from
    source: str  # the path there
    link: bool = False  # whether it is a link to what is there


class Gone(NamedTuple):
    """What was at a place was removed."""

    place: str


class Doubt(NamedTuple):
    """Something at a place or below may have been made by what cannot be followed."""

    place: str  # an absolute path
    why: str = ""  # what may have made it
    hangs: bool = False  # whether that runs only if a condition holds


class Made(NamedTuple):
    """A folder was made."""

    place: str


class Allowed(NamedTuple):
    """What is at a place may be executed from now on, or may not."""

    place: str  # an absolute path
    runs: bool | None  # whether it may; None where nobody can tell
    deep: bool = True  # whether that is so for all in it, too


class Image(NamedTuple):
    """The files of a stage at one moment; the last layer is the latest."""

    layers: tuple[Put | Gone | Doubt | Made | Allowed, ...] = ()  # what was done, in its order

    def with_layers(self, *layers: Put | Gone | Doubt | Made | Allowed) -> "Image":
        """Return the image once more has been done."""
        return Image((*self.layers, *layers))

    def look(self, path: str) -> Place | None:
        """Return what is at an absolute path; None when there is nothing for sure."""
        doubt: Doubt | None = None
        for layer in reversed(self.layers):
            rest = below(path, layer.place)
            if isinstance(layer, Put):
                if (found := _look_in(layer, path, rest)) is not None:
                    return found
            elif isinstance(layer, Made):
                if below(layer.place, path) is not None:
                    return Place("folder")
            elif rest is not None and not isinstance(layer, Allowed):
                if isinstance(layer, Gone):
                    break
                doubt = doubt or layer
        return Place("unknown", why=doubt.why) if doubt is not None else None

    def names(self, path: str) -> Iterable[str]:
        """Return the names of what is in a folder, as far as they are known."""
        found: set[str] = set()
        for layer in self.layers:
            rest, inner = below(path, layer.place), below(layer.place, path)
            if isinstance(layer, Gone):
                found = set() if rest is not None else found - {inner or ""}
            elif isinstance(layer, Put) and rest is not None:
                found.update(layer.files.names(join(layer.source, rest) if rest else layer.source))
            elif inner and not isinstance(layer, Doubt | Allowed):
                found.add(inner.partition("/")[0])
        return found


def _look_in(layer: Put, path: str, rest: str | None) -> Place | None:
    if rest is not None:
        return layer.files.look(join(layer.source, rest) if rest else layer.source)
    inside = below(layer.place, path) is not None
    return Place("folder") if inside and layer.files.look(layer.source) is not None else None


WILD = expression(r"[*?[]")


def match_paths(path: str, files: Files) -> list[str]:
    """Return the paths that one with wildcards means, sorted; a wildcard never matches a slash."""
    found = ["/" if path.startswith("/") else ""]
    for part in path.strip("/").split("/") if WILD.search(path) else ():
        pattern = part.replace("[^", "[!")
        inner = (join(above, name) for above in found for name in files.names(above) if fnmatchcase(name, pattern))
        found = [*inner] if WILD.search(part) else [join(above, part) for above in found]
    return sorted(one for one in (found if WILD.search(path) else [path]) if files.look(one) is not None)


class Folder(Files, Protocol):
    """The files of a folder; paths are relative to it."""

    def may_run(self, path: str, *, cloned: bool = False) -> bool | None:
        """Tell whether a file may be executed, here or in a clone, or None where nobody can tell."""

    def read(self, path: str) -> str | None:
        """Return a file's text, or None when it has none."""


class BuildContext:
    """What the build gets of a folder.

    Args:
        folder: The folder's files.
        dockerignore: What is kept out.
        name: The `.dockerignore`'s path, as it is to be named.

    Attributes:
        ignore_file: That path.
    """

    def __init__(self, folder: Folder, dockerignore: Dockerignore, name: str = ".dockerignore") -> None:
        self._folder, self._dockerignore, self.ignore_file = folder, dockerignore, name
        self._brings_back = any(not pattern.excludes for pattern in dockerignore.patterns)

    def look(self, path: str) -> Place | None:
        """Return what is at a path, or None when there is nothing."""
        place = self._folder.look(path)
        if place is None or not path or self._dockerignore.exclusion(path) is None:
            return place
        kept = place.kind == "folder" and self._brings_back and any(self._look_below(path))
        return place if kept else None

    def _look_below(self, path: str) -> Iterable[bool]:
        return (self.look(f"{path}/{name}") is not None for name in self._folder.names(path))

    def names(self, path: str) -> list[str]:
        """Return the names of what is in a folder."""
        return [name for name in self._folder.names(path) if self.look(f"{path}/{name}".lstrip("/")) is not None]

    def read(self, path: str) -> str | None:
        """Return a file's text, or None when it has none."""
        return self._folder.read(path)

    def may_run(self, path: str, *, cloned: bool = False) -> bool | None:
        """Tell whether a file may be executed, here or in a clone, or None where nobody can tell."""
        return self._folder.may_run(path, cloned=cloned)

    def why_dropped(self, path: str) -> str | None:
        """Return the rule that keeps a path out that is on the disk: `.dockerignore:3`, or None."""
        pattern = self._dockerignore.exclusion(path) if path and self._folder.look(path) is not None else None
        return f"{self.ignore_file}:{pattern.line}" if pattern is not None else None
