"""What is started with an image: ENTRYPOINT and CMD put together, and what their scripts run.

Source of the rules: https://docs.docker.com/reference/dockerfile/#understand-how-cmd-and-entrypoint-interact.
"""

from collections.abc import Iterator, Mapping
from posixpath import basename
from typing import NamedTuple

from common_sync.core.doctor.build.calm import is_calm
from common_sync.core.doctor.build.folders import is_told_folders
from common_sync.core.doctor.build.outcome import NotFollowed, Start, Started
from common_sync.core.doctor.image.effects import why_not_followed
from common_sync.core.doctor.image.files import Context, Image
from common_sync.core.doctor.image.lookup import SOURCING, at_script, find_read, find_started, is_shell
from common_sync.core.doctor.install.command import read_install
from common_sync.core.doctor.install.need import read_text
from common_sync.core.expressions import expression
from common_sync.core.formats.shell.conditions import Path, is_sure
from common_sync.core.formats.shell.script import Command, read_first_line, read_script, read_words
from common_sync.core.formats.shell.words import ARGUMENTS, Word, split_script

_SHIFTS = frozenset({"shift", "--"})
"""Words after which a script may no longer have the arguments that it was given."""
_PASSED = "\0@"
"""What stands for all arguments of a script; no word holds it."""
_DEEPEST = 5
_LOGIN = expression(r"-[a-z]*l[a-z]*")


class Surrounding(NamedTuple):
    """What an image is when it is started.

    Attributes:
        image: Its files.
        context: The build context that they came from.
        folder: Its current folder.
        environment: The variables that are set; None for one that nobody can tell.
        posix: Whether its shell is one of those that POSIX describes.
        login_path: The PATH that a login shell sets; nothing where it leaves PATH alone, or nobody can tell.
    """

    image: Image
    context: Context
    folder: str
    environment: Mapping[str, str | None]
    posix: bool
    login_path: str = ""


def list_started(starts: Mapping[str, Start], around: Surrounding) -> Iterator[Started]:
    """Yield the programs that are started with an image, and those that their scripts run.

    Args:
        starts: Its ENTRYPOINT and CMD, by these names.
        around: What the image is then.
    """
    is_open, found = False, list[Started]()
    for line, command in _first_commands(starts, around):
        for one, followed in _follow(command, around, 0):
            found.append(Started(line, one, is_open, is_told_folders(one, around.image, around.context)))
            is_open = is_open or not (followed or one.ends or is_calm(one))
    ways: dict[tuple[Word, ...], list[Command]] = {}
    for started in found:
        ways.setdefault(started.command.words, []).append(started.command)
    surely = {
        id(min(several, key=_count_wrappers)) for several in ways.values() if is_sure([*_list_ways(several)])
    }  # what only some of the ways go through is not sure
    for started in found:
        command = started.command
        yield started._replace(command=command._replace(under=())) if id(command) in surely else started


def _count_wrappers(command: Command) -> int:
    return len([one for one in command.through if one and one[0].text != "exec"])


def _list_ways(commands: list[Command]) -> Iterator[Path]:
    """Yield the ways on which one program runs: where the script goes on as it, also those that what follows does not go."""
    for command in commands:
        yield command.under
        for arm in command.ends:
            yield (arm,)
            for path in (one.under for one in commands):
                at = next((at for at, other in enumerate(path) if other.fork == arm.fork), 0)
                yield (*path[:at], arm)


def list_later_installs(starts: Mapping[str, Start], around: Surrounding) -> Iterator[NotFollowed]:
    """Yield what is started with an image and installs something then, or may.

    Args:
        starts: Its ENTRYPOINT and CMD, by these names.
        around: What the image is then.
    """
    for line, command in _first_commands(starts, around):
        script = _script_of(command, around)
        inner = _run(script, command, around) if script is not None else []
        if read_install(command) or inner is None or any(read_install(one) for one in inner):
            shown = " ".join(word.text for word in command.words[:3])
            yield NotFollowed(line, f"`{shown}` installs when the image is started")
        elif script is None and (what := why_not_followed(command, around.image)):
            yield NotFollowed(line, f"`{what}` is started with the image, and may install anything")


def _first_commands(starts: Mapping[str, Start], around: Surrounding) -> list[tuple[int, Command]]:
    """Return what ENTRYPOINT and CMD start together, each with the line that does; nothing where the shell is not known."""
    entry, command = starts.get("ENTRYPOINT"), starts.get("CMD")
    first = entry or command
    if first is None:
        return []
    if first.words is None:
        found = read_script(first.script, around.folder, around.environment) if around.posix else None
        return [(first.line, one) for one in found or ()]
    words = [word for _, word in list_first_words(starts)]
    return [(first.line, one) for one in read_words(words, around.folder, around.environment)]


def list_first_words(starts: Mapping[str, Start]) -> list[tuple[int, Word]]:
    """Return the words that ENTRYPOINT and CMD give to Docker together, each with its line; none where a shell gets a script.

    Args:
        starts: Its ENTRYPOINT and CMD, by these names.
    """
    entry, command = starts.get("ENTRYPOINT"), starts.get("CMD")
    first, second = entry or command, command if entry is not None else None
    words = [(first.line, one) for one in first.words or ()] if first is not None else []
    if words and second is not None:
        words += [(second.line, one) for one in (second.words if second.words is not None else _shell(second.script))]
    return words


def _shell(script: str) -> list[Word]:
    return [Word("/bin/sh"), Word("-c"), Word(script)]


def _follow(command: Command, around: Surrounding, depth: int) -> Iterator[tuple[Command, bool]]:
    """Yield a program, and those that its script runs, each with whether all that it does is in what follows it."""
    command = _log_in(command, around)
    script = _script_of(command, around) if depth < _DEEPEST else None
    inner = _run(script, command, around) if script is not None else None
    yield command, inner is not None and command.program not in SOURCING
    for one in inner or ():
        yield from _follow(one, around, depth + 1)


def _log_in(command: Command, around: Surrounding) -> Command:
    """Return a command with the PATH that a login shell has set, where it is started by one (`bash -lc`)."""
    logs_in = any(is_shell(basename(one[0].text)) and any(map(_is_login, one[1:])) for one in command.through)
    kept = command.environment.get("PATH") == around.environment.get("PATH")  # else its own words have set it
    if not (logs_in and kept and around.login_path):
        return command
    return command._replace(environment={**command.environment, "PATH": around.login_path})


def _is_login(word: Word) -> bool:
    return word.text == "--login" or _LOGIN.fullmatch(word.text) is not None


class _Script(NamedTuple):
    text: str
    arguments: tuple[Word, ...]


def _script_of(command: Command, around: Surrounding) -> _Script | None:
    """Return the script that a command runs, if the build context brought it."""
    at = at_script(command)
    path = find_read(command, around.image) if at else find_started(command, around.image)
    place = around.image.look(path) if path is not None else None
    text = read_text(place, around.context) if place is not None and place.kind == "file" else None
    return _Script(text, command.words[at + 1 :]) if text is not None else None


def _run(script: _Script, command: Command, around: Surrounding) -> list[Command] | None:
    """Return what a script runs, with its arguments where it passes them on; None where it cannot be read."""
    folder = command.folder or around.folder
    interpreter = _interpreter_of(script.text)
    if not is_shell(interpreter.program):
        words = [*interpreter.words, command.words[0], *script.arguments]
        return read_words(words, folder, {**command.environment, **interpreter.environment})
    tokens = split_script(script.text) or []
    passed = {} if any(token.text in _SHIFTS for token in tokens) else {ARGUMENTS: _PASSED}
    found = read_script(script.text, folder, {**command.environment, **passed})
    return [inner for one in found for inner in _pass_on(one, script.arguments)] if found is not None else None


def _interpreter_of(text: str) -> Command:
    """Return what runs a script by its first line."""
    return next(iter(read_words(read_first_line(text) or [Word("sh")], None, {})), Command((Word("sh"),), None))


def _pass_on(command: Command, arguments: tuple[Word, ...]) -> list[Command]:
    """Return what a command runs once the arguments of its script are put in."""
    words = [one for word in command.words for one in (arguments if word.text == _PASSED else (word,))]
    if tuple(words) == command.words:
        return [command]
    started = read_words(words, command.folder, command.environment)
    through = command.through
    whole = (one._replace(under=(*command.under, *one.under), through=(*through, *one.through)) for one in started)
    return [one._replace(ends=command.ends or one.ends) for one in whole]
