"""Environments of Python that were made in one stage and are started in another.

The rules are those of `venv` and of pip: they were tried with Python 3.11 and uv 0.13; `make e2e` starts rows like these.
"""

from collections.abc import Mapping

import pytest
from support.contexts import LIBRARY, check_starts, view_of

from common_sync.core.doctor.checks.start.moved import check_moved
from common_sync.core.formats.compose.built import Layer, locate_service
from common_sync.core.formats.compose.file import read_compose_file
from common_sync.edges.files.yaml import parse_documents

SLIM = "FROM python:3.12-slim"
MAKE = "RUN python -m venv /venv && /venv/bin/pip install ./common gunicorn uwsgi\n"
MADE = f"{SLIM} AS b\nWORKDIR /app\nCOPY . .\n{MAKE}"
LAST = f"{SLIM}\nWORKDIR /app\nCOPY . .\n"
ELSEWHERE = f"{MADE}{LAST}COPY --from=b /venv /opt/venv\n"
KEPT = f"{MADE}{LAST}COPY --from=b /venv /venv\n"
PATH = "ENV PATH=/opt/venv/bin:$PATH\n"
UV = (
    "FROM ghcr.io/astral-sh/uv:python3.12-bookworm-slim AS b\nWORKDIR /build\nCOPY . .\nRUN uv sync --frozen\n"
    f"{LAST}COPY --from=b /build/.venv /app/.venv\nENV PATH=/app/.venv/bin:$PATH\n"
)
PROJECT = {"pyproject.toml": '[project]\nname = "api"\nversion = "1"\ndependencies = ["gunicorn"]\n'}
GUNICORN = 'CMD ["gunicorn", "main:app"]'
BY_PATH = 'CMD ["/opt/venv/bin/gunicorn", "main:app"]'
IN_PLACE = 'CMD ["/venv/bin/gunicorn", "main:app"]'
DEBIAN = MADE.replace("python:3.12-slim", "debian:12").replace("python -m", "python3 -m")
APT = "RUN apt-get install -y python3 python3-venv\n"

ROWS: dict[str, tuple[str, Mapping[str, str], str]] = {
    # to another place
    "a program by its path": (ELSEWHERE + BY_PATH, {}, "CS220:9"),
    "a program by PATH": (ELSEWHERE + PATH + GUNICORN, {}, "CS220:10"),
    "a program in a script": (
        ELSEWHERE + 'CMD ["sh", "a.sh"]',
        {"a.sh": "exec /opt/venv/bin/gunicorn main:app\n"},
        "CS220:9",
    ),
    "a program that nobody knows": (ELSEWHERE + 'CMD ["/opt/venv/bin/serve"]', {}, "CS213:9"),
    "a program that is no script": (ELSEWHERE + 'CMD ["/opt/venv/bin/uwsgi"]', {}, ""),
    "its Python": (ELSEWHERE + 'CMD ["/opt/venv/bin/python", "main.py"]', {}, ""),
    "its Python, and a module": (ELSEWHERE + PATH + 'CMD ["python", "-m", "gunicorn", "main:app"]', {}, ""),
    "activated": (ELSEWHERE + "CMD . /opt/venv/bin/activate && python main.py", {}, "CS220:9"),
    "only under a condition": (ELSEWHERE + "CMD test -f x && /opt/venv/bin/gunicorn main:app", {}, "CS213:9"),
    "a program of the image's own": (ELSEWHERE + 'CMD ["/usr/bin/env"]', {}, ""),
    "a program by a PATH that nobody knows": (ELSEWHERE + "ENV PATH=$X:/opt/venv/bin\n" + GUNICORN, {}, ""),
    "a program that nobody knows, by PATH": (ELSEWHERE + PATH + "CMD serve", {}, ""),
    "a program that another install brings": (ELSEWHERE + "RUN pip install gunicorn\n" + GUNICORN, {}, ""),
    "what a variable names": (ELSEWHERE + "CMD $X", {}, ""),
    "a link to where it was": (ELSEWHERE + "RUN ln -s /opt/venv /venv\n" + BY_PATH, {}, ""),
    "both places": (ELSEWHERE + "COPY --from=b /venv /venv\n" + BY_PATH, {}, ""),
    "made anew": (ELSEWHERE + "RUN python -m venv /venv\n" + BY_PATH, {}, ""),
    "mended": (ELSEWHERE + "RUN sed -i 's#/venv#/opt/venv#' /opt/venv/bin/*\n" + BY_PATH, {}, ""),
    "not mended": (ELSEWHERE + "RUN sed -i 's#a#b#' main.py\n" + BY_PATH, {}, "CS220:10"),
    "a script of the service's there": (
        ELSEWHERE + "COPY run.sh /opt/venv/bin/\nCMD /opt/venv/bin/run.sh",
        {"run.sh": "#!/bin/sh\n"},
        "",
    ),
    "its folder of programs": (
        MADE + LAST + "COPY --from=b /venv/ /srv/\nCMD /srv/bin/gunicorn main:app",
        {},
        "CS220:9",
    ),
    "with the folder that it is in": (
        MADE.replace("/venv", "/app/.venv") + f"{SLIM}\nCOPY --from=b /app /srv\nCMD /srv/.venv/bin/gunicorn main:app",
        {},
        "CS220:7",
    ),
    "with the folder that it is in, to the same place": (
        MADE.replace("/venv", "/app/.venv") + f"{SLIM}\nCOPY --from=b /app /app\nCMD /app/.venv/bin/gunicorn main:app",
        {},
        "",
    ),
    "through a third stage": (
        MADE + f"{SLIM} AS c\nCOPY --from=b /venv /x\n{LAST}COPY --from=c /x /venv\n" + IN_PLACE,
        {},
        "",
    ),
    "through a third stage, and elsewhere": (
        MADE + f"{SLIM} AS c\nCOPY --from=b /venv /x\n{LAST}COPY --from=c /x /x\nCMD /x/bin/gunicorn main:app",
        {},
        "CS220:11",
    ),
    "in a stage that is built on": (
        MADE + f"{LAST.replace('slim', 'slim AS c')}COPY --from=b /venv /opt/venv\nFROM c\n" + BY_PATH,
        {},
        "CS220:10",
    ),
    "of uv's": (UV + GUNICORN, PROJECT, "CS220:10"),
    "of uv's, by its path": (UV + 'CMD ["/app/.venv/bin/gunicorn", "main:app"]', PROJECT, "CS220:10"),
    "of uv's, to the same place": (UV.replace("/build", "/app") + GUNICORN, PROJECT, ""),
    "of uv's, its Python": (UV + 'CMD ["python", "main.py"]', PROJECT, ""),
    "of uv's, that may be moved": (
        ELSEWHERE.replace("python -m venv", "uv venv --relocatable") + BY_PATH,
        {},
        "",
    ),
    "of uv's, that may be moved, by a variable": (
        UV.replace("COPY . .\nRUN uv", "ENV UV_VENV_RELOCATABLE=1\nRUN uv") + GUNICORN,
        PROJECT,
        "",
    ),
    # to the same place
    "in one stage": (f"{SLIM}\nWORKDIR /app\nCOPY . .\n{MAKE}{IN_PLACE}", {}, ""),
    "to the same place": (KEPT + IN_PLACE, {}, ""),
    "to the same place, by PATH": (KEPT + "ENV PATH=/venv/bin:$PATH\n" + GUNICORN, {}, ""),
    "from the image with tools to the slim one": (KEPT.replace("3.12-slim AS", "3.12 AS") + IN_PLACE, {}, ""),
    "a folder of packages": (
        f"{MADE}RUN pip install --target /x gunicorn\n{LAST}COPY --from=b /x /y\nCMD /y/bin/gunicorn main:app",
        {},
        "",
    ),
    "a prefix": (
        f"{SLIM} AS b\nCOPY . .\nRUN pip install --prefix=/install gunicorn\n{LAST}COPY --from=b /install /usr/local\n{GUNICORN}",
        {},
        "",
    ),
    # without its Python
    "to Debian": (KEPT.replace(f"\n{SLIM}\n", "\nFROM debian:12-slim\n") + IN_PLACE, {}, "CS220:9"),
    "to Debian, its Python": (
        KEPT.replace(f"\n{SLIM}\n", "\nFROM debian:12-slim\n") + "CMD /venv/bin/python main.py",
        {},
        "CS220:9",
    ),
    "to Debian, its Python by PATH": (
        KEPT.replace(f"\n{SLIM}\n", "\nFROM ubuntu\n") + "ENV PATH=/venv/bin:$PATH\nCMD python main.py",
        {},
        "CS220:10",
    ),
    "to Debian, with a Python of its own": (
        KEPT.replace(f"\n{SLIM}\n", f"\nFROM debian:12\n{APT}") + IN_PLACE,
        {},
        "CS220:10",
    ),
    "to Debian, with Python": (
        KEPT.replace(f"\n{SLIM}\n", "\nFROM debian:12\nCOPY --from=b /usr/local /usr/local\n") + IN_PLACE,
        {},
        "",
    ),
    "to Debian, with all": (
        KEPT.replace(f"\n{SLIM}\n", "\nFROM debian:12\n").replace("/venv /venv", "/ /") + IN_PLACE,
        {},
        "",
    ),
    "to Debian, with a link to another": (
        KEPT.replace(f"\n{SLIM}\n", f"\nFROM debian:12\n{APT}RUN ln -s /usr/bin/python3 /usr/local/bin/python\n")
        + IN_PLACE,
        {},
        "",
    ),
    "to an image of a team's": (KEPT.replace(f"\n{SLIM}\n", "\nFROM team/base\n") + IN_PLACE, {}, ""),
    "from an image of a team's": (KEPT.replace(f"{SLIM} AS", "FROM team/python:3.12 AS") + IN_PLACE, {}, ""),
    "from Debian to Python": (
        DEBIAN.replace("COPY . .\n", f"COPY . .\n{APT}") + LAST + "COPY --from=b /venv /venv\n" + IN_PLACE,
        {},
        "CS220:10",
    ),
    "from Debian to Python with Debian's": (
        DEBIAN + LAST.replace("-slim", "") + "COPY --from=b /venv /venv\n" + IN_PLACE,
        {},
        "",
    ),
    "from Debian to Debian": (DEBIAN + f"FROM debian:12\n{APT}COPY --from=b /venv /venv\n" + IN_PLACE, {}, ""),
    "from Debian to Debian without": (DEBIAN + "FROM debian:12\nCOPY --from=b /venv /venv\n" + IN_PLACE, {}, "CS220:7"),
    "with a Python that uv has fetched": (
        (
            "FROM ghcr.io/astral-sh/uv:debian AS b\nENV UV_PYTHON_INSTALL_DIR=/python\nWORKDIR /app\nCOPY . .\nRUN uv sync\n"
            "FROM debian:12\nCOPY --from=b /python /python\nCOPY --from=b /app /app\nCMD /app/.venv/bin/gunicorn main:app"
        ),
        PROJECT,
        "",
    ),
    "with a Python that uv has fetched by a line": (
        (
            "FROM ghcr.io/astral-sh/uv:debian AS b\nRUN uv python install 3.13\nWORKDIR /app\nCOPY . .\nRUN uv sync\n"
            "FROM debian:12\nCOPY --from=b /root /root\nCOPY --from=b /app /app\nCMD /app/.venv/bin/gunicorn main:app"
        ),
        PROJECT,
        "",
    ),
    # with another Python
    "to another version": (KEPT.replace(f"\n{SLIM}\n", "\nFROM python:3.11-slim\n") + IN_PLACE, {}, "CS220:9"),
    "to another version, its Python": (
        KEPT.replace(f"\n{SLIM}\n", "\nFROM python:3.11\n") + "CMD /venv/bin/python main.py",
        {},
        "CS220:9",
    ),
    "to another release of the version": (KEPT.replace(f"\n{SLIM}\n", "\nFROM python:3.12.4\n") + IN_PLACE, {}, ""),
    "to a version that nobody knows": (KEPT.replace(f"\n{SLIM}\n", "\nFROM python:3-slim\n") + IN_PLACE, {}, ""),
    "to another system": (KEPT.replace(f"\n{SLIM}\n", "\nFROM python:3.12-alpine\n") + IN_PLACE, {}, "CS213:9"),
    "in another stage only": (MADE + LAST + IN_PLACE, {}, ""),
}


@pytest.mark.parametrize("name", ROWS)
def test_an_environment_runs_where_it_was_made(name: str) -> None:
    """A service would be called proven whose server has a first line that leads nowhere; or one that runs, broken."""
    dockerfile, files, expected = ROWS[name]
    view = view_of({**LIBRARY, "main.py": "", **files}, f"{dockerfile}\n")
    assert " ".join(f"{one.code}:{one.line}" for one in check_starts(check_moved, view)) == expected


def test_an_environment_that_is_mounted_is_not_looked_at() -> None:
    """A service would be called broken whose environment is in a volume."""
    text = "services:\n  api:\n    build: .\n    volumes: [venv:/opt/venv]\nvolumes:\n  venv:\n"
    service = read_compose_file(parse_documents(text)).services[0]
    built = locate_service([Layer("/repo/services/api/compose.yaml", "/repo/services/api", service)])
    assert built is not None
    assert [*check_starts(check_moved, view_of(LIBRARY, ELSEWHERE + BY_PATH, compositions=[built]))] == []
