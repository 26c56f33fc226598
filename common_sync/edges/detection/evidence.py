"""What a repository says about the use of its folders, whatever the master: read once, asked for each candidate."""

from collections.abc import Iterator
from functools import cached_property

from common_sync.core.formats.pip.names import normalise
from common_sync.core.paths import ancestors, is_below, overlap
from common_sync.core.references.kinds import KINDS, installs, kind_anywhere
from common_sync.edges.detection.imports import Import, Imports, find_provider
from common_sync.edges.detection.likeness import Likeness
from common_sync.edges.detection.links import Link, find_links, library_of, make_link, service_of
from common_sync.edges.detection.names import WORD, find_declared, find_requests
from common_sync.edges.detection.origins import find_git_leads, list_remotes
from common_sync.edges.detection.scripts import find_copies, is_script
from common_sync.edges.detection.tree import COMMONPLACE, Tree, above, last


class Evidence:
    """What a repository says, whatever the master.

    Args:
        tree: Its files.

    Attributes:
        likeness: Which of its folders are versions of each other.
        imports: What its programs import.
        outward: The lines that lead from one folder to another.
        inward: The lines that ask for a folder inside the folder that they are in.
    """

    def __init__(self, tree: Tree) -> None:
        self.tree, self.likeness, self.imports = tree, Likeness(tree), Imports(tree)
        links = [*find_links(tree), *self._from_git(), *self._from_scripts(), *self._by_name(), *self._imported()]
        self.outward = [link for link in links if not link.leads_inside]
        self.inward = [link for link in links if link.leads_inside and link.kind == "install"]

    @cached_property
    def declared(self) -> dict[str, str]:
        """Folder of a project → the normalised name of the distribution that it declares."""
        return find_declared(self.tree)

    def _from_git(self) -> Iterator[Link]:
        remotes: frozenset[str] | None = None
        for file in sorted(self.tree.files):
            if installs(kind_anywhere(file)) and b"git" in self.tree.data(file):
                remotes = list_remotes(self.tree.root) if remotes is None else remotes
                for lead in find_git_leads(self.tree, file, remotes):
                    yield from make_link(self.tree, service_of(above(file)), lead, file)

    def _from_scripts(self) -> Iterator[Link]:
        for file in sorted(filter(is_script, self.tree.files)):
            for service, lead in find_copies(self.tree, file):
                yield from make_link(self.tree, service, lead, file)

    def _by_name(self) -> Iterator[Link]:
        """Yield the lines that ask for one of the repository's own projects by its name alone."""
        folders: dict[str, list[str]] = {}
        for folder, name in self.declared.items():
            folders.setdefault(name, []).append(folder)
        for one in find_requests(self.tree, frozenset(folders)) if folders else ():
            service = service_of(above(one.file))
            text = f"asks for {one.name} by its name, which no copy can answer"
            text = f"takes {one.name} from the uv workspace" if one.workspace else text
            nearest = self.likeness.nearest(folders[one.name])
            for folder in nearest if len(nearest) == 1 else ():
                if service and not overlap(folder, service):
                    yield Link(service, folder, "install" if one.workspace else "use", one.file, one.line, text, "")

    def _imported(self) -> Iterator[Link]:
        """Yield the imports that lead to a folder outside of the service, and that no requirement brings."""
        for service in self.imports.services:
            targets: set[str] = set()
            for wanted in self.imports.of_service(service):
                link = None if self._is_brought(service, wanted) else self._lead_of(service, wanted)
                if link is not None and link.target not in targets:
                    targets.add(link.target)
                    yield link

    def _lead_of(self, service: str, wanted: Import) -> Link | None:
        found = find_provider(self.tree, self.imports, service, wanted)
        if found is None or is_below(service, found.folder):
            return None
        target = library_of(self.tree, found.folder, service)
        if overlap(service, target) or last(target) in COMMONPLACE:
            return None
        line = found.by or wanted
        name = found.name if target == found.folder else ""
        return Link(service, target, "use", line.file, line.line, line.text, name)

    def _is_brought(self, service: str, wanted: Import) -> bool:
        name = normalise(wanted.top)
        return name in self._asked.get(service, ()) and name not in self.declared.values()

    @cached_property
    def _asked(self) -> dict[str, set[str]]:
        """Service → the words of the files by which things are installed in it, normalised."""
        asked: dict[str, set[str]] = {}
        for file in self.tree.files:
            kind = kind_anywhere(file)
            if kind is not None and (KINDS[kind].installs or KINDS[kind].locks):
                words = map(normalise, set(WORD.findall(self.tree.text(file))))
                asked.setdefault(service_of(above(file)), set()).update(words)
        return asked

    def find_use(self, service: str, master: str) -> Import | None:
        """Return a line by which a service imports a library, whose name need not be the only one of its kind."""
        names = self._provided(master)
        imported = self.imports.of_service(service)
        return next((one for one in imported if any(_is_of(one.name, name) for name in names)), None)

    def find_importers(self, master: str) -> dict[str, Import]:
        """Return the folders that import what is in one, though nothing builds or starts them by themselves, each with a line."""
        found: dict[str, Import] = {}
        package = "__init__.py" in self.tree.names[master]  # what is in one has its name before it
        names = self._provided(master) | (set[str]() if package else self._inner_packages(master))
        for file in self.tree.sources:
            folder = self._part_of(file)
            if folder and folder not in found and not overlap(folder, master):
                line = self.imports.find_line(file, names, master)
                found.update({folder: line} if line is not None else {})
        return found

    def _part_of(self, file: str) -> str:
        """Return the outermost folder around a file that has modules of its own or is a project; nothing for tests and the like."""
        around = [*ancestors(file)][::-1]
        if any(last(one) in COMMONPLACE for one in around):
            return ""
        first = next((one for one in around if self.tree.is_project(one) or self._has_modules(one)), "")
        return first.partition("/src/")[0].removesuffix("/src")

    def _has_modules(self, folder: str) -> bool:
        return any(name.endswith(".py") for name in self.tree.names[folder])

    def _inner_packages(self, master: str) -> set[str]:
        bases = [one for base in (master, f"{master}/src") for one in self.tree.inner.get(base, ())]
        packages = (one for one in bases if one in self.tree.python_folders and last(one) not in {*COMMONPLACE, "src"})
        return {name for one in packages for name in self._names_in(one)}

    def _names_in(self, package: str) -> Iterator[str]:
        """Yield the name that a package is imported by; of a namespace, those of the packages in it."""
        inner = [] if self._has_modules(package) else self.tree.inner.get(package, ())
        inside = [f"{last(package)}.{last(one)}" for one in inner if one in self.tree.python_folders]
        yield from inside or (last(package),)

    def _provided(self, master: str) -> set[str]:
        """Return the dotted names by which what is in a folder is imported."""
        project = self.tree.is_project(master)
        parts = master.split("/")
        dotted = {".".join(parts[at:]) for at in range(len(parts))}  # `from services.common import …`
        own = dotted if not project or "__init__.py" in self.tree.names[master] else set[str]()
        if not project:
            return own
        modules = {name[:-3] for name in self.tree.names[master] if name.endswith(".py")}
        return own | self._inner_packages(master) | (modules - {"setup", "conftest", "__init__"})


def _is_of(name: str, package: str) -> bool:
    return name == package or name.startswith(f"{package}.")
