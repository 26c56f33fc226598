"""Scripts that an image is started with and that the system does not execute: without the right, or without a first line for it.

Source of the rules: https://man7.org/linux/man-pages/man2/execve.2.html. A shell runs a script without a first line `#!` itself,
Docker does not.
"""

from collections.abc import Iterator
from itertools import pairwise
from posixpath import basename, join, normpath

from common_sync.core.doctor.build.outcome import NotFollowed, Ran, StageEnd, Started
from common_sync.core.doctor.checks.begun import Begun, is_told, leaves_nothing
from common_sync.core.doctor.image.permissions import may_run
from common_sync.core.doctor.install.need import read_text
from common_sync.core.doctor.view import View
from common_sync.core.findings import make_finding
from common_sync.core.formats.shell.script import Command
from common_sync.core.model import Finding, below


def check_executed(view: View, begun: Begun) -> Iterator[Finding]:
    """Yield the scripts that an image is started with and that are not executed.

    Args:
        view: The service.
        begun: How the image is started.
    """
    for at, started in enumerate(begun.end.started):
        path = _path_of(started)
        if path is None or any(below(path, one.target) is not None for one in begun.mounts):
            continue
        found = _why_not_run(path, begun, by_docker=at == 0 and _is_first_word(started, begun.end))
        if found is not None:
            said, remedy = found
            message = f"`{started.shown}` is started with the image, and {said}"
            yield make_finding("CS220", view.service.path, begun.file, started.line, message, remedy)


def _path_of(started: Started) -> str | None:
    """Return the absolute path of a program that is started in any case by its path; None where it is none."""
    command = started.command
    if not command.words or not started.sure:
        return None
    word = command.words[0]
    if not word.known or "/" not in word.text or (command.folder is None and not word.text.startswith("/")):
        return None
    return normpath(join(command.folder or "/", word.text))


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
    if may_run(path, image, context) is False and not is_told(begun.image, NotFollowed):
        name = place.origin or basename(path)
        remedy = f"run `git update-index --chmod=+x {name}` and `chmod +x {name}`, or write `RUN chmod +x {path}` after its COPY"
        return f"{path} may not be executed: it has no x bit", remedy
    first, ending, _ = (read_text(place, context) or "#!").partition("\n")
    if first.startswith("#!") and first.endswith("\r") and ending and not _may_be_mended(begun):
        return f"the first line of {path} ends in CR LF, so that no such interpreter is found", (
            "save it with LF, and write `*.sh text eol=lf` into .gitattributes"
        )
    if by_docker and not first.startswith("#!") and place.origin is not None:
        return (
            f"{path} does not begin with `#!`, so that Docker cannot execute it",
            "write `#!/bin/sh` as its first line",
        )
    return None


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
