"""What a command in a RUN does to the files of the image, as far as that can be followed."""

import re
from collections.abc import Iterator
from fnmatch import fnmatchcase
from itertools import pairwise, takewhile
from posixpath import basename, join, normpath

from common_sync.core.doctor.image.files import WILD, Allowed, Doubt, Gone, Image, Inline, Made, Put, match_paths
from common_sync.core.doctor.image.lookup import find_started
from common_sync.core.doctor.image.permissions import list_allowed
from common_sync.core.expressions import expression
from common_sync.core.formats.shell.script import Command
from common_sync.core.formats.shell.words import Word

Layer = Put | Gone | Doubt | Made | Allowed

_INTERPRETER = expression(r"(?:python|pypy)[\d.]*|node|perl|ruby")
_SHELLS = frozenset({"sh", "bash", "dash", "ash", "zsh", "ksh", "source", "."})
_RUNNERS = frozenset(
    {"make", "just", "task", "invoke", "tox", "nox", "hatch", "rye", "pixi", "conda", "mamba", "micromamba"}
)
_HARMLESS_RUNNERS = frozenset({"clean", "config", "--version", "-V", "init", "info"})
_PIP = expression(r"pip3?(?:\.\d+)?")
_HARMLESS_SETTINGS = frozenset(
    (
        *("index-url", "extra-index-url", "trusted-host", "timeout", "retries", "cache-dir", "no-cache-dir", "proxy"),
        *("disable-pip-version-check", "root-user-action", "progress-bar", "break-system-packages", "default-timeout"),
    )
)
USERS = "/etc/passwd"
"""Where a system has its users."""
SYSTEM = ("/bin/", "/sbin/", "/usr/", "/opt/", "/root/", "/venv/", "/home/", "/etc/")
"""Where an image has what is its own."""


def find_effects(command: Command, image: Image) -> list[Layer]:
    """Return what a command does to the image."""
    layers: list[Layer] = []
    for path in _paths(command.writes, command):
        layers += [] if path.startswith("/dev/") else [Gone(path), Doubt(path)]
    return [*layers, *_program_effects(command, image), *list_allowed(command, image)]


def _paths(words: tuple[Word, ...], command: Command) -> list[str]:
    """Return the absolute paths that words name; what cannot be told is left out."""
    known = [word.text for word in words if word.known and word.text and (word.text.startswith("/") or command.folder)]
    return [normpath(join(command.folder or "/", text)) for text in known]


def _operands(command: Command) -> list[str]:
    return _paths(tuple(word for word in command.arguments if not word.text.startswith("-")), command)


def _program_effects(command: Command, image: Image) -> Iterator[Layer]:
    operands = _operands(command)
    if _INTERPRETER.fullmatch(command.program) and _is_given_a_program(command.arguments):
        yield Doubt("/")  # a program of the user's, on the command line
    if _PIP.fullmatch(command.program) and (key := _set_by_pip(command)) is not None and key not in _HARMLESS_SETTINGS:
        yield Doubt("/etc/pip.conf")
    if command.program in {"useradd", "adduser", "usermod", "newusers"}:
        yield Doubt(USERS)
    yield from _file_effects(command, operands, image)


def _file_effects(command: Command, operands: list[str], image: Image) -> Iterator[Layer]:
    match command.program:
        case "mkdir":
            yield from map(Made, operands)
        case "rm" | "unlink" | "rmdir":
            yield from (Gone(path) for operand in operands for path in _match(operand, image))
        case "find" if _removes_modules(command):
            yield from (layer for path in _start_of_find(command) for layer in (Gone(path), Doubt(path)))
        case "touch":
            yield from (Put(path, Inline(""), "") for path in operands if image.look(path) is None)
        case "cp" | "mv" | "ln" | "rsync" | "install" if len(operands) > 1:
            yield from _copies(command, operands, image)
        case "sed" | "perl" if any(re.match(r"-\w*i|--in-place", word.text) for word in command.arguments):
            meant = (path for operand in operands for path in _match(operand, image) if image.look(path))
            yield from (layer for path in meant for layer in (Gone(path), Doubt(path)))
        case (
            "tee" | "patch" | "tar" | "unzip" | "git" | "curl" | "wget" | "bsdtar" | "gunzip" | "svn" | "aws" | "gsutil"
        ):
            yield from map(Doubt, [*([command.folder] if command.folder else []), *operands])
        case "poetry" | "uv" | "pip-compile" | "pdm" | "pipenv" | "pip":
            yield from (layer for path in _outputs(command) for layer in (Gone(path), Doubt(path)))


def _removes_modules(command: Command) -> bool:
    """Tell whether a `find` removes what may be a module: it deletes, and no name that it looks for leaves these out."""
    words = [word.text for word in command.arguments]
    names = [name for option, name in pairwise(words) if option in {"-name", "-iname", "-path", "-ipath"}]
    removes = "-delete" in words or any(basename(word) == "rm" for word in words)
    return removes and (not names or any(fnmatchcase(one, name) for name in names for one in _MODULE))


_MODULE = ("module.py", "/folder/module.py")
"""A module as `-name` and `-path` see it."""


def _start_of_find(command: Command) -> list[str]:
    """Return the folders that a `find` looks through."""
    own = tuple(takewhile(lambda word: not word.text.startswith(("-", "(", "!")), command.arguments))
    return _paths(own or (Word("."),), command)


def _set_by_pip(command: Command) -> str | None:
    """Return the setting that `pip config set` gives a value, without its section."""
    words = [word.text for word in command.arguments if not word.text.startswith("-")]
    return words[2].rpartition(".")[2] if words[:2] == ["config", "set"] and words[2:] else None


def _is_given_a_program(words: tuple[Word, ...]) -> bool:
    """Tell whether an interpreter gets its program on the command line; what follows `-m` or a file is that one's."""
    own = takewhile(lambda word: word.text.startswith("-") and word.text != "-m", words)
    return any(word.text in {"-c", "-e"} for word in own)


def _outputs(command: Command) -> list[str]:
    words = command.arguments
    pairs = zip(words, (*words[1:], Word("")), strict=True)
    values = [
        value
        for option, value in pairs
        if option.text in {"-o", "--output", "--output-file", "-w", "--wheel-dir", "-d"}
    ]
    values += [
        Word(word.text.partition("=")[2]) for word in words if word.text.startswith(("--output", "--wheel-dir="))
    ]
    return _paths(tuple(values), command)


def _match(operand: str, image: Image) -> list[str]:
    return match_paths(operand, image) if WILD.search(operand) else [operand]


def _copies(command: Command, operands: list[str], image: Image) -> Iterator[Layer]:
    *sources, destination = operands
    into = image.look(destination)
    last = command.arguments[-1].text
    folder = (into is not None and into.kind == "folder") or last.endswith("/") or len(sources) > 1
    for operand in sources:
        for source in _match(operand, image):
            contents = any(
                word.text.endswith(("/.", "/*")) and operand in normpath(word.text) for word in command.arguments
            )
            place = join(destination, basename(source)) if folder and not contents else destination
            if image.look(source) is not None:
                yield Put(place, image, source, link=command.program == "ln")
                yield from [Allowed(place, runs=True)] if command.program == "install" else []
            else:
                yield Doubt(place)
            if command.program == "mv":
                yield Gone(source)


def why_not_followed(command: Command, image: Image) -> str | None:
    """Return what a command runs that may do anything, as a script of the user's may; None for all others."""
    words = command.words
    if not words:
        return None
    if not words[0].known:
        return words[0].text or "a program that a variable names"
    if command.program in _SHELLS or words[0].text == ".":
        script = next((word for word in words[1:] if not word.text.startswith("-")), None)
        return None if script is None or script.text.endswith("/activate") else f"{words[0].text} {script.text}"
    if command.program in _RUNNERS:
        first = words[1].text if len(words) > 1 else ""
        return None if first in _HARMLESS_RUNNERS else f"{words[0].text} {first}".strip()
    if command.program in {"xargs", "find", "parallel"} and any(basename(word.text) in _INSTALLERS for word in words):
        return f"{words[0].text} … {next(word.text for word in words if basename(word.text) in _INSTALLERS)}"
    return words[0].text if _is_users(command, image) else None


_INSTALLERS = frozenset({"pip", "pip3", "uv", "poetry"})


def _is_users(command: Command, image: Image) -> bool:
    """Tell whether a program is a file that the build context brought, and not one of the image's own."""
    path = find_started(command, image)
    place = image.look(path) if path is not None else None
    if place is None or path is None:
        return False
    return place.origin is not None or place.text is not None or not path.startswith(SYSTEM)
