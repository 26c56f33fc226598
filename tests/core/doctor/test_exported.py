"""Requirements that `uv export` and `poetry export` write while the image is built, and that another line installs.

The lines are those of uv 0.13, which was tried, and those that the pages of poetry-plugin-export show.
"""

from collections.abc import Mapping

import pytest
from support.contexts import BASE, LIBRARY, check_starts, follow, troubles_of, view_of

from common_sync.core.doctor.checks.start.programs import check_programs

COPY = BASE + "COPY . .\n"
INSTALL = "RUN pip install -r requirements.txt\n"
HASH = 'sdist = { url = "x", hash = "sha256:1" }\nwheels = [{ url = "y", hash = "sha256:2" }]\n'
LOCK = f"""\
version = 1
[[package]]
name = "api"
version = "1"
source = {{ virtual = "." }}
dependencies = [{{ name = "our-common" }}, {{ name = "web", extra = ["standard"] }}, {{ name = "winpty", marker = "sys_platform == 'win32'" }}]
[package.optional-dependencies]
more = [{{ name = "celery" }}]
[package.dev-dependencies]
dev = [{{ name = "pytest" }}]
[[package]]
name = "our-common"
version = "1"
source = {{ editable = "common" }}
[[package]]
name = "web"
version = "2"
source = {{ registry = "https://pypi.org/simple" }}
dependencies = [{{ name = "api" }}]
{HASH}[package.optional-dependencies]
standard = [{{ name = "uvicorn" }}]
[[package]]
name = "uvicorn"
version = "3"
source = {{ registry = "https://pypi.org/simple" }}
{HASH}[[package]]
name = "pytest"
version = "4"
source = {{ registry = "https://pypi.org/simple" }}
[[package]]
name = "celery"
version = "5"
source = {{ git = "https://example.invalid/celery?rev=1#2" }}
[[package]]
name = "winpty"
version = "6"
source = {{ registry = "https://pypi.org/simple" }}
"""
PROJECT = (
    '[project]\nname = "api"\nversion = "1"\ndependencies = ["our-common", "web[standard]"]\n'
    '[project.optional-dependencies]\nmore = ["celery"]\n[dependency-groups]\ndev = ["pytest"]\n'
    '[tool.uv.sources]\nour-common = { path = "common", editable = true }\n'
)
UV = {**LIBRARY, "main.py": "", "pyproject.toml": PROJECT, "uv.lock": LOCK}
POETRY = {
    **LIBRARY,
    "main.py": "",
    "pyproject.toml": '[tool.poetry]\nname = "api"\n[tool.poetry.dependencies]\nuvicorn = "*"\nour-common = { path = "common" }\n',
    "poetry.lock": '[[package]]\nname = "uvicorn"\nversion = "3"\ngroups = ["main"]\nfiles = [{ file = "x", hash = "sha256:1" }]\n'
    '[[package]]\nname = "pytest"\nversion = "4"\ngroups = ["dev"]\n'
    '[[package]]\nname = "celery"\nversion = "5"\noptional = true\ngroups = ["main"]\n'
    '[[package]]\nname = "x"\nversion = "5"\ngroups = ["main"]\n[package.source]\ntype = "git"\nurl = "https://example.invalid/x"\n'
    '[[package]]\nname = "our-common"\nversion = "1"\ngroups = ["main"]\n[package.source]\ntype = "directory"\nurl = "common"\n',
}

TEXTS: dict[str, tuple[str, Mapping[str, str], str | None]] = {
    "uv": (
        "uv export --frozen -o requirements.txt",
        UV,
        "-e ./common|web==2 +2|pytest==4|uvicorn==3 +2",
    ),
    "uv, without": (
        "uv export --no-dev --no-hashes --no-editable -o requirements.txt",
        UV,
        "./common|web==2|uvicorn==3",
    ),
    "uv, redirected": (
        "uv export -q --no-default-groups --no-hashes > requirements.txt",
        UV,
        "-e ./common|web==2|uvicorn==3",
    ),
    "uv, with an extra": (
        "uv export --no-dev --no-hashes --no-emit-local --extra more > requirements.txt",
        UV,
        "web==2|celery @ git|uvicorn==3",
    ),
    "uv, with all": (
        "uv export --no-hashes --no-emit-package web --all-extras --all-groups > requirements.txt",
        UV,
        "-e ./common|celery @ git|pytest==4|uvicorn==3",
    ),
    "uv, without the workspace": (
        "uv export --no-dev --no-hashes --no-emit-workspace > requirements.txt",
        UV,
        "web==2|uvicorn==3",
    ),
    "uv, a project that is built": (
        "uv export --no-dev --no-hashes > requirements.txt",
        {**UV, "uv.lock": LOCK.replace('virtual = "."', 'editable = "."')},
        "-e .|-e ./common|web==2|uvicorn==3",
    ),
    "uv, and that left out": (
        "uv export --no-dev --no-hashes --no-emit-project > requirements.txt",
        {**UV, "uv.lock": LOCK.replace('virtual = "."', 'editable = "."')},
        "-e ./common|web==2|uvicorn==3",
    ),
    "uv, another format": ("uv export --format=pylock.toml -o requirements.txt", UV, None),
    "uv, an option that is not known": ("uv export --package x -o requirements.txt", UV, None),
    "uv, to nowhere": ("uv export --frozen", UV, None),
    "uv, by a variable": ("uv export -o $X", UV, None),
    "uv, no lock": ("uv export -o requirements.txt", {**LIBRARY, "pyproject.toml": PROJECT}, None),
    "uv, a lock that is none": ("uv export -o requirements.txt", {**UV, "uv.lock": "<<<"}, None),
    "uv, an empty lock": ("uv export -o requirements.txt", {**UV, "uv.lock": ""}, None),
    "uv, a lock of another project": (
        "uv export -o requirements.txt",
        {**UV, "uv.lock": LOCK.replace('"api"', '"x"')},
        None,
    ),
    "uv, no project": ("uv export -o requirements.txt", {**LIBRARY, "uv.lock": LOCK}, None),
    "uv, another command": ("uv lock -o requirements.txt", UV, None),
    "poetry": (
        "poetry export -f requirements.txt --output requirements.txt",
        POETRY,
        "uvicorn==3 +1|x @ git|our-common @ file:///app/common",
    ),
    "poetry, with more": (
        "poetry export --without-hashes --with dev --all-extras > requirements.txt",
        POETRY,
        "uvicorn==3|pytest==4|celery==5|x @ git|our-common @ file:///app/common",
    ),
    "poetry, only some": ("poetry export --only dev > requirements.txt", POETRY, "pytest==4"),
    "poetry, with an extra": ("poetry export -E more > requirements.txt", POETRY, None),
    "poetry, develop": (
        "poetry export --without-hashes > requirements.txt",
        {
            **POETRY,
            "poetry.lock": '[[package]]\nname = "our-common"\ndevelop = true\n[package.source]\ntype = "directory"\nurl = "common"\n',
        },
        "-e file:///app/common",
    ),
}


def shorten(text: str) -> str:
    """Return the lines of exported requirements in one, each with the number of its hashes."""
    lines = [one for one in text.replace(" \\\n", " ").splitlines() if not one.startswith("#")]
    return (
        "|".join(
            f"{one.split(' --hash')[0].strip()}" + (f" +{one.count('--hash')}" if "--hash" in one else "")
            for one in lines
        )
        .replace("git+https://example.invalid/celery?rev=1#2", "git")
        .replace("git+https://example.invalid/x", "git")
    )


@pytest.mark.parametrize("name", TEXTS)
def test_an_export_writes_what_the_lock_holds(name: str) -> None:
    """A build would be called proven whose requirements are other ones, or nobody could tell what a known lock brings."""
    command, files, expected = TEXTS[name]
    image = follow(f"{COPY}RUN {command}\n", files).stages[0].image
    place = image.look("/app/requirements.txt")
    text = place.text if place is not None else None
    assert (shorten(text) if text is not None else None) == expected


EXPORT = "RUN uv export --frozen --no-dev --no-hashes -o requirements.txt\n"
UVICORN = 'CMD ["uvicorn", "main:app"]'
BUILDS: dict[str, tuple[str, Mapping[str, str], str]] = {
    "uv, and pip": (COPY + EXPORT + INSTALL + UVICORN, UV, ""),
    "uv, and uv": (COPY + EXPORT + INSTALL.replace("pip", "uv pip").replace("-r", "--system -r") + UVICORN, UV, ""),
    "in one line": (COPY + EXPORT.rstrip() + " && pip install -r requirements.txt\n" + UVICORN, UV, ""),
    "with hashes, which pip wants of the folder, too": (
        COPY + EXPORT.replace(" --no-hashes", "") + INSTALL + UVICORN,
        UV,
        "CS218:5",
    ),
    "with hashes, for uv": (
        COPY + EXPORT.replace(" --no-hashes", "") + "RUN uv pip install --system -r requirements.txt\n" + UVICORN,
        UV,
        "",
    ),
    "with hashes, without the folder": (
        COPY + EXPORT.replace("--no-hashes", "--no-emit-local") + INSTALL + "RUN pip install ./common\n" + UVICORN,
        UV,
        "",
    ),
    "a server that the lock lacks": (COPY + EXPORT + INSTALL + 'CMD ["gunicorn", "main:app"]', UV, "CS220:6"),
    "a folder that is not there": (
        BASE + "COPY pyproject.toml uv.lock ./\n" + EXPORT + INSTALL + "COPY . .\n" + UVICORN,
        UV,
        "CS201:5",
    ),
    "in another stage": (
        COPY.replace("slim", "slim AS b")
        + EXPORT
        + COPY
        + "COPY --from=b /app/requirements.txt ./\n"
        + INSTALL
        + UVICORN,
        UV,
        "",
    ),
    "in another stage, without the folder": (
        COPY.replace("slim", "slim AS b")
        + EXPORT
        + BASE
        + "COPY --from=b /app/requirements.txt ./\n"
        + INSTALL
        + UVICORN,
        UV,
        "CS201:8",
    ),
    "poetry": (
        COPY
        + "RUN pip install poetry==1.8.5 && poetry export --without-hashes -o requirements.txt\n"
        + INSTALL
        + UVICORN,
        POETRY,
        "",
    ),
    "poetry, with hashes": (
        COPY + "RUN pip install poetry==1.8.5 && poetry export -o requirements.txt\n" + INSTALL + UVICORN,
        POETRY,
        "CS218:5",
    ),
    "only if a condition holds": (
        COPY + "RUN if test -f x; then uv export --no-hashes -o requirements.txt; fi\n" + INSTALL + UVICORN,
        UV,
        "CS213:5",
    ),
    "written anew": (COPY + EXPORT + "RUN sed -i s/x/y/ requirements.txt\n" + INSTALL + UVICORN, UV, "CS213:6"),
}


@pytest.mark.parametrize("name", BUILDS)
def test_what_is_exported_is_installed(name: str) -> None:
    """A person would be told that nobody can tell what a lock file holds, or see a build fail that is called proven."""
    dockerfile, files, expected = BUILDS[name]
    found = [*troubles_of(dockerfile, files), *check_starts(check_programs, view_of(files, f"{dockerfile}\n"))]
    assert " ".join(f"{one.code}:{one.line}" for one in found) == expected


PLUGIN = POETRY["pyproject.toml"] + '[tool.poetry.requires-plugins]\npoetry-plugin-export = ">=1.8"\n'
SCRIPT = "curl -sSL https://install.python-poetry.org | "
POETRIES: dict[str, tuple[str, Mapping[str, str], str]] = {
    # Poetry 1.8.5 and 2.5.1 were tried
    "nobody knows which": ("", {}, "CS213:5"),
    "the newest": ("RUN pip install poetry", {}, "CS213:5"),
    "the first with the plugin alone": ("RUN pip install poetry==2.1.3", {}, "CS213:5"),
    "one before that": ("RUN pip install 'poetry==1.8.5'", {}, ""),
    "one before that, by a limit": ("RUN pip install 'poetry>=1.5,<2.0'", {}, ""),
    "one before that, nearly": ("RUN pip install 'poetry~=1.8'", {}, ""),
    "a limit that is too high": ("RUN pip install 'poetry>=1.5,<3'", {}, "CS213:5"),
    "one before that, by a variable": ("ARG V=1.8.5\nRUN pip install poetry==$V", {}, ""),
    "a variable that nobody sets": ("ARG V\nRUN pip install poetry==$V", {}, "CS213:6"),
    "one before that, by a file": ("RUN pip install -r p.txt", {"p.txt": "poetry<2\n"}, ""),
    "one before that, by uv": ("RUN uv pip install --system poetry==1.8.5", {}, ""),
    "one before that, by pipx": ("RUN pipx install poetry==1.8.5", {}, ""),
    "one before that, as a tool of uv": ("RUN uv tool install poetry@1.8.5", {}, ""),
    "the newest, by pipx": ("RUN pipx install poetry", {}, "CS213:5"),
    "one before that, and then the newest": ("RUN pip install poetry==1.8.5\nRUN pip install -U poetry", {}, "CS213:6"),
    "by the script": (f"RUN {SCRIPT} python3 -", {}, "CS213:5"),
    "one before that, by the script": (f"RUN {SCRIPT} python3 - --version 1.8.5", {}, ""),
    "one before that, by the script and a variable": (f"RUN {SCRIPT} POETRY_VERSION=1.8.5 python3 -", {}, ""),
    "one before that, by the script and ENV": (f"ENV POETRY_VERSION=1.8.5\nRUN {SCRIPT} python3 -", {}, ""),
    "a variable that pip does not read": ("ENV POETRY_VERSION=1.8.5\nRUN pip install poetry", {}, "CS213:6"),
    "with the plugin": ("RUN pip install poetry poetry-plugin-export", {}, ""),
    "with the plugin, by a file": ("RUN pip install -r p.txt", {"p.txt": "poetry\nPoetry_Plugin.export==1.9\n"}, ""),
    "with the plugin, by itself": ("RUN pip install poetry && poetry self add poetry-plugin-export@^1.8", {}, ""),
    "with the plugin, by pipx": ("RUN pipx install poetry && pipx inject poetry poetry-plugin-export", {}, ""),
    "with the plugin, in a stage below": ("RUN pip install poetry poetry-plugin-export\nFROM b\nWORKDIR /app", {}, ""),
    "with the plugin, out of another stage": (
        (
            "RUN python -m venv /p && /p/bin/pip install poetry poetry-plugin-export\nFROM python:3.12\nWORKDIR /app\n"
            "COPY --from=b /p /p\nCOPY . ."
        ),
        {},
        "",
    ),
    "which the project wants": ("RUN pip install poetry", {"pyproject.toml": PLUGIN}, "CS213:5"),
    "which the project wants, and has": ("RUN pip install poetry && poetry install", {"pyproject.toml": PLUGIN}, ""),
    "which the project does not want": ("RUN pip install poetry && poetry install", {}, "CS213:5"),
}


@pytest.mark.parametrize("name", POETRIES)
def test_poetry_has_to_have_export(name: str) -> None:
    """A build would be called proven that ends with: the requested command export does not exist."""
    lines, files, expected = POETRIES[name]
    dockerfile = (
        f"{COPY.replace('slim', 'slim AS b')}{lines or 'RUN true'}\nRUN poetry export --without-hashes -o /r.txt\n"
    )
    found = troubles_of(dockerfile, {**POETRY, **files})
    assert " ".join(f"{one.code}:{one.line}" for one in found) == expected
