"""Programs by an absolute path into an environment, and console scripts of the service's own project and of the library.

What installs them is what the pages of pip, uv and poetry say; `make e2e` starts rows like these.
"""

from collections.abc import Mapping

import pytest
from support.contexts import BASE, LIBRARY, check_starts, view_of

from common_sync.core.doctor.checks.start.programs import check_programs
from common_sync.core.doctor.checks.start.started import check_started

COPY = BASE + "COPY . .\n"
VENV = COPY + "RUN python -m venv /opt/venv && /opt/venv/bin/pip install ./common\n"
MORE = VENV.replace("./common", "./common fastapi")
UV = COPY + "RUN uv sync --frozen --no-dev\n"
GUNICORN = 'CMD ["/opt/venv/bin/gunicorn", "main:app"]'
HEAD = '[project]\nname = "api"\nversion = "1"\n'
BUILT = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
SCRIPTS = '[project.scripts]\nserve-api = "api.main:run"\n'
LOCK = '[[package]]\nname = "api"\nversion = "1"\n'
OWN = {"pyproject.toml": HEAD + SCRIPTS + BUILT, "uv.lock": LOCK}
OF_LIBRARY = {
    "common/pyproject.toml": '[project]\nname = "our-common"\nversion = "1"\n[project.scripts]\nour-tool = "our_common:run"\n'
}
POETRY = {"pyproject.toml": '[tool.poetry]\nname = "api"\n[tool.poetry.scripts]\nserve-api = "api.main:run"\n'}
CONFIG = "[metadata]\nname = api\n[options.entry_points]\nconsole_scripts =\n    serve-api = api.main:run\n    x = y:z\n[tool]\n"
SETUP = (
    "from setuptools import setup\nsetup(name='api', entry_points={'console_scripts': ['serve-api = api.main:run']})\n"
)
SERVE = 'CMD ["serve-api"]'
IN_VENV = 'CMD ["/app/.venv/bin/serve-api"]'

ROWS: dict[str, tuple[str, Mapping[str, str], str]] = {
    # by a path into an environment that lines have made
    "of an environment": (VENV + GUNICORN, {}, "CS220:5"),
    "of an environment, and another package may bring it": (MORE + GUNICORN, {}, "CS213:5"),
    "of an environment that has it": (VENV.replace("./common", "./common gunicorn") + GUNICORN, {}, ""),
    "nobody's program": (VENV + 'CMD ["/opt/venv/bin/nosuch"]', {}, "CS220:5"),
    "nobody's program, as an ENTRYPOINT": (VENV + 'ENTRYPOINT ["/opt/venv/bin/nosuch", "-x"]', {}, "CS220:5"),
    "nobody's program, in a script": (VENV + "CMD sh run.sh", {"run.sh": "exec /opt/venv/bin/nosuch\n"}, "CS220:5"),
    "nobody's program, and a package may bring it": (MORE + 'CMD ["/opt/venv/bin/nosuch"]', {}, "CS213:5"),
    "a program that is called as its package": (
        VENV.replace("./common", "./common Data_Sette") + 'CMD ["/opt/venv/bin/data-sette"]',
        {},
        "",
    ),
    "its Python": (VENV + 'CMD ["/opt/venv/bin/python3.12", "main.py"]', {}, ""),
    "its pip": (VENV + 'CMD ["/opt/venv/bin/pip", "list"]', {}, ""),
    "by a relative path": (VENV.replace("/opt/venv", ".venv") + "CMD .venv/bin/nosuch", {}, "CS220:5"),
    "in a folder that nobody can tell": (VENV + "CMD cd $X && ../opt/venv/bin/nosuch", {}, ""),
    "a file of the build": (VENV + "COPY main.py /opt/venv/bin/nosuch\nCMD /opt/venv/bin/nosuch", {}, ""),
    "what a line has put there": (VENV + "RUN ln -s /x /opt/venv/bin/nosuch\nCMD /opt/venv/bin/nosuch", {}, ""),
    "in an environment that nobody made": (
        COPY + 'RUN pip install ./common gunicorn\nCMD ["/opt/venv/bin/gunicorn"]',
        {},
        "CS220:5",
    ),
    "in an environment of a base image": (
        COPY.replace("python:", "team/python:") + 'RUN pip install ./common\nCMD ["/opt/venv/bin/gunicorn"]',
        {},
        "",
    ),
    "in an environment that nothing was installed into": (
        COPY + "RUN python -m venv /opt/venv && pip install ./common gunicorn\n" + GUNICORN,
        {},
        "CS220:5",
    ),
    "in an environment of uv": (UV + 'CMD ["/app/.venv/bin/gunicorn"]', OWN, "CS220:5"),
    "in an environment of uv that has it": (
        UV + 'CMD ["/app/.venv/bin/gunicorn"]',
        {**OWN, "uv.lock": LOCK + '[[package]]\nname = "gunicorn"\nversion = "1"\n'},
        "",
    ),
    "in an environment that is copied": (
        VENV.replace("slim", "slim AS b") + "FROM python:3.12-slim\nCOPY --from=b /opt/venv /opt/venv\n" + GUNICORN,
        {},
        "CS220:7",
    ),
    "in an environment that is copied, and has it": (
        VENV.replace("slim", "slim AS b").replace("./common", "./common gunicorn")
        + "FROM python:3.12-slim\nCOPY --from=b /opt/venv /opt/venv\n"
        + GUNICORN,
        {},
        "",
    ),
    # by a path into the image's own Python
    "of the image's Python": (COPY + 'RUN pip install ./common\nCMD ["/usr/local/bin/nosuch"]', {}, "CS220:5"),
    "of the image's Python, which is there": (
        COPY + 'RUN pip install ./common gunicorn\nCMD ["/usr/local/bin/gunicorn"]',
        {},
        "",
    ),
    "of a system, and it is elsewhere": (
        COPY + 'RUN pip install ./common gunicorn\nCMD ["/usr/bin/gunicorn"]',
        {},
        "CS220:5",
    ),
    "of a system that brings it": (
        COPY + 'RUN apt-get install -y gunicorn && pip install ./common\nCMD ["/usr/bin/gunicorn"]',
        {},
        "",
    ),
    "of an image that nobody knows": (
        COPY.replace("python:3.12-slim", "node") + 'RUN pip install ./common\nCMD ["/usr/local/bin/node"]',
        {},
        "",
    ),
    # the scripts of the service's own project
    "of the project": (COPY + "RUN pip install ./common .\n" + SERVE, OWN, ""),
    "of the project, misspelled": (
        COPY + 'RUN pip install ./common .\nCMD ["serve_api"]',
        OWN,
        "CS220:5",
    ),
    "of the project, which nothing installs": (COPY + "RUN pip install ./common\n" + SERVE, OWN, "CS220:5"),
    "of the project, in a script": (
        COPY + "RUN pip install ./common\nCMD sh run.sh",
        {**OWN, "run.sh": "exec serve-api\n"},
        "CS220:5",
    ),
    "of the project, and a wheel is installed": (
        COPY + "RUN pip wheel -w /w . ./common && pip install /w/*.whl\n" + SERVE,
        OWN,
        "",
    ),
    "of the project, by uv": (UV + IN_VENV, OWN, ""),
    "of the project, by uv and PATH": (UV + "ENV PATH=/app/.venv/bin:$PATH\n" + SERVE, OWN, ""),
    "of the project, by uv, and PATH lacks it": (UV + SERVE, OWN, "CS220:5"),
    "of the project, left out by uv": (
        UV.replace("--no-dev", "--no-install-project") + IN_VENV,
        {**OWN, "uv.lock": LOCK + '[[package]]\nname = "fastapi"\nversion = "1"\n'},
        "CS220:5",
    ),
    "of the project, left out by uv, and then installed": (
        UV.replace("--no-dev", "--no-install-project") + "RUN uv sync --frozen\n" + IN_VENV,
        OWN,
        "",
    ),
    "of a project that nothing builds": (UV + IN_VENV, {**OWN, "pyproject.toml": HEAD + SCRIPTS}, "CS220:5"),
    "of a project that is told to be built": (
        UV + IN_VENV,
        {**OWN, "pyproject.toml": HEAD + SCRIPTS + "[tool.uv]\npackage = true\n"},
        "",
    ),
    "of a project that is told not to be built": (
        UV + IN_VENV,
        {**OWN, "pyproject.toml": HEAD + SCRIPTS + BUILT + "[tool.uv]\npackage = false\n"},
        "CS220:5",
    ),
    "of the project, by poetry": (
        COPY + "ENV POETRY_VIRTUALENVS_CREATE=false\nRUN poetry install\n" + SERVE,
        POETRY,
        "",
    ),
    "of the project, by poetry without it": (
        COPY + "ENV POETRY_VIRTUALENVS_CREATE=false\nRUN poetry install --no-root\n" + SERVE,
        POETRY,
        "CS220:6",
    ),
    "of the project, by setup.cfg": (
        COPY + "RUN pip install ./common .\n" + SERVE,
        {"setup.cfg": CONFIG, "setup.py": "from setuptools import setup\nsetup()\n"},
        "",
    ),
    "of the project, by setup.py": (COPY + "RUN pip install ./common .\n" + SERVE, {"setup.py": SETUP}, ""),
    "of the project, by a setup.py that may say anything": (
        COPY + 'RUN pip install ./common .\nCMD ["other"]',
        {"setup.py": SETUP.replace("['serve", "[NAME, 'serve")},
        "CS213:5",
    ),
    "of a project that says them elsewhere": (
        COPY + 'RUN pip install ./common .\nCMD ["other"]',
        {"pyproject.toml": HEAD + 'dynamic = ["scripts"]\n'},
        "CS213:5",
    ),
    "of a project that is no TOML is told of already": (
        COPY + 'RUN pip install ./common .\nCMD ["other"]',
        {"pyproject.toml": "<<<"},
        "",
    ),
    # those of the library
    "of the library": (COPY + 'RUN pip install ./common\nCMD ["our-tool"]', OF_LIBRARY, ""),
    "of the library, which is imported by its path": (COPY + 'CMD ["our-tool"]', OF_LIBRARY, "CS220:4"),
    "of the library, by a path": (VENV + 'CMD ["/opt/venv/bin/our-tool"]', OF_LIBRARY, ""),
    # what is started first, by its name alone
    "a program of the system": (COPY + 'RUN pip install ./common\nCMD ["sleep", "9"]', {}, ""),
    "a program that nobody knows, and a package may bring it": (
        COPY + 'RUN pip install ./common fastapi\nCMD ["nosuch"]',
        {},
        "CS213:5",
    ),
    "a program of a system's package": (
        COPY + 'RUN apt-get install -y supervisor && pip install ./common\nCMD ["supervisord", "-n"]',
        {},
        "",
    ),
    "a program that a system's package may bring": (
        COPY + 'RUN apt-get install -y default-jre && pip install ./common\nCMD ["java"]',
        {},
        "CS213:5",
    ),
    "a program that a full image may have": (
        COPY.replace("-slim", "") + 'RUN pip install ./common\nCMD ["hg", "serve"]',
        {},
        "CS213:5",
    ),
    "a program of an image that nobody knows": (
        COPY.replace("python:3.12-slim", "nginx") + 'RUN pip install ./common\nCMD ["nginx"]',
        {},
        "",
    ),
    "a program in a folder that nobody knows": (
        COPY + 'RUN pip install ./common\nARG X\nENV PATH=$X:$PATH\nCMD ["nosuch"]',
        {},
        "",
    ),
    "a program inside a script": (COPY + "RUN pip install ./common\nCMD sh run.sh", {"run.sh": "nosuch\n"}, ""),
    # a start script that goes on as what it is given, whoever runs it
    **{
        f"by each way: {name}": (
            COPY + 'RUN pip install ./common\nENTRYPOINT ["sh", "e.sh"]\nCMD ["gunicorn", "main:app"]',
            {"e.sh": script},
            expected,
        )
        for name, script, expected in (
            (
                "gosu for root",
                'if [ "$(id -u)" = 0 ]; then\n  chown app /d\n  exec gosu app "$@"\nfi\nexec "$@"\n',
                "CS220:5",
            ),
            ("itself once more", 'if [ "$(id -u)" = 0 ]; then\n  exec gosu app "$0" "$@"\nfi\nexec "$@"\n', "CS220:5"),
            ("both", 'if [ -f x ]; then\n exec gosu app "$@"\nelse\n exec "$@"\nfi\n', "CS220:5"),
            ("a case", 'case "$1" in gunicorn) exec gosu app "$@";; esac\nexec "$@"\n', "CS220:5"),
            (
                "one after the other",
                'if [ $A ]; then exec nice "$@"; fi\nif [ $B ]; then exec time "$@"; fi\nexec "$@"\n',
                "CS220:5",
            ),
            ("something else first", 'if [ "$1" = x ]; then exec python main.py; fi\nexec "$@"\n', "CS213:5"),
            ("something else, too", 'if [ "$1" = x ]; then exec python main.py; else exec "$@"; fi\n', "CS213:5"),
            ("only one of them", 'if [ -f x ]; then exec gosu app "$@"; fi\n', "CS213:5"),
            (
                "an end before",
                'if [ -f x ]; then exit 0; fi\nif [ -f y ]; then exec gosu a "$@"; fi\nexec "$@"\n',
                "CS213:5",
            ),
        )
    },
    # what another program is started by
    "a tracer": (COPY + "RUN pip install ./common gunicorn\nCMD ddtrace-run gunicorn main:app", {}, "CS213:5"),
    "a tracer that is there": (
        COPY + "RUN pip install ./common gunicorn ddtrace\nCMD ddtrace-run gunicorn main:app",
        {},
        "",
    ),
    "a tracer, and all is known": (
        COPY + "RUN pip install --no-deps ./common gunicorn\nCMD opentelemetry-instrument gunicorn main:app",
        {},
        "CS220:5",
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_a_program_by_its_path_has_to_be_installed_there(name: str) -> None:
    """A service would be called proven that ends at once, for want of a script that nobody installed."""
    dockerfile, files, expected = ROWS[name]
    view = view_of({**LIBRARY, "main.py": "", **files}, f"{dockerfile}\n")
    found = [one for check in (check_programs, check_started) for one in check_starts(check, view)]
    assert " ".join(f"{one.code}:{one.line}" for one in found) == expected


SAID = {
    COPY + "RUN pip install ./common\n" + SERVE: "no install line installs the project that names `serve-api`",
    VENV + GUNICORN: "no install line brings `gunicorn`; add `gunicorn` to the requirements",
    VENV
    + 'CMD ["/opt/venv/bin/nosuch"]': "no install line brings `nosuch`; start what is there, or install the package",
    COPY + "RUN pip install gunicorn\nCMD /usr/bin/gunicorn": "in /usr/local/bin; start /usr/local/bin/gunicorn",
    COPY + "RUN pip install --no-deps idna\nCMD ddtrace-run python main.py": "add `ddtrace` to the requirements",
    COPY
    + "RUN pip install --no-deps idna\nCMD opentelemetry-instrument python main.py": "add `opentelemetry-distro` to",
}


@pytest.mark.parametrize("dockerfile", SAID)
def test_what_is_lacking_is_said_with_what_to_do(dockerfile: str) -> None:
    """A person would not know whether the path, the project or the requirements are wrong."""
    view = view_of({**LIBRARY, **OWN, "main.py": ""}, f"{dockerfile}\n")
    assert SAID[dockerfile] in " ".join(f"{one.message}; {one.remedy}" for one in check_starts(check_programs, view))
