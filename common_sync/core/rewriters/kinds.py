"""Which files of a service may refer to the library, by their names."""

import re
from typing import Literal

Kind = Literal["requirements", "compose", "environment"]
"""Which rewriter reads a file."""

_COMPOSE = re.compile(r"(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml")


def kind_of(path: str) -> Kind | None:
    """Tell by its path whether a file may refer to the library, and what it is.

    Args:
        path: POSIX path inside the service.
    """
    above, _, name = path.rpartition("/")
    if (not above and is_requirements(name)) or (above == "requirements" and name.endswith((".txt", ".in"))):
        return "requirements"
    if is_compose(name):
        return "compose"
    return "environment" if name in {"environment.yml", "environment.yaml"} else None


def is_requirements(name: str) -> bool:
    """Tell by a file's name whether pip reads it."""
    return name.endswith((".txt", ".in")) and ("requirements" in name or "constraints" in name)


def is_dockerfile(name: str) -> bool:
    """Tell by a file's name whether Docker builds from it."""
    suffixed = name.startswith(("Dockerfile.", "Containerfile.")) and not name.endswith(".dockerignore")
    return name in {"Dockerfile", "Containerfile"} or suffixed or name.endswith((".Dockerfile", ".dockerfile"))


def is_compose(name: str) -> bool:
    """Tell by a file's name whether Compose reads it."""
    return _COMPOSE.fullmatch(name) is not None
