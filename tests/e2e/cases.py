"""Small services, each with one way to get the library into its image, right or wrong.

Each is one service of a monorepo with a library of two modules and no dependencies, so that a build takes seconds. None can be
built as it is; once copies are distributed and references rewritten, the correct ones can, and the broken ones cannot.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from e2e.base import NAME

SERVICE = "services/api"

_HEALTH = '''\
"""Says that the service works."""

from http.server import BaseHTTPRequestHandler, HTTPServer


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/health" else 404)
        self.end_headers()
        self.wfile.write(b"ok")


def serve() -> None:
    """Answer requests on port 8000, for ever."""
    HTTPServer(("", 8000), _Handler).serve_forever()
'''

_LIBRARY = {
    "pyproject.toml": """\
[build-system]
requires = ["flit_core>=3.9"]
build-backend = "flit_core.buildapi"

[project]
name = "our-common"
version = "1.2.3"
description = "What all services share."
requires-python = ">=3.11"
""",
    "our_common/init.py": '"""What all services share."""\n',
    "our_common/health.py": _HEALTH,
}

_MAIN = '"""The service."""\n\nfrom our_common.health import serve\n\nserve()\n'


class Case(NamedTuple):
    """One service, and what becomes of it.

    Attributes:
        name: What is special about it.
        dockerfile: The Dockerfile's text.
        files: More files of the service: path → text.
        master: The library's folder in the repository.
        copy_in_image: Where the image has the copy, from its working folder; None where it has none.
        at: The Dockerfile's path in the service.
        buildkit: Whether BuildKit builds it, or the classic builder.
    """

    name: str
    dockerfile: str
    files: Mapping[str, str] = MappingProxyType({})
    master: str = "common"
    copy_in_image: str | None = "common"
    at: str = "Dockerfile"
    buildkit: bool = True


_INSTALL = "RUN pip install --no-cache-dir -r requirements.txt"
_REST = 'COPY main.py ./\nCMD ["python3", "main.py"]'


def _dockerfile(*lines: str, rest: str = _REST) -> str:
    return "\n".join((f"FROM {NAME}", "WORKDIR /app", *lines, rest, ""))


def _multi_stage(final: str) -> str:
    return f"""\
FROM {NAME} AS build
WORKDIR /src
COPY requirements.txt ./
COPY common/ ./common/
RUN pip wheel --no-cache-dir --wheel-dir /dist -r requirements.txt

FROM {NAME}
WORKDIR /app
{final}
{_REST}
"""


CORRECT = (
    Case("copy_before_install", _dockerfile("COPY common/ ./common/", "COPY requirements.txt ./", _INSTALL)),
    Case("everything_first", _dockerfile("COPY . .", _INSTALL)),
    Case(
        "json_form",
        _dockerfile('COPY ["common/", "./common/"]', 'COPY ["requirements.txt", "./"]', _INSTALL),
    ),
    Case(
        "continuation_lines",
        _dockerfile(
            "COPY --chown=nobody:nogroup \\\n    # the library\n    common \\\n    ./common/",
            "ADD requirements.txt .",
            _INSTALL,
        ),
    ),
    Case(
        "bind_mount",
        _dockerfile(
            "COPY requirements.txt ./",
            "RUN --mount=type=bind,source=common,target=common pip install --no-cache-dir -r requirements.txt",
        ),
        files={"requirements.txt": "../../common\n"},  # not -e: the library is there for this one line only
        copy_in_image=None,
    ),
    Case(
        "wheels_from_a_builder_stage",
        _multi_stage("COPY --from=build /dist /dist\nRUN pip install --no-cache-dir --find-links /dist our-common"),
        files={"requirements.txt": "../../common\n"},
        copy_in_image=None,
    ),
    Case(
        "project_and_library_by_path",
        _dockerfile(
            "COPY common/ ./common/", "COPY pyproject.toml main.py ./", "RUN pip install --no-cache-dir ./common ."
        ),
        files={
            "pyproject.toml": """\
[build-system]
requires = ["setuptools>=68"]
build-backend = "setuptools.build_meta"

[project]
name = "api"
version = "1.0"
dependencies = ["our-common"]

[tool.setuptools]
py-modules = ["main"]
""",
        },
    ),
    Case(
        "copy_named_otherwise",
        _dockerfile("COPY common/ ./common/", "COPY requirements.txt ./", _INSTALL),
        files={"requirements.txt": "-e ../../shared\n"},
        master="shared",
    ),
    Case(
        "dockerfile_in_a_folder",
        _dockerfile("COPY common/ ./common/", "COPY requirements.txt ./", _INSTALL),
        at="docker/Dockerfile",
    ),
    Case(
        "argument_in_a_path",
        _dockerfile(
            "ARG LIB=common",
            "ENV REQS=requirements.txt",
            "COPY ${LIB}/ ./${LIB}/",
            "COPY $REQS ./",
            "RUN pip install --no-cache-dir -r $REQS",
        ),
    ),
    Case(
        "from_above",
        _dockerfile("COPY ../../common /app/common", "COPY requirements.txt ./", _INSTALL),
    ),
    Case(
        "installed_by_uv",
        _dockerfile(
            "COPY common common",
            "COPY requirements.txt .",
            "RUN pip install uv && uv pip install --system -r requirements.txt",
        ),
    ),
    Case(
        "ignore_file_keeps_the_copy",
        _dockerfile("COPY . .", _INSTALL),
        files={".dockerignore": "# only what the image needs\n*\n!common\n!requirements.txt\n!*.py\n**/pycache\n"},
    ),
    Case(
        "workdir_by_parts",
        _dockerfile(
            "WORKDIR /srv",
            "WORKDIR web",
            "COPY common/ /srv/web/common/",
            "COPY requirements.txt /tmp/",
            "RUN cp /tmp/requirements.txt . && pip install --no-cache-dir -r requirements.txt",
        ),
    ),
)

BROKEN = (
    Case("never_copied", _dockerfile("COPY requirements.txt ./", _INSTALL)),
    Case(
        "copied_after_install",
        _dockerfile("COPY requirements.txt ./", _INSTALL, "COPY common/ ./common/"),
    ),
    Case(
        "copied_elsewhere",
        _dockerfile("COPY common/ /srv/common/", "COPY requirements.txt ./", _INSTALL),
    ),
    Case(
        "contents_spilled",  # COPY of a folder copies what is in it, not the folder
        _dockerfile("COPY common requirements.txt ./", _INSTALL),
    ),
    Case(
        "only_in_the_builder_stage",
        _multi_stage(f"COPY requirements.txt ./\n{_INSTALL}"),
    ),
    Case(
        "ignored",
        _dockerfile("COPY common/ ./common/", "COPY requirements.txt ./", _INSTALL),
        files={".dockerignore": "common/\n"},
    ),
    Case(
        "forgotten_by_an_allow_list",
        _dockerfile("COPY . .", _INSTALL),
        files={".dockerignore": "*\n!requirements.txt\n!*.py\n"},
    ),
    Case(
        "ignored_for_this_dockerfile",
        _dockerfile("COPY . .", _INSTALL),
        files={".dockerignore": "**/pycache\n", "Dockerfile.dockerignore": "common\n"},
    ),
    Case(
        "pyproject_ignored",
        _dockerfile("COPY . .", _INSTALL),
        files={".dockerignore": "**/pyproject.toml\n"},
    ),
    Case(
        "wrong_case",
        _dockerfile("COPY Common/ ./common/", "COPY requirements.txt ./", _INSTALL),
    ),
)


def repository_of(case: Case) -> dict[str, str]:
    """Return the monorepo that a case is about, as it is before the tool is used: path → text."""
    service = {
        "main.py": _MAIN,
        "requirements.txt": f"-e ../../{case.master}\n",
        case.at: case.dockerfile,
        **case.files,
    }
    configuration = f'master = "{case.master}"\nservices = ["services/*"]\ncopy = "common"\n'
    return {
        "common-sync.toml": configuration,
        **{f"{case.master}/{path}": text for path, text in _LIBRARY.items()},
        **{f"{SERVICE}/{path}": text for path, text in service.items()},
    }
