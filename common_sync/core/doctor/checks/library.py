"""What can go wrong with the library itself: its names, its layout, and what an old build has left in it."""

from collections.abc import Container, Iterable, Iterator, Sequence
from posixpath import basename, dirname, join
from typing import NamedTuple

from common_sync.core.doctor.build.outcome import Build, Installed, NotFollowed, StageEnd
from common_sync.core.doctor.checks.arrival import Lost, arrive, why_unreached
from common_sync.core.doctor.checks.asked_first import find_asked_first
from common_sync.core.doctor.checks.build import find_left_behind
from common_sync.core.doctor.checks.by_name import find_asked, list_asked_by_name
from common_sync.core.doctor.checks.layout import find_importable, find_packages, find_places, find_shadow
from common_sync.core.doctor.checks.path_entries import path_entries_in
from common_sync.core.doctor.checks.references import list_needs
from common_sync.core.doctor.checks.start.looking import Look, any_look, find_looks
from common_sync.core.doctor.image.files import Context, Doubt, Put
from common_sync.core.doctor.install.need import Need
from common_sync.core.doctor.install.project.packed import find_unpacked
from common_sync.core.doctor.install.project.projects import read_project
from common_sync.core.doctor.view import ImageView, View
from common_sync.core.findings import file_finding
from common_sync.core.formats.pip.names import normalise
from common_sync.core.model import Finding


def find_name_troubles(name: str, packages: Iterable[str], public: Container[str], file: str) -> Iterator[Finding]:
    """Yield the names of the library that a stranger's package has, or may have any day.

    Args:
        name: The distribution's name.
        packages: The names that are imported.
        public: Names that are likely to be on the public index, normalised.
        file: The file that declares the name, from the root.
    """
    own = normalise(name)
    if own in public:
        message = f"`{name}` may be a name on the public index, too: where a reference is forgotten, a stranger's package is installed"
        yield file_finding("CS209", file, None, message, f"give it a name of your own, such as `yourcompany-{own}`")
    taken = [one for one in packages if (other := normalise(one)) != own and other in public]
    if taken:
        named = ", ".join(f"`{one}`" for one in taken)
        several = f"the packages {named} of `{name}` may be names on the public index, too"
        said = several if len(taken) > 1 else f"the package {named} of `{name}` may be a name on the public index, too"
        message = f"{said}: whoever installs what is imported gets a stranger's package"
        remedy = f"give {'them names' if len(taken) > 1 else 'it a name'} of your own, such as `yourcompany_{taken[0]}`"
        yield file_finding("CS209", file, None, message, remedy)


class Running(NamedTuple):
    """Where a service runs."""

    place: str  # where the copy lies
    folder: str  # the folder that the program runs in
    file: str  # the file to name in a finding: the Dockerfile, or the copy


def check_presence(image: ImageView) -> Iterator[Finding]:
    """Yield whether what runs in an image would find the library: nothing brings it, or its folder is taken for it."""
    places = list_running(image)
    by_path = any(stage.python_path or stage.python_path_open for stage in image.build.stages)
    needs, context, copy = image.build.needs, image.context, image.service.copy
    layout = [find_layout_trouble(one, needs, context, copy) for one in ([] if by_path else places)]
    yield from [trouble for trouble in layout if trouble is not None] or _find_absence(image)
    yield from find_asked_first(image)


def list_running(image: ImageView) -> list[Running]:
    """Return where the images that are run have the copy, and the folder that each runs in."""
    stages, copy = image.build.stages, image.service.copy
    ends = [stage for stage in stages if stage.name in image.targets] + [*stages[-1:]]
    places = [(place, end.workdir) for end in ends for place in find_places(end.image, image.context, copy)]
    return [Running(*where, image.dockerfile) for where in dict.fromkeys(places)]


def _find_absence(image: ImageView) -> list[Finding]:
    """Return that a file in the last image imports the library, and nothing brings that: or what asks an index for it."""
    service, build = image.service, image.build
    if any([*find_left_behind(build, stage, image.dockerfile)] for stage in build.stages):
        return []  # that says why
    found = (
        _absent_in(image, number, _imported_in(image, number)) for number in dict.fromkeys(build.ends(image.targets))
    )
    absent = next((one for one in found if one is not None), None)
    if absent is None:
        unpacked = (_find_unpacked(image, number) for number in dict.fromkeys(build.ends(image.targets)))
        return [one for one in unpacked if one is not None][:1]
    return [*_asked_in_commands(image), *list_asked_by_name(service, _reached(image))] or [absent]


def finds_library(image: ImageView) -> bool:
    """Tell whether all that is run in an image finds the library, as far as nothing else is told of it."""
    packages = find_importable(image.context, image.service.copy)
    ends = dict.fromkeys(image.build.ends(image.targets))
    return bool(packages) and all(_absent_in(image, number, packages) is None for number in ends)


def _imported_in(image: ImageView, number: int) -> list[str]:
    """Return the packages of the library that files in a stage import."""
    end = image.build.stages[number]
    return [one.package for one in image.service.imports if find_places(end.image, image.context, one.file)]


def _absent_in(image: ImageView, number: int, imported: Sequence[str]) -> Finding | None:
    """Return that a stage that is run has to find packages of the library, and nothing brings one."""
    service, build = image.service, image.build
    if not imported:
        return None
    end = build.stages[number]
    entries, arrived = path_entries_in(image), arrive(image, number)
    for look in find_looks(end, arrived.made, entries):
        lost = why_unreached(arrived, look)
        if not arrived.sites or lost is not None:
            absence = Absence(look, any_look(end, entries), lost, number)
            found = find_absence(build, imported, service.copy, image.dockerfile, absence)
            if found is not None:
                return found
    return None


def _find_unpacked(image: ImageView, number: int) -> Finding | None:
    """Return that a stage that is run imports a package which the build of the copy leaves out of what is installed."""
    end, copy = image.build.stages[number], image.service.copy
    events = [event for one in image.build.needed(image.targets) for event in image.build.stages[one].installs]
    installed = [(event, need) for event in events for need in event.needs if _is_copy(event, need, copy)]
    if not installed or any(need.editable for _, need in installed):
        return None
    event, need = installed[0]
    backend = need.project.backend if need.project is not None else ""
    entries = path_entries_in(image)
    for package in _imported_in(image, number):
        packed = find_unpacked(lambda name: image.context.read(f"{copy}/{name}"), backend, package)
        looks = find_looks(end, arrive(image, number).made, entries)
        absent = [why for look in looks if (why := _why_absent(end, package, look)) is not None]
        if packed is not None and absent:
            names = ", ".join(f"`{one}`" for one in packed.names)
            message = f"the service imports `{package}`, and `{need.written}` installs {names} only ({copy}/{packed.file}:{packed.line})"
            remedy = f"name `{package}` there, too, or import what is installed"
            code = "CS213" if any(why.what for why in absent) else "CS216"
            return file_finding(code, image.dockerfile, event.instruction.line, message, remedy)
    return None


def _is_copy(event: Installed, need: Need, copy: str) -> bool:
    """Tell whether an install builds the copy."""
    if need.project is None or need.state != "there" or need.refused or not need.brought:
        return False
    place = event.image.look(join(need.path, "pyproject.toml"))
    return place is not None and place.origin == f"{copy}/pyproject.toml"


def _reached(image: ImageView) -> Iterator[str]:
    """Yield the files of the build context that installs read."""
    for stage in image.build.stages:
        for need in (need for one in stage.installs for need in one.needs):
            place = stage.image.look(need.path) if need.kind == "file" and need.path else None
            if place is not None and place.origin is not None:
                yield place.origin


def _asked_in_commands(image: ImageView) -> list[Finding]:
    """Return the commands that take the library from an index or an address."""
    installs = (one for stage in image.build.stages for one in stage.installs)
    asked = ((one.instruction.line, named.word.text) for one in installs for named in one.install.asked)
    found = ((line, find_asked(written, image.service.library)) for line, written in asked)
    remedy = f"install `./{image.service.copy}`"
    return [file_finding("CS213", image.dockerfile, line, message, remedy) for line, message in found if message]


def check_stale(image: ImageView) -> Iterator[Finding]:
    """Yield that an old build lies in the copy that an image gets."""
    stale = find_stale_trouble(image.context, image.service.copy) if list_running(image) else None
    yield from [stale] if stale is not None else []


def check_copy(view: View) -> Iterator[Finding]:
    """Yield how the copy of a service without an image would be imported, and what lies in it."""
    service = view.service
    if view.in_image:
        return
    needs = [need for _, need in list_needs(service)]
    running = Running(f"{service.top}/{service.copy}", service.top, service.copy)
    layout = find_layout_trouble(running, needs, service.context, service.copy)
    yield from (one for one in (layout, find_stale_trouble(service.context, service.copy)) if one is not None)


def find_layout_trouble(running: Running, needs: Iterable[Need], context: Context, copy: str) -> Finding | None:
    """Return that an import finds the copy's folder, and not the package in it."""
    itself = context.look(f"{copy}/__init__.py") is not None
    package = find_shadow(running.place, running.folder, find_packages(context, copy), package_itself=itself)
    if package is None:
        return None
    found = [need for need in needs if need.kind == "project" and basename(need.path) == basename(running.place)]
    inner = f"{running.place}/{'src/' if package.in_source else ''}{package.name}"
    message = (
        f"`import {package.name}` in {running.folder} finds the folder {running.place}, and not the package {inner}"
    )
    if not found:
        return file_finding(
            "CS208", running.file, None, message, "install it, or give the copies a folder of another name"
        )
    by_finder = any(need.editable and (need.project is None or need.project.backend == "setuptools") for need in found)
    if not by_finder or package.in_source or package.empty or any(not need.editable for need in found):
        return None
    message += "; its __init__.py is passed over, because setuptools' editable install comes after the current folder"
    return file_finding(
        "CS217", running.file, None, message, "install it without -e, or give the copies a folder of another name"
    )


class Absence(NamedTuple):
    """How a program may not find the library.

    Attributes:
        look: Where it looks.
        usual: Where it would look if it were started as usual.
        lost: What has become of the library, where something installs it all the same.
        end: The number of the stage that is run.
    """

    look: Look
    usual: Look
    lost: Lost | None = None
    end: int = -1


def find_absence(build: Build, packages: Iterable[str], copy: str, file: str, absence: Absence) -> Finding | None:
    """Return that the service imports the library, and that nothing brings it into an image, or may not.

    Args:
        build: What the build comes upon.
        packages: The packages of the library that the service imports.
        copy: The copy's path in the service.
        file: The Dockerfile's path in the service.
        absence: How it may not be found.
    """
    told = any(need.state == "unknown" or (need.kind == "project" and need.state == "missing") for need in build.needs)
    if told or any(isinstance(one, NotFollowed) for stage in build.stages for one in stage.events):
        return None  # it is told of already: something is missing, or cannot be followed
    end, look, lost = build.stages[absence.end], absence.look, absence.lost
    absent = ((package, _why_absent(end, package, look)) for package in packages)
    package, reason = next(((package, why) for package, why in absent if why is not None), ("", None))
    if reason is None:
        return None
    remedy = f"copy the library and install it: `RUN pip install ./{copy}`"
    if not reason.what and _why_absent(end, package, absence.usual) is None:
        message = f"the service imports `{package}`, and `{look.shown}` does not look where it is"
        return file_finding("CS216", file, look.line, message, remedy)
    if lost is not None:
        finds = "does not find" if lost.sure else "may not find"
        message = f"the service imports `{package}`, and {finds} it: line {lost.line} {lost.what}"
        return file_finding("CS216" if lost.sure else "CS213", file, lost.line, message, remedy)
    if not reason.what:
        message = f"the service imports `{package}`, and nothing brings it into the image"
        return file_finding("CS216", file, None, message, remedy)
    message = f"the service imports `{package}`, and nothing installs it when the image is built: {reason.what}"
    return file_finding("CS213", file, reason.line or None, message, remedy)


def _why_absent(end: StageEnd, package: str, look: Look) -> NotFollowed | None:
    """Return why a package may be there all the same, with nothing said where it is not; None where it is."""
    installed = _packages_folders(end, look)
    inner = package.replace(".", "/")
    places = [end.image.look(join(folder, inner)) for folder in look.folders]
    brought = [end.image.look(join(folder, inner)) for folder in installed]
    if any(place is not None and place.kind != "unknown" for place in (*places, *brought)):
        return None
    doubt = next((place.why for place in places if place is not None), None)
    if doubt is not None:
        return NotFollowed(0, doubt or "something may have put it there")
    if any(isinstance(one, Put | Doubt) and _is_path_file(one.place, installed) for one in end.image.layers):
        return NotFollowed(0, "a .pth file may have Python look into more folders")
    if look.more and not end.installs_later:
        return NotFollowed(0, "what the started program looks into is told by a variable, a file or a script")
    return next(iter(end.installs_later), NotFollowed(0, ""))


def _is_path_file(path: str, folders: list[str]) -> bool:
    """Tell whether a file in a folder of packages names more folders."""
    return path.endswith(".pth") and dirname(path) in folders


def _packages_folders(end: StageEnd, look: Look) -> list[str]:
    """Return where the packages lie of the Python that a program runs in, if its version is known."""
    if not look.packages or end.python is None:
        return []
    prefix = look.python.path if look.python is not None else ""
    version = ".".join(end.python.split(".")[:2])
    return [f"{prefix or '/usr/local'}/lib/python{version}/site-packages"]


def find_stale_trouble(context: Context, copy: str) -> Finding | None:
    """Return that an old build lies in a copy, from which setuptools packs what the library no longer has."""
    build = f"{copy}/build/lib"
    project = read_project(context.read(f"{copy}/pyproject.toml") or "")
    if context.look(build) is None or (project is not None and project.backend != "setuptools"):
        return None
    message = "an old build lies in the copy: setuptools packs modules from it that the library no longer has"
    return file_finding(
        "CS211", f"{copy}/build", None, message, f"remove {copy}/build, and keep `**/build` out by .dockerignore"
    )
