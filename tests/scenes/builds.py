"""Scenes of builds: CS201 to CS219."""

from collections.abc import Mapping

from scenes.scene import API, COPY, Scene

_FROM = "FROM python:3.12-slim\nWORKDIR /app\n"
_ALL = "COPY . .\n"
_INSTALL = "RUN pip install -r requirements.txt\n"
_REQUIREMENTS = f"{API}/requirements.txt"


def _build(dockerfile: str, files: Mapping[str, str] | None = None, shown: str = f"cat {API}/Dockerfile\n") -> Scene:
    """Return the scene of an image: the copy is there, and the block in .dockerignore."""
    return Scene(
        f"{shown}common-sync doctor", {f"{API}/Dockerfile": dockerfile, **(files or {})}, "common-sync distribute"
    )


_TWO_STAGES = """\
FROM python:3.12-slim AS build
WORKDIR /src
COPY . .
RUN pip install --prefix /deps -r requirements.txt
FROM python:3.12-slim
COPY --from=build /deps /usr/local
COPY app.py .
"""
_UNUSED = """\
FROM python:3.12-slim AS dev
COPY requirements.txt .
RUN pip install -r requirements.txt
FROM python:3.12-slim
WORKDIR /app
COPY . .
RUN pip install -r requirements.txt
"""
_NESTED = {
    "common-sync.toml": 'master = "ourlib"\nservices = ["services/api"]\n',
    "ourlib/pyproject.toml": '[project]\nname = "ourlib"\nversion = "1.2.3"\n',
    "ourlib/ourlib/__init__.py": "VERSION = 1\n",
    f"{API}/app.py": "import ourlib\n",
}
"""A library whose folder has the name of its package."""


def _nested(dockerfile: str, requirements: str) -> Scene:
    scene = _build(dockerfile, {**_NESTED, _REQUIREMENTS: requirements})
    return scene._replace(before="rm -r common\ncommon-sync distribute", begun=False)


BUILDS: Mapping[str, Scene] = {
    "CS201": _build(f"{_FROM}COPY requirements.txt .\n{_INSTALL}{_ALL}"),
    "CS202": _build(f"{_FROM}COPY . .\nCOPY config/ /etc/api/\n{_INSTALL}"),
    "CS203": _build(f"{_FROM}COPY ../app.py .\n{_ALL}{_INSTALL}"),
    "CS204": _build(f"{_FROM}COPY common/ common/\n{_INSTALL}"),
    "CS205": Scene(
        f"cat {_REQUIREMENTS}\ncommon-sync doctor",
        {_REQUIREMENTS: "-e ./common\n-e ../../tools\n", "tools/pyproject.toml": '[project]\nname = "tools"\n'},
    ),
    "CS206": Scene(
        f"cat {API}/app.py\ncommon-sync doctor",
        {f"{API}/app.py": "import sys\nsys.path.append('../../common')\nimport our_common\n"},
    ),
    "CS207": _build(
        _FROM + _ALL + _INSTALL,
        {f"{API}/compose.yaml": "services:\n  api:\n    build: .\n    volumes: [data:/app]\nvolumes:\n  data:\n"},
        f"head -n 4 {API}/compose.yaml\n",
    ),
    "CS208": _nested(_FROM + _ALL, "fastapi\n"),
    "CS209": Scene(
        "cat common/pyproject.toml\ncommon-sync doctor",
        {"common/pyproject.toml": '[project]\nname = "common"\nversion = "1.2.3"\n'},
        "common-sync distribute",
    ),
    "CS210": _build(
        "FROM python:3.9-slim\nWORKDIR /app\n" + _ALL + _INSTALL,
        {"common/pyproject.toml": '[project]\nname = "our-common"\nversion = "1.2.3"\nrequires-python = ">=3.11"\n'},
        f"head -n 1 {API}/Dockerfile\ntail -n 1 common/pyproject.toml\n",
    ),
    "CS211": _build(_FROM + _ALL + _INSTALL, {f"{COPY}/build/lib/our_common/gone.py": ""}, ""),
    "CS212": _build(
        "FROM python:3.11-slim\nWORKDIR /app\n" + _ALL + _INSTALL,
        {_REQUIREMENTS: "our-common @ file:./common\n"},
        f"head -n 1 {API}/Dockerfile\ncat {_REQUIREMENTS}\n",
    ),
    "CS213": _build(f"{_FROM}{_ALL}RUN ./install.sh\n", {f"{API}/install.sh": "pip install ./common\n"}),
    "CS214": _build(_UNUSED),
    "CS215": _build(_TWO_STAGES),
    "CS216": _build(_FROM + _ALL + _INSTALL, {_REQUIREMENTS: "fastapi\n"}, f"cat {_REQUIREMENTS} {API}/app.py\n"),
    "CS217": _nested(_FROM + _ALL + _INSTALL, "-e ./ourlib\n"),
    "CS218": _build(
        _FROM + _ALL + _INSTALL,
        {_REQUIREMENTS: "--require-hashes\n-e ./common\n"},
        f"cat {_REQUIREMENTS}\n",
    ),
    "CS220": _build(_FROM + _ALL + _INSTALL + 'CMD ["python", "app/main.py"]\n', {}, f"ls {API}\n"),
    "CS219": Scene(
        "ls nx.json common\ncommon-sync doctor",
        {"nx.json": "{}\n", "common/project.json": '{"name": "common"}\n'},
        "common-sync distribute",
    ),
}
