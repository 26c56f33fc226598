"""Which files of a service may refer to the library, by their names."""

from typing import Literal

from common_sync.core.expressions import expression

Kind = Literal[
    "requirements",
    "dockerfile",
    "compose",
    "environment",
    "project",
    "pipfile",
    "lock",
    "poetry-lock",
    "pdm-lock",
    "pipenv-lock",
    "mention",
]
"""Which rewriter reads a file."""

IGNORE = ".dockerignore"
"""What Docker reads beside a Dockerfile: by itself for the whole context, or after the name of one Dockerfile."""

_DOCKERFILE = expression(r"(?:Docker|Container)file(?:[._-].+)?|.+\.(?:[Dd]ocker|[Cc]ontainer)file")
_NO_DOCKERFILE = (
    *(IGNORE, ".containerignore", ".md", ".bak", ".orig", ".rej", "~"),
    *(".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".template", ".erb", ".mustache", ".in"),
)
_COMPOSE = expression(r"(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml")

_NAMES: dict[str, Kind] = {
    "pyproject.toml": "project",
    "Pipfile": "pipfile",
    "uv.lock": "lock",
    "pylock.toml": "lock",
    "poetry.lock": "poetry-lock",
    "pdm.lock": "pdm-lock",
    "Pipfile.lock": "pipenv-lock",
    "environment.yml": "environment",
    "environment.yaml": "environment",
}
_MENTIONING = frozenset(
    (
        *(
            "setup.py",
            "setup.cfg",
            "tox.ini",
            "noxfile.py",
            "Makefile",
            "makefile",
            "GNUmakefile",
            "justfile",
            "Justfile",
        ),
        *(".justfile", "Taskfile.yml", "Taskfile.yaml"),
    )
)


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
    if name in _MENTIONING or name.endswith((".sh", ".service")):
        return "mention"
    if name.startswith("pylock.") and name.endswith(".toml"):
        return "lock"
    return _NAMES.get(name)


def kind_anywhere(path: str) -> Kind | None:
    """Tell the kind of a file in any folder, where nobody knows yet which folders are services.

    Args:
        path: POSIX path from the root of the repository.
    """
    above, _, name = path.rpartition("/")
    return kind_of(f"requirements/{name}" if above.rpartition("/")[2] == "requirements" else name)


def is_requirements(name: str) -> bool:
    """Tell by a file's name whether pip reads it."""
    return name.endswith((".txt", ".in")) and ("requirements" in name or "constraints" in name)


def is_dockerfile(name: str) -> bool:
    """Tell by a file's name whether Docker builds from it; a template that becomes one is none yet."""
    return _DOCKERFILE.fullmatch(name) is not None and not name.endswith(_NO_DOCKERFILE)


def is_compose(name: str) -> bool:
    """Tell by a file's name whether Compose reads it."""
    return _COMPOSE.fullmatch(name) is not None
