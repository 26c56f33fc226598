"""Which files of a service may refer to the library: a row for each kind of file, with all that there is to say of it.

A new kind of file is a rewriter and a row here. Everybody who meets such a file asks the row.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Literal, NamedTuple

from common_sync.core import limits
from common_sync.core.expressions import expression
from common_sync.core.text import Text, decode_requirements, decode_to_read, decode_unicode

Kind = str
"""The name of a row of `KINDS`."""

IGNORE = ".dockerignore"
"""What Docker reads beside a Dockerfile: by itself for the whole context, or after the name of one Dockerfile."""

_DOCKERFILE = expression(r"(?:Docker|Container)file(?:[._-].+)?|(?:.*\.)?(?:[Dd]ocker|[Cc]ontainer)file", needs="file")
_NO_DOCKERFILE = (
    *(IGNORE, ".containerignore", ".md", ".bak", ".backup", ".old", ".orig", ".rej", "~"),
    *(".j2", ".jinja", ".jinja2", ".tmpl", ".tpl", ".template", ".erb", ".mustache", ".in"),
)
_COMPOSE = expression(r"(?:docker-)?compose(?:[.-][\w.-]+)?\.ya?ml", needs="compose")


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


def _is_required(above: str, name: str) -> bool:
    return (not above and is_requirements(name)) or (above == "requirements" and name.endswith((".txt", ".in")))


_OF_PROGRAMS = frozenset(("scripts", "script", "bin", "tools"))
"""Folders in which a file without a suffix may be a program."""
_OF_SCRIPTS = frozenset(("", "scripts", "bin", "tools"))
"""Folders in which scripts lie; elsewhere a module is read only where a command, or a lock file, names it as one."""


class FileKind(NamedTuple):
    """All that there is to say of a kind of file.

    Attributes:
        rewriter: What reads it: a module of `core/references`, a colon, a function. It is imported where such a file is read.
        globs: Patterns that cover all its names, and few others: git tries each on every path. None where git is asked only for
            those in which something was found.
        names: Its names.
        fits: Tells by the folder in the service and the name whether another file is one, too.
        decode: Makes characters of its bytes.
        hints: What else than a way upward, or the copy's name, may lead to the library from it. None where its parser is
            quick, and every such file is parsed.
        holds: What every one of them holds; another file of such a name is none.
        prose: Whether the copy's name may be a word in it, and counts only where a path may begin.
        yaml: Whether its rewriter is given what parses YAML, for one document or for several.
        commands: Whether its commands may install from files of any name.
        installs: Whether what its lines lead to, or name, is installed.
        largest: How many bytes one may have.
    """

    rewriter: str
    globs: tuple[str, ...]
    names: frozenset[str] = frozenset()
    fits: Callable[[str, str], bool] | None = None
    decode: Callable[[bytes], Text] = decode_unicode
    hints: tuple[bytes, ...] | None = None
    holds: bytes = b""
    prose: bool = False
    yaml: Literal["", "document", "documents"] = ""
    commands: bool = False
    installs: bool = False
    largest: int = 16 << 20

    @property
    def locks(self) -> bool:
        """Whether a tool makes it from a project file, which it repeats."""
        return self.rewriter.startswith("locks:")

    @property
    def decides(self) -> bool:
        """Whether what `verify` says may depend on a file whose name is of the kind."""
        return bool(self.globs)


MORE_COMPOSE = (b"include", b"extends")
"""What brings another compose file."""

_LOCK = (b"%",)  # an escape in a URL
_PROJECT = (b"{root", b"{home", b"{env", *_LOCK)

KINDS: dict[Kind, FileKind] = {
    "requirements": FileKind(
        "requirements:read_requirements",
        ("*.txt", "*.in"),
        fits=_is_required,
        decode=decode_requirements,
        installs=True,
    ),
    "dockerfile": FileKind(
        "dockerfile.rewriting:read_dockerfile", ("*file*",), fits=lambda _, name: is_dockerfile(name), commands=True
    ),
    "compose": FileKind(
        "compose.rewriting:read_compose",
        ("*.y*ml",),
        fits=lambda _, name: is_compose(name),
        hints=MORE_COMPOSE,
        prose=True,
        yaml="documents",
        commands=True,
        largest=4 << 20,
    ),
    "environment": FileKind(
        "conda:read_environment",
        ("*.y*ml",),
        frozenset(("environment.yml", "environment.yaml")),
        hints=(b"-r", b"-c", b"%"),
        yaml="document",
        installs=True,
    ),
    "project": FileKind(
        "pyproject:read_project",
        ("*.toml",),
        frozenset(("pyproject.toml",)),
        hints=_PROJECT,
        installs=True,
    ),
    "hatch": FileKind("pyproject:read_hatch", ("*.toml",), frozenset(("hatch.toml",)), hints=_PROJECT, installs=True),
    "pixi": FileKind("pyproject:read_pixi", ("*.toml",), frozenset(("pixi.toml",)), hints=_PROJECT, installs=True),
    "pipfile": FileKind("pyproject:read_pipfile", ("*file*",), frozenset(("Pipfile",)), hints=_LOCK, installs=True),
    "lock": FileKind(
        "locks:read_lock",
        ("*.lock", "*.toml"),
        frozenset(("uv.lock", "pylock.toml")),
        lambda _, name: (name.startswith("pylock.") and name.endswith(".toml")) or name.endswith(".py.lock"),
        hints=_LOCK,
    ),
    "poetry-lock": FileKind(
        "locks:read_poetry_lock", ("*.lock",), frozenset(("poetry.lock",)), decode=decode_to_read, hints=_LOCK
    ),
    "pdm-lock": FileKind(
        "locks:read_pdm_lock", ("*.lock",), frozenset(("pdm.lock",)), decode=decode_to_read, hints=_LOCK
    ),
    "pipenv-lock": FileKind(
        "locks:read_pipenv_lock", ("*.lock",), frozenset(("Pipfile.lock",)), decode=decode_to_read, hints=_LOCK
    ),
    "pixi-lock": FileKind(
        "locks:read_pixi_lock", ("*.lock",), frozenset(("pixi.lock",)), decode=decode_to_read, hints=_LOCK
    ),
    "script": FileKind(
        "scripts:read_script",
        (),
        fits=lambda above, name: name.endswith(".py") and above in _OF_SCRIPTS,
        decode=decode_requirements,  # as Python reads it: an encoding may be declared
        hints=(b"{", b"%"),
        holds=b"# /// script",
        largest=limits.TEXT,
    ),
    "mention": FileKind(
        "mentions:read_mentions",
        (),
        frozenset(
            (
                *("setup.py", "setup.cfg", "tox.ini", "tox.toml", "noxfile.py", "Makefile", "makefile", "GNUmakefile"),
                *("justfile", "Justfile", ".justfile", "Taskfile.yml", "Taskfile.yaml"),
            )
        ),
        lambda _, name: name.endswith((".sh", ".bash", ".service")),
        decode=decode_to_read,
        hints=(),
        commands=True,
    ),
    "program": FileKind(
        "mentions:read_mentions",
        (),
        fits=lambda above, name: "." not in name and above in _OF_PROGRAMS,
        decode=decode_to_read,
        hints=(),
        holds=b"#!",
        commands=True,
        largest=limits.TEXT,
    ),
}
"""Every kind of file, by its name. Of two that fit, the first counts."""

_BY_NAME: dict[str, Kind] = {name: kind for kind, row in KINDS.items() for name in row.names}
_BY_FIT = tuple((row.fits, kind) for kind, row in KINDS.items() if row.fits is not None)


@lru_cache(maxsize=1 << 12)  # services have files of the same names, and each is asked about several times
def kind_of(path: str) -> Kind | None:
    """Tell by its path whether a file may refer to the library, and what it is."""
    above, _, name = path.rpartition("/")
    if name in _BY_NAME:
        return _BY_NAME[name]
    return next((kind for fits, kind in _BY_FIT if fits(above, name)), None)


def installs(kind: Kind | None) -> bool:
    """Tell whether what the lines of a kind of file lead to, or name, is installed."""
    return kind is not None and KINDS[kind].installs


def made_from(path: str) -> str | None:
    """Return the file that a lock file was made from, and has to agree with; None where nothing checks that."""
    above, slash, name = path.rpartition("/")
    if name.endswith(".py.lock"):
        return path.removesuffix(".lock")
    return f"{above}{slash}pyproject.toml" if name == "uv.lock" else None


def limit_of(path: str) -> int:
    """Return how many bytes a file may have that is read as a whole.

    Args:
        path: POSIX path, whose last part tells what it is.
    """
    name = path.rpartition("/")[2]
    kind = kind_of(path) or kind_of(name)
    if kind is not None:
        return KINDS[kind].largest
    if name in {".gitattributes", ".gitignore"}:
        return limits.OF_GIT
    return limits.DOCKERIGNORE if name.endswith(IGNORE) else limits.TEXT


def list_globs() -> Iterator[str]:
    """Yield patterns that cover the names of all files that decide what `verify` says; each once."""
    yield from dict.fromkeys(glob for row in KINDS.values() for glob in row.globs)
