"""Programs of Python packages that an image is started with, and that no install line of it brings.

The rules are those of a shell and of Docker: a program without a path is looked for in the folders of PATH, and installers put
programs into the `bin` of the environment that they install into. `make e2e` builds two rows like these.
"""

from collections.abc import Mapping

import pytest
from support.contexts import BASE, LIBRARY, check_starts, composed, view_of

from common_sync.core.doctor.checks.start.programs import check_programs

ALL = BASE + "COPY . .\nRUN pip install ./common\n"
FILE = BASE + "COPY . .\nRUN pip install -r requirements.txt\n"
UVICORN = 'CMD ["uvicorn", "main:app"]'
GUNICORN = 'CMD ["gunicorn", "main:app"]'
HASH = " --hash=sha256:" + "82fee1fc" * 8
VENV = BASE + "COPY . .\nRUN python -m venv /venv && /venv/bin/pip install ./common gunicorn\n"
USER = BASE + "RUN useradd -m app\nCOPY . .\n"
AS_USER = "USER app\nRUN pip install ./common gunicorn\n"
IN_PATH = "ENV PATH=/venv/bin:$PATH\n"
BUILDER = "FROM python:3.12-slim AS b\nWORKDIR /app\nCOPY . .\n"
BUILT = BUILDER + "RUN pip install ./common gunicorn\nFROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n"
SITE = "/usr/local/lib/python3.12/site-packages"
UV = BASE + "COPY . .\nRUN uv sync --frozen --no-dev\nENV PATH=/app/.venv/bin:$PATH\n"
LOCK = '[[package]]\nname = "gunicorn"\nversion = "1"\n'
HEAD = '[project]\nname = "api"\nversion = "1"\n'


def wants(text: str) -> dict[str, str]:
    """Return a service with these requirements."""
    return {"requirements.txt": text}


def project(text: str, lock: str = "") -> dict[str, str]:
    """Return a service that is a project, perhaps with a lock of uv."""
    return {"pyproject.toml": f"{HEAD}{text}\n", **({"uv.lock": lock} if lock else {})}


ROWS: dict[str, tuple[str, Mapping[str, str], str]] = {
    # nothing else is installed, or all of it is known
    "nothing brings it": (ALL + GUNICORN, {}, "CS220:5"),
    "in shell form": (ALL + "CMD exec gunicorn main:app", {}, "CS220:5"),
    "under a wrapper": (ALL + 'ENTRYPOINT ["tini", "--"]\n' + GUNICORN, {}, "CS220:5"),
    "by a module": (ALL + 'CMD ["python", "-m", "gunicorn", "main:app"]', {}, "CS220:5"),
    "in a script": (ALL + 'CMD ["sh", "start.sh"]', {"start.sh": "exec gunicorn main:app\n"}, "CS220:5"),
    "only maybe started": (ALL + "CMD test -f x && gunicorn main:app", {}, "CS213:5"),
    "asked for before, by `command`": (
        ALL + "CMD if command -v gunicorn; then exec gunicorn x:y; fi; python main.py",
        {},
        "",
    ),
    "asked for before, by `which`": (ALL + "CMD if which gunicorn; then exec gunicorn x:y; fi; python main.py", {}, ""),
    "whatever becomes of it, under a condition": (ALL + "CMD if test -f x; then gunicorn x:y || true; fi", {}, ""),
    "no program of Python's": (ALL + 'CMD ["nginx"]', {}, "CS220:5"),
    "no program of Python's, and the system has it": (
        ALL + 'RUN apt-get install -y nginx\nCMD ["nginx"]',
        {},
        "",
    ),
    "another module": (ALL + 'CMD ["python", "-m", "main"]', {}, ""),
    "by its name": (ALL + "RUN pip install gunicorn\n" + GUNICORN, {}, ""),
    "by a module that is there": (ALL + "RUN pip install gunicorn\nCMD python -m gunicorn main:app", {}, ""),
    "with an extra": (ALL + 'RUN pip install "uvicorn[standard]>=0.30"\n' + UVICORN, {}, ""),
    "by a file": (FILE + GUNICORN, wants("./common\ngunicorn==22.0\n"), ""),
    "by a file that a file names": (FILE + GUNICORN, {**wants("-r b.txt\n"), "b.txt": "Gunicorn\n"}, ""),
    "by a constraint only": (FILE + GUNICORN, {**wants("-c b.txt\n./common\n"), "b.txt": "gunicorn==1\n"}, "CS220:5"),
    "by the library": (
        ALL + GUNICORN,
        {"common/pyproject.toml": '[project]\nname = "our-common"\nversion = "1"\ndependencies = ["gunicorn"]\n'},
        "",
    ),
    "by a file that the build only reads": (
        ALL + GUNICORN,
        {
            "common/README.md": "gunicorn\n",
            "common/pyproject.toml": '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
            '[project]\nname = "our-common"\nversion = "1"\nreadme = "README.md"\n',
        },
        "CS220:5",
    ),
    "by an extra of the project that is asked for": (
        BASE + "COPY . .\nRUN pip install ./common '.[web]'\n" + GUNICORN,
        project('[project.optional-dependencies]\nweb = ["gunicorn"]'),
        "",
    ),
    "by an extra of the project that nobody asks for": (
        BASE + "COPY . .\nRUN pip install ./common .\n" + GUNICORN,
        project('[project.optional-dependencies]\nweb = ["gunicorn"]'),
        "CS220:5",
    ),
    "by a setup.py that may say anything": (ALL + "RUN pip install .\n" + GUNICORN, {"setup.py": ""}, "CS213:6"),
    "by requirements that are told elsewhere": (
        ALL + "RUN pip install .\n" + GUNICORN,
        project('dynamic = ["dependencies"]'),
        "CS213:6",
    ),
    "by poetry's table": (
        ALL + "RUN pip install .\n" + GUNICORN,
        {"pyproject.toml": '[tool.poetry.dependencies]\ngunicorn = "*"\n[build-system]\nbuild-backend = "poetry.x"\n'},
        "",
    ),
    # users who may not write where the image has its Python
    "for a user": (USER + AS_USER + GUNICORN, {}, "CS220:7"),
    "for a user, by a module": (USER + AS_USER + "CMD python -m gunicorn main:app", {}, ""),
    "for a user, by its path": (USER + AS_USER + "CMD /home/app/.local/bin/gunicorn main:app", {}, ""),
    "for a user, by PATH": (USER + AS_USER + "ENV PATH=/home/app/.local/bin:$PATH\n" + GUNICORN, {}, ""),
    "for a user, by a module of its Python": (USER + AS_USER.replace("pip", "python -m pip") + GUNICORN, {}, "CS220:7"),
    "for a user with a home elsewhere": (
        USER.replace("-m", "-m -d /srv/app") + AS_USER + "ENV PATH=/srv/app/.local/bin:$PATH\n" + GUNICORN,
        {},
        "",
    ),
    "for a user with a home elsewhere, in one word": (
        USER.replace("useradd -m", "adduser --home=/srv/app") + AS_USER + GUNICORN,
        {},
        "CS220:7",
    ),
    "for a user with a home that nobody knows": (USER.replace("-m", "-m -d $X") + AS_USER + GUNICORN, {}, ""),
    "for a user with a HOME": (USER + "ENV HOME=/h PATH=/h/.local/bin:$PATH\n" + AS_USER + GUNICORN, {}, ""),
    "for a number": (BASE + "COPY . .\nUSER 1000\n" + AS_USER.partition("\n")[2] + GUNICORN, {}, ""),
    "for a user who has got the image's Python": (
        USER + "RUN chown -R app /usr/local/lib/python3.12 /usr/local/bin\n" + AS_USER + GUNICORN,
        {},
        "",
    ),
    "for a user who has got all": (USER + "RUN chown -R app /\n" + AS_USER + GUNICORN, {}, ""),
    "for a user who may have got it": (USER + "RUN chown -R app $(python -m site)\n" + AS_USER + GUNICORN, {}, ""),
    "for a user who has got a folder": (USER + "RUN chown -R app /app\n" + AS_USER + GUNICORN, {}, "CS220:8"),
    "for a user, in an environment": (
        USER + "USER app\nRUN python -m venv /app/v && /app/v/bin/pip install gunicorn\nCMD /app/v/bin/gunicorn x",
        {},
        "",
    ),
    "for a user, in an environment that PATH leads to": (
        USER + "USER app\nRUN python -m venv /app/v\nENV PATH=/app/v/bin:$PATH\nRUN pip install gunicorn\n" + GUNICORN,
        {},
        "",
    ),
    "for a user, by root": (USER + AS_USER.replace("pip", "sudo pip") + GUNICORN, {}, ""),
    "for root, and started by a user": (USER + "RUN pip install gunicorn\nUSER app\n" + GUNICORN, {}, ""),
    "for a user, and root again": (USER + AS_USER + "USER root\nRUN pip install gunicorn\n" + GUNICORN, {}, ""),
    "for a user of a base image": ((USER + AS_USER).replace("python:3", "team/python:3") + GUNICORN, {}, ""),
    "for a user of a stage that is built on": (
        USER.replace("slim", "slim AS b") + "FROM b\n" + AS_USER + GUNICORN,
        {},
        "CS220:8",
    ),
    # login shells
    "a login shell": (VENV + IN_PATH + 'CMD ["bash", "-lc", "gunicorn main:app"]', {}, "CS220:6"),
    "a login shell, by two options": (VENV + IN_PATH + 'CMD ["bash", "--login", "-c", "gunicorn x"]', {}, "CS220:6"),
    "a login shell, and a script": (
        VENV + IN_PATH + 'CMD ["bash", "-lc", "./run.sh"]',
        {"run.sh": "#!/bin/sh\nexec gunicorn main:app\n"},
        "CS220:6",
    ),
    "a login shell, under a wrapper": (VENV + IN_PATH + 'CMD ["env", "X=1", "sh", "-lc", "gunicorn x"]', {}, "CS220:6"),
    "a login shell, and the image's own Python": (
        ALL + 'RUN pip install gunicorn\nCMD ["bash", "-lc", "gunicorn main:app"]',
        {},
        "",
    ),
    "a login shell that sets PATH": (
        VENV + IN_PATH + 'CMD ["bash", "-lc", "export PATH=/venv/bin:$PATH; gunicorn main:app"]',
        {},
        "",
    ),
    "a login shell that activates": (
        VENV + IN_PATH + 'CMD ["bash", "-lc", ". /venv/bin/activate && gunicorn main:app"]',
        {},
        "",
    ),
    "a login shell, by the whole path": (VENV + IN_PATH + 'CMD ["bash", "-lc", "/venv/bin/gunicorn main:app"]', {}, ""),
    "a login shell that reads more": (
        VENV + IN_PATH + 'RUN echo PATH=/venv/bin:\\$PATH >> ~/.profile\nCMD ["bash", "-lc", "gunicorn main:app"]',
        {},
        "",
    ),
    "a login shell that reads what is copied": (
        VENV + IN_PATH + 'COPY path.sh /etc/profile.d/\nCMD ["bash", "-lc", "gunicorn main:app"]',
        {"path.sh": ""},
        "",
    ),
    "a login shell of Alpine's": (
        (VENV + IN_PATH).replace("slim", "alpine") + 'CMD ["sh", "-lc", "gunicorn main:app"]',
        {},
        "",
    ),
    "a shell that is none": (VENV + IN_PATH + 'CMD ["bash", "-c", "gunicorn main:app"]', {}, ""),
    # markers
    "only on Windows": (FILE + GUNICORN, wants('./common\ngunicorn; sys_platform == "win32"\n'), "CS220:5"),
    "only on macOS, by the line": (
        ALL + "RUN pip install 'gunicorn; sys_platform == \"darwin\"'\n" + GUNICORN,
        {},
        "CS220:6",
    ),
    "only on Windows, with a hash": (
        FILE + GUNICORN,
        wants(f'fastapi==1{HASH}\ngunicorn==1 ; platform_system == "Windows" \\\n    {HASH}\n'),
        "CS220:5",
    ),
    "only for some Pythons": (FILE + GUNICORN, wants('./common\ngunicorn; python_version < "3.8"\n'), "CS220:5"),
    "only for some patches": (
        FILE + GUNICORN,
        wants('./common\ngunicorn; python_full_version < "3.12.4"\n'),
        "CS213:5",
    ),
    "only for some Pythons, or always": (
        FILE + GUNICORN,
        wants('./common\ngunicorn==1; python_version < "3.8"\ngunicorn; python_version >= "3.8"\n'),
        "",
    ),
    "not on Windows": (FILE + GUNICORN, wants('./common\ngunicorn; sys_platform != "win32"  # x\n'), ""),
    "on Linux": (
        FILE + GUNICORN,
        wants("./common\ngunicorn>=1 ; sys_platform == 'linux' and python_version >= '3.8'\n"),
        "",
    ),
    "not on Windows, as a tool writes it": (
        FILE + GUNICORN,
        wants(f"gunicorn==1 ; python_version >= '3.8' and python_version < '4.0' \\\n   {HASH}\n"),
        "",
    ),
    "not on Windows, by the line": (ALL + "RUN pip install 'gunicorn; os_name != \"nt\"'\n" + GUNICORN, {}, ""),
    "only on Windows, by a project": (
        ALL + "RUN pip install .\n" + GUNICORN,
        project("dependencies = ['gunicorn; sys_platform == \"win32\"']"),
        "CS220:6",
    ),
    "only for some Pythons, by a project": (
        ALL + "RUN pip install .\n" + GUNICORN,
        project("dependencies = ['gunicorn; python_version < \"3.8\"']"),
        "CS220:6",
    ),
    "not on Windows, by a project": (
        ALL + "RUN pip install .\n" + GUNICORN,
        project("dependencies = ['gunicorn; sys_platform != \"win32\"']"),
        "",
    ),
    "only on Windows, or always, by a project": (
        ALL + "RUN pip install .\n" + GUNICORN,
        project("dependencies = ['gunicorn<9; sys_platform == \"win32\"', 'gunicorn; sys_platform != \"win32\"']"),
        "",
    ),
    "only on Windows, by a lock": (
        UV + GUNICORN,
        project("dependencies = ['x', 'gunicorn; sys_platform == \"win32\"']", LOCK),
        "CS213:6",
    ),
    "only on Windows, by poetry's table": (
        ALL + "RUN pip install .\n" + GUNICORN,
        {
            "pyproject.toml": '[tool.poetry.dependencies]\ngunicorn = { version = "*", platform = "win32" }\n[build-system]\nbuild-backend = "poetry.x"\n'
        },
        "CS220:6",
    ),
    "with a marker of poetry's": (
        ALL + "RUN pip install .\n" + GUNICORN,
        {
            "pyproject.toml": '[tool.poetry.dependencies]\ngunicorn = { version = "*", markers = "sys_platform != \'win32\'" }\n[build-system]\nbuild-backend = "poetry.x"\n'
        },
        "",
    ),
    "with a marker of Pipenv's": (
        ALL + "RUN pipenv install --system\n" + GUNICORN,
        {"Pipfile": '[packages]\ngunicorn = { version = "*", sys_platform = "!= \'win32\'" }\n'},
        "",
    ),
    # what another package may bring
    "another package may bring it": (FILE + UVICORN, wants("fastapi\n./common\n"), "CS213:5"),
    "another package does": (FILE + UVICORN, wants("fastapi[standard]\n./common\n"), ""),
    "another package does, with more": (FILE + UVICORN, wants("FastAPI[all, x] >= 0.1  # x\n./common\n"), ""),
    "its own command needs another package": (
        FILE + "CMD fastapi run main.py",
        wants("fastapi\n./common\n"),
        "CS213:5",
    ),
    "its own command has it": (FILE + "CMD fastapi run main.py", wants("fastapi-cli\n./common\n"), ""),
    "every package is listed": (
        BASE + "COPY . .\nRUN pip install --no-deps -r requirements.txt && pip install --no-deps ./common\n" + UVICORN,
        wants("fastapi\n"),
        "CS220:5",
    ),
    "every package has a hash": (FILE + UVICORN, wants(f"fastapi==1{HASH}\n"), "CS220:5"),
    "a list that a tool has made": (
        FILE + UVICORN,
        wants("# This file is autogenerated by pip-compile with Python 3.12\nfastapi==1\n    # via x\n"),
        "CS220:5",
    ),
    "a file that cannot be read is told of already": (
        ALL + "ARG X\nRUN pip install -r $X\n" + UVICORN,
        {},
        "",
    ),
    "a line that is refused is told of already": (ALL + "RUN pip install 'x @ ./common'\n" + GUNICORN, {}, "CS213:6"),
    "from an address": (FILE + GUNICORN, wants("./common\ngunicorn @ git+https://x.invalid/y\n"), ""),
    "from an address, by nobody": (FILE + GUNICORN, wants("./common\n-e git+https://x.invalid/y\n"), "CS213:5"),
    "from an address, by the line": (ALL + "RUN pip install git+https://x.invalid/y\n" + GUNICORN, {}, "CS213:6"),
    "an address of an index": (FILE + GUNICORN, wants("--index-url https://x.invalid/\n./common\n"), "CS220:5"),
    # what may bring it besides
    "an install at the start": (ALL + "CMD pip install -r requirements.txt && gunicorn main:app", wants(""), ""),
    "by the system": (ALL + "RUN apt-get install -y gunicorn\n" + GUNICORN, {}, ""),
    "by the system, as Debian names it": (ALL + "RUN apt-get install -y python3-gunicorn\n" + GUNICORN, {}, ""),
    "by the system, by a variable": (ALL + "RUN apt-get install -y $(cat list)\n" + GUNICORN, {}, ""),
    "by uv, as a tool": (ALL + "RUN uv tool install gunicorn\n" + GUNICORN, {}, ""),
    "by pipx, as a module": (ALL + "RUN python -m pipx install gunicorn\n" + GUNICORN, {}, ""),
    "a folder of that name": (ALL + "RUN mkdir -p /var/log/gunicorn\n" + GUNICORN, {}, "CS220:6"),
    "a user of that name": (ALL + "RUN useradd -r gunicorn\n" + GUNICORN, {}, "CS220:6"),
    "uv from its image": (ALL + "COPY --from=ghcr.io/astral-sh/uv:0.5 /uv /uvx /bin/\n" + GUNICORN, {}, "CS220:6"),
    "uv from its image, without a slash": (
        ALL + "COPY --from=ghcr.io/astral-sh/uv:0.5 /uv /bin\n" + GUNICORN,
        {},
        "CS220:6",
    ),
    "uv from its image, by its name": (
        ALL + "COPY --from=ghcr.io/astral-sh/uv:0.5 /uv /bin/uv\n" + GUNICORN,
        {},
        "CS220:6",
    ),
    "all programs of an image": (ALL + "COPY --from=team/tools /tools/ /usr/local/bin/\n" + GUNICORN, {}, ""),
    "a start that does more before": (
        ALL + 'CMD ["sh", "start.sh"]',
        {"start.sh": ". ./env.sh\nexec gunicorn main:app\n"},
        "CS213:5",
    ),
    "by pipx": (ALL + "RUN pipx install gunicorn\n" + GUNICORN, {}, ""),
    "a program nobody knows may": (ALL + "RUN conda-env update\n" + GUNICORN, {}, "CS213:6"),
    "a script may, and that is told": (ALL + "RUN ./x.sh\n" + GUNICORN, {"x.sh": ""}, ""),
    "a base image may": ("FROM team/base\nWORKDIR /app\nCOPY . .\nRUN pip install ./common\n" + GUNICORN, {}, ""),
    "a file of that name": (ALL + "COPY main.py /usr/local/bin/gunicorn\n" + GUNICORN, {}, ""),
    "another install that is known": (ALL + "RUN pip install -U pip setuptools wheel\n" + GUNICORN, {}, "CS220:6"),
    # where it is
    "PATH does not lead there": (VENV + GUNICORN, {}, "CS220:5"),
    "PATH leads there": (VENV + "ENV PATH=/venv/bin:$PATH\n" + GUNICORN, {}, ""),
    "PATH is set to what nobody knows": (VENV + "ARG X\nENV PATH=$X\n" + GUNICORN, {}, ""),
    "PATH leads to what nobody knows, too": (VENV + "ARG X\nENV PATH=$X:$PATH\n" + GUNICORN, {}, ""),
    "PATH leads to what is known, by a variable": (
        VENV + "ARG X=/opt\nENV PATH=$X/bin:$PATH\n" + GUNICORN,
        {},
        "CS220:7",
    ),
    "by its path": (VENV + 'CMD ["/venv/bin/gunicorn", "main:app"]', {}, ""),
    "by the path of what is not there": (VENV + 'CMD ["/venv/bin/uvicorn", "main:app"]', {}, "CS213:5"),
    "by the path of a program nobody knows": (VENV + 'CMD ["/venv/bin/tool", "main:app"]', {}, "CS213:5"),
    "by the path of an image's own": (ALL + 'CMD ["/usr/bin/gunicorn", "main:app"]', {}, "CS220:5"),
    "by the module of its Python": (VENV + "CMD /venv/bin/python -m gunicorn main:app", {}, ""),
    "activated": (VENV + "CMD . /venv/bin/activate && gunicorn main:app", {}, ""),
    "in a folder that a variable names": (
        ALL + "RUN pip install gunicorn --target $X\n" + GUNICORN,
        {},
        "",
    ),
    "in no environment at all": (ALL + "RUN uv pip install gunicorn\n" + GUNICORN, {}, "CS220:6"),
    # from another stage
    "a folder that a variable names is copied": (
        BUILDER
        + "RUN pip install ./common gunicorn --target $X\nFROM python:3.12-slim\nCOPY --from=b /usr/local /usr/local\n"
        + GUNICORN,
        {},
        "",
    ),
    "only the packages are copied": (BUILT + f"COPY --from=b {SITE} {SITE}\n" + GUNICORN, {}, "CS220:9"),
    "the programs are copied, too": (
        BUILT + f"COPY --from=b {SITE} {SITE}\nCOPY --from=b /usr/local/bin /usr/local/bin\n" + GUNICORN,
        {},
        "",
    ),
    "the program is copied, too": (
        BUILT + f"COPY --from=b {SITE} {SITE}\nCOPY --from=b /usr/local/bin/gunicorn /usr/local/bin/\n" + GUNICORN,
        {},
        "",
    ),
    "another program is copied": (
        BUILT
        + f"COPY --from=b {SITE} {SITE}\nCOPY --from=b /usr/local/bin/alembic /usr/local/bin/alembic\n"
        + GUNICORN,
        {},
        "CS220:10",
    ),
    "a module of what is copied": (BUILT + f"COPY --from=b {SITE} {SITE}\nCMD python -m gunicorn main:app", {}, ""),
    "a prefix is copied": (
        BUILDER
        + "RUN pip install --prefix=/install ./common gunicorn\nFROM python:3.12-slim\nCOPY --from=b /install /usr/local\n"
        + GUNICORN,
        {},
        "",
    ),
    "a prefix without it is copied": (
        BUILDER
        + "RUN pip install --prefix=/install ./common\nFROM python:3.12-slim\nCOPY --from=b /install /usr/local\n"
        + GUNICORN,
        {},
        "CS220:7",
    ),
    "all is copied": (BUILT + "COPY --from=b /usr/local /usr/local\n" + GUNICORN, {}, ""),
    "an environment is copied": (
        VENV.replace("slim", "slim AS b")
        + "FROM python:3.12-slim\nCOPY --from=b /venv /venv\nENV PATH=/venv/bin:$PATH\n"
        + GUNICORN,
        {},
        "",
    ),
    "a stage that is built on": (
        ALL.replace("slim", "slim AS b") + "RUN pip install gunicorn\nFROM b\n" + GUNICORN,
        {},
        "",
    ),
    "wheels that a stage has made": (
        BUILDER
        + "RUN pip wheel -w /w ./common gunicorn\nFROM python:3.12-slim\nCOPY --from=b /w /w\nRUN pip install /w/*\n"
        + GUNICORN,
        {},
        "",
    ),
    "wheels without it": (
        BUILDER
        + "RUN pip wheel -w /w ./common fastapi\nFROM python:3.12-slim\nCOPY --from=b /w /w\nRUN pip install /w/*\n"
        + GUNICORN,
        {},
        "CS213:8",
    ),
    "wheels of nobody's": (ALL + "RUN pip install w/*.whl\n" + GUNICORN, {"w/x-1-py3-none-any.whl": ""}, "CS213:6"),
    "a wheel that a file names": (
        FILE + GUNICORN,
        {**wants("./w/x-1-py3-none-any.whl\n"), "w/x-1-py3-none-any.whl": ""},
        "CS213:5",
    ),
    "requirements that a command has written": (
        ALL + "RUN grep -v common requirements.txt > r.txt && pip install -r r.txt\n" + GUNICORN,
        {"requirements.txt": "./common\ngunicorn\n"},
        "",
    ),
    # projects that a tool installs as a whole
    "by poetry, only for development": (
        ALL
        + "RUN poetry install --only main\nENV PATH=/app/.venv/bin:$PATH POETRY_VIRTUALENVS_IN_PROJECT=1\n"
        + GUNICORN,
        {
            "pyproject.toml": '[tool.poetry]\nname = "api"\n[tool.poetry.group.dev.dependencies]\n'
            'gunicorn = { version = "*", extras = ["x"] }\n',
            "poetry.lock": LOCK,
        },
        "CS220:7",
    ),
    "by a lock": (UV + GUNICORN, project('dependencies = ["gunicorn"]', LOCK), ""),
    "not by a lock": (UV + UVICORN, project('dependencies = ["gunicorn"]', LOCK), "CS220:6"),
    "only for development": (
        UV + GUNICORN,
        project('dependencies = ["x"]\n[dependency-groups]\ndev = ["gunicorn"]', LOCK),
        "CS213:6",
    ),
    "for development, too": (
        UV.replace(" --no-dev", "") + GUNICORN,
        project('dependencies = ["x"]\n[dependency-groups]\ndev = ["gunicorn"]', LOCK),
        "",
    ),
    "by a group that includes another": (
        UV.replace("--no-dev", "--no-default-groups --group run") + GUNICORN,
        project(
            'dependencies = ["x"]\n[dependency-groups]\nrun = [{ include-group = "web" }]\nweb = ["gunicorn"]', LOCK
        ),
        "",
    ),
    "without a lock": (UV.replace("--frozen", "") + GUNICORN, project('dependencies = ["gunicorn"]'), ""),
    "without a lock, by nobody": (UV.replace("--frozen", "") + GUNICORN, project('dependencies = ["x"]'), "CS213:6"),
    "by Pipenv": (
        ALL + "RUN pipenv install --system --deploy\n" + GUNICORN,
        {"Pipfile": '[packages]\ngunicorn = "*"\n', "Pipfile.lock": '{"default": {"gunicorn": {}}, "develop": {}}'},
        "",
    ),
    "not by Pipenv": (
        ALL + "RUN pipenv install --system --deploy\n" + GUNICORN,
        {"Pipfile": "[packages]\n", "Pipfile.lock": '{"default": {}, "develop": {"gunicorn": {}}}'},
        "CS220:6",
    ),
    "no lock": (
        ALL + "RUN pipenv install --system --deploy\n" + GUNICORN,
        {"Pipfile": "[packages]\n", "Pipfile.lock": "<<<<"},
        "CS213:6",
    ),
    "no TOML is told of already": (UV + GUNICORN, {"pyproject.toml": "<<<"}, ""),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_program_that_is_started_has_to_be_installed(name: str) -> None:
    """A service would be called proven that ends at once, for want of its server; or one that runs, broken."""
    dockerfile, files, expected = ROWS[name]
    view = view_of({**LIBRARY, "main.py": "", **files}, f"{dockerfile}\n")
    assert " ".join(f"{one.code}:{one.line}" for one in check_starts(check_programs, view)) == expected


def test_a_program_in_a_folder_that_is_mounted_is_not_looked_at() -> None:
    """A service would be called broken whose environment is in a volume."""
    built = composed("    build: .\n    volumes: [venv:/venv]\nvolumes:\n  venv:\n")
    dockerfile = VENV.replace("gunicorn", "flask") + "ENV PATH=/venv/bin:$PATH\n" + GUNICORN
    found = [
        [*check_starts(check_programs, view_of(LIBRARY, dockerfile, compositions=given))] for given in ([], [built])
    ]
    assert [bool(one) for one in found] == [True, False]


ELSEWHERE = VENV + GUNICORN
COMPOSED = {
    "a PATH that leads there": (ELSEWHERE, "environment: [PATH=/venv/bin:/usr/bin]", ""),
    "a PATH that leads elsewhere": (ELSEWHERE, "environment: [PATH=/usr/bin]", "CS220"),
    "a PATH of the one who starts it": (ELSEWHERE, "environment: [PATH]", ""),
    "another variable": (ELSEWHERE, "environment: [X=1]", "CS220"),
    "a file that may set PATH": (ELSEWHERE, "env_file: .env", "CS213"),
    "a file that brings no program": (ALL + GUNICORN, "env_file: .env", "CS220"),
}


@pytest.mark.parametrize("name", COMPOSED)
def test_a_compose_file_may_set_path(name: str) -> None:
    """A service would be called broken whose compose file has PATH lead to its server."""
    dockerfile, said, expected = COMPOSED[name]
    view = view_of(
        {**LIBRARY, "main.py": ""}, f"{dockerfile}\n", compositions=[composed(f"    build: .\n    {said}\n")]
    )
    assert " ".join(one.code for one in check_starts(check_programs, view)) == expected


SAID = {
    ALL + GUNICORN: "no install line brings `gunicorn`; add `gunicorn` to the requirements that the image installs",
    FILE + "CMD fastapi run": "no requirement names a package that is known to bring it; add `fastapi[standard]` to",
    FILE + "CMD uvicorn main:app": "no requirement names a package that is known to bring it; add `uvicorn` to",
    VENV + GUNICORN: "it is installed in /venv/bin, to which PATH does not lead; add /venv/bin to PATH",
    BUILT + GUNICORN: "/usr/local/bin/gunicorn is in another stage only: no COPY takes it; copy /usr/local/bin as well",
}


@pytest.mark.parametrize("dockerfile", SAID)
def test_what_is_lacking_is_said_with_its_cause(dockerfile: str) -> None:
    """A person would not know whether to add a package, a COPY or a folder of PATH."""
    view = view_of({**LIBRARY, **wants("fastapi\n./common\n"), "main.py": ""}, dockerfile)
    assert SAID[dockerfile] in " ".join(f"{one.message}; {one.remedy}" for one in check_starts(check_programs, view))
