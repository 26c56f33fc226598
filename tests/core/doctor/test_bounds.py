"""Versions that an install asks of the library beside its path. Each row was tried with pip 26.3 and uv 0.13."""

from collections.abc import Mapping

import pytest
from support.contexts import BASE, FILES, troubles_of

ALL = BASE + "COPY . .\n"
PIP = ALL + "RUN pip install -r requirements.txt\n"
PIP_C = ALL + "RUN pip install -c c.txt ./common\n"
UV = ALL + "RUN uv pip install --system -r requirements.txt\n"
UV_IT = ALL + "RUN uv pip install --system ./common\n"
LATER = ALL + "RUN pip install ./common\nRUN pip install "


def files(requirements: str = "./common\n", constraints: str = "", **more: str) -> dict[str, str]:
    """Return a service with these requirements and constraints; its copy has version 1."""
    return {**FILES, "requirements.txt": requirements, "c.txt": constraints, **more}


def versioned(line: str, constraint: str) -> dict[str, str]:
    """Return a service whose copy says its version so."""
    pyproject = {"common/pyproject.toml": f'[project]\nname = "our-common"\n{line}\n'}
    return files(constraints=constraint) | pyproject


def settings(text: str, name: str = "uv.toml") -> dict[str, str]:
    """Return a service with settings of uv."""
    return files() | {name: text}


def project(wanted: str) -> dict[str, str]:
    """Return a service that is a project itself, and asks for the library by its name."""
    head = f'[project]\nname = "api"\nversion = "1"\ndependencies = ["our-common{wanted}"]\n'
    return files() | {"pyproject.toml": head + '[tool.uv.sources]\nour-common = { path = "common" }\n'}


ROWS: dict[str, tuple[str, Mapping[str, str], str]] = {
    "pip: another version beside the path": (PIP, files("./common\nour-common==9\n"), "CS218:4"),
    "pip: extras, and another spelling": (PIP, files("./common\nOur_Common[x] (>1)\n"), "CS218:4"),
    "pip: the version that it has": (PIP, files("./common\nour-common>=1,<2 --config-settings a=b\n"), ""),
    "pip: on the command line": (ALL + "RUN pip install ./common our-common==9\n", files(), "CS218:4"),
    "pip: a constraint": (PIP_C, files(constraints="our-common!=1.0\n"), "CS218:4"),
    "pip: a constraint that takes it": (PIP_C, files(constraints="our-common<2\nidna<4\n"), ""),
    "pip: a constraint for some Pythons": (PIP_C, files(constraints='our-common==9; python_version<"3"\n'), ""),
    "pip: a constraint for some patches": (
        PIP_C,
        files(constraints='our-common==9; python_full_version<"3.12.4"\n'),
        "CS213:4",
    ),
    "pip: a constraint in the requirements": (PIP, files("-c c.txt\n./common\n", "our-common==9\n"), "CS218:4"),
    "pip: by the environment": (
        ALL + "ENV PIP_CONSTRAINT=/app/c.txt\nRUN pip install ./common\n",
        files(constraints="our-common==9\n"),
        "CS218:5",
    ),
    "pip: by a file of settings": (
        ALL + "COPY pip.conf /etc/pip.conf\nRUN pip install ./common\n",
        files(constraints="our-common==9\n") | {"pip.conf": "[install]\nconstraint = /app/c.txt\n"},
        "CS218:5",
    ),
    "pip: a constraint with another path": (PIP_C, files(constraints="our-common @ file:///app/x\n"), "CS218:4"),
    "pip: a constraint with the same path": (PIP_C, files(constraints="our-common @ file:///app/common\n"), ""),
    "pip: what builds it": (
        ALL + "RUN pip install --build-constraint c.txt ./common\n",
        files(constraints="our-common==9\n"),
        "",
    ),
    "pip: a prerelease is less": (PIP_C, versioned('version = "1.0.dev3"', "our-common>=1\n"), "CS218:4"),
    "pip: a local version": (PIP_C, versioned('version = "1+x"', "our-common==1\n"), ""),
    "pip: a version that is made": (PIP_C, versioned('dynamic = ["version"]', "our-common==1\n"), "CS213:4"),
    "pip: a version that is made, and none is asked": (PIP_C, versioned('dynamic = ["version"]', "our-common\n"), ""),
    "pip: the service asks for another": (ALL + "RUN pip install ./common .\n", project("==9"), "CS218:4"),
    "pip: the service asks for it": (ALL + "RUN pip install ./common .\n", project(">=1"), ""),
    "pip: nobody looks what the service asks": (ALL + "RUN pip install --no-deps ./common .\n", project("==9"), ""),
    "pip: later another": (LATER + "our-common==9\n", files(), "CS213:5"),
    "pip: later the same": (LATER + "our-common==1\n", files(), ""),
    "pip: later, anew": (LATER + "--force-reinstall our-common\n", files(), "CS213:5"),
    "pip: later, the service": (LATER + ".\n", project("==9"), "CS213:5"),
    "pip: later, a constraint": (LATER + "-c c.txt idna\n", files(constraints="our-common==9\n"), ""),
    "pip: later, in a stage that is built on it": (
        (LATER + "our-common==9\n")
        .replace(BASE, "FROM python:3.12 AS b\nWORKDIR /app\n")
        .replace("\nRUN pip install our", "\nFROM b\nRUN pip install our"),
        files(),
        "CS213:6",
    ),
    "uv: another version beside the path": (UV, files("./common\nour-common==9\n"), "CS218:4"),
    "uv: the service has a source for it": (ALL + "RUN uv pip install --system ./common .\n", project("==9"), ""),
    "uv: an override": (
        ALL + "RUN uv pip install --override c.txt ./common\n",
        files(constraints="our-common\n"),
        "CS213:4",
    ),
    "uv: an exclude": (
        ALL + "RUN uv pip install --excludes c.txt ./common\n",
        files(constraints="our-common\n"),
        "CS213:4",
    ),
    "uv: constraints in uv.toml": (UV_IT, settings('constraint-dependencies = ["our-common==9"]\n'), "CS218:4"),
    "uv: constraints that take it": (UV_IT, settings('constraint-dependencies = ["our-common==1"]\n'), ""),
    "uv: constraints in the project": (
        UV_IT,
        settings('[tool.uv]\nconstraint-dependencies = ["our-common==9"]\n', "pyproject.toml"),
        "CS218:4",
    ),
    "uv: overrides in uv.toml": (UV_IT, settings('override-dependencies = ["our-common==1"]\n'), "CS213:4"),
    "uv: excludes in uv.toml": (UV_IT, settings('exclude-dependencies = ["our-common"]\n'), "CS213:4"),
    "uv sync: the source takes the place of all that": (ALL + "RUN uv sync\n", project("==9"), ""),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_asks_for_another_version_is_not_proven(name: str) -> None:
    """A build would be called proven that its installer ends with a conflict; or one that works, broken."""
    dockerfile, held, expected = ROWS[name]
    assert " ".join(f"{one.code}:{one.line}" for one in troubles_of(dockerfile, held)) == expected
