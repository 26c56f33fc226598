"""Words that are meant for a shell, in what no shell reads.

What Docker does with them was tried (`make e2e` starts rows like these). What Compose does is in the program that cuts its strings,
https://github.com/mattn/go-shellwords, and was not tried.
"""

from collections.abc import Mapping

import pytest
from support.contexts import BASE, LIBRARY, check_starts, view_of

from common_sync.core.doctor.checks.start.unshelled import check_unshelled
from common_sync.core.formats.compose.built import Layer, locate_service
from common_sync.core.formats.compose.file import read_compose_file
from common_sync.edges.files.yaml import parse_documents

ALL = BASE + "COPY . .\nRUN pip install ./common gunicorn\n"
ENTRY = 'ENTRYPOINT ["./entry.sh"]\n'
PASS_ON = {"entry.sh": '#!/bin/sh\nexec "$@"\n'}

ROWS: dict[str, tuple[str, Mapping[str, str], str]] = {
    # operators
    "one after the other": ('CMD ["python", "manage.py", "migrate", "&&", "gunicorn", "app"]', {}, "CS220:5"),
    "one or the other": ('CMD ["python", "a.py", "||", "true"]', {}, "CS220:5"),
    "a pipe": ('CMD ["python", "a.py", "|", "tee", "log"]', {}, "CS220:5"),
    "a semicolon": ('CMD ["cd", "src", ";", "python", "a.py"]', {}, "CS220:5"),
    "in the background": ('CMD ["celery", "worker", "&", "gunicorn", "app"]', {}, "CS220:5"),
    "as an ENTRYPOINT": ('ENTRYPOINT ["python", "a.py", "&&", "gunicorn", "app"]', {}, "CS220:5"),
    "in a CMD for an ENTRYPOINT": ('ENTRYPOINT ["python"]\nCMD ["a.py", "&&", "b"]', {}, "CS220:6"),
    "in a CMD for a script": (ENTRY + 'CMD ["python", "a.py", "&&", "b"]', PASS_ON, "CS220:6"),
    "in a CMD for a script with a shell of its own": (
        ENTRY + 'CMD ["python", "a.py", "&&", "b"]',
        {"entry.sh": '#!/bin/sh\neval "$@"\n'},
        "",
    ),
    "in a CMD for a script that puts it into a shell": (
        ENTRY + 'CMD ["a", "&&", "b"]',
        {"entry.sh": '#!/bin/sh\nsh -c "$*"\n'},
        "",
    ),
    "in a CMD for what nobody can read": (
        'RUN echo x > /e.sh\nENTRYPOINT ["/e.sh"]\nCMD ["a", "&&", "b"]',
        {},
        "",
    ),
    "in a CMD for a folder": ('ENTRYPOINT ["/app"]\nCMD ["a", "&&", "b"]', {}, "CS220:6"),
    "under a wrapper": ('CMD ["tini", "--", "python", "a.py", "&&", "b"]', {}, "CS220:5"),
    "beside the script of a shell": ('CMD ["sh", "-c", "python a.py", "&&", "b"]', {}, "CS220:5"),
    "for a shell": ('CMD ["sh", "-c", "python a.py && exec gunicorn app"]', {}, ""),
    "for Bash": ('CMD ["bash", "-lc", "python a.py | tee log"]', {}, ""),
    "in shell form": ("CMD python a.py && exec gunicorn app > log", {}, ""),
    "a CMD in shell form for an ENTRYPOINT": (ENTRY + "CMD python a.py && gunicorn app", PASS_ON, ""),
    "a part of a word": ('CMD ["nginx", "-g", "daemon off; user x;"]', {}, ""),
    "of find": ('CMD ["find", "/x", "-exec", "rm", "{}", ";"]', {}, ""),
    "of a test": ('CMD ["test", "1", ">", "2"]', {}, ""),
    "as the last word": ('CMD ["python", "a.py", "&"]', {}, "CS213:5"),
    "the script of a shell": ('CMD ["sh", "-c", ">"]', {}, ""),
    "an output": ('CMD ["python", "a.py", ">", "/dev/stdout"]', {}, "CS213:5"),
    "an output in one word": ('CMD ["python", "a.py", "2>&1"]', {}, "CS213:5"),
    "an output at a path": ('CMD ["python", "a.py", ">>/var/log/x"]', {}, "CS213:5"),
    "a bound of a version": ('CMD ["pip", "install", ">=1"]', {}, ""),
    "only one word": ('CMD ["python"]', {}, ""),
    "nothing": ("", {}, ""),
    "no words": ("CMD []", {}, ""),
    # variables
    "a port": ('CMD ["gunicorn", "-b", "0.0.0.0:$PORT", "main:app"]', {}, "CS220:5"),
    "a port in brackets": ('CMD ["gunicorn", "--bind=0.0.0.0:${PORT}", "main:app"]', {}, "CS220:5"),
    "a port with a default": ('CMD ["uvicorn", "main:app", "--port", "${PORT:-80}"]', {}, "CS220:5"),
    "a port that ENV sets": ('ENV PORT=80\nCMD ["uvicorn", "main:app", "--port", "$PORT"]', {}, "CS220:6"),
    "a port, by a module": ('CMD ["python", "-m", "uvicorn", "main:app", "--port", "$PORT"]', {}, "CS220:5"),
    "a port of Django's": ('CMD ["python", "manage.py", "runserver", "0.0.0.0:$PORT"]', {}, "CS220:5"),
    "a port of Python's": ('CMD ["python", "-m", "http.server", "$PORT"]', {}, "CS220:5"),
    "a port of Streamlit's": ('CMD ["streamlit", "run", "a.py", "--server.port=$PORT"]', {}, "CS220:5"),
    "what a program prints": ('CMD ["gunicorn", "-w", "$(nproc)", "main:app"]', {}, "CS220:5"),
    "workers": ('CMD ["gunicorn", "-w", "$WORKERS", "main:app"]', {}, "CS220:5"),
    "a port in the argument of an ENTRYPOINT": (
        'ENTRYPOINT ["gunicorn"]\nCMD ["-b", ":$PORT", "main:app"]',
        {},
        "CS220:5",
    ),
    "a port, with what is passed on": (ENTRY + 'CMD ["gunicorn", "-b", ":$PORT", "main:app"]', PASS_ON, "CS220:5"),
    "a port in single quotes": ("CMD gunicorn -b '0.0.0.0:$PORT' main:app", {}, "CS220:5"),
    "a level": ('CMD ["gunicorn", "--log-level", "$LEVEL", "main:app"]', {}, "CS213:5"),
    "for a program of the service": ('CMD ["python", "main.py", "--config", "$CONFIG"]', {}, "CS213:5"),
    "a port for a shell": ('CMD ["sh", "-c", "gunicorn -b 0.0.0.0:$PORT main:app"]', {}, ""),
    "a port for a shell with exec": ('CMD ["bash", "-c", "exec uvicorn main:app --port ${PORT:-80}"]', {}, ""),
    "a port in shell form": ("CMD gunicorn -b 0.0.0.0:$PORT main:app", {}, ""),
    "a port in shell form, with a default": ("CMD gunicorn -b 0.0.0.0:${PORT:-80} main:app", {}, ""),
    "a port in a script": (ENTRY, {"entry.sh": "#!/bin/sh\nexec gunicorn -b :$PORT main:app\n"}, ""),
    "only under a condition": ("CMD test -f x && gunicorn -b ':$PORT' main:app", {}, ""),
    "a number": ('CMD ["gunicorn", "-b", "0.0.0.0:8000", "main:app"]', {}, ""),
    "a dollar": ('CMD ["gunicorn", "--access-logformat", "%(h)s $", "main:app"]', {}, ""),
    "small letters": ('CMD ["python", "main.py", "^a$b"]', {}, ""),
    "for another program": ('CMD ["envsubst", "$PORT"]', {}, ""),
    "in code": ('CMD ["python", "-c", "print(\'$PORT\')"]', {}, ""),
    "in code of Django's": ('CMD ["python", "manage.py", "shell", "-c", "print(\'$PORT\')"]', {}, ""),
    "nothing that is started": ("CMD X=1", {}, ""),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_word_for_a_shell_needs_one(name: str) -> None:
    """A service would be called proven whose second program is never started, or whose server gets `$PORT` for a number."""
    start, files, expected = ROWS[name]
    view = view_of({**LIBRARY, "main.py": "", **files}, f"{ALL}{start}\n")
    assert " ".join(f"{one.code}:{one.line}" for one in check_starts(check_unshelled, view)) == expected


SET = "    environment: {PORT: 8000}\n"
COMPOSED: dict[str, tuple[str, str]] = {
    "a string": ("command: gunicorn -b 0.0.0.0:8000 main:app", ""),
    "one after the other": ("command: python manage.py migrate && gunicorn main:app", "CS220:4"),
    "one after the other, without blanks": ("command: python a.py;gunicorn main:app", "CS220:4"),
    "one after the other, over two lines": ("command: >\n      python a.py &&\n      gunicorn main:app", "CS220:4"),
    "a pipe": ("command: python a.py | tee log", "CS220:4"),
    "in the background": ("command: python a.py &", ""),
    "a semicolon at the end": ("command: python a.py;", ""),
    "an output": ("command: python a.py > log", ""),
    "an output of errors": ("command: python a.py 2>&1", ""),
    "in quotes": ("command: python a.py '&& x' \"; y\"", ""),
    "for a shell": ('command: sh -c "python a.py && gunicorn main:app"', ""),
    "for a shell, escaped": ('command: bash -c "python a.py \\\\\\"x\\\\\\" && b"', ""),
    "words": ('command: ["python", "a.py", "&&", "gunicorn", "main:app"]', "CS220:4"),
    "words for a shell": ('command: ["sh", "-c", "a && b"]', ""),
    "an entrypoint": ("entrypoint: python a.py && b", "CS220:4"),
    "a bracket": ("command: gunicorn main:create()", "CS220:4"),
    "a bracket in quotes": ('command: gunicorn "main:create()"', ""),
    "what a shell puts in": ("command: gunicorn -w $$(nproc) main:app", "CS220:4"),
    "a quote that is not closed": ("command: python 'a", "CS220:4"),
    "nothing": ("command:", ""),
    # variables
    "a variable": ("command: gunicorn -b :$PORT main:app", ""),
    "a variable with a default": ("command: gunicorn -b :${PORT:-80} main:app\n" + SET, ""),
    "a variable of the container": ("command: gunicorn -b :$PORT main:app\n" + SET, "CS213:4"),
    "a variable of the container, in brackets": ("command: gunicorn -b :${PORT} main:app\n" + SET, "CS213:4"),
    "a variable of the container, in words": ('command: [gunicorn, -b, ":$PORT"]\n' + SET, "CS213:4"),
    "a variable of the container, for a shell": ('command: sh -c "gunicorn -b :$PORT main:app"\n' + SET, "CS213:4"),
    "a variable of the container, for a shell, as it has to be": (
        'command: sh -c "gunicorn -b :$$PORT main:app"\n' + SET,
        "",
    ),
    "a variable of the container that comes from there, too": (
        "command: gunicorn -b :$PORT main:app\n    environment: ['PORT=${PORT}']",
        "",
    ),
    "a variable for a program": ("command: gunicorn -b :$$PORT main:app", "CS220:4"),
    "PATH": ("command: x $PATH\n    environment: [PATH=/x]", ""),
    "another variable": ("command: gunicorn -b :$PORT main:app\n    environment: [X=1]", ""),
}


def found(said: str, files: Mapping[str, str] = {}, start: str = "") -> str:
    """Return the codes and lines of what a compose file, in the folder of the service, starts."""
    text = f"services:\n  api:\n    build: .\n    {said}\n"
    service = read_compose_file(parse_documents(text)).services[0]
    built = locate_service([Layer("/repo/services/api/compose.yaml", "/repo/services/api", service)])
    assert built is not None
    view = view_of({**LIBRARY, "main.py": "", **files}, f"{ALL}{start}\n", compositions=[built])
    return " ".join(f"{one.code}:{one.line}" for one in check_starts(check_unshelled, view))


@pytest.mark.parametrize("name", COMPOSED)
def test_compose_starts_no_shell(name: str) -> None:
    """A service would be called proven of whose command Compose drops the half, or puts a variable in that is empty."""
    said, expected = COMPOSED[name]
    assert found(said) == expected


def test_what_a_compose_file_adds_to_an_entrypoint_is_told_of_where_it_stands() -> None:
    """A person would look for a fault at a line of the other file."""
    start = 'ENTRYPOINT ["python", "a.py", "&&", "b"]'
    assert [found("command: x", start=start), found("working_dir: /", start=start)] == ["CS220:4", "CS220:5"]


@pytest.mark.parametrize(("text", "expected"), [("PORT=1\n", ""), ("export PORT=1", ""), ("X=1\nPORTS=2", "CS213:4")])
def test_a_file_beside_the_compose_file_may_set_a_variable(text: str, expected: str) -> None:
    """A service whose `.env` says the port would not be called proven."""
    assert found("command: gunicorn -b :$PORT main:app\n" + SET, {".env": text}) == expected
