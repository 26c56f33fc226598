"""Installs that get the words of a file: `pip install $(cat requirements.txt)`, `xargs pip install < requirements.txt`."""

from posixpath import join, normpath

from common_sync.core.doctor.image.files import Context, Image
from common_sync.core.doctor.install.need import read_text
from common_sync.core.expressions import expression
from common_sync.core.formats.shell.script import Command
from common_sync.core.formats.shell.words import Word

_ODD = expression(r"[\"'\\#;$`*?]|--hash")
"""What the shell, `xargs` or pip takes for something else than it is in a file of requirements."""


def put_in_words(command: Command, image: Image, context: Context) -> Command:
    """Return a command with the words of the files that it gets, where these are plain; else it is left as it is.

    Args:
        command: The command.
        image: The files that are there then.
        context: The build context that they came from.
    """
    if not any(word.listed for word in command.words):
        return command
    words: list[Word] = []
    for word in command.words:
        known = word.listed.startswith("/") or command.folder is not None
        place = image.look(normpath(join(command.folder or "/", word.listed))) if word.listed and known else None
        text = read_text(place, context) if place is not None and place.kind == "file" else None
        words += [word] if text is None or _ODD.search(text) else map(Word, text.split())
    return command._replace(words=tuple(words))
