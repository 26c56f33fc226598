"""What the files of a folder say about other folders: paths in requirements, pyproject, Dockerfile and compose files.

Text in, mentions out; no file is looked at here. It reads more loosely than the rewriting does: a mention that leads to
no folder is dropped by the reader of the repository, and nothing is ever edited by what is found here.
"""

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple

from common_sync.core.expressions import expression
from common_sync.core.formats.pip.paths import find_include, find_target
from common_sync.core.formats.pip.syntax import parse_instructions
from common_sync.core.references.kinds import is_compose, is_dockerfile, is_requirements
from common_sync.core.text import UndecodableError, decode_requirements

Kind = Literal["install", "copy", "aside"]
"""How much a mention says: installed from there, copied into an image from there, or named in passing (a volume, a
file that is included)."""

PROJECT_FILES = frozenset({"pyproject.toml", "setup.py", "setup.cfg"})
"""What makes a folder installable."""

_COMMENT = expression(r"(?:^|(?<=\s))#.*")
_VARIABLE = expression(r"^/*\$\{\w+\}/*")
_UP_OR_DOWN = r"\.{1,2}/[^\s\"'#;,]*"
_INSTALLED = (
    expression(r"\{[^{}]*\bpath\s*=\s*[\"']([^\"']+)[\"']"),  # common = { path = "../../common" } of Poetry, uv, Pipenv
    expression(r"^\s*path\s*=\s*[\"'](\.\.[^\"']*)[\"']"),  # the same as a table of its own
    # PEP 508, with the variables of PDM and Hatch: common @ file:///${PROJECT_ROOT}/../../common
    expression(rf"(?:\bfile:/*|@\s+)(?:\$?\{{[^}}]*\}}/*)?({_UP_OR_DOWN})"),
)
_QUOTED = expression(r"[\"'](\.\./[^\"']*)[\"']")
_EXTRAS = r"\s*(?:\[[^\]]*\]\s*)?"
_REQUIRED = expression(rf"^\s*([A-Za-z0-9][\w.-]*){_EXTRAS}(?=$|[<>=!~;#@,(\s])", re.ASCII)
_QUOTED_NAME = expression(rf"(?:^\s*|[\"'])([A-Za-z0-9][\w.-]*){_EXTRAS}(?=[<>=!~;@,(\"'\s])", re.ASCII)
_NAME_OF_ITS_OWN = expression(r"\s*name\s*=")
_COPY = expression(r"(?:COPY|ADD)\s+(.+)", re.IGNORECASE)
_WILDCARD = expression(r"[*?\[]")
_MOUNTED = expression(r"(?:^|(?<=[\s\"'=\[{,]))(\.{1,2}(?:/[^\s\"':,\]}]*)?)(?::(/[^\s\"':,\]}]*)|(?=[\s\"',\]}:]|$))")
_CONTEXT = expression(r"\b(?:build|context):[ \t]*[\"']?([^\s\"'#{},]+)")
_DOCKERFILE = expression(r"\bdockerfile:[ \t]*[\"']?([^\s\"'#{},]+)")


class Mention(NamedTuple):
    """A path that a file names.

    Attributes:
        path: As written, decoded.
        line: Its line, counted from 1.
        kind: How much it says.
        text: The line, to be shown.
        name: The last part of the path that it goes to in an image or a container, or nothing.
        built: The folder that the compose service is built from, relative to the file, or None.
    """

    path: str
    line: int
    kind: Kind
    text: str
    name: str = ""
    built: str | None = None


def is_read_by_pip(path: str) -> bool:
    """Tell by a file's path whether pip reads it as requirements or constraints."""
    above, _, name = path.rpartition("/")
    in_folder = above.rpartition("/")[2] == "requirements" and name.endswith((".txt", ".in"))
    return in_folder or is_requirements(name)


def says_something(path: str) -> bool:
    """Tell by a file's path whether `read_mentions` knows what it is."""
    return _reader(path) is not None


def read_mentions(path: str, text: str) -> list[Mention]:
    """Return the paths that a file names, in the order of its lines.

    Args:
        path: The file's path, whose last part tells what it is.
        text: Its characters.
    """
    reader = _reader(path)
    return [] if reader is None else list(reader(text))


def decode_leniently(data: bytes) -> str:
    """Return the characters of a file as pip would decode them, or as UTF-8 with the rest replaced."""
    try:
        return decode_requirements(data).characters
    except UndecodableError:
        return data.decode("utf-8", "replace")


def read_names(path: str, text: str) -> Iterator[tuple[str, int]]:
    """Yield the distributions that a file asks for by their names alone, as written, each with its line.

    In a pyproject.toml that is every quoted word and every key but `name`: too much, but among the names of the
    repository's own libraries it is right.

    Args:
        path: The file's path; other files than requirements and pyproject.toml ask for nothing.
        text: Its characters.
    """
    if not is_read_by_pip(path) and path.rpartition("/")[2] != "pyproject.toml":
        return
    pattern = _REQUIRED if is_read_by_pip(path) else _QUOTED_NAME
    for number, line in enumerate(text.splitlines(), 1):
        if not _NAME_OF_ITS_OWN.match(line):
            yield from ((match[1], number) for match in pattern.finditer(_COMMENT.sub("", line)))


Reader = Callable[[str], Iterator[Mention]]


def _reader(path: str) -> Reader | None:
    name = path.rpartition("/")[2]
    if is_read_by_pip(path):
        return _in_requirements
    if name in PROJECT_FILES or name == "Pipfile":
        return _in_project
    if is_dockerfile(name):
        return _in_dockerfile
    return _in_compose if is_compose(name) else None


def _in_requirements(text: str) -> Iterator[Mention]:
    for instruction in parse_instructions(text):
        installs = instruction.kind in {"requirement", "editable"}
        value, line = instruction.value.value, instruction.line
        target = find_target(value, editable=instruction.kind == "editable") if installs else find_include(value)
        if target is not None:
            path = _VARIABLE.sub("", target.path)
            yield Mention(path, line.number, "install" if installs else "aside", line.text.strip())


def _in_project(text: str) -> Iterator[Mention]:
    for number, whole in enumerate(text.splitlines(), 1):
        line = _COMMENT.sub("", whole)
        installed = [match[1] for pattern in _INSTALLED for match in pattern.finditer(line)]
        yield from (Mention(path, number, "install", whole.strip()) for path in dict.fromkeys(installed))
        others = {match[1] for match in _QUOTED.finditer(line)}.difference(installed)
        yield from (Mention(path, number, "aside", whole.strip()) for path in sorted(others))


def _in_dockerfile(text: str) -> Iterator[Mention]:
    for number, line in _instructions(text):
        copy = _COPY.fullmatch(line)
        words = _operands(copy[1]) if copy else []
        *sources, destination = words or [""]
        # With several sources the destination is a folder that holds them all, and names none of them.
        name = _last_name(destination) if len(sources) == 1 else ""
        yield from (Mention(_before_wildcard(one), number, "copy", line, name) for one in sources)


def _instructions(text: str) -> Iterator[tuple[int, str]]:
    """Yield the instructions of a Dockerfile with the line that each starts in; a backslash joins lines."""
    start, held = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        stripped = line.strip()
        if stripped.startswith("#"):
            continue
        start = start if held else number
        held += stripped.removesuffix("\\")
        if not stripped.endswith("\\"):
            yield start, held.strip()
            held = ""


def _operands(rest: str) -> list[str]:
    """Return the sources and the destination of COPY or ADD; nothing when they are not of the build context."""
    words = rest.split()
    while words and words[0].startswith("--"):
        if words.pop(0).startswith("--from"):
            return []
    if words[:1] and words[0].startswith("["):
        words = re.findall(r'"([^"]*)"', rest)
    return [] if words[:1] and words[0].startswith("<<") else words


def _before_wildcard(source: str) -> str:
    """Return the folder that a source lies in; `/common` means the context's, as Docker has it."""
    parts = source.lstrip("/").split("/")
    whole = next((index for index, part in enumerate(parts) if _WILDCARD.search(part)), len(parts))
    return "/".join(parts[:whole]) or "."


def _last_name(path: str) -> str:
    name = posixpath.basename(path.rstrip("/"))
    return "" if name in {".", ".."} or "$" in name else name


def _in_compose(text: str) -> Iterator[Mention]:
    for block in _services(text):
        built = _built_from("\n".join(line for _, line in block))
        for number, line in block:
            found = {(match[1], _last_name(match[2] or "")) for match in _MOUNTED.finditer(line)}
            yield from (Mention(path, number, "aside", line.strip(), name, built) for path, name in sorted(found))


Block = list[tuple[int, str]]


def _services(text: str) -> Iterator[Block]:
    """Yield the numbered lines of each service of a compose file; a whole file that is not laid out so is one."""
    lines = [(number, _COMMENT.sub("", line).rstrip()) for number, line in enumerate(text.splitlines(), 1)]
    lines = [(number, line) for number, line in lines if line]
    start = next((index for index, (_, line) in enumerate(lines) if line == "services:"), -1)
    inner: Block = []
    for number, line in lines[start + 1 :]:
        if start >= 0 and not line[0].isspace():
            break
        if inner and start >= 0 and _indent(line) <= _indent(inner[0][1]):
            yield inner
            inner = []
        inner.append((number, line))
    yield inner


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _built_from(block: str) -> str | None:
    context, dockerfile = _CONTEXT.search(block), _DOCKERFILE.search(block)
    if context is None and dockerfile is None:
        return None
    return posixpath.join(context[1] if context else ".", posixpath.dirname(dockerfile[1]) if dockerfile else "")
