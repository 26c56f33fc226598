"""Which versions of a package an install asks for: beside the path to it, in constraints, in settings of uv.

pip and uv take a folder for one candidate, of the version that its project has, and compare that with all that is asked.
"""

from collections.abc import Iterable, Iterator, Mapping
from posixpath import join, normpath

from common_sync.core.doctor.image.files import Context, Image
from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.markers import Target, holds
from common_sync.core.doctor.install.need import Bound, BoundKind, Held, Need, read_text
from common_sync.core.doctor.install.project.projects import Project
from common_sync.core.expressions import expression
from common_sync.core.formats.pip.names import find_names, normalise, parse_name
from common_sync.core.formats.pip.paths import find_target
from common_sync.core.formats.pip.syntax import parse_instructions

_SPECIFIER = expression(r"[A-Za-z0-9][\w.-]*\s*(?:\[[^]]*\]\s*)?\(?(?P<specifier>[^;)]*)\)?\s*(?P<marker>;.*)?")
_OPTION = expression(r"\s--\w.*|\s*\\$")
_FORCED = ("--force-reinstall", "--reinstall")
_GIVEN: Mapping[str, BoundKind] = {
    "--constraint-dependencies": "constrained",
    "--override-dependencies": "replaced",
    "--exclude-dependencies": "left out",
}
_FILES: Mapping[str, BoundKind | None] = {
    "--override": "replaced",
    "--overrides": "replaced",
    "--excludes": "left out",
    "--build-constraint": None,  # it is about what builds a project
}


def bind(needs: Iterable[Need], bounds: Iterable[Bound]) -> Iterator[Need]:
    """Yield needs, each project with what the whole install asks of its version.

    Args:
        needs: What is read, in its order.
        bounds: What is asked for by name.
    """
    listed = list(bounds)
    for need in needs:
        name = need.project.name if need.kind == "project" and need.project is not None else ""
        own = tuple(one for one in listed if name and one.name == name and one.path != need.path)
        yield need._replace(bounds=own) if own and not need.refused else need


def find_replaced(
    bounds: Iterable[Bound], needs: Iterable[Need], install: Install, versions: Mapping[str, str | None]
) -> Iterator[Need]:
    """Yield what asks an install once more for a local project that was installed before.

    Args:
        bounds: What is asked for by name.
        needs: What the install reads.
        install: The install.
        versions: Name → version of the local projects that were installed before; None where nobody can tell it.
    """
    anew = {need.project.name for need in needs if need.project is not None}
    for bound in bounds:
        if bound.kind != "asked" or bound.name not in versions or bound.name in anew:
            continue
        need = Need("project", bound.written, "", "there", "", bound.file, bound.line)
        if install.has(*_FORCED):
            yield need._replace(state="unknown", reason="it is to be installed anew, for which an index is asked")
        elif bound.specifier:
            yield need._replace(bounds=(bound,), held=Held(versions[bound.name]))


def list_bounds(needs: Iterable[Need], install: Install, image: Image, context: Context) -> list[Bound]:
    """Return what an install asks for by name, each with the versions that it wants; sources of uv take the place of these."""
    if install.tool not in {"pip", "uv"} or install.synced:
        return []
    found = [
        _read(asked.word.text, "asked", install.target)
        for asked in install.asked
        if asked.kind == "project" and asked.word.known
    ]
    found += [_read(value, _GIVEN[name], install.target) for name, value in install.options if name in _GIVEN]
    files = {path: kind for name, kind in _FILES.items() for path in list_paths(install, name)}
    for need in needs:
        if need.kind == "project" and need.project is not None and not install.has("--no-deps"):
            found.append(_of_project(need.project, install))
        elif need.kind == "file" and need.state == "there" and not need.path.endswith((".toml", ".lock", "Pipfile")):
            kind = files.get(need.path, "constrained" if need.constrains else "asked")
            found += [_of_file(need, kind, install, image, context)] if kind is not None else []
    return [bound for bounds in found for bound in bounds]


def list_paths(install: Install, *options: str) -> list[str]:
    """Return the absolute paths that some options of an install name."""
    return [normpath(join(install.folder or "/", value)) for name, value in install.options if name in options]


def _of_project(project: Project, install: Install) -> Iterator[Bound]:
    sources = install.tool == "uv" and not install.has("--no-sources")
    from_path = {normalise(one.written.partition(" ")[0]) for one in project.uv} if sources else set[str]()
    for line, requirement in project.requires:
        yield from (
            one._replace(line=line) for one in _read(requirement, "asked", install.target) if one.name not in from_path
        )


def _of_file(need: Need, kind: BoundKind, install: Install, image: Image, context: Context) -> Iterator[Bound]:
    place = image.look(need.path)
    text = read_text(place, context) if place is not None else None
    if place is None or text is None:
        return
    for found in find_names(text):
        yield from (
            one._replace(file=place.origin, line=found.line) for one in _read(found.written, kind, install.target)
        )
    for instruction in parse_instructions(text) if kind == "constrained" else ():
        target = find_target(instruction.value.value, editable=False)
        if target is not None and target.name:
            path = normpath(join(install.folder or "/", target.path))
            yield Bound(
                target.name, "", instruction.value.value, kind, place.origin, instruction.line.number, path=path
            )


def _read(requirement: str, kind: BoundKind, target: Target) -> Iterator[Bound]:
    written = _OPTION.sub("", requirement).strip()
    named = parse_name(written)
    parts = _SPECIFIER.fullmatch(written) if named is not None else None
    if named is not None and parts is not None and "@" not in parts["specifier"]:
        held = holds((parts["marker"] or "").removeprefix(";"), target)
        if held is not False:
            yield Bound(named.name, parts["specifier"].strip(), written, kind, marked=held is None)
