"""Programs that official images of Debian, Ubuntu, Alpine and Python lack, and the packages that bring them."""

import re

from common_sync.core.doctor.image.bases import System
from common_sync.core.expressions import expression

WRAPPERS = frozenset({"tini", "dumb-init", "gosu", "su-exec", "catatonit"})
"""What no system has from the beginning, and what a start that needs it always needs."""
NOT_IN = {
    "debian": WRAPPERS | {"sudo", "zsh", "ksh", "fish", "ash"},
    "alpine": WRAPPERS | {"sudo", "zsh", "ksh", "fish", "dash", "bash"},
}
"""System → programs that an image cannot be started with before something installs them."""
INSTALL = {"debian": "apt-get install -y", "alpine": "apk add --no-cache"}
"""System → how a line installs a package of it."""
OF_PYTHON = {
    **{one: one for one in ("uv", "poetry", "pdm", "pipenv")},
    "uvx": "uv",
    "pip-sync": "pip-tools",
    "pip-compile": "pip-tools",
}
"""Program → the package of an index that brings it."""
PYTHONS = frozenset({"python", "python3", "pip", "pip3"})
"""What a system has only with a Python."""
_COMPILERS = frozenset({"gcc", "g++", "cc", "c++", "make"})
_ALL_LACK = frozenset({"npm", "npx", "node", "cmake", "jq", "rsync", "yum", "dnf", "microdnf", *OF_PYTHON})
_FETCHING = frozenset({"curl", "git"})
_LACK = {
    "debian": NOT_IN["debian"] | _ALL_LACK | {"apk"},
    "alpine": NOT_IN["alpine"] | _ALL_LACK | _FETCHING | _COMPILERS | {"apt", "apt-get", "dpkg"},
}
_LACK_IF_SLIM = _FETCHING | _COMPILERS | {"wget", "unzip"}
"""What Debian has only in the images that have what builds packages."""


def lacks(program: str, system: System) -> bool:
    """Tell whether an official image has no such program before a line brings it; not where nobody can tell.

    Args:
        program: The program's name.
        system: What the image has by its name.
    """
    if not system.name or (system.uv and OF_PYTHON.get(program) == "uv"):
        return False
    if program in PYTHONS:
        return not (system.python or system.full)
    return program in _LACK[system.name] or (system.name == "debian" and not system.full and program in _LACK_IF_SLIM)


_COMPILING = (
    r"gcc.*|g\+\+.*|make|build-(?:base|essential)|alpine-sdk|abuild|clang.*|llvm.*|gfortran.*|cmake|dpkg-dev|devscripts"
    r"|autoconf|automake|libtool.*|gobject-introspection.*|r-base.*|rust.*|cargo|go|golang.*|ghc|ruby.*|python3?-pip"
    r"|npm|node.*|.*-all-dev|libopenmpi.*|libgirepository.*"
)
_NODE = r"node.*|npm|yarn.*"
_OF_PYTHONS = r"python.*|py3?-.*|pip.*|pypy.*|uv|conda.*"
_BRINGERS: dict[str, re.Pattern[str]] = {
    **dict.fromkeys(_COMPILERS, expression(_COMPILING)),
    **dict.fromkeys(PYTHONS, expression(_OF_PYTHONS)),
    **{one: expression(_NODE) for one in ("node", "npx", "npm")},
    "git": expression(r"git.*|alpine-sdk|devscripts|npm|node.*|mercurial-git"),
    "curl": expression(r"curl.*|alpine-sdk|abuild|devscripts"),
    "apt": expression(r"apt.*"),
    "apt-get": expression(r"apt.*"),
    "apk": expression(r"apk.*"),
    "uvx": expression(r"uv"),
    "pip-sync": expression(r"pip-tools"),
    "pip-compile": expression(r"pip-tools"),
}
_ALONE = expression(
    r"[-.=].*|.*(?:::|://|-backports).*|install|update|upgrade|dist-upgrade|full-upgrade|(?:auto)?clean|cache|add|del|(?:auto)?remove|purge"
    r"|lib(?:pq5?|ffi\d?|ssl\d?|xml2|xslt1?|jpeg\d*|png|magic1?|sm6|xext6|xrender1|gomp1|gl1|curl4|mysqlclient|postgresql|yaml|sndfile1|c|c6)(?:-dev)?"
    r"|libglib2\.0-0|libgl1-.*|(?:default-)?libmysqlclient-dev|libstdc\+\+6?|python3?(?:-dev|-venv)?|.*python3?\.\d+"
    r"|gcc|g\+\+|make|build-(?:base|essential)|git|curl|wget|bash|sudo|jq|unzip|zip|tini|su-exec|gosu|dumb-init|musl(?:-dev)?"
    r"|ca-certificates|tzdata|openssl(?:-dev)?|pkg-?conf(?:ig)?|netcat.*|gettext(?:-base)?|postgresql-(?:client|libs|dev)"
    r"|linux-headers|zlib.*|procps|less|vim|nano|apt-utils|locales|(?:jpeg|libffi|freetype)-dev|rust|cargo|default-mysql-client"
    r"|ffmpeg|gnupg\d?|lsb-release|poppler-utils|tesseract-ocr.*|rsync"
)
"""Words of installers that bring no program of these but what they name."""
_VERSION = expression(r"[=<>~@/:].*|\[.*")
"""What follows the name of a package."""


def name_of(word: str) -> str:
    """Return the name of a package as an installer is told of it: without its version, its extras and its release."""
    return _VERSION.sub("", word) if not word.startswith(("-", ".", "/")) and "://" not in word else word


def brings(word: str, program: str) -> bool | None:
    """Tell whether a package of a system brings a program; None where nobody can tell.

    Args:
        word: What an installer of the system is given.
        program: The program, which the system lacks.
    """
    name = name_of(word)
    known = _BRINGERS.get(program)
    if name in {program, f"python3-{program}", f"py3-{program}"} or (
        known is not None and known.fullmatch(name) is not None
    ):
        return True
    return False if _ALONE.fullmatch(word) or _ALONE.fullmatch(name) else None


_PACKAGES = {
    "cc": "gcc",
    "c++": "g++",
    "npx": "npm",
    "node": "nodejs",
    "python": "python3",
    "uvx": "uv",
    "pip-sync": "pip-tools",
    "pip-compile": "pip-tools",
}
_MANAGERS = frozenset({"apt", "apt-get", "dpkg", "apk", "yum", "dnf", "microdnf"})


def say_remedy(program: str, system: System) -> str:
    """Return what to do where an image lacks a program.

    Args:
        program: The program's name.
        system: What the image has by its name.
    """
    install = INSTALL[system.name]
    if program in _MANAGERS:
        return f"install by `{install}`"
    if OF_PYTHON.get(program) == "uv":
        return "add `COPY --from=ghcr.io/astral-sh/uv:latest /uv /uvx /bin/` before it"
    if program in OF_PYTHON and system.python:
        return f"add `RUN pip install {OF_PYTHON[program]}` before it"
    pip = {"debian": "python3-pip", "alpine": "py3-pip"}[system.name]
    package = pip if program in {"pip", "pip3"} else _PACKAGES.get(program, program)
    return f"install it before: `RUN {install} {package}`"
