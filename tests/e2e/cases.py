"""What the small services have in common: a monorepo with a library of two modules, and one service that needs it.

The library needs nothing, and is built by the smallest build backend, so that an image takes seconds. The service answers
`/health` by what it imports from the library.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from e2e.base import NAME, PYTHON

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

LIBRARY = {
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
    "our_common/__init__.py": '"""What all services share."""\n',
    "our_common/health.py": _HEALTH,
}

NAMED_LIKE_ITS_FOLDER = {
    "pyproject.toml": """\
[build-system]
requires = ["setuptools>=68"]
build-backend = "setuptools.build_meta"

[project]
name = "our-common"
version = "1.2.3"

[tool.setuptools]
packages = ["common"]
""",
    "common/__init__.py": "",
    "common/health.py": _HEALTH,
}
"""A library whose package is at common/common, so that /app/common is not the package."""

_MAIN = '"""The service."""\n\nfrom our_common.health import serve\n\nserve()\n'

INSTALL = "RUN pip install --no-cache-dir -r requirements.txt"
START = 'COPY main.py ./\nCMD ["python3", "main.py"]'
START_BY_UV = 'COPY main.py ./\nCMD [".venv/bin/python", "main.py"]'

UV_PROJECT = """\
[project]
name = "api"
version = "1.0"
requires-python = ">=3.11"
dependencies = ["our-common"]

[tool.uv]
package = false

[tool.uv.sources]
our-common = { path = "../../common", editable = true }
"""
UV_LOCK = """\
version = 1
revision = 3
requires-python = ">=3.11"

[[package]]
name = "api"
version = "1.0"
source = { virtual = "." }
dependencies = [
    { name = "our-common" },
]

[package.metadata]
requires-dist = [{ name = "our-common", editable = "../../common" }]

[[package]]
name = "our-common"
version = "1.2.3"
source = { editable = "../../common" }
"""


class Case(NamedTuple):
    """One service.

    Attributes:
        name: What is special about it.
        dockerfile: The Dockerfile's text.
        files: More files of the service, or others than most have: path → text.
        library: What the library holds: path → text.
        master: The library's folder in the repository.
        copy_in_image: Where the image has the copy, seen from its working folder; None where it has none.
        at: The Dockerfile's path in the service.
        buildkit: Whether BuildKit builds it, or the classic builder.
        options: What `distribute` is told.
        from_context: Whether `common-sync context` is asked for it before it is distributed.
        verdict: What `doctor` says of it once it is distributed: `unknown` where nobody can tell without running it.
    """

    name: str
    dockerfile: str
    files: Mapping[str, str] = MappingProxyType({})
    library: Mapping[str, str] = MappingProxyType(LIBRARY)
    master: str = "common"
    copy_in_image: str | None = "common"
    at: str = "Dockerfile"
    buildkit: bool = True
    options: tuple[str, ...] = ()
    from_context: bool = True
    verdict: str = "proven"


def stage(*lines: str, name: str = "") -> str:
    """Return a stage of a Dockerfile that works in /app.

    Args:
        lines: Its instructions.
        name: Its name, if any.
    """
    return "\n".join((f"FROM {PYTHON}{name and f' AS {name}'}", "WORKDIR /app", *lines, ""))


def official(*lines: str) -> str:
    """Return a stage that works in /app, and begins with the image by its own name: without wheels, so that it installs nothing.

    Args:
        lines: Its instructions.
    """
    name, _, tag = PYTHON.partition(":")
    return "\n".join((f"ARG TAG={tag}", f"FROM {name}:$TAG", "WORKDIR /app", "ENV PYTHONPATH=/app/common", *lines, ""))


def repository_of(case: Case) -> dict[str, str]:
    """Return the repository that a case is about, as it is before the tool is used there: path → text."""
    service = {
        "main.py": _MAIN,
        "requirements.txt": f"-e ../../{case.master}\n",
        case.at: case.dockerfile.replace(PYTHON, NAME),
        **case.files,
    }
    configuration = f'master = "{case.master}"\nservices = ["services/*"]\ncopy = "common"\n'
    return {
        "common-sync.toml": configuration,
        **{f"{case.master}/{path}": text for path, text in case.library.items()},
        **{f"{SERVICE}/{path}": text for path, text in service.items()},
    }
