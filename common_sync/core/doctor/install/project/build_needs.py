"""What the build of a project lacks in an image: files that it reads, packages that it looks for, git."""

import re
from collections.abc import Collection, Iterable, Iterator
from posixpath import dirname, join, normpath

from common_sync.core.doctor.image.files import Context, Image, Place, match_paths
from common_sync.core.doctor.install.need import Need, lacking, read_text
from common_sync.core.doctor.install.project.build_reads import Read, list_reads
from common_sync.core.doctor.install.project.crowded import find_crowd, takes_one
from common_sync.core.doctor.install.project.packages import HATCH_FILE
from common_sync.core.doctor.install.project.projects import Project
from common_sync.core.doctor.install.project.setup_reads import list_setup_reads
from common_sync.core.doctor.install.project.setup_script import SETUP_FILES
from common_sync.core.doctor.install.project.versions import Version, hatch_source, is_given, version_in_setup
from common_sync.core.expressions import expression
from common_sync.core.formats.toml import parse_toml
from common_sync.core.text import UnparsableError


def list_build_needs(
    project: Project,
    place: Place,
    folder: str,
    image: Image,
    context: Context,
    environment: Collection[str],
    *,
    editable: bool = False,
) -> Iterator[Need]:
    """Yield what the build of a project reads beside its packages, and git where that tells its version.

    Args:
        project: What its pyproject.toml says.
        place: That file, or its setup.py.
        folder: The absolute path of its folder.
        image: The files that are there then.
        context: The build context that they came from.
        environment: The names of the variables that are set.
        editable: Whether its files are imported where they lie.
    """
    finder = _Finder(folder, image, context, editable=editable)
    version = project.version_from
    reads = [*project.reads]
    yield from (finder.find(read, place.origin) for read in project.reads)
    if project.backend == "hatchling":
        found = finder.read(HATCH_FILE)
        yield from finder.find_in_hatch(*found) if found else ()
        version = version or (_version_in_hatch(found[1]) if found else None)
    for name in SETUP_FILES if project.backend == "setuptools" else ():
        origin, text = finder.read(name) or ("", "")
        reads += (more := [*list_setup_reads(name, text)])
        yield from (finder.find(read, origin) for read in more)
        version = version or (version_in_setup(text) if name == "setup.py" else None)
    if project.backend == "setuptools":
        yield from finder.find_left_out(reads, project, place.origin)
        yield from finder.find_own_imports()
        yield from finder.find_crowd()
    if version is not None and not is_given(version, project.name, environment):
        yield from _find_git(version, place, folder, image)


_GIVES_ALL = frozenset({"setuptools-scm", "setuptools-git"})
"""What has setuptools pack every file that git knows."""

_NEWER = expression(r"build-backend\s*=\s*['\"]setuptools\.build_meta['\"]")
_IMPORT = expression(r"^(?:from|import)[ \t]+(\w+)", re.MULTILINE)
_PLAIN = r"""[ \t]*(?:"[^"\n]*"|'[^'\n]*'|[\d.]+|[(\[][\w\s,.'"]*[)\]])[ \t]*(?:[#;].*)?\r?$"""
"""A value that is read without a run of the file: a text, a number, or a list of these."""


class _Finder:
    def __init__(self, folder: str, image: Image, context: Context, *, editable: bool) -> None:
        self._folder, self._image, self._context, self._editable = folder, image, context, editable

    def read(self, name: str) -> tuple[str, str] | None:
        """Return a file of the project: its path in the build context, and its text."""
        place = self._image.look(join(self._folder, name))
        text = read_text(place, self._context) if place is not None and place.kind == "file" else None
        return (place.origin or "", text) if place is not None and text is not None else None

    def find_in_hatch(self, origin: str, text: str) -> Iterator[Need]:
        """Yield what a hatch.toml names."""
        try:
            reads = [*list_reads(parse_toml(text), "hatchling", "tool", "hatch")]
        except UnparsableError as error:
            reads = [Read(HATCH_FILE, "", error.line or 1, unknown="it is no TOML")]
        yield from (self.find(read, origin) for read in reads)

    def find_left_out(self, reads: Iterable[Read], project: Project, origin: str | None) -> Iterator[Need]:
        """Yield the packages in those that setuptools is told to pack which it is not told of: only an editable install has them."""
        data = "package-data" in (self.read("pyproject.toml") or ("", ""))[1] or self.read("MANIFEST.in") is not None
        if self._editable or data or _GIVES_ALL & {*project.build_requires}:
            return  # what is packed as data has its modules, too
        listed = {read.path: read for read in reads if read.written.startswith("packages = ")}
        for path, read in listed.items():
            for name in sorted(self._image.names(join(self._folder, path))):
                inner = f"{path}/{name}"
                package = self._image.look(join(self._folder, inner, "__init__.py"))
                if package is not None and inner not in listed and name not in {"test", "tests"}:
                    why = f"`packages` names {path} and not {inner}, which is left out then"
                    yield self.find(read._replace(written=inner.replace("/", "."), unknown=why), origin)

    def find_own_imports(self) -> Iterator[Need]:
        """Yield what of the project itself its setup.py imports, where the backend does not look for it there."""
        origin, text = self.read("setup.py") or ("", "")
        _, settings = self.read("pyproject.toml") or ("", "")
        if "sys.path" in text or "backend-path" in settings or not _NEWER.search(settings):
            return
        for match in _IMPORT.finditer(text):
            if any(self._image.look(join(self._folder, f"{match[1]}{end}")) is not None for end in ("", ".py")):
                line, why = text.count("\n", 0, match.start()) + 1, "`setuptools.build_meta` does not look for it there"
                yield self.find(Read(match[0], "", line, unknown=why), origin)

    def find_crowd(self) -> Iterator[Need]:
        """Yield the project's folder where setuptools refuses to choose what of it is a package."""

        def read(name: str) -> str | None:
            found = self.read(name)
            return found[1] if found is not None else None

        def is_folder(name: str) -> bool:
            place = self._image.look(join(self._folder, name))
            return place is not None and place.kind == "folder"

        crowd = find_crowd(read, self._image.names(self._folder), folders=is_folder)
        if crowd:
            listed = ", ".join(crowd)
            refused = f"setuptools finds more than one package or module in it ({listed}), and takes none"
            told, remedy = (
                takes_one(read("pyproject.toml") or ""),
                "name yours in its pyproject.toml: `packages = […]` below `[tool.setuptools]`",
            )
            need = Need("project", self._folder, self._folder, "there", refused=refused, sure=told, brought=False)
            yield need._replace(remedy=remedy)

    def find(self, read: Read, origin: str | None) -> Need:
        """Return whether something is there that a build reads."""
        path = normpath(join(self._folder, read.path)) if read.path else ""
        need = Need("file", read.written, path, "there", "", origin, read.line, brought=False)
        if read.unknown:
            return need._replace(state="unknown", reason=read.unknown)
        places = [place for one in (read.path, *read.instead) for place in self._match(one)]
        found = next((place for place in places if place.kind != "unknown"), None)
        if found is not None:
            return self._held(need, found, read.holds)
        if places:
            return need._replace(state="unknown", reason=places[0].why)
        sure = read.sure and not (self._editable and read.written.startswith("force-include"))
        return need._replace(state=lacking(sure=sure), reason="" if sure else f"there is no {path}")

    def _match(self, path: str) -> Iterator[Place]:
        found = (self._image.look(one) for one in match_paths(normpath(join(self._folder, path)), self._image))
        yield from (place for place in found if place is not None)

    def _held(self, need: Need, place: Place, name: str) -> Need:
        """Return a need for a file; one that does not say plainly what it is read for is imported, with all that it imports."""
        text = read_text(place, self._context) if name and place.kind == "file" else None
        if text is None or re.search(rf"(?m)^(?:{'|'.join(map(re.escape, name.split('|')))})\b[^=\n]*={_PLAIN}", text):
            return need
        return need._replace(state="unknown", reason=f"the file gives `{name.partition('|')[0]}` no plain text")


def _version_in_hatch(text: str) -> Version | None:
    try:
        source = parse_toml(text).leaves.get(("version", "source"))
    except UnparsableError:
        return None
    return hatch_source(source) if source else None


def _find_git(version: Version, place: Place, folder: str, image: Image) -> Iterator[Need]:
    above = [folder]
    while above[-1] != "/":
        above.append(dirname(above[-1]))
    found = [image.look(join(one, ".git")) for one in above]
    if any(one is not None and one.kind != "unknown" for one in found):
        return
    give = f"set {version.variable}, or a fallback" if version.variable else "give it a fallback"
    reason = f"{version.program} takes the version from git, and {folder} is in no repository: {give}"
    sure = version.sure and not any(found)
    yield Need("file", ".git", join(folder, ".git"), lacking(sure=sure), reason, place.origin, brought=False)
