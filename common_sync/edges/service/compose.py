"""The compose files of a repository: each is read at most once, by whoever asks first."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from common_sync.core.asked_once import asked_once
from common_sync.core.formats.compose.names import DeadEnd, Stack, find_stack
from common_sync.core.paths import below, is_below
from common_sync.core.references.hints import may_build, may_build_at
from common_sync.core.references.kinds import KINDS, Kind, is_compose
from common_sync.core.text import UndecodableError, UnparsableError, decode_unicode
from common_sync.edges.files.folders import follow

if TYPE_CHECKING:  # 3 ms, which a repository without compose files need not pay: the reader is imported with YAML
    from common_sync.core.formats.compose.built import BuiltService, Layer
    from common_sync.core.formats.compose.file import ComposeFile, Reference

_LARGEST = KINDS["compose"].largest

_LONGEST = 100
"""Services that extend one another, or files that include one another, in one chain."""


class _Followed(NamedTuple):
    """A compose file that is read: its path, the folder that its paths are relative to, and the files that led to it."""

    path: str
    folder: str
    chain: tuple[str, ...] = ()


class ComposeFiles:
    """The compose files that tell how services are built: their own, and those in the folders above.

    One that cannot be read or parsed builds nothing here, and is a dead end. A file that Compose puts over another, or that
    says of a service less than an image needs, is put over its folder's base, and so over what that includes.

    Args:
        root: The absolute path of the configuration's folder.
        beside: The absolute paths of more compose files, which may build any service.
    """

    def __init__(self, root: str, beside: Iterable[str] = ()) -> None:
        self._root, self._beside = root, tuple(beside)
        self._files: dict[str, ComposeFile | None] = {}
        self._built: dict[tuple[str, str], tuple[BuiltService, ...]] = {}
        self._included = set[str]()
        self._models: dict[tuple[str, str], dict[str, list[Layer]]] = {}
        self._dead_ends: dict[str, dict[DeadEnd, None]] = {}
        self._held: Mapping[str, bytes] = {}

    def holding(self, held: Mapping[str, bytes | None]) -> "ComposeFiles":
        """Return the same with other bytes in some files than the disk has.

        Args:
            held: The absolute paths of files that are there and may build any service → what they are to hold; None for what
                the disk has.
        """
        other = ComposeFiles(self._root, (*self._beside, *held))
        other._held = {**self._held, **{path: data for path, data in held.items() if data is not None}}
        other._files = {path: file for path, file in self._files.items() if path not in other._held}
        return other

    @asked_once
    def read(self, path: str) -> bytes:
        """Return a file's bytes, or one more than it may have of a file that is larger.

        Args:
            path: Its absolute path; a regular file is there.

        Raises:
            OSError: It cannot be read.
        """
        if path in self._held:
            return self._held[path]
        with open(path, "rb") as file:
            return file.read(_LARGEST + 1)

    def list_read(self) -> list[str]:
        """Return the absolute paths of the files that were asked for until now, also those that others include or extend."""
        return [*{*self._files, *self._included}]

    def list_services(self, service: str, inside: Iterable[str], *, elsewhere: bool = False) -> "list[BuiltService]":
        """Return what is built from a service's folder, or by a Dockerfile in it.

        Args:
            service: Its path from the root.
            inside: The paths in it of its own compose files.
            elsewhere: Only files by which a Dockerfile may be built from another folder than the one that it lies in.
        """
        folder = os.path.join(self._root, service)
        found = self.list_all(service, inside, elsewhere=elsewhere)
        return [one for one in found if is_below(one.context, folder) or is_below(one.dockerfile, folder)]

    def list_all(self, service: str, inside: Iterable[str], *, elsewhere: bool = False) -> "Iterator[BuiltService]":
        """Yield what a service's own compose files and those in the folders above it build, whatever service that is.

        Args:
            service: Its path from the root.
            inside: The paths in it of its own compose files.
            elsewhere: As for `list_services`.
        """
        for one in self._follow(self._list_concerned(service, inside), elsewhere):
            yield from self._list_built(one)

    def list_shared(self, services: Iterable[str]) -> list[str]:
        """Return the paths from the root of the compose files above services, and of those that they include."""
        above = dict.fromkeys(path for one in services for path in self.list_above(one.rpartition("/")[0]))
        paths = (one.path for one in self._follow(above, elsewhere=False))
        return [os.path.relpath(path, self._root) for path in paths if is_below(path, self._root)]

    def list_dead_ends(self, service: str, inside: Iterable[str], *, elsewhere: bool = False) -> list[DeadEnd]:
        """Return the lines that nobody can follow of a service's own compose files and of those in the folders above it.

        Args:
            service: Its path from the root.
            inside: The paths in it of its own compose files.
            elsewhere: As for `list_services`.
        """
        files = list(self._follow(self._list_concerned(service, inside), elsewhere))
        for one in files:
            self._list_built(one)
        ends = dict.fromkeys((end, one.folder) for one in files for end in self._dead_ends.get(one.path, ()))
        place = os.path.join(self._root, service)
        return list(dict.fromkeys(end for end, folder in ends if self._may_concern(end, folder, place)))

    def _may_concern(self, end: DeadEnd, folder: str, place: str) -> bool:
        """Tell whether a line may be about a service; what nobody could parse is, unless it evidently builds others only."""
        if end.cause != "unread" or is_below(end.file, place):
            return True
        try:
            data = self.read(end.file)
        except OSError:
            return True
        return len(data) > _LARGEST or may_build_at(data, folder, place)

    def _list_concerned(self, service: str, inside: Iterable[str]) -> list[str]:
        own = (os.path.join(self._root, service, path) for path in inside)
        return list(dict.fromkeys((*self.list_above(service.rpartition("/")[0]), *own, *self._beside)))

    @asked_once
    def list_above(self, folder: str) -> list[str]:
        """Return the absolute paths of the compose files in a folder and in those above it, the root's first."""
        above = self.list_above(folder.rpartition("/")[0]) if folder else []
        place = f"{self._root}/{folder}" if folder else self._root
        return [*above, *(f"{place}/{name}" for name in self._list_names(place))]

    @asked_once
    def _list_names(self, folder: str) -> list[str]:
        """Return the names of the compose files in a folder."""
        try:
            return sorted(filter(is_compose, os.listdir(folder)))
        except OSError:
            return []

    def _find_stack(self, one: _Followed) -> Stack:
        """Return what Compose takes in a file's folder; nothing where the file's paths are relative to another one."""
        folder = os.path.dirname(one.path)
        return find_stack(self._list_names(folder)) if folder == one.folder else Stack()

    def _follow(self, files: Iterable[str], elsewhere: bool) -> Iterator[_Followed]:
        """Yield files, and those that they include, each once; twice where one is also followed by itself."""
        pending, seen = [_Followed(path, os.path.dirname(path)) for path in files][::-1], set[tuple[str, str, bool]]()
        while pending:
            one = pending.pop()
            key = (one.path, one.folder, bool(one.chain))
            if key not in seen:
                seen.add(key)
                compose = self._open(one, elsewhere)
                yield one
                includes = compose.includes if compose is not None else ()
                pending += reversed([more for include in includes for more in self._include(include, one)])

    def _include(self, include: "Reference", by: _Followed) -> list[_Followed]:
        """Return the files that an entry includes, the lowest first, and note why one cannot be followed."""
        if include.unknown:
            self._note(by.path, DeadEnd(by.path, include.line, include.unknown, "lost"))
            return []
        main = os.path.normpath(os.path.join(by.folder, include.file))
        folder = os.path.dirname(main) if include.folder is None else os.path.join(by.folder, include.folder)
        chain, found = (*by.chain, by.path), list[_Followed]()
        for file in (include.file, *include.over):
            path = os.path.normpath(os.path.join(by.folder, file))
            self._included.add(path)
            if path in chain:
                self._note(by.path, DeadEnd(by.path, include.line, f"`{file}` includes this file again"))
            elif len(chain) > _LONGEST:
                self._note(by.path, DeadEnd(by.path, include.line, f"more than {_LONGEST} files include one another"))
            elif not os.path.isfile(path):
                self._note(by.path, DeadEnd(by.path, include.line, f"there is no file `{file}`", "lost"))
            else:
                found.append(_Followed(path, os.path.normpath(folder), chain))
        return found

    def _note(self, path: str, end: DeadEnd) -> None:
        self._dead_ends.setdefault(path, {})[end] = None

    def _open(self, one: _Followed, elsewhere: bool) -> "ComposeFile | None":
        """Return what a file says; what it is put over, or is put over it, is read where either has what is asked for."""
        paths = [one.path, *(os.path.join(one.folder, name) for name in self._find_stack(one) if name)]
        if any(self._find(path, elsewhere) for path in paths):
            for path in paths:
                self._parse(path)
        return self._files.get(one.path)

    def _find(self, path: str, elsewhere: bool) -> "ComposeFile | None":
        """Return what a file says; None for one that cannot be read, or has nothing of what is asked for."""
        if path not in self._files and not may_build(self._read_small(path), elsewhere=elsewhere):
            return None
        return self._parse(path)

    def _read_small(self, path: str) -> bytes:
        """Return a file's bytes; none of one that is too large or cannot be read, which is noted."""
        try:
            data = self.read(path) if os.path.isfile(path) else b""
        except OSError as error:
            self._note(path, DeadEnd(path, 1, f"cannot be read: {error.strerror}", "unread"))
            return b""
        if len(data) > _LARGEST:
            self._note(path, DeadEnd(path, 1, f"is larger than {_LARGEST:,} bytes, and was not read", "unread"))
        return data if len(data) <= _LARGEST else b""

    def _parse(self, path: str) -> "ComposeFile | None":
        """Return what a file says, once and for all; note where it cannot be parsed."""
        if path not in self._files:
            from common_sync.core.formats.compose.file import read_compose_file
            from common_sync.core.formats.compose.types import find_refused
            from common_sync.core.formats.yaml.tree import find_doubled
            from common_sync.edges.files.yaml import parse_documents  # 20 ms, where there is something to read

            self._files[path] = None
            try:
                text = decode_unicode(self._read_small(path))
                root = parse_documents(text.characters)
                if (doubled := find_doubled(root)) is not None:
                    raise UnparsableError(doubled.line, f"`{doubled.value}` stands in it twice")  # noqa: TRY301
                self._files[path] = read_compose_file(root)
                if (refused := find_refused(root)) is not None:
                    message = f"Compose refuses it: {refused.reason}"
                    self._note(path, DeadEnd(path, refused.line, message, "unread"))
            except (UndecodableError, UnparsableError) as error:
                line = error.line if isinstance(error, UnparsableError) and error.line else 1
                self._note(path, DeadEnd(path, line, f"cannot be parsed: {error.reason}", "unread"))
        return self._files[path]

    def _list_built(self, one: _Followed) -> "tuple[BuiltService, ...]":
        """Return what a file builds, with what it includes; the Dockerfiles' paths hold no symlinks."""
        key = (one.path, one.folder)
        if one.chain or self._files.get(one.path) is None:
            return ()  # what is included is built by the file that includes it
        if key not in self._built:
            from common_sync.core.formats.compose.built import locate_service  # once there is a file

            built = (found for found in map(locate_service, self._list_stacked(one)) if found is not None)
            self._built[key] = tuple(
                one._replace(dockerfile=follow(one.dockerfile)) if one.dockerfile else one for one in built
            )
        return self._built[key]

    def _list_stacked(self, one: _Followed) -> "Iterable[list[Layer]]":
        """Return the layers of each service of a file: of what is put over it, its own, and of what it is put over."""
        stack, own = self._find_stack(one), self._read_model(one)
        match os.path.basename(one.path):
            case stack.override:
                return ()  # its services are the base's
            case stack.base:
                return _put_over(self._read_beside(one, stack.override), own).values()
        base = self._read_beside(one, stack.base)
        lower = {name: base[name] for name, above in own.items() if name in base and not above[0].service.alone}
        return _put_over(own, lower).values()

    def _read_beside(self, one: _Followed, name: str) -> "dict[str, list[Layer]]":
        return self._read_model(_Followed(os.path.join(one.folder, name), one.folder)) if name else {}

    def _read_model(self, one: _Followed) -> "dict[str, list[Layer]]":
        """Return the services of a file and of those that it includes, by their names: the layers of each, the uppermost first."""
        key = (one.path, one.folder)
        compose = self._parse(one.path) if key not in self._models else None
        model = self._models.setdefault(key, {})  # before it is filled: a file may include itself
        if compose is not None:
            from common_sync.core.formats.compose.built import Layer  # once there is a file

            model |= {own.name: self._list_layers(Layer(one.path, one.folder, own)) for own in compose.services}
            for include in compose.includes:
                self._take_in(include, one, model)
        return model

    def _take_in(self, include: "Reference", by: _Followed, model: "dict[str, list[Layer]]") -> None:
        """Add the services of an entry that is included to those of a file; Compose refuses one that both have."""
        included: dict[str, list[Layer]] = {}
        for file in self._include(include, by):
            included = _put_over(self._read_model(file), included)
        doubled = next((name for name, layers in included.items() if model.setdefault(name, layers) != layers), None)
        if doubled is not None:
            message = f"the service `{doubled}` is in `{include.file}` and in another file, too"
            self._note(by.path, DeadEnd(by.path, include.line, message))

    def _list_layers(self, layer: "Layer") -> "list[Layer]":
        """Return a service and those that it extends, in this file and in others."""
        from common_sync.core.formats.compose.built import find_context  # once there is a file

        layers = [layer]
        while (extends := layers[-1].service.extends) is not None:
            last = layers[-1]
            path = os.path.normpath(os.path.join(last.folder, extends.file)) if extends.file else last.file
            folder = os.path.dirname(path) if extends.file else last.folder
            compose = None if extends.unknown else self._parse(path)
            services = compose.services if compose is not None else ()
            base = next((one for one in services if one.name == extends.service), None)
            if base is None or extends.unknown:
                where = f"`{extends.file}`" if extends.file else "this file"
                message = extends.unknown or f"there is no service `{extends.service}` in {where}"
                end = DeadEnd(last.file, extends.line, message, "lost", find_context(layers))
                self._note(layer.file, end)
                break
            again = any((one.file, one.service.name) == (path, base.name) for one in layers)
            if again or len(layers) > _LONGEST:
                message = (
                    f"`{base.name}` extends itself" if again else f"more than {_LONGEST} services extend one another"
                )
                self._note(layer.file, DeadEnd(last.file, extends.line, message))
                break
            layers.append(layer._replace(file=path, folder=folder, service=base))
        return layers


def _put_over(upper: "dict[str, list[Layer]]", lower: "dict[str, list[Layer]]") -> "dict[str, list[Layer]]":
    """Return the services of two files, of which one is put over the other."""
    return {name: [*upper.get(name, ()), *lower.get(name, ())] for name in lower | upper}


def list_named(composes: ComposeFiles, service: str, folder: str, files: Sequence[tuple[str, Kind]]) -> Iterator[str]:
    """Yield the Dockerfiles of a service that only a compose file knows by their names.

    Args:
        composes: The compose files.
        service: The service's path from the root.
        folder: Its absolute path.
        files: Its files, inside it, each with what it is.
    """
    own = [path for path, kind in files if kind == "compose"]
    known = {os.path.join(folder, path) for path, _ in files}
    named = {one.dockerfile for one in composes.list_services(service, own, elsewhere=True) if not one.doubtful}
    yield from sorted(path[len(folder) + 1 :] for path in named - known if below(path, folder) and os.path.isfile(path))
