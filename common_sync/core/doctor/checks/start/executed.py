"""Scripts that an image is started with and that nothing executes: without the right, without a first line for it, or with CR LF.

Source of the rules: https://man7.org/linux/man-pages/man2/execve.2.html. A shell runs a script without a first line `#!` itself,
Docker does not. A shell takes the CR at the end of a line for a part of its last word (tried with dash and Bash).
"""

from collections.abc import Iterator
from itertools import pairwise
from posixpath import basename

from common_sync.core.doctor.build.outcome import NotFollowed, Ran, StageEnd, Started
from common_sync.core.doctor.checks.start.begun import Begun, is_told, leaves_nothing
from common_sync.core.doctor.checks.start.conditions import UNTOLD, is_needed
from common_sync.core.doctor.image.files import Place
from common_sync.core.doctor.image.lookup import SOURCING, find_read, find_started
from common_sync.core.doctor.image.permissions import may_run
from common_sync.core.doctor.install.need import read_text
from common_sync.core.doctor.view import View
from common_sync.core.expressions import expression
from common_sync.core.findings import make_finding
from common_sync.core.formats.shell.script import Command
from common_sync.core.model import Finding
from common_sync.core.paths import below


def check_executed(view: View, begun: Begun) -> Iterator[Finding]:
    """Yield the scripts that an image is started with and that are not executed.

    Args:
        view: The service.
        begun: How the image is started.
    """
    for at, started in enumerate(begun.end.started):
        by_docker = at == 0 and _is_first_word(started, begun.end)
        found = _why_not(started, begun, by_docker=by_docker)
        needed = is_needed(started.command.words[0].text, started, begun) if found is not None else False
        if found is not None and needed is not False:
            said, remedy = found
            message = f"{'' if needed else UNTOLD}`{started.shown}` is started with the image, and {said}"
            code = "CS220" if needed else "CS213"
            yield make_finding(code, view.service.path, begun.file, started.line, message, remedy)


def _why_not(started: Started, begun: Begun, *, by_docker: bool) -> tuple[str, str] | None:
    """Return why the system does not execute a program, or a shell not the script that it reads; None where they do."""
    command, image = started.command, begun.end.image
    script = find_read(command, image) if command.program not in SOURCING else None
    if script is not None and not _is_mounted(script, begun) and (found := _why_not_read(script, begun)) is not None:
        return found
    path = find_started(command, image)
    return _why_not_run(path, begun, by_docker=by_docker) if path is not None and not _is_mounted(path, begun) else None


def _is_mounted(path: str, begun: Begun) -> bool:
    return any(below(path, one.target) is not None for one in begun.mounts)


def _why_not_read(path: str, begun: Begun) -> tuple[str, str] | None:
    """Return that a shell is given lines that end in CR LF, and what to do; None where it is not, or nobody can tell."""
    place = begun.end.image.look(path)
    text = read_text(place, begun.image.context) if place is not None and place.kind == "file" else None
    if text is None or _LINE_OF_WINDOWS.search(text) is None or _may_be_mended(begun):
        return None
    return f"the lines of {path} end in CR LF, so that a shell takes the CR for a part of each last word", _SAVE


def _is_first_word(started: Started, end: StageEnd) -> bool:
    """Tell whether it is Docker that executes a program, and no shell or wrapper."""
    first = end.starts.get("ENTRYPOINT") or end.starts.get("CMD")
    return first is not None and first.words is not None and first.words[:1] == started.command.words[:1]


def _why_not_run(path: str, begun: Begun, *, by_docker: bool) -> tuple[str, str] | None:
    """Return why the system does not execute a file, and what to do; None where it does, or nobody can tell."""
    image, context = begun.end.image, begun.image.context
    place = image.look(path)
    if place is None or place.kind != "file":
        return None
    if (found := _why_no_bit(path, place, begun)) is not None:
        return found
    first, ending, _ = (read_text(place, context) or "#!").partition("\n")
    if first.startswith("#!") and first.endswith("\r") and ending and not _may_be_mended(begun):
        return f"the first line of {path} ends in CR LF, so that no such interpreter is found", _SAVE
    if by_docker and not first.startswith("#!") and place.origin is not None:
        return (
            f"{path} does not begin with `#!`, so that Docker cannot execute it",
            "write `#!/bin/sh` as its first line",
        )
    return None


def _why_no_bit(path: str, place: Place, begun: Begun) -> tuple[str, str] | None:
    """Return that a file lacks the right to be executed, here or in a clone, and what to do; None where it has it in both."""
    image, context, name = begun.end.image, begun.image.context, place.origin or basename(path)
    here, there = (may_run(path, image, context, cloned=cloned) for cloned in (False, True))
    if is_told(begun.image, NotFollowed) or False not in {here, there}:
        return None
    said = f"{path} may not be executed: "
    in_git, on_disk = f"`git update-index --chmod=+x {name}`", f"`chmod +x {name}`"
    instead = f"or write `RUN chmod +x {path}` after its COPY"
    if here is False and there is True:
        said += "it has no x bit on this disk, though git has it with one: what is built in CI does start"
        return said, f"run {on_disk}, {instead}"
    if here is True:
        said = f"in a build of a clone, as in CI, {said}git has it without an x bit, though this disk has it with one"
        return said, f"run {in_git} and commit it, {instead}"
    return f"{said}it has no x bit", f"run {in_git} and {on_disk}, {instead}"


_SAVE = "save it with LF, and write `*.sh text eol=lf` into .gitattributes"
_LINE_OF_WINDOWS = expression(r"(?m)^[ \t]*[^#\s][^\n]*\r\n")
"""A line with a command that ends in CR LF."""


def _may_be_mended(begun: Begun) -> bool:
    """Tell whether a build may write the lines of a script anew: by a program that nobody knows, or one that does so to any file."""
    build = begun.image.build
    if not all(leaves_nothing(build, number) for number in range(len(build.stages))):
        return True
    commands = (step.command for stage in build.stages for step in stage.steps if isinstance(step, Ran))
    return any(_rewrites_any(command) for command in commands)


def _rewrites_any(command: Command) -> bool:
    """Tell whether a command writes files anew that it does not name: what it names is followed."""
    words = [word.text for word in command.arguments]
    if command.program == "find":
        return any(before in {"-exec", "-execdir"} and run not in _KEEPING for before, run in pairwise(words))
    return command.program == "sed" and any(not word.known or "{" in word.text for word in command.arguments)


_KEEPING = frozenset({"chmod", "chown", "rm"})
"""What `find` may run that writes into no file."""
