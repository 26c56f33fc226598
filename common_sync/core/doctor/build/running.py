"""What a RUN comes to: the script that a shell reads, the line that makes something doubtful, what may only be read."""

import re
from collections.abc import Iterable

from common_sync.core.doctor.image.effects import Layer
from common_sync.core.doctor.image.files import Doubt
from common_sync.core.doctor.install.need import Need
from common_sync.core.formats.dockerfile.syntax import Instruction
from common_sync.core.formats.shell.script import Command
from common_sync.core.model import below


def explain(layer: Layer, command: Command, line: int) -> Layer:
    """Say of what is in doubt which line makes it so."""
    if not isinstance(layer, Doubt) or layer.why:
        return layer
    return layer._replace(why=f"line {line} runs `{command.program or 'a program'}`, and what it leaves is unknown")


def refuse_locked(need: Need, locked: Iterable[str]) -> Need:
    """Say of a project that its build has to write beside it, where it lies in what may only be read."""
    mount = next((place for place in locked if need.path and below(need.path, place) is not None), None)
    builds = need.kind == "project" and need.state == "there" and need.project is not None
    if mount is None or not builds or need.project is None or need.project.backend != "setuptools":
        return need
    reason = (
        f"setuptools writes into the folder of the project, and the mount {mount} may only be read: add `,rw` to it"
    )
    return need if need.editable else need._replace(refused=reason)


def script_of(instruction: Instruction) -> str | None:
    """Return what the shell of a RUN reads; nothing for a script in another language, None for what nobody can tell."""
    text = instruction.arguments.text
    if not instruction.heredocs:
        return text
    body = instruction.heredocs[0].content
    before = re.match(r"\s*(?P<program>[^\s<]*)[^<]*<<", text)
    program = before["program"].rpartition("/")[2] if before else ""
    if program in {"", "sh", "bash", "dash", "ash", "zsh"}:
        first = body.partition("\n")[0]
        return body if program or not first.startswith("#!") or re.search(r"sh\b", first) else None
    return text
