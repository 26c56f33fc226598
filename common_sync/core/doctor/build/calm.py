"""Programs that run before a start and leave all as it is that the start needs: variables, the folder, files."""

from posixpath import basename

from common_sync.core.formats.python_command import is_python, read_python
from common_sync.core.formats.shell.script import Command
from common_sync.core.formats.shell.words import Word

_OF_THE_SHELL = frozenset(
    (
        *("echo", "printf", "true", "false", ":", "set", "shift", "trap", "wait", "sleep", "umask", "ulimit", "hash"),
        *("test", "[", "[[", "exit", "return", "kill", "type", "which", "command", "cat", "ls", "id", "whoami", "date"),
        *("hostname", "pwd", "printenv", "grep", "mkdir", "rm", "chown"),
    )
)
_WAITING = frozenset(
    {"nc", "pg_isready", "psql", "mysqladmin", "redis-cli", "wait-for-it", "wait-for-it.sh", "wait-for", "wait-for.sh"}
)
_OF_DATABASES = frozenset({"alembic", "django-admin", "flask", "aerich", "manage.py"})
_SERVING = frozenset({"gunicorn", "uvicorn", "hypercorn", "daphne", "granian", "celery", "nginx", "cron", "crond"})
_CALM = _OF_THE_SHELL | _WAITING | _OF_DATABASES | _SERVING
_ACTIVATE = "/activate"


def is_calm(command: Command) -> bool:
    """Tell whether a program leaves variables, the folder and files alone; one that nobody knows may do anything.

    Args:
        command: How it is run.
    """
    if any(not (word.known and word.text.startswith("/dev/")) for word in command.writes):
        return False
    program = command.program
    if is_python(program):
        python = read_python(command.arguments)
        program = python.module or (basename(python.script.text) if python.script is not None else "")
    elif program in {".", "source"}:
        return any(word.text.endswith(_ACTIVATE) for word in command.arguments[:1])
    sets = program == "printf" and command.arguments[:1] == (Word("-v"),)
    return (program in _CALM and not sets) or not command.words
