"""Servers that settings tell where modules are: by a variable, or by a file.

Sources: https://docs.gunicorn.org/en/stable/configure.html and https://www.uvicorn.org/settings/.
"""

import re
from posixpath import join, normpath

from common_sync.core.doctor.image.files import Context, Image
from common_sync.core.doctor.install.need import read_text
from common_sync.core.expressions import expression
from common_sync.core.formats.python_command import is_python, read_python
from common_sync.core.formats.shell.script import Command

_VARIABLES = ("GUNICORN_CMD_ARGS", "UVICORN_APP_DIR", "GRANIAN_WORKING_DIR")
_FOLDERS = expression(r"chdir|pythonpath|sys\.path|addsitedir|import \*|exec|wsgi_app", re.IGNORECASE)
"""What a file of gunicorn's settings has in it where it says where modules are."""


def is_told_folders(command: Command, image: Image, context: Context) -> bool:
    """Tell whether settings may tell a server of more folders than its words do.

    Args:
        command: How it is started.
        image: The files that are there then.
        context: The build context that they came from.
    """
    if any(command.environment.get(name, "") != "" for name in _VARIABLES):
        return True
    by_python = is_python(command.program)
    program = read_python(command.arguments).module.partition(".")[0] if by_python else command.program
    if program != "gunicorn":
        return False
    words = [word.text for word in command.arguments]
    named = any(word.startswith(("-c", "--config")) for word in words[2 * by_python :])
    place = image.look(normpath(join(command.folder or "/", "gunicorn.conf.py")))
    text = read_text(place, context) if place is not None and place.kind == "file" else ""
    return named or text is None or _FOLDERS.search(text) is not None
