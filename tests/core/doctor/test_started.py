"""What an image is started with and does not have.

The rules are those of Docker's reference for ENTRYPOINT and CMD, and of Python's for its command line.
Docker did not start these rows; `make e2e` starts two like them.
"""

from collections.abc import Mapping

import pytest
from support.contexts import BASE, LIBRARY, check_starts, composed, view_of

from common_sync.core.doctor.checks.start.started import check_started
from common_sync.core.formats.compose.built import BuiltService

ALL = BASE + "COPY . .\nRUN pip install ./common\n"
PROJECT = {"pyproject.toml": '[project]\nname = "api"\nversion = "1"\n', "src/api/__init__.py": ""}
PASS_ON = {"run.sh": '#!/bin/sh\nexec "$@"\n'}
TEAM = "FROM team/base\nWORKDIR /srv\nCOPY . .\n"
API = {"src/api.py": ""}
APP = {"app/main.py": ""}
IN_VENV = ALL + "RUN python -m venv venv && venv/bin/pip install -r requirements.txt\n"
SCRIPTS = {"pyproject.toml": '[project]\nname = "api"\nversion = "1"\nscripts = { serve = "api:main" }\n'}
TWO_STAGES = (
    "FROM python:3.12-slim AS b\nWORKDIR /app\nRUN python -m venv .venv\nCOPY . .\n"
    "RUN .venv/bin/pip install ./common gunicorn\nFROM python:3.12-slim\nWORKDIR /app\nCOPY --from=b /app /app\n"
)
ALEMBIC = {"alembic/env.py": "", "requirements.txt": "./common\nalembic\n"}
FROM_FILE = BASE + "COPY . .\nRUN pip install -r requirements.txt\n"
LIKE_APP = {"app/mian.py": ""}

ROWS: dict[str, tuple[str, Mapping[str, str], str]] = {
    # scripts
    "a script": (ALL + 'CMD ["python", "main.py"]', {}, ""),
    "a script that is missing": (ALL + 'CMD ["python", "missing.py"]', {}, "CS220:5"),
    "in shell form": (ALL + "CMD exec python ./missing.py --x", {}, "CS220:5"),
    "by its whole path": (ALL + 'CMD ["python", "/app/main.py"]', {}, ""),
    "from another folder": (ALL + "WORKDIR /srv\nCMD python main.py", {}, "CS220:6"),
    "a folder": (ALL + 'CMD ["python", "-u", "src"]', {"src/__main__.py": ""}, ""),
    "removed": (ALL + 'RUN rm main.py\nCMD ["python", "main.py"]', {}, "CS220:6"),
    "written by a line": (ALL + "RUN echo import our_common > x.py\nCMD python x.py", {}, ""),
    "a program may have made it": (ALL + "RUN django-admin startproject x .\nCMD python manage.py", {}, "CS213:6"),
    "a base image may have it": (TEAM + 'CMD ["python", "/x/main.py"]', {}, ""),
    "only under a condition": (ALL + "CMD if [ -f x.sh ]; then ./x.sh; fi; python main.py", {}, ""),
    "of a system": (ALL + 'CMD ["/usr/local/bin/gunicorn", "main:app"]', {}, ""),
    # ENTRYPOINT and CMD
    "the argument of an ENTRYPOINT": (ALL + 'ENTRYPOINT ["python3"]\nCMD ["main.py"]', {}, ""),
    "the argument of an ENTRYPOINT that is missing": (
        ALL + 'ENTRYPOINT ["python3"]\nCMD ["missing.py"]',
        {},
        "CS220:5",
    ),
    "Python twice": (ALL + 'ENTRYPOINT ["python3"]\nCMD ["python3", "main.py"]', {}, "CS220:5"),
    "a CMD in shell form": (ALL + 'ENTRYPOINT ["python3"]\nCMD main.py', {}, "CS220:5"),
    "behind a wrapper": (ALL + 'ENTRYPOINT ["tini", "--"]\nCMD ["python", "missing.py"]', {}, "CS220:5"),
    "an ENTRYPOINT that takes no CMD": (ALL + 'ENTRYPOINT python3\nCMD ["main.py"]', {}, "CS213:6"),
    "a script that gets no CMD": (ALL + 'ENTRYPOINT ./run.sh\nCMD ["python", "main.py"]', PASS_ON, "CS213:6"),
    "an ENTRYPOINT that needs no CMD": (ALL + 'ENTRYPOINT exec python main.py\nCMD ["--port", "80"]', {}, ""),
    "a script that passes it on": (
        ALL + 'ENTRYPOINT ["./run.sh"]\nCMD ["python", "missing.py"]',
        PASS_ON,
        "CS220:5",
    ),
    # programs
    "a program that is missing": (ALL + 'CMD ["./run.sh"]', {}, "CS220:5"),
    "a program elsewhere": (ALL + 'ENTRYPOINT ["/run.sh"]', PASS_ON, "CS220:5"),
    "a program that was copied there": (ALL + 'COPY run.sh /\nENTRYPOINT ["/run.sh"]', PASS_ON, ""),
    # programs of an environment
    "a Python that another stage has made": (TWO_STAGES + 'CMD ["/app/.venv/bin/python", "main.py"]', {}, ""),
    "a program that another stage has installed": (TWO_STAGES + 'CMD [".venv/bin/gunicorn", "main:app"]', {}, ""),
    "one of the programs that another stage has installed": (
        TWO_STAGES.replace("/app /app", "/app/.venv/bin/ruff /app/bin/ruff") + 'CMD ["/app/bin/ruff"]',
        {},
        "",
    ),
    "not one of the programs that another stage has installed": (
        TWO_STAGES.replace("/app /app", "/app/.venv/bin/ruff /app/bin/ruff") + 'CMD ["/app/bin/gunicorn"]',
        {},
        "CS220:9",
    ),
    "a program that uv has installed": (
        ALL + 'RUN uv sync --no-dev\nCMD ["/app/.venv/bin/uvicorn", "main:app"]',
        {"pyproject.toml": '[project]\nname = "api"\nversion = "1"\ndependencies = ["uvicorn"]\n'},
        "",
    ),
    "a program that is not named like its package": (
        IN_VENV + 'CMD ["venv/bin/supervisord", "-n"]',
        {"requirements.txt": "supervisor\n"},
        "",
    ),
    "a program of the service's own": (
        ALL + "RUN python -m venv venv && venv/bin/pip install .\nCMD /app/venv/bin/serve",
        {**PROJECT, **SCRIPTS},
        "",
    ),
    "a program that pdm may have installed": (ALL + "RUN pdm install\nCMD .venv/bin/serve", SCRIPTS, ""),
    "an environment that poetry finds": (
        ALL + "RUN python -m venv .venv && poetry install\nCMD .venv/bin/serve",
        SCRIPTS,
        "",
    ),
    "an environment that nothing is installed into": (
        ALL + "RUN python -m venv venv\nCMD venv/bin/supervisord",
        {},
        "CS220:6",
    ),
    "the Python of an environment that nothing is installed into": (
        ALL + "RUN uv venv --python 3.11 v\nCMD v/bin/python3.11 main.py",
        {},
        "",
    ),
    "an environment that nothing has made": (ALL + "CMD venv/bin/supervisord", {}, "CS220:5"),
    "the Python of an environment that nothing has made": (ALL + "CMD .venv/bin/python main.py", {}, "CS220:5"),
    "a shell's script": (ALL + 'CMD ["sh", "run.sh"]', {}, "CS220:5"),
    "a shell's words": (ALL + 'CMD ["bash", "-c", "python missing.py"]', {}, "CS220:5"),
    "a shell alone": (ALL + 'CMD ["bash"]', {}, ""),
    "a line as one word": (ALL + 'CMD ["python main.py"]', {}, "CS220:5"),
    "no JSON": (ALL + "CMD ['python', 'main.py']", {}, "CS220:5"),
    "a test": (ALL + "CMD [ -f x ]; python main.py", {}, ""),
    "what a variable names": (ALL + "CMD $START\nENV X=1", {}, ""),
    "what a COPY lacks is told of already": (BASE + 'COPY x.py .\nCMD ["python", "x.py"]', {}, ""),
    "what an install lacks is told of already": (
        BASE + 'COPY main.py .\nRUN pip install ./common\nCMD ["common/x"]',
        {},
        "",
    ),
    "what a script may leave": (ALL + "RUN ./x.sh\nCMD python x.py", {"x.sh": ""}, ""),
    "what a script may leave elsewhere": (ALL + "RUN ./x.sh\nCMD python /srv/x.py", {"x.sh": ""}, ""),
    "a program in a folder that a variable names": (ALL + "CMD $X/run.sh", {}, ""),
    # modules
    "a module": (ALL + 'CMD ["python", "-m", "app.main"]', APP, ""),
    "a module that is missing": (ALL + 'CMD ["python", "-m", "app.main"]', LIKE_APP, "CS220:5"),
    "a module of Python's": (ALL + 'CMD ["python", "-m", "http.server"]', {}, ""),
    "a module of nobody's": (ALL + 'CMD ["python", "-m", "app.main"]', {}, "CS213:5"),
    "what a server serves is nobody's": (ALL + "RUN pip install uvicorn\nCMD uvicorn app.main:app", {}, "CS213:6"),
    "a module by a part of its package's name": (
        ALL + "RUN pip install grpcio-tools\nCMD python -m grpc_tools.x",
        {},
        "",
    ),
    "a module of the library": (ALL + "CMD python -m our_common.main", {}, ""),
    "a module that a lock may bring": (ALL + "RUN uv sync\nCMD python -m x.y", {"pyproject.toml": ""}, ""),
    "a module that Pipenv may bring": (ALL + "RUN pipenv install\nCMD python -m x.y", {"Pipfile": ""}, ""),
    "a package": (ALL + 'CMD ["python", "-m", "app"]', {"app/__main__.py": ""}, ""),
    "what a server serves": (ALL + 'CMD ["uvicorn", "app.main:app", "--port", "80"]', APP, ""),
    "what a server serves is missing": (ALL + 'CMD ["uvicorn", "app.main:app"]', LIKE_APP, "CS220:5"),
    "what a server serves, by a module": (ALL + "CMD python -m uvicorn app.main:app", LIKE_APP, "CS220:5"),
    "a server's other values": (
        ALL + 'CMD ["gunicorn", "-b", "app.x:y", "-k", "app.a:B", "app.main:create()"]',
        APP,
        "",
    ),
    "what lies flat in the image": (
        BASE + "COPY common common\nRUN pip install ./common\nCOPY app ./\nCMD uvicorn app.main:app",
        APP,
        "CS220:6",
    ),
    "in a folder that is no package": (ALL + "CMD uvicorn api:app", API, "CS220:5"),
    "in a folder of PYTHONPATH": (ALL + "ENV PYTHONPATH=/app/src\nCMD uvicorn api:app", API, ""),
    "in a folder of a PYTHONPATH that nobody knows": (ALL + "ENV PYTHONPATH=$X\nCMD uvicorn api:app", API, ""),
    "in a folder of the server's": (ALL + "CMD uvicorn --app-dir src api:app", API, ""),
    "in the folder that it changes to": (ALL + "CMD cd src && uvicorn api:app", API, ""),
    "installed": (ALL + "RUN pip install .\nCMD uvicorn api:app", PROJECT, ""),
    "installed by its own tool": (ALL + "RUN uv sync\nENV PATH=/app/.venv/bin:$PATH\nCMD uvicorn api:app", PROJECT, ""),
    "a module that a program may have made": (ALL + "RUN ./x\nCMD python -m app.main", LIKE_APP, ""),
    "a package that cannot be run": (ALL + 'CMD ["python", "-m", "app"]', APP, "CS220:5"),
    "a package that a server serves": (ALL + "CMD uvicorn app:app", {"app/__init__.py": "app = 1"}, ""),
    # what is told by settings, variables and .pth files
    "a file of gunicorn's settings": (
        ALL + "CMD gunicorn app.main:app",
        {"gunicorn.conf.py": "chdir = 'src'\n", **LIKE_APP},
        "",
    ),
    "a file of gunicorn's settings that says nothing of folders": (
        ALL + "CMD gunicorn app.main:app",
        {"gunicorn.conf.py": "workers = 2\n", **LIKE_APP},
        "CS220:5",
    ),
    "a file of gunicorn's settings, by a module": (
        ALL + "CMD python -m gunicorn app.main:app",
        {"gunicorn.conf.py": "pythonpath = 'src'\n", **LIKE_APP},
        "",
    ),
    "a file of gunicorn's settings, and another server": (
        ALL + "CMD uvicorn app.main:app",
        {"gunicorn.conf.py": "chdir = 'src'\n", **LIKE_APP},
        "CS220:5",
    ),
    "a file of gunicorn's settings by an option": (ALL + "CMD gunicorn -c x.py app.main:app", LIKE_APP, ""),
    "a file of gunicorn's settings, in one word": (ALL + "CMD gunicorn -cx.py app.main:app", LIKE_APP, ""),
    "a file of gunicorn's settings, with =": (ALL + "CMD gunicorn --config=x.py app.main:app", LIKE_APP, ""),
    "gunicorn's variable": (ALL + "ENV GUNICORN_CMD_ARGS=--chdir=src\nCMD gunicorn app.main:app", LIKE_APP, ""),
    "uvicorn's variable": (ALL + "ENV UVICORN_APP_DIR=src\nCMD uvicorn app.main:app", LIKE_APP, ""),
    "folders in a list": (ALL + "CMD gunicorn --pythonpath x,src api:app", API, ""),
    "folders in a list that have it not": (ALL + "CMD gunicorn --pythonpath x,y api:app", API, "CS220:5"),
    "a .pth file": (ALL + "RUN echo /app/src > /usr/lib/python3/a.pth\nCMD gunicorn api:app", API, ""),
    "a .pth file in a folder that nobody can tell": (
        ALL + 'RUN echo /app/src > "$(python -m site)/a.pth"\nCMD gunicorn api:app',
        API,
        "",
    ),
    "a .pth file that is copied by a line": (ALL + "RUN cp a.pth $(python -m site)\nCMD gunicorn api:app", API, ""),
    "a blank in a name": (ALL + 'CMD ["/app/my run.sh"]', {"my run.sh": "#!/bin/sh\n"}, ""),
    # what runs before
    "a script that sets variables": (ALL + "CMD . ./env.sh && gunicorn api:app", {"env.sh": "", **API}, ""),
    "a script that nobody knows sets variables": (ALL + "CMD . /x/env.sh; gunicorn api:app", API, ""),
    "a script that activates": (ALL + "CMD . /v/bin/activate; gunicorn api:app", API, "CS220:5"),
    **{
        f"a start that runs before: {line}": (
            ALL + 'ENTRYPOINT ["./run.sh"]',
            {"run.sh": f"#!/bin/sh\n{line}\nexec gunicorn api:app\n", **API},
            expected,
        )
        for line, expected in {
            "set -a; . ./.env; set +a": "",
            "if [ -f .env ]; then . ./.env; fi": "",
            "export $(grep -v x .env | xargs)": "",
            'eval "$(cat env.sh)"': "",
            "read PYTHONPATH": "",
            "printf -v PYTHONPATH %s src": "",
            "printf %s src": "CS220:5",
            "./nosuch": "",
            "set -e; ./nosuch": "CS220:5",
            "python -m venv /v": "",
            "python gen.py": "",
            "cat > /app/api.py <<EOF": "",
            "cp src/api.py .": "",
            "export X=1 Y": "CS220:5",
            "set -e; echo x >/dev/null": "CS220:5",
            "python manage.py migrate": "CS220:5",
            "alembic upgrade head": "CS220:5",
            "python -m alembic upgrade head": "CS220:5",
        }.items()
    },
    "a file that the start makes": (
        ALL + "CMD cp main.py settings.py && python settings.py",
        {},
        "",
    ),
    "a start by another script": (
        ALL + 'CMD ["./run.sh"]',
        {"run.sh": "#!/bin/sh\n./a.sh\nexec python missing.py\n", "a.sh": "#!/bin/sh\necho x\n"},
        "CS220:5",
    ),
    "a start by another script that makes files": (
        ALL + 'CMD ["./run.sh"]',
        {"run.sh": "#!/bin/sh\n./a.sh\nexec python missing.py\n", "a.sh": "#!/bin/sh\nenvsubst < a > missing.py\n"},
        "",
    ),
    # what only some ways of a start script start
    **{
        f"by a condition: {name}": (
            ALL + 'ENTRYPOINT ["sh", "e.sh"]\nCMD ["python", "main.py"]',
            {"e.sh": script},
            expected,
        )
        for name, script, expected in (
            ("a script", 'if [ "$M" = w ]; then exec python worker.py; fi\nexec "$@"\n', "CS213:5"),
            (
                "a script, only where it is there",
                'if [ -f worker.py ]; then exec python worker.py; fi\nexec "$@"\n',
                "",
            ),
            ("a script that is there", 'if [ "$M" = w ]; then exec python main.py x; fi\nexec "$@"\n', ""),
            ("a program with a path", 'case "$M" in w) exec ./run ;; esac\nexec "$@"\n', "CS213:5"),
            ("a module", '[ "$M" = w ] && exec python -m common.worker\nexec "$@"\n', "CS213:5"),
            ("the same on each way", 'if [ "$M" ]; then exec nice python x.py; else exec python x.py; fi\n', "CS220:5"),
        )
    },
    # packages that come before a folder without an `__init__`
    "a package that is named like a folder": (FROM_FILE + "CMD python -m alembic upgrade head", ALEMBIC, ""),
    "a module of a package that is named like a folder": (FROM_FILE + "CMD python -m alembic.config", ALEMBIC, ""),
    "a package that is named like a folder that is not copied": (
        BASE + "COPY common common\nRUN pip install ./common alembic\nCMD python -m alembic upgrade head",
        ALEMBIC,
        "",
    ),
    "a program's package that another brings": (
        FROM_FILE + "CMD python -m alembic upgrade head",
        {**ALEMBIC, "requirements.txt": "./common\nflask-migrate\n"},
        "",
    ),
    "a package by a part of its name": (
        FROM_FILE + "CMD python -m dbt run",
        {"dbt/x.sql": "", "requirements.txt": "./common\ndbt-core\n"},
        "",
    ),
    "a package of Python's own": (ALL + "CMD python -m http.server", {"http/x.py": ""}, ""),
    "a folder that a package may be named like": (
        FROM_FILE + "CMD python -m jobs",
        {"jobs/x.py": "", "requirements.txt": "./common\nflask\n"},
        "CS213:5",
    ),
    "a package of the service's that comes before": (
        FROM_FILE + "CMD python -m alembic upgrade head",
        {**ALEMBIC, "alembic/__init__.py": ""},
        "CS220:5",
    ),
    # what other servers serve
    "Celery's": (ALL + 'CMD ["celery", "-A", "app.main", "worker"]', APP, ""),
    "Celery's is missing": (ALL + 'CMD ["celery", "-A", "app.main", "worker"]', LIKE_APP, "CS220:5"),
    "Celery's, by the long option": (ALL + "CMD celery --app=app.main:x worker", LIKE_APP, "CS220:5"),
    "Celery's, in one word": (ALL + "CMD celery -Aapp.main worker -Q a.b", LIKE_APP, "CS220:5"),
    "Celery's, by a module": (ALL + "CMD python -m celery -A app.main worker", LIKE_APP, "CS220:5"),
    "Celery's, by what a package has": (
        ALL + "CMD celery -A app.worker beat",
        {"app/__init__.py": "from app.mian import worker\n", "app/mian.py": ""},
        "",
    ),
    "Celery's, by all that a module has": (
        ALL + "CMD celery -A app.worker beat",
        {"app/__init__.py": "from .mian import *\n", "app/mian.py": ""},
        "",
    ),
    "no module by what a package has": (
        ALL + "CMD uvicorn app.worker:app",
        {"app/__init__.py": "from app.mian import worker\n", "app/mian.py": ""},
        "CS220:5",
    ),
    "Celery's, by what a module has": (ALL + "CMD celery -A app.main.worker beat", {"app/main.py": "worker = 1"}, ""),
    "Celery's, by what a module has not": (ALL + "CMD celery -A app.main.worker beat", APP, "CS220:5"),
    "Celery's is nobody's": (ALL + "CMD celery -A proj worker", {}, "CS213:5"),
    "Celery's, by a variable": (ALL + "CMD celery -A $X worker", {}, ""),
    "Celery's is not named": (ALL + "CMD celery worker", {}, ""),
    "Celery's option is the last word": (ALL + "CMD celery -A", {}, ""),
    "Flask's": (ALL + "CMD flask --app app.main run", APP, ""),
    "Flask's is missing": (ALL + "CMD flask --app app.main run", LIKE_APP, "CS220:5"),
    "Flask's, with a function": (ALL + "CMD flask --app \"app.main:create('x')\" run", LIKE_APP, "CS220:5"),
    "Flask's, by a file": (ALL + "CMD flask --app src/api.py run", API, ""),
    "Flask's, by a file that is missing": (ALL + "CMD flask -A src/apo.py run", API, "CS220:5"),
    "Flask's, by a path": (ALL + "CMD flask --app src/api run", API, ""),
    "Flask's, by a variable": (ALL + "ENV FLASK_APP=nosuch.py\nCMD flask run", {}, "CS220:6"),
    "Flask's, by a variable of a module": (ALL + "ENV FLASK_APP=app.main:x\nCMD flask run", LIKE_APP, "CS220:6"),
    "Flask's, by a variable that nobody knows": (ALL + "ENV FLASK_APP=$X\nCMD flask run", {}, ""),
    "gunicorn's, without a name in it": (ALL + "CMD gunicorn app.main", LIKE_APP, "CS220:5"),
    "gunicorn's is not named": (ALL + "CMD gunicorn --workers=2", {}, ""),
    "gunicorn's, after options": (ALL + "CMD gunicorn --reload --workers=2 app.main", LIKE_APP, "CS220:5"),
    "gunicorn's, or the value of an option": (ALL + "CMD gunicorn -n app.x --preload -c app.y app.main:a", APP, ""),
    "Streamlit's": (ALL + "CMD streamlit run main.py --server.port 80", {}, ""),
    "Streamlit's is missing": (ALL + 'CMD ["streamlit", "run", "--server.port=80", "dash.py"]', {}, "CS220:5"),
    "Streamlit's is elsewhere": (ALL + "CMD streamlit run https://x.invalid/a.py", {}, ""),
    "Streamlit's help": (ALL + "CMD streamlit hello", {}, ""),
    "FastAPI's": (ALL + "CMD fastapi run app/main.py --port 80", APP, ""),
    "FastAPI's is missing": (ALL + "CMD fastapi run app/main.py --port 80", LIKE_APP, "CS220:5"),
    "FastAPI's is not named": (ALL + "CMD fastapi run --port 80", {}, ""),
    "FastAPI's, under a condition": (ALL + "CMD test -f x && fastapi run x.py", {}, "CS213:5"),
    "a module of another's": (ALL + 'CMD ["python", "-m", "gunicorn.app.wsgiapp", "app.main:x"]', APP, ""),
}


def found(dockerfile: str, files: Mapping[str, str], *compositions: BuiltService) -> str:
    """Return the codes and lines of what is not there."""
    view = view_of({**LIBRARY, "main.py": "import our_common\n", **files}, dockerfile, compositions=compositions)
    return " ".join(f"{one.code}:{one.line}" for one in check_starts(check_started, view))


@pytest.mark.parametrize("name", ROWS)
def test_what_is_started_has_to_be_there(name: str) -> None:
    """A service would be called proven that cannot start; or one that can, broken."""
    dockerfile, files, expected = ROWS[name]
    assert found(f"{dockerfile}\n", files) == expected


BUILD = "    build: .\n"
COMPOSED: dict[str, tuple[str, str, tuple[str, ...], str]] = {
    "another script": ("", 'CMD ["python", "main.py"]', ("    command: python missing.py\n",), "CS220:4"),
    "one that is there": ("", 'CMD ["python", "missing.py"]', ("    command: python main.py\n",), ""),
    "words": ("", "", ('    command: ["python", "missing.py"]\n',), "CS220:4"),
    "the argument of an ENTRYPOINT": ("", 'ENTRYPOINT ["python3"]', ("    command: missing.py\n",), "CS220:4"),
    "another ENTRYPOINT": ("", 'CMD ["main.py"]', ("    entrypoint: python3 missing.py\n",), "CS220:4"),
    "an ENTRYPOINT takes the CMD away": ("", 'CMD ["x.py"]', ("    entrypoint: [python3, main.py]\n",), ""),
    "both": ("", "", ("    command: x.py\n    entrypoint: python3\n",), "CS220:4"),
    "an ENTRYPOINT that takes no command": ("", "ENTRYPOINT python3", ("    command: main.py\n",), "CS213:4"),
    "no shell": ("", "", ('    command: "cd src && python main.py"\n',), ""),
    "a shell": ("", "", ('    command: sh -c "python missing.py"\n',), "CS220:4"),
    "another folder": ("", 'CMD ["python", "main.py"]', ("    working_dir: /srv\n",), "CS220:5"),
    "another folder, relative": ("src/x.py", 'CMD ["python", "x.py"]', ("    working_dir: src\n",), ""),
    "a server": ("app/mian.py", "", ("    command: uvicorn app.main:app\n",), "CS220:4"),
    "a server, and a path": (
        "src/api.py",
        "",
        ("    command: uvicorn api:app\n    environment:\n      PYTHONPATH: /app/src\n",),
        "",
    ),
    "a server, and a path in a list": (
        "src/api.py",
        "",
        ("    command: uvicorn api:app\n    environment: [PYTHONPATH=/app/src, X]\n",),
        "",
    ),
    "a path, and an odd key": (
        "src/api.py",
        "",
        ("    command: uvicorn api:app\n    environment: {[a]: b, PYTHONPATH: src}\n",),
        "",
    ),
    "a path that nobody knows": (
        "src/api.py",
        "",
        ("    command: uvicorn api:app\n    environment:\n      PYTHONPATH: $X\n",),
        "",
    ),
    "a path, and no command": (
        "src/api.py",
        "CMD uvicorn api:app",
        ("    environment:\n      PYTHONPATH: /app/src\n",),
        "",
    ),
    "a variable, and no command": ("src/api.py", "CMD uvicorn api:app", ("    environment: [X=1]\n",), "CS220:5"),
    "a path that is merged in": (
        "src/api.py",
        "CMD uvicorn api:app",
        ("    environment:\n      <<: {PYTHONPATH: /app/src, X: 1}\n      X: 2\n",),
        "",
    ),
    "a path of the one who starts it": (
        "src/api.py",
        "CMD uvicorn api:app",
        ("    environment:\n      PYTHONPATH:\n",),
        "",
    ),
    "a file of variables": ("src/api.py", "", ("    command: uvicorn api:app\n    env_file: .env\n",), "CS213:4"),
    "a file of variables, and no command": (
        "src/api.py",
        "CMD uvicorn api:app",
        ("    env_file: [.env]\n",),
        "CS213:5",
    ),
    "a file of variables, and the path": (
        "src/api.py",
        "CMD uvicorn api:app",
        ("    env_file: .env\n    environment: [PYTHONPATH=/srv]\n",),
        "CS220:5",
    ),
    "a file of variables that may name Flask's": (
        "",
        "ENV FLASK_APP=missing.py\nCMD flask run",
        ("    env_file: .env\n",),
        "",
    ),
    "no file of variables": ("src/api.py", "CMD uvicorn api:app", ("    env_file: []\n",), "CS220:5"),
    "no file of variables, by null": ("src/api.py", "CMD uvicorn api:app", ("    env_file:\n",), "CS220:5"),
    "a module that is mounted": (
        "app/mian.py",
        "",
        ("    command: uvicorn app.main:app\n    volumes: [./x.py:/app/app/main.py]\n",),
        "",
    ),
    "the package of a module is mounted": (
        "app/mian.py",
        "CMD uvicorn app.main:app",
        ("    volumes: [./app:/app/app]\n",),
        "",
    ),
    "a package in that of a module is mounted": (
        "app/mian.py",
        "CMD uvicorn app.main:app",
        ("    volumes: [./x:/app/app/x]\n",),
        "CS220:5",
    ),
    "a variable": ("", "", ("    command: python $SCRIPT\n",), ""),
    "no variable": ("", "", ("    command: python $$x.py\n",), "CS220:4"),
    "a quote that is not closed": ("", "", ("    command: python 'x.py\n",), ""),
    "nothing": ("", 'CMD ["python", "x.py"]', ("    command: null\n",), "CS220:5"),
    "mounted": ("", "", ("    command: python /x/y.py\n    volumes: [./y:/x]\n",), ""),
    "what it is put over": ("", "", ("", "    command: python missing.py\n"), "CS220:4"),
    "it is put over another": ("", "", ("    command: python main.py\n", "    command: python missing.py\n"), ""),
    "what is taken back": (
        "",
        "CMD python x.py",
        ("    command: !reset null\n", "    command: python y.py\n"),
        "CS220:5",
    ),
    "a stage": ("", "CMD python main.py\nFROM python\nCMD python x.py", ("    working_dir: /app\n",), "CS220:7"),
}


@pytest.mark.parametrize("name", COMPOSED)
def test_what_a_compose_file_starts_has_to_be_there(name: str) -> None:
    """A service would be called proven that Compose cannot start."""
    file, start, texts, expected = COMPOSED[name]
    assert (
        found(f"{ALL}{start}\n", {file: ""} if file else {}, composed(*(f"{BUILD}{one}" for one in texts))) == expected
    )


def test_the_stage_that_is_built_is_the_one_that_is_started() -> None:
    """A stage for development would be held against what another stage has."""
    dockerfile = ALL.replace("slim", "slim AS dev") + "CMD python main.py\nFROM python\nCMD python main.py\n"
    built = composed("    build: {context: ., target: dev}\n    command: python missing.py\n")
    assert found(dockerfile, {}, built) == "CS220:4"
