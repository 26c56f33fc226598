"""What is copied or mounted out of another stage, and is there only if the programs that ran in it have made it.

What an image from elsewhere holds is taken for given, and so are the places where installers put things.
"""

from collections.abc import Collection, Iterator
from itertools import pairwise
from posixpath import basename, dirname, join, normpath

from common_sync.core.doctor.build.outcome import Build, Installed, Ran, StageEnd, Taken
from common_sync.core.doctor.checks.surroundings import environment_made_by, list_installed
from common_sync.core.doctor.image.copying import MissingSource
from common_sync.core.doctor.image.files import WILD, Context, Doubt, Gone, Put
from common_sync.core.doctor.install.project.isolation import list_installed as list_names
from common_sync.core.doctor.install.sites import UNKNOWN, site_at
from common_sync.core.doctor.view import IF_HARMLESS
from common_sync.core.expressions import expression
from common_sync.core.findings import file_finding
from common_sync.core.formats.pip.names import normalise
from common_sync.core.formats.shell.script import Command
from common_sync.core.model import Finding
from common_sync.core.paths import below

_SYSTEM_FOLDERS = frozenset(
    (
        *("/", "/bin", "/etc", "/etc/group", "/etc/passwd", "/etc/ssl", "/etc/ssl/certs", "/home", "/lib", "/lib64"),
        *("/opt", "/root", "/sbin", "/srv", "/usr", "/usr/bin", "/usr/include", "/usr/lib", "/usr/local"),
        *("/usr/local/bin", "/usr/local/include", "/usr/local/lib", "/usr/local/share", "/usr/sbin", "/usr/share"),
        *("/var", "/var/lib", "/usr/share/zoneinfo", "/etc/ssl/certs/ca-certificates.crt", "/etc/localtime"),
    )
)
"""What the systems of images have from the beginning, or with a package that everybody installs for it."""
_PROGRAM = expression(r"(?:/usr(?:/local)?)?/s?bin/(?P<name>[^/]+)")
_PYTHONS = expression(
    r"(?P<prefix>.*)/(?:bin/(?:python|pip)3?(?P<program>\.\d+)?|lib(?:64)?/python3(?P<library>\.\d+)(?:/(?:site|dist)-packages)?)"
)
_SYSTEM_INSTALLERS = frozenset(
    {"apt", "apt-get", "apk", "yum", "dnf", "microdnf", "zypper", "npm", "cargo", "go", "gem"}
)
_BUILDERS = frozenset({"build", "flit", "hatch", "pdm", "poetry", "uv", "setup.py"})
_NODE = frozenset({"npm", "yarn", "pnpm", "bun"})
_USERS = frozenset({"useradd", "adduser"})
_OUTPUTS = frozenset(
    {
        "-o",
        "-O",
        "--output",
        "--output-file",
        "--outdir",
        "--out-dir",
        "--wheel-dir",
        "-w",
        "--dest",
        "-d",
        "--dist-dir",
    }
)


def find_untold(build: Build, stage: StageEnd, file: str, context: Context) -> Iterator[Finding]:
    """Yield what is copied out of other stages, or mounted, of which nothing shows that it is there.

    Args:
        build: What the build comes upon.
        stage: The stage that it is copied to.
        file: The Dockerfile's path in the service.
        context: The build context.
    """
    reported = {(event.line, event.path) for event in stage.events if isinstance(event, MissingSource)}
    for taken in dict.fromkeys((*stage.taken, *stage.bound)):
        for source in taken.sources:
            path = normpath(f"/{source.lstrip('/')}")
            if WILD.search(path) or (taken.line, path) in reported:
                continue  # a pattern may match nothing
            if (why := _why_untold(path, build, taken, context)) is not None:
                message = f"cannot be told whether `{source}` is in the stage that it is taken from: {why}"
                yield file_finding(
                    "CS213", file, taken.line, message, f"write a path that a line of that stage makes; {IF_HARMLESS}"
                )


def _why_untold(path: str, build: Build, taken: Taken, context: Context) -> str | None:
    """Return why nothing shows that a path is in a stage; None where something does."""
    end = build.stages[taken.stage]
    place = end.image.look(path)
    if (
        (place is not None and place.kind != "unknown")
        or not _holds_anything(build, taken.stage)
        or _is_written(path, end)
    ):
        return None
    if path in _SYSTEM_FOLDERS or is_shown(path, build, taken.stage, context):
        return None
    return place.why if place is not None and place.why else "no line of that shows it"


def is_shown(path: str, build: Build, number: int, context: Context) -> bool:
    """Tell whether a line of a stage shows that something is at a path that no file of the build context is put to.

    Args:
        path: The absolute path.
        build: What the build comes upon.
        number: The stage's number.
        context: The build context.
    """
    return _is_installed(path, build, number, context) or _is_left(path, build, number)


def _holds_anything(build: Build, number: int) -> bool:
    """Tell whether a line has put anything into a stage, or run anything there: else it is an image from elsewhere."""
    chain = [build.stages[at] for at in build.list_chain(number)]
    return any(stage.steps or any(isinstance(layer, Put) for layer in stage.image.layers) for stage in chain)


def _is_written(path: str, end: StageEnd) -> bool:
    """Tell whether a line has named a path as what it makes, or something in it."""
    for layer in reversed(end.image.layers):
        if isinstance(layer, Gone) and below(path, layer.place) is not None:
            return False
        if isinstance(layer, Doubt) and not layer.hangs and below(layer.place, path) is not None and layer.place != "/":
            return True
    return False


def _list_commands(build: Build, number: int) -> Iterator[Command]:
    steps = (step for at in build.list_chain(number) for step in build.stages[at].steps)
    yield from (step.command for step in steps if isinstance(step, Installed | Ran) and step.command.certain)


def _is_installed(path: str, build: Build, number: int, context: Context) -> bool:
    """Tell whether an install puts something at a path, or in it: an environment, packages, a program by the name of its package."""
    end = build.stages[number]
    installs = [one for one in list_installed(build, number) if one[0].command.certain]
    sites = {site.path for _, site in installs if site is not None and site.path.startswith("/")}
    made = (environment_made_by(one) for one in _list_commands(build, number))
    sites |= {site.path for site in made if site is not None}
    sites |= {normpath(join(one.install.folder or "/", ".venv")) for one, _ in installs if one.install.tool == "pdm"}
    if any(below(site, path) is not None for site in sites):
        return True
    names = {name for event, _ in installs for name in list_names(event.install, event.needs, end.image, context)}
    names |= {
        word.text
        for one in _list_commands(build, number)
        if one.program in _SYSTEM_INSTALLERS
        for word in one.arguments
    }
    program = _PROGRAM.fullmatch(path)
    if program is not None and _is_among(program["name"], names):
        return True
    prefix = next((site for site in sites if below(path, site) is not None), None)
    if prefix is not None:
        inner, own = below(path, prefix) or "", [one for one in installs if one[1] in {UNKNOWN, site_at(prefix)}]
        names = {name for one, _ in own for name in list_names(one.install, one.needs, end.image, context)}
        return (
            inner in {"bin", "lib", "lib64"}
            or _is_python(path, end)
            or (dirname(inner) in {"", "bin"} and _is_among(basename(inner), names))
        )
    return path.startswith("/usr/") and _is_python(path, end)


def _is_among(name: str, names: Collection[str]) -> bool:
    return name in names or normalise(name) in names


def _is_python(path: str, end: StageEnd) -> bool:
    """Tell whether a path is of a Python of the version that a stage has."""
    found = _PYTHONS.fullmatch(path)
    minor = (found["program"] or found["library"]) if found is not None else None
    return found is not None and (minor is None or end.python is None or end.python.split(".")[1] == minor[1:])


def _is_left(path: str, build: Build, number: int) -> bool:
    """Tell whether a program that ran in a stage leaves something at a path, by what it was told."""
    return any(below(one, path) is not None for command in _list_commands(build, number) for one in _list_left(command))


def _list_left(command: Command) -> Iterator[str]:
    words = [word.text for word in command.arguments]
    for option, value in pairwise(words):
        if option in _OUTPUTS:
            yield _place(value, command)
    yield from (_place(word.partition("=")[2], command) for word in words if word.partition("=")[0] in _OUTPUTS)
    program = words[1] if words[:1] == ["-m"] and words[1:] else command.program
    if program in _NODE and {*words[:1]} <= {"ci", "install", "i"}:
        yield _place("node_modules", command)
    if program in _BUILDERS and (program == "build" or {"build", "bdist_wheel", "sdist"} & {*words}):
        yield _place("dist", command)
    if command.program in _USERS:
        yield from (f"/home/{word}" for word in words if word.isidentifier())
    if command.program == "uv" and words[:1] == ["python"]:
        yield command.environment.get("UV_PYTHON_INSTALL_DIR") or "/root/.local/share/uv/python"


def _place(written: str, command: Command) -> str:
    return normpath(join(command.folder or "/", written))
