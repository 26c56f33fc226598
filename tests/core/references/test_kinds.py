"""The rows of kinds of files: each is whole, and everybody who asks it gets what it says."""

from fnmatch import fnmatchcase

import pytest
from support.places import Layout

from common_sync.core.references.hints import may_concern
from common_sync.core.references.kinds import KINDS, Kind, kind_of, limit_of, list_globs, made_from
from common_sync.edges.project.index import may_decide
from common_sync.edges.service.rewriters import rewriter_of

NAMES: dict[Kind, tuple[str, ...]] = {
    "requirements": ("requirements.txt", "requirements-dev.in", "constraints.txt", "requirements/dev.txt"),
    "dockerfile": (
        "Dockerfile",
        "Dockerfile.dev",
        "docker/api.Dockerfile",
        "web.dockerfile",
        "Containerfile",
        ".dockerfile",
        "dockerfile",
    ),
    "compose": ("compose.yml", "docker-compose.dev.yaml"),
    "script": ("tool.py", "scripts/tool.py", "bin/tool.py", "tools/tool.py"),
    "lock": ("pylock.dev.toml", "tool.py.lock", "a/b/tool.py.lock"),
    "mention": ("run.sh", "lib/run.bash", "x/y.service"),
    "program": ("bin/setup", "scripts/build", "tools/x", "script/test"),
}
"""Names of each kind beside those that its row lists."""


def list_names(kind: Kind) -> list[str]:
    """Return some names of a kind."""
    return [*KINDS[kind].names, *NAMES.get(kind, ())]


@pytest.mark.parametrize("kind", KINDS)
def test_a_row_is_whole(kind: Kind) -> None:
    """A kind of file would be registered, and its first file end the run with a traceback."""
    assert list_names(kind)
    assert {kind_of(name) for name in list_names(kind)} == {kind}
    rewrite, decode = rewriter_of(kind)
    text = "{}" if kind in {"compose", "environment"} else ""
    assert rewrite(decode(text.encode()).characters, Layout().site()) == rewrite("", Layout().site())
    assert {limit_of(name) for name in list_names(kind)} == {KINDS[kind].largest}


@pytest.mark.parametrize("kind", KINDS)
def test_git_is_asked_for_what_decides(kind: Kind) -> None:
    """A commit would be let through with another version of a file than the one that was checked."""
    for name in (path.rpartition("/")[2] for path in list_names(kind)):
        asked = any(fnmatchcase(name, glob) for glob in list_globs())
        assert not KINDS[kind].decides or (asked and any(fnmatchcase(name, glob) for glob in KINDS[kind].globs))
        assert may_decide(name) == KINDS[kind].decides


def test_git_is_asked_with_few_patterns() -> None:
    """Every commit would wait, because git tries each pattern on every path that it knows."""
    assert len(list(list_globs())) <= 6


LIMITS = {
    "a/.dockerignore": 1 << 20,
    "Dockerfile.dockerignore": 1 << 20,
    ".gitattributes": 100 << 20,
    ".gitignore": 100 << 20,
    "docker-compose.yml": 4 << 20,
    "uv.lock": 16 << 20,
    "app/main.c": 4 << 20,
}


@pytest.mark.parametrize("path", LIMITS)
def test_limits(path: str) -> None:
    """`init` or `doctor` would pass over a file that `distribute` reads."""
    assert limit_of(path) == LIMITS[path]


MADE_FROM = {
    "uv.lock": "pyproject.toml",
    "a/uv.lock": "a/pyproject.toml",
    "a/x.py.lock": "a/x.py",
    "pylock.toml": None,
    "poetry.lock": None,
}


@pytest.mark.parametrize("path", MADE_FROM)
def test_what_a_lock_file_was_made_from(path: str) -> None:
    """A lock file would be rewritten while what it was made from is not, so that its tool refuses both."""
    assert made_from(path) == MADE_FROM[path]


SCRIPT = b"# /// script\n# dependencies = []\n# ///\n"


@pytest.mark.parametrize(
    ("data", "concerns"),
    [
        (b"import common\n", False),
        (b'sys.path.append("../common")\n', False),
        (SCRIPT, False),
        (SCRIPT + b"x = '../../common'\n", True),
        (SCRIPT + b"import common\n", True),
    ],
)
def test_modules_are_not_parsed(data: bytes, concerns: bool) -> None:
    """Every module of a service would be parsed on every commit."""
    assert may_concern(data, "script", (b"/repo",), b"common") is concerns
