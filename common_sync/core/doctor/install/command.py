"""What an install command asks for: the files that it reads and the local projects that it names.

Sources: `pip install --help`, `uv pip install --help`, `uv sync --help`, `poetry install --help`, and these tools' documentation.
"""

from collections.abc import Iterator, Sequence
from posixpath import join, normpath
from typing import Literal, NamedTuple

from common_sync.core.doctor.install.markers import UNTOLD, Target
from common_sync.core.doctor.install.settings.given import from_environment
from common_sync.core.expressions import expression
from common_sync.core.formats.python_command import is_python, read_python
from common_sync.core.formats.shell.script import Command
from common_sync.core.formats.shell.words import Word

Tool = Literal["pip", "uv", "poetry", "pdm", "pipenv", "setup.py"]


class Asked(NamedTuple):
    """One thing that a command names.

    Attributes:
        kind: A requirements file, a constraints file, a project to install, an editable one.
        word: What names it.
    """

    kind: Literal["file", "constraints", "project", "editable"]
    word: Word


class Install(NamedTuple):
    """What a command installs."""

    tool: Tool  # what resolves its paths
    folder: str | None  # the absolute path of the folder that it works in, or None when that cannot be told
    asked: tuple[Asked, ...] = ()  # what it names, in its order
    synced: bool = False  # whether it installs the project in its folder from that project's own files
    options: tuple[tuple[str, str], ...] = ()  # the long options that it was given, in their order
    certain: bool = True  # whether it runs in any case, and the build ends when it fails
    environment: frozenset[str] = frozenset()  # the names of the variables that are set for it
    action: str = "install"  # what pip is told to do: `install`, `wheel` or `download`
    target: Target = UNTOLD  # what it installs for, as far as anybody can tell

    def has(self, *names: str) -> bool:
        """Tell whether one of some options was given."""
        return any(name in names for name, _ in self.options)

    def values(self, *names: str) -> list[str]:
        """Return the values of some options; lists with commas are taken apart."""
        found = (value for name, value in self.options if name in names)
        return [part for value in found for part in value.replace(",", " ").split()]


_PIP = expression(r"pip3?(?:\.\d+)?(?:-3(?:\.\d+)?)?")
_PIP_COMMANDS = frozenset({"install", "wheel", "download"})

_SHORT = {
    "-r": "--requirement",
    "-c": "--constraint",
    "-e": "--editable",
    "-t": "--target",
    "-i": "--index-url",
    "-f": "--find-links",
    "-C": "--config-settings",
    "-p": "--python",
    "-w": "--wheel-dir",
    "-d": "--dest",
    "-b": "--build-constraint",
    "-P": "--upgrade-package",
    "-o": "--output-file",
    "-G": "--group",
    "-E": "--extras",
}
_ALIASES = {
    "--requirements": "--requirement",
    "--constraints": "--constraint",
    "--build-constraints": "--build-constraint",
}
TAKE_VALUE = frozenset(
    (
        *("--requirement", "--constraint", "--build-constraint", "--editable", "--target", "--index-url", "--python"),
        *("--find-links", "--config-settings", "--config-setting", "--config-settings-package", "--wheel-dir"),
        *("--dest", "--extra-index-url", "--platform", "--python-version", "--implementation", "--abi", "--root"),
        *("--prefix", "--src", "--upgrade-strategy", "--progress-bar", "--root-user-action", "--report", "--group"),
        *("--no-binary", "--only-binary", "--all-releases", "--only-final", "--log", "--keyring-provider", "--proxy"),
        *("--retries", "--timeout", "--exists-action", "--trusted-host", "--cert", "--client-cert", "--cache-dir"),
        *("--use-feature", "--use-deprecated", "--resume-retries", "--uploaded-prior-to", "--hash", "--global-option"),
        *("--output-file", "--requirements-from-script", "--overrides", "--override", "--excludes", "--extra"),
        *("--python-platform", "--output-format", "--torch-backend", "--index", "--default-index", "--index-strategy"),
        *("--upgrade-package", "--upgrade-group", "--resolution", "--prerelease", "--fork-strategy", "--exclude-newer"),
        *("--link-mode", "--exclude-newer-package", "--no-sources-package", "--reinstall-package", "--refresh-package"),
        *("--color", "--no-build-isolation-package", "--allow-insecure-host", "--directory", "--project"),
        *("--config-file", "--no-extra", "--no-group", "--only-group", "--no-install-package", "--package", "--script"),
        *("--no-build-package", "--no-binary-package", "--with", "--without", "--only", "--extras"),
        *("--no-editable-package", "--lockfile", "--env-file"),
    )
)
"""The options that take a value."""
FILES: dict[str, Literal["file", "constraints", "editable"]] = {
    "--requirement": "file",
    "--constraint": "constraints",
    "--build-constraint": "constraints",
    "--overrides": "constraints",
    "--override": "constraints",
    "--excludes": "constraints",
    "--editable": "editable",
}


def read_install(command: Command) -> Install | None:
    """Return what a command installs, or None when it installs nothing local for all that can be told."""
    words = list(command.arguments)
    program = command.program
    if is_python(program):
        started = read_python(words)
        if started.module:
            program, words = started.module, list(started.rest)
        elif started.script and started.script.text == "setup.py" and _first(started.rest) in {"install", "develop"}:
            return Install("setup.py", command.folder, (Asked("project", Word(".")),), certain=command.certain)
    if _PIP.fullmatch(program):
        return _read_pip(words, command)
    match program:
        case "uv":
            return _read_uv(words, command)
        case "pip-sync":
            parsed = _parse(words)
            asked = [Asked("file", word) for word in parsed.rest or (Word("requirements.txt"),)]
            return _make("pip", command, parsed, asked)
        case "poetry" | "pdm" | "pipenv":
            return _read_synced(program, words, command)
    return None


def _first(words: Sequence[Word]) -> str:
    return words[0].text if words else ""


class _Parsed(NamedTuple):
    options: tuple[tuple[str, Word], ...]
    rest: tuple[Word, ...]


def _parse(words: Sequence[Word], boolean: frozenset[str] = frozenset()) -> _Parsed:
    """Tell options and their values from what stands alone."""
    options: list[tuple[str, Word]] = []
    rest: list[Word] = []
    queue = iter(words)
    for word in queue:
        if word.text == "--":
            rest += queue
        elif not word.text.startswith("-") or word.text == "-":
            rest.append(word)
        else:
            name, value = _split(word)
            if value is None and name in TAKE_VALUE - boolean:
                value = next(queue, Word("", known=False))
            options.append((name, value or Word("")))
    return _Parsed(tuple(options), tuple(rest))


def _split(word: Word) -> tuple[str, Word | None]:
    """Return an option's full name, and the value that is in the same word."""
    name, equals, value = word.text.partition("=")
    if name.startswith("--"):
        return _ALIASES.get(name, name), word._replace(text=value) if equals else None
    full = _SHORT.get(word.text[:2], word.text)
    return full, word._replace(text=word.text[2:].removeprefix("=")) if full in TAKE_VALUE and word.text[2:] else None


def _with_environment(parsed: _Parsed, command: Command, prefix: str) -> _Parsed:
    """Add the options that variables give; what the command line says itself comes last, and counts."""
    given = from_environment(prefix, command.environment)
    written = {name for name, _ in parsed.options}
    more = [one for one in given if one[0] in FILES or one[0] not in written]
    return parsed._replace(options=(*more, *parsed.options))


def _make(tool: Tool, command: Command, parsed: _Parsed, asked: Sequence[Asked], *, synced: bool = False) -> Install:
    folder = command.folder
    for name, value in parsed.options:
        if name in {"--directory", "--project"} and (tool != "uv" or synced or name == "--directory"):
            folder = normpath(join(folder or "/", value.text)) if value.known and folder is not None else None
    options = tuple((name, value.text) for name, value in parsed.options)
    return Install(tool, folder, tuple(asked), synced, options, command.certain, frozenset(command.environment))


def _asked(parsed: _Parsed) -> Iterator[Asked]:
    yield from (Asked(FILES[name], value) for name, value in parsed.options if name in FILES)
    yield from (Asked("project", word) for word in parsed.rest)


def _read_pip(words: Sequence[Word], command: Command) -> Install | None:
    at = next((index for index, word in enumerate(words) if word.text in _PIP_COMMANDS), None)
    before = _parse(words[:at])
    if at is None or before.rest:
        return None
    after = _parse(words[at + 1 :])
    parsed = after._replace(options=(*before.options, *after.options))
    if all(name != "--isolated" for name, _ in parsed.options):
        parsed = _with_environment(parsed, command, "PIP_")
    return _make("pip", command, parsed, [*_asked(parsed)])._replace(action=words[at].text)


def _read_uv(words: Sequence[Word], command: Command) -> Install | None:
    parsed = _parse(words)
    rest = parsed.rest
    parsed = _with_environment(parsed, command, "UV_")
    match [word.text for word in rest[:2]]:
        case ["pip", "install"]:
            parsed = parsed._replace(rest=rest[2:])
            return _make("uv", command, parsed, [*_asked(parsed)])
        case ["pip", "sync"]:
            asked = [one for one in _asked(parsed._replace(rest=())) if one.kind == "constraints"]
            return _make("uv", command, parsed, [*(Asked("file", word) for word in rest[2:]), *asked])
        case ["sync", *_]:
            return _make("uv", command, parsed, (), synced=True)
        case ["run", *_]:
            before = _parse(words[: next(index for index, word in enumerate(words) if word is rest[0]) + 2])
            before = _with_environment(before, command, "UV_")
            if any(name in {"--no-sync", "--no-project"} for name, _ in before.options):
                return None
            return _make("uv", command, before, (), synced=True)
    return None


_OWN = {("poetry", "-C"): "--directory", ("pdm", "-p"): "--project"}
"""Options that mean something else to these tools than to pip and uv."""


def _read_synced(tool: Literal["poetry", "pdm", "pipenv"], words: Sequence[Word], command: Command) -> Install | None:
    """Return what a tool installs from a project's own files; only pipenv takes what is named beside them."""
    words = [Word(_OWN[tool, word.text]) if (tool, word.text) in _OWN else word for word in words]
    parsed = _parse(words, frozenset({"--no-binary", "--src"}) if tool == "poetry" else frozenset())
    if _first(parsed.rest) not in {"install", "sync"}:
        return None
    asked = [*_asked(parsed._replace(rest=parsed.rest[1:]))] if tool == "pipenv" else []
    return _make(tool, command, parsed, asked, synced=not asked)
