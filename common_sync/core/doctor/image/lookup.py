"""Which file of an image a command starts: by its path, or by the folders of PATH.

Source of the rules: https://man7.org/linux/man-pages/man3/exec.3.html.
"""

from posixpath import basename, join, normpath

from common_sync.core.doctor.image.files import Image
from common_sync.core.expressions import expression
from common_sync.core.formats.shell.script import Command


def list_folders(command: Command) -> list[str]:
    """Return the folders in which a program without a path is looked for; none where nobody can tell."""
    return [normpath(one) for one in (command.environment.get("PATH") or "").split(":") if one.startswith("/")]


def find_started(command: Command, image: Image) -> str | None:
    """Return the absolute path of what a command starts: of a program with a path where that is, else of a file that PATH leads to.

    Args:
        command: The command.
        image: The files that are there then.

    Returns:
        The path; None where the word or the folder is not known, and where no file of the build is in a folder of PATH.
    """
    word = command.words[0] if command.words else None
    if word is None or not word.known or not word.text:
        return None
    if "/" in word.text:
        relative = not word.text.startswith("/")
        return None if relative and command.folder is None else normpath(join(command.folder or "/", word.text))
    return find_by_path(word.text, command, image)


def find_by_path(program: str, command: Command, image: Image) -> str | None:
    """Return the absolute path of the file of the build that is the first of its name in PATH; None where there is none.

    Args:
        program: The program's name, without a path.
        command: What starts it: it has PATH.
        image: The files that are there then.
    """
    for path in (join(folder, program) for folder in list_folders(command)):
        place = image.look(path)
        if place is not None and place.kind == "unknown":
            return None  # perhaps it is another one
        if place is not None and place.kind == "file":
            return path
    return None


def find_read(command: Command, image: Image) -> str | None:
    """Return the absolute path of the script that a shell is told to read: beside it, or for Bash also what PATH leads to.

    Args:
        command: How the shell is started.
        image: The files that are there then.

    Returns:
        The path; None where it is no shell, reads no script, or nobody can tell which.
    """
    at = at_script(command)
    word = command.words[at] if at else None
    if word is None or not word.known or not word.text or (command.folder is None and not word.text.startswith("/")):
        return None
    path = normpath(join(command.folder or "/", word.text))
    if "/" in word.text or command.program not in _LOOK_FURTHER or image.look(path) is not None:
        return path
    return find_by_path(word.text, command, image) or path


def at_script(command: Command) -> int:
    """Return which word of a command names the script that a shell reads; 0 where it is no shell, or reads none."""
    if not is_shell(command.program) and command.program not in SOURCING:
        return 0
    queue = enumerate(command.words[1:], 1)
    for at, word in queue:
        if not word.text.startswith(("-", "+")):
            return at
        if _TAKES_CODE.fullmatch(word.text) and command.program not in SOURCING:
            return 0
        if _TAKES_VALUE.fullmatch(word.text):
            next(queue, None)
    return 0


def is_shell(program: str) -> bool:
    """Tell whether a program, by its name, is one of the shells that POSIX describes."""
    return _SHELL.fullmatch(program) is not None


_SHELL = expression(r"(?:ba|da|a|z|k)?sh")
SOURCING = frozenset({".", "source"})
"""What runs a script in the shell itself, with all that it sets."""
_TAKES_CODE = expression(r"-[a-z]*c[a-z]*")
_TAKES_VALUE = expression(r"[-+][a-zA-Z]*[oO]|--(?:rcfile|init-file)")
_LOOK_FURTHER = frozenset({"bash", ".", "source"})
"""What looks for a script in PATH as well, where none is in the current folder; `dash` does not (tried with 0.5.12)."""


def may_be_in_path(program: str, command: Command, image: Image) -> bool:
    """Tell whether a file in a folder of PATH has a program's name, or may have it, for all that the lines of a Dockerfile put there.

    Args:
        program: The program's name, without a path.
        command: What starts it: it has PATH.
        image: The files that are there then.
    """
    return any(image.look(join(folder, basename(program))) is not None for folder in list_folders(command))
