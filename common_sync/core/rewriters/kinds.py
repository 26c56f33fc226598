"""Which files of a service may refer to the library, by their names."""

import re
from typing import Literal

Kind = Literal["requirements", "dockerfile", "compose", "environment"]
"""Which rewriter reads a file."""

_DOCKERFILE = re.compile(r"(?:Docker|Container)file(?:[._-].+)?|.+\.(?:[Dd]ocker|[Cc]ontainer)file")
_NO_DOCKERFILE = (
    *(".dockerignore", ".containerignore", ".md", ".bak", ".orig", ".rej", "~"),
    *(".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".template", ".erb", ".mustache", ".in"),
)
_COMPOSE = re.compile(r"(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml")


def kind_of(path: str) -> Kind | None:
    """Tell by its path whether a file may refer to the library, and what it is.

    Args:
        path: POSIX path inside the service.
    """
    above, _, name = path.rpartition("/")
    if (not above and is_requirements(name)) or (above == "requirements" and name.endswith((".txt", ".in"))):
        return "requirements"
    if is_dockerfile(name):
        return "dockerfile"
    if is_compose(name):
        return "compose"
    return "environment" if name in {"environment.yml", "environment.yaml"} else None


def is_requirements(name: str) -> bool:
    """Tell by a file's name whether pip reads it."""
    return name.endswith((".txt", ".in")) and ("requirements" in name or "constraints" in name)


def is_dockerfile(name: str) -> bool:
    """Tell by a file's name whether Docker builds from it; a template that becomes one is none yet."""
    return _DOCKERFILE.fullmatch(name) is not None and not name.endswith(_NO_DOCKERFILE)


def is_compose(name: str) -> bool:
    """Tell by a file's name whether Compose reads it."""
    return _COMPOSE.fullmatch(name) is not None
