"""Scenes of references, and of what else `verify` looks at: CS101 to CS121."""

from collections.abc import Mapping

from scenes.scene import API, Scene

_REQUIREMENTS, _DOCKERFILE = f"{API}/requirements.txt", f"{API}/Dockerfile"
_SIMPLE = "FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\n"
_FROM_ABOVE = "FROM python:3.12-slim\nCOPY common/ /common/\nRUN pip install /common\n"


def _file(path: str, text: str, **more: str) -> Scene:
    """Return the scene in which `verify` tells something of a service's file."""
    return Scene(f"cat {API}/{path}\ncommon-sync verify", {f"{API}/{path}": text, **more})


def _compose(settings: str, dockerfile: str = _SIMPLE) -> Scene:
    """Return the same of a compose file, for a service that is built from a Dockerfile."""
    scene = _file("compose.yaml", f"services:\n  api:\n{settings}", **{_DOCKERFILE: dockerfile})
    return scene._replace(before="common-sync distribute")


REFERENCES: Mapping[str, Scene] = {
    "CS101": _file("requirements.txt", "fastapi\n-e ../../common\n"),
    "CS102": _file("requirements.txt", "fastapi\n-e ${ROOT}/common\n"),
    "CS103": _file("requirements.txt", "-r ../base.txt\n", **{"services/base.txt": "-e ../../common\n"}),
    "CS104": Scene("common-sync verify", before=f"printf '# caf\\351\\n-e ./common\\n' > {_REQUIREMENTS}"),
    "CS105": _file("requirements.txt", "./common\nfastapi\n-e ./common\n"),
    "CS106": _file("pyproject.toml", '[tool.uv.workspace]\nmembers = ["../../com*"]\n'),
    "CS107": _file("Dockerfile", "FROM python:3.12-slim\nCOPY common/dist/*.whl /wheels/\n")._replace(
        before="common-sync distribute"
    ),
    "CS108": _file("pyproject.toml", '[tool.uv.sources]\nour-common = { path = "../../common"\n'),
    "CS109": _file(
        "poetry.lock",
        '[[package]]\nname = "our-common"\nversion = "1.2.3"\n\n[package.source]\n'
        'type = "directory"\nurl = "../../common"\n',
    ),
    "CS110": _file("build.sh", "pip install ../../common\n"),
    "CS111": _compose("    build: .\n    volumes: ['..:/app']\n"),
    "CS112": _compose(
        "    build:\n      context: ../..\n      dockerfile: services/api/Dockerfile\n", _FROM_ABOVE
    )._replace(shown=f"head -n 5 {API}/compose.yaml\nhead -n 2 {_DOCKERFILE}\ncommon-sync verify"),
    "CS113": _compose("    build: .\n    env_file: ../../all.env\n"),
    "CS114": Scene(
        f"cat {API}/.gitignore\ncommon-sync distribute api", {f"{API}/.gitignore": "/common/\n"}, begun=False
    ),
    "CS115": Scene(
        f"tail -n 2 {API}/.dockerignore\ncommon-sync verify",
        {_DOCKERFILE: _SIMPLE},
        f"common-sync distribute\nprintf '*\\n!app.py\\n' >> {API}/.dockerignore",
    ),
    "CS116": Scene("common-sync verify", before="rm .gitattributes"),
    "CS117": Scene(
        "common-sync eject api",
        before="git rev-parse HEAD > .git/shallow\nrm -r .git/common-sync",  # as in a clone of depth 1
    ),
    "CS118": Scene(
        "common-sync eject api",
        {f"{API}/requirements-dev.txt": "-e ./common\npytest\n"},
        before="git add -A\ngit commit -q -m dev",
    ),
    "CS119": Scene("common-sync verify api", before="echo 'copy = \"libs/common\"' >> common-sync.toml"),
    "CS120": Scene("common-sync distribute api", {_DOCKERFILE: _SIMPLE, f"{API}/.env": "DEBUG=1\n"}, "git add -A"),
    "CS121": Scene("cat Makefile\ncommon-sync doctor", {"Makefile": f"build:\n\tcp -r common {API}/\n"}),
}
