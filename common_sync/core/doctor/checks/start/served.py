"""What a server of Python's is told to serve: a module by its name, or a file.

Sources: the documentation of uvicorn, gunicorn, Celery (`celery --help`), Flask (`flask --help`), Streamlit and FastAPI's command.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise

from common_sync.core.expressions import expression
from common_sync.core.formats.shell.script import Command
from common_sync.core.formats.shell.words import Word

_SERVED = expression(r"(?P<module>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):[A-Za-z_][\w.]*(?:\(.*\))?")
_MODULE = expression(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_ADDRESSES = frozenset({"-b", "--bind", "-h", "--host", "-k", "--worker-class", "--log-config"})
_FLAGS_OF_GUNICORN = frozenset({"--reload", "--preload", "--daemon", "-D", "--capture-output", "--no-sendfile"})
"""Options of gunicorn without a value, so that what follows is no value either."""
_BY_OPTION = frozenset({"celery", "flask"})
_BY_FILE = frozenset({"streamlit", "fastapi"})


def read_served(program: str, command: Command) -> str:
    """Return the module that a server is told to serve, as in `uvicorn app.main:app`; nothing where it is told none.

    Args:
        program: The server's name.
        command: How it is started.
    """
    words = command.arguments
    if program in _BY_OPTION:
        name = _name_served(program, command)
        return name if _MODULE.fullmatch(name) and not name.endswith(".py") else ""
    pairs = [*pairwise((Word(""), *words))]
    found = (_SERVED.fullmatch(word.text) for before, word in pairs if word.known and before.text not in _ADDRESSES)
    named = next((one["module"] for one in found if one is not None), "")
    return named or (next(_list_plain(pairs), "") if program == "gunicorn" else "")


def _list_plain(pairs: Sequence[tuple[Word, Word]]) -> Iterator[str]:
    """Yield the modules that gunicorn is told without a name in it, as in `gunicorn site.wsgi`: no value of an option."""
    for before, word in pairs:
        free = not before.text.startswith("-") or "=" in before.text or before.text in _FLAGS_OF_GUNICORN
        if free and before.text != "-m" and word.known and _MODULE.fullmatch(word.text):
            yield word.text


def _name_served(program: str, command: Command) -> str:
    """Return what a server is told to serve, without the object after its colon; nothing where nobody can tell."""
    told = _application(program, command)
    return told.text.partition(":")[0] if told is not None and told.known else ""


def _application(program: str, command: Command) -> Word | None:
    """Return what `-A` or `--app` names, or for Flask a variable; None where nothing does."""
    words = command.arguments
    for word, after in pairwise((*words, Word("", known=False))):
        if word.text in {"-A", "--app"}:
            return after
        if word.text.startswith("--app="):
            return word._replace(text=word.text.removeprefix("--app="))
        if word.text.startswith("-A"):
            return word._replace(text=word.text.removeprefix("-A"))
    value = command.environment.get("FLASK_APP", "") if program == "flask" else ""
    return Word(value) if value else None


def read_served_file(command: Command) -> Word | None:
    """Return the file that a server is told to serve, as in `streamlit run app.py`; None where it is told none.

    Args:
        command: How it is started.
    """
    if command.program == "flask":
        name = _name_served("flask", command)
        return Word(name) if name.endswith(".py") else None
    if command.program not in _BY_FILE or [word.text for word in command.arguments[:1]] not in (["run"], ["dev"]):
        return None
    return next((one for one in command.arguments if one.text.endswith(".py") and "://" not in one.text), None)
