"""Where packages lie: the image's own Python, a virtual environment, a folder of `--target`; and where a program looks.

Sources: https://pip.pypa.io/en/stable/cli/pip_install/, https://docs.astral.sh/uv/pip/environments/ and
https://python-poetry.org/docs/configuration/.
"""

from collections.abc import Collection
from posixpath import basename, dirname, join, normpath
from typing import Literal, NamedTuple

from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.settings.poetry_settings import CREATE, IN_PROJECT
from common_sync.core.expressions import expression
from common_sync.core.formats.python_command import is_python
from common_sync.core.formats.shell.script import Command
from common_sync.core.paths import below


class Site(NamedTuple):
    """Where packages lie: of the image's own Python, of an environment, in a folder; or nobody can tell."""

    kind: Literal["python", "environment", "folder", "unknown"]
    path: str = ""  # of an environment, or a folder


PYTHON, UNKNOWN = Site("python"), Site("unknown")
_PREFIXES = frozenset({"", "/", "/usr", "/usr/local"})
_PACKAGES = expression(r"(?P<prefix>.*)/lib(?:64)?/python[\d.*?]*/(?:site|dist)-packages/?$")
_OWN = expression(r"/$|/usr(?:/local)?(?:$|/lib(?:64)?(?:$|/python))")
_PLACES = frozenset({"--target", "--prefix", "--root", "--python"})
_OFF = frozenset({"0", "false", "no", "off"})


def site_at(path: str) -> Site:
    """Return the site that a folder of packages, or a prefix, is."""
    packages = _PACKAGES.fullmatch(path)
    prefix = packages["prefix"] if packages else path
    return PYTHON if prefix in _PREFIXES else Site("environment", prefix)


def folder_site(path: str) -> Site:
    """Return the site that a folder of modules is."""
    return site_at(path) if _PACKAGES.fullmatch(path) else Site("folder", path)


def user_site(user: str, home: str | None) -> Site:
    """Return the site of a user's own packages.

    Args:
        user: Who runs it.
        home: What `HOME` says, or None.
    """
    if home is None and not user.isidentifier():  # a number, or a variable without a value
        return UNKNOWN
    return Site("environment", join(home or ("/root" if user == "root" else f"/home/{user}"), ".local"))


def _at_base(base: str | None) -> Site:
    return Site("environment", normpath(base)) if base is not None else UNKNOWN


class Around(NamedTuple):
    """What is there where a program runs."""

    made: Collection[str] = ()  # the environments that were made
    activated: str = ""  # the environment that the script has activated, or nothing
    user: str = "root"  # who runs it
    pooled: bool = True  # whether poetry makes environments of its own
    inside: bool = False  # whether it makes them in the project
    home: str | None = None  # where the user who runs it is at home, as a line says; None where that is the usual place
    falls: bool = False  # whether pip may not write into the image's own Python, and installs for the user


def python_of(command: Command, around: Around) -> Site:
    """Return the site of the Python that a program is, or that it was installed with."""
    program = command.words[0].text
    if "/" in program:
        place = normpath(join(command.folder or "/", program))
        return site_at(dirname(dirname(place))) if basename(dirname(place)) == "bin" else UNKNOWN
    if around.activated:
        return site_at(around.activated)
    path = command.environment.get("PATH")
    prefixes = [dirname(folder) for folder in path.split(":") if basename(folder) == "bin"] if path else []
    return next((site_at(one) for one in prefixes if one in around.made), PYTHON) if path else UNKNOWN


def find_site(install: Install, command: Command, around: Around) -> Site | None:
    """Return where an install puts packages; None where it finds no place at all."""
    folder = install.folder or "/"
    if any(name in _PLACES and not value for name, value in install.options):
        return UNKNOWN  # a variable tells it
    if targets := install.values("--target"):
        return folder_site(normpath(join(folder, targets[-1])))
    if prefixes := install.values("--prefix", "--root"):
        return site_at(normpath(join(folder, prefixes[-1])))
    if install.has("--user"):
        base = command.environment.get("PYTHONUSERBASE", "")
        return user_site(around.user, command.environment.get("HOME")) if base == "" else _at_base(base)
    if pythons := install.values("--python"):
        return _interpreter(normpath(join(folder, pythons[-1]))) if "/" in pythons[-1] else UNKNOWN
    match install.tool:
        case "uv":
            return (
                _of_sync(install, command, folder, around)
                if install.synced
                else _of_uv(install, command, folder, around)
            )
        case "poetry" | "pipenv":
            return _of_pool(install, command, folder, around)
        case "pdm":
            return UNKNOWN
        case _:
            site = python_of(command, around)
            rooted = any(basename(one[0].text) == "sudo" for one in command.through)
            aside = site == PYTHON and around.falls and not rooted
            return user_site(around.user, command.environment.get("HOME") or around.home) if aside else site


def _interpreter(path: str) -> Site:
    if is_python(basename(path)) and basename(dirname(path)) == "bin":
        return site_at(dirname(dirname(path)))
    return site_at(path)


def _is_on(command: Command, name: str) -> bool:
    value = command.environment.get(name, "")
    return value is None or bool(value and value.lower() not in _OFF)


def _active(command: Command, around: Around) -> Site | None:
    value = around.activated or command.environment.get("VIRTUAL_ENV", "")
    return UNKNOWN if value is None else site_at(value) if value else None


def _of_uv(install: Install, command: Command, folder: str, around: Around) -> Site | None:
    if install.has("--system"):
        return python_of(command._replace(words=(command.words[0]._replace(text="python"),)), around)
    active = _active(command, around)
    if active is not None or _is_on(command, "CONDA_PREFIX"):
        return active or UNKNOWN
    return next((Site("environment", one) for one in _dot_venvs(folder) if one in around.made), None)


def _dot_venvs(folder: str) -> list[str]:
    parts = folder.strip("/").split("/") if folder != "/" else []
    return [join("/", *parts[:end], ".venv") for end in range(len(parts), -1, -1)]


def _of_sync(install: Install, command: Command, folder: str, around: Around) -> Site:
    if install.has("--active") and (active := _active(command, around)) is not None:
        return active
    value = command.environment.get("UV_PROJECT_ENVIRONMENT", "")
    if value is None:
        return UNKNOWN
    return site_at(normpath(join(folder, value or ".venv")))


def _of_pool(install: Install, command: Command, folder: str, around: Around) -> Site:
    """Return where poetry and pipenv install: in what is active, in the project, or in a folder of their own."""
    active = _active(command, around)
    in_project = (
        around.inside
        or install.values(IN_PROJECT)[-1:] == ["true"]
        or _is_on(command, "POETRY_VIRTUALENVS_IN_PROJECT")
        or _is_on(command, "PIPENV_VENV_IN_PROJECT")
    )
    if active is not None:
        return active
    pooled = command.environment.get("POETRY_VIRTUALENVS_CREATE", "true")
    if pooled is None:
        return UNKNOWN
    own = not around.pooled or install.values(CREATE)[-1:] == ["false"]
    if install.has("--system") or own or pooled.lower() in _OFF:
        return python_of(command, around)
    return Site("environment", join(folder, ".venv")) if in_project else Site("environment", f"<{install.tool}>")


def moved(site: Site, source: str, place: str) -> Site | None:
    """Return where a site is once a folder was copied, or None where it is not in that.

    Args:
        site: The site in the stage that is copied from.
        source: The folder that is copied.
        place: Where it is copied to.
    """
    if site.kind == "unknown":
        return site
    if site.kind == "python":
        return PYTHON if _OWN.match(source) else None
    rest = below(site.path, source)
    if rest is not None:
        path = normpath(join(place, rest))
        return site_at(path) if site.kind == "environment" else folder_site(path)
    inner = below(source, site.path)
    if inner is None:
        return None
    if site.kind == "environment" and inner in {"lib", "lib64"}:
        return site_at(dirname(place))
    if site.kind == "environment" and _PACKAGES.fullmatch(f"/{inner}"):
        return folder_site(place)
    return None
