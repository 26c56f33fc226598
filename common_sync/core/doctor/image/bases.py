"""What a base image's name tells: whether it is one that holds no application, its Python, and the pip that comes with it."""

from typing import NamedTuple

from common_sync.core.expressions import expression

_PLAIN = frozenset(
    {
        *("scratch", "python", "pypy", "debian", "ubuntu", "alpine", "fedora", "centos", "rockylinux", "almalinux"),
        *("amazonlinux", "buildpack-deps", "busybox", "node", "golang", "rust", "nginx", "redis", "postgres", "uv"),
        *("distroless", "wolfi-base", "miniconda3", "mambaforge", "miniforge3", "micromamba", "ubi8", "ubi9", "cuda"),
        *("pytorch", "tensorflow", "jupyter", "poetry", "openjdk", "eclipse-temurin", "gcc", "bash", "lambda"),
        *("oraclelinux", "archlinux", "opensuse", "photon", "python3", "python3-debian12", "static-debian12"),
        *("base-debian12", "playwright", "chromium", "selenium", "azurelinux"),
    }
)
_FOLDERS = {
    "golang": "/go",
    "lambda": "/var/task",
    "redis": "/data",
    "pytorch": "/workspace",
    "jupyter": "/home/jovyan",
    "micromamba": "/tmp",  # noqa: S108 - it is there that this image begins
}
"""Images that set a WORKDIR; the other plain ones begin at the top."""

UNKNOWN_FOLDER = "/the WORKDIR of the base image"
"""What stands for the folder that an image begins in, where nobody can tell: paths in it are found, and no other leads there."""

_PYTHON = expression(r"(?:^|[-_:]|python|py)(3\.\d+(?:\.\d+)?)(?![\d.])")
_MANAGED = {
    "debian": expression(r"(?:1[2-9]|bookworm|trixie|forky|sid|testing|stable|unstable|latest)(?![a-z\d])|$"),
    "ubuntu": expression(
        r"(?:23|2[4-9]|lunar|mantic|noble|oracular|plucky|questing|latest|rolling|devel)(?![a-z\d])|$"
    ),
    "alpine": expression(r"(?:3\.(?:19|[2-9]\d)|3|edge|latest)(?![\d])|$"),
}
"""Systems whose Python is managed by their own packages, by tag: https://packaging.python.org/en/latest/specifications/externally-managed-environments/."""
_PIP_BEFORE_24_1 = 11
"""The last minor version of Python 3 that comes with a pip older than 24.1, the first to take `name @ file:./path`."""


_OFFICIAL = expression(
    r"(?:(?:docker\.io|public\.ecr\.aws/docker|mirror\.gcr\.io)/)?(?:library/)?[^/]+|ghcr\.io/astral-sh/uv:[^/]+"
)
"""What names an image of those who make it, and no image of a team that has the same name."""


class System(NamedTuple):
    """What system an official image has, where its name tells that it holds nothing more than this and perhaps Python.

    Attributes:
        name: `debian` (Ubuntu, too) or `alpine`; nothing for all others.
        python: Whether it has a Python of its own below `/usr/local`.
        full: Whether it has the tools that build packages, and with them the system's own Python.
        adduser: Whether it has `adduser`: Debian's images have not from version 13 (trixie) on.
        uv: Whether it has uv.
    """

    name: str = ""
    python: bool = False
    full: bool = False
    adduser: bool = True
    uv: bool = False


def read_system(image: str) -> System:
    """Return what system an image has by its name.

    Args:
        image: As in `FROM`.
    """
    plain = image.partition("@")[0].lower()
    name, _, tag = plain.rpartition("/")[2].partition(":")
    python = name == "python" or (name == "uv" and tag.startswith("python"))
    if _OFFICIAL.fullmatch(plain) is None or name not in {"python", "uv", "debian", "ubuntu", "alpine"}:
        return System()
    if name == "ubuntu" and _OLD.match(tag):
        return System()
    if name == "alpine" or "alpine" in tag:
        return System("alpine", python, uv=name == "uv")
    if "windows" in tag or "nanoserver" in tag or (name == "uv" and not _OF_DEBIAN.search(tag)):
        return System()
    full = (python or name == "uv") and "slim" not in tag  # those of uv are built on `python` and `buildpack-deps`
    adduser = full or name == "ubuntu" or _WITH_ADDUSER.search(tag) is not None
    return System("debian", python, full, adduser, name == "uv")


_WITH_ADDUSER = expression(r"bookworm|bullseye|buster|stretch|^(?:9|10|11|12)(?:[.-]|$)")
_OLD = expression(r"1[0-6]\.|precise|trusty|xenial")
"""Releases of Ubuntu whose images had more in them."""
_OF_DEBIAN = expression(r"debian|bookworm|bullseye|trixie")


class Base(NamedTuple):
    """What is known of a base image."""

    empty: bool = False  # whether it surely holds nothing of an application
    python: str | None = None  # the version of Python in it, as far as its tag says: `3.9`, `3.11.4`; or None
    old_pip: bool = False  # whether the pip in it is older than 24.1
    folder: str = "/"  # the WORKDIR that it sets
    managed: bool = False  # whether its system's pip refuses to install into its Python
    system: System = System()  # the system that it has, where nothing more is in it
    platform: str = ""  # what `FROM --platform` says, or nothing
    released: bool = True  # whether that Python is no preview of one

    @property
    def cpython(self) -> str | None:
        """The version of the CPython in an official image of it; None for all others."""
        return self.python if self.system.python and self.released else None


def read_base(image: str) -> Base:
    """Return what an image's name tells.

    Args:
        image: As in `FROM`: `python:3.11-slim`, `ghcr.io/astral-sh/uv:python3.12-bookworm`.
    """
    name, _, tag = image.partition("@")[0].rpartition("/")[2].partition(":")
    found = _PYTHON.search(tag if name in {"python", "lambda"} or "py" in tag else "")
    version = found[1] if found else None
    minor = int(version.split(".")[1]) if version else None
    old_pip = name == "python" and minor is not None and minor <= _PIP_BEFORE_24_1
    plain = name in _PLAIN
    managed = name in _MANAGED and _MANAGED[name].match(tag) is not None
    return Base(
        plain, version, old_pip, _FOLDERS.get(name, "/") if plain else UNKNOWN_FOLDER, managed, read_system(image)
    )._replace(released=_PREVIEW.search(tag) is None)


_PREVIEW = expression(r"3\.\d+(?:\.\d+)?-?(?:a|b|rc)\d*(?:$|-)")
