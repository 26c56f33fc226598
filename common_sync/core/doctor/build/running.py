"""What a RUN comes to: the script that a shell reads, and the line that makes something doubtful."""

import re
from collections.abc import Iterator
from posixpath import join, normpath
from shlex import quote
from textwrap import dedent

from common_sync.core.doctor.image.effects import SYSTEM, Layer
from common_sync.core.doctor.image.files import Allowed, Doubt, Image, Made, Put
from common_sync.core.expressions import expression
from common_sync.core.formats.dockerfile.syntax import Instruction
from common_sync.core.formats.python_command import is_python, read_python
from common_sync.core.formats.shell.script import Command
from common_sync.core.paths import below


def explain(layer: Layer, command: Command, line: int) -> Layer:
    """Say of what is in doubt which line makes it so."""
    if not isinstance(layer, Doubt) or layer.why:
        return layer
    return layer._replace(why=f"line {line} runs `{command.program or 'a program'}`, and what it leaves is unknown")


def hedge(layer: Layer, command: Command, image: Image, line: int) -> Iterator[Layer]:
    """Yield what a command may do that runs only if a condition holds: what is put is in doubt, and what is removed may stay."""
    why = f"line {line} runs `{command.program}` only if a condition holds"
    if command.certain:
        yield layer
    elif isinstance(layer, Doubt):
        yield layer._replace(hangs=True)
    elif isinstance(layer, Allowed):
        yield layer._replace(runs=None)
    elif isinstance(layer, Put | Made):
        yield layer if image.look(layer.place) is not None else Doubt(layer.place, why, hangs=True)
    elif image.look(layer.place) is not None:
        yield from (layer, Doubt(layer.place, why, hangs=True))


_FED = expression(r"\s*(\S*python[\d.]*)\s+(?:-\s*)?<<[-~]?['\"]?\w+['\"]?\s*")
"""Python that is fed its program: `python <<EOF`."""
_FIRST_LINE = expression(r"\A#![^\n]*")
_ALONE = expression(r"\s*<<[-~]?['\"]?\w+['\"]?\s*")
_PYTHON_FIRST = expression(r"#![^\n]*?(python[\d.]*)[ \t]*\n")
"""A first line that has Python run what follows."""


def script_of(instruction: Instruction) -> str | None:
    """Return what the shell of a RUN reads; nothing for a script in another language, None for what nobody can tell."""
    text = instruction.arguments.text
    if not instruction.heredocs:
        return text
    body = instruction.heredocs[0].content
    if python := _FED.fullmatch(text) or (_PYTHON_FIRST.match(body) if _ALONE.fullmatch(text) else None):
        return f"{python[1]} -c {quote(dedent(_FIRST_LINE.sub('', body)).strip())}"
    before = re.match(r"\s*(?P<program>[^\s<]*)[^<]*<<", text)
    program = before["program"].rpartition("/")[2] if before else ""
    if program in {"", "sh", "bash", "dash", "ash", "zsh"}:
        first = body.partition("\n")[0]
        return body if program or not first.startswith("#!") or re.search(r"sh\b", first) else None
    return text


def find_absent_script(command: Command, image: Image) -> str | None:
    """Return that a command runs a script which nothing has put into the image; None where something has, or may have.

    Args:
        command: The command.
        image: The files that are there then.
    """
    first = command.words[0] if command.words and command.certain and not command.passed_over else None
    script = first if first is not None and _OF_USERS.fullmatch(first.text) else None
    if first is not None and is_python(command.program):
        script = read_python(command.arguments).script
    folder = command.folder or ""
    if script is None or not script.known or script.text == "-" or not (script.text.startswith("/") or folder):
        return None
    path = normpath(join(folder, script.text))
    of_system = path.startswith((*SYSTEM, "/dev/", "/proc/")) and (folder == "/" or below(path, folder) is None)
    if of_system or image.look(path) is not None:
        return None
    return f"runs `{' '.join(word.text for word in command.words[:4])}`, and nothing has put {path} there before"


_OF_USERS = expression(r"\.{1,2}/.*|.*/.*\.(?:sh|py)")
"""How a script of the user's own is started."""
