"""Programs of the system, and scripts by PATH, that an image is started with and does not have.

What Debian and Alpine have was looked up in `python:3.12-slim` and `python:3.12-alpine`; `make e2e` starts rows like these.
"""

from collections.abc import Mapping

import pytest
from support.contexts import BASE, LIBRARY, check_starts, view_of

from common_sync.core.doctor.checks.start.lacking import check_lacking
from common_sync.core.doctor.image.bases import System, read_system
from common_sync.core.formats.compose.built import Layer, locate_service
from common_sync.core.formats.compose.file import read_compose_file
from common_sync.edges.files.yaml import parse_documents

REST = "COPY . .\nRUN pip install ./common\n"
ALL = BASE + REST
ALPINE = ALL.replace("slim", "alpine")
FULL = ALL.replace("-slim", "")
DEBIAN = "FROM debian:12-slim\nWORKDIR /app\nCOPY . .\n"
ENTRY = 'COPY entry.sh /usr/local/bin/\nENTRYPOINT ["entry.sh"]\n'
RUN = {"run.sh": "#!/bin/sh\nexec python main.py\n"}
TINI = 'ENTRYPOINT ["tini", "--", "python", "main.py"]'
BASH = 'CMD ["bash", "run.sh"]'
ARG = "ARG X\n"


def starts_with(line: str, rest: str = "exec python main.py") -> dict[str, str]:
    """Return a script with a first line."""
    return {"run.sh": f"{line}\n{rest}\n", "entry.sh": f"{line}\n{rest}\n"}


ROWS: dict[str, tuple[str, Mapping[str, str], str]] = {
    # scripts by PATH
    "in a folder of PATH": (ALL + ENTRY, {"entry.sh": "#!/bin/sh\n"}, ""),
    "by another name": (ALL + 'COPY run.sh /usr/bin/start\nCMD ["start"]', RUN, ""),
    "in a folder that ENV adds": (ALL + 'ENV PATH=/app:$PATH\nCMD ["run.sh"]', RUN, ""),
    "a link in a folder of PATH": (ALL + "RUN ln -s /app/run.sh /usr/local/bin/run.sh\nCMD run.sh", RUN, ""),
    "in the current folder only": (ALL + 'CMD ["run.sh"]', RUN, "CS220:5"),
    "in the current folder only, in shell form": (ALL + "CMD run.sh", RUN, "CS220:5"),
    "in the current folder only, under a wrapper": (ALL + 'CMD ["env", "X=1", "run.sh"]', RUN, "CS220:5"),
    "in the current folder only, after a program nobody knows": (ALL + "RUN x\nCMD run.sh", RUN, "CS220:6"),
    "in the current folder only, of a team's Python": (
        "FROM team/python:3.12\nWORKDIR /app\n" + REST + 'CMD ["run.sh"]',
        RUN,
        "CS213:5",
    ),
    "nowhere": (ALL + 'ENTRYPOINT ["entry.sh"]', {}, "CS220:5"),
    "nowhere, and a program nobody knows has run": (ALL + 'RUN x\nENTRYPOINT ["entry.sh"]', {}, "CS213:6"),
    "nowhere, and a script has run": (ALL + 'RUN ./x.sh\nENTRYPOINT ["entry.sh"]', {"x.sh": ""}, ""),
    "nowhere, and Django has run": (ALL + 'RUN python manage.py migrate\nENTRYPOINT ["entry.sh"]', {}, "CS220:6"),
    "of a base image": ("FROM team/base\nWORKDIR /app\n" + REST + 'ENTRYPOINT ["entry.sh"]', {}, ""),
    "of an image that has one": ("FROM postgres\nWORKDIR /app\n" + REST + 'CMD ["docker-entrypoint.sh"]', {}, ""),
    "of a team's Python": ("FROM team/python:3.12\nWORKDIR /app\n" + REST + 'CMD ["entry.sh"]', {}, ""),
    "of all that is copied": (ALL + 'COPY --from=team/x /bin/ /usr/local/bin/\nCMD ["entry.sh"]', {}, ""),
    "written by a line": (ALL + 'RUN echo x > /usr/local/bin/entry.sh\nCMD ["entry.sh"]', {}, ""),
    "only under a condition": (ALL + "CMD if test -f x; then run.sh; fi", RUN, "CS213:5"),
    "only where it is there": (ALL + "CMD if test -x run.sh; then run.sh; fi", RUN, ""),
    "bash on Alpine, under a condition": (ALPINE + "CMD if test -f x; then exec bash; fi", {}, "CS213:5"),
    "whatever becomes of it": (ALL + "CMD run.sh || true; python main.py", RUN, ""),
    "a shell reads it": (ALL + 'CMD ["sh", "run.sh"]', RUN, ""),
    "Bash reads it, with options": (ALL + 'CMD ["bash", "-euo", "pipefail", "run.sh"]', RUN, ""),
    "a program that is no script": (ALL + 'CMD ["run"]', {}, ""),
    "what a variable names": (ALL + "CMD $X", RUN, ""),
    "nothing": (ALL + "CMD X=1", RUN, ""),
    # wrappers
    "tini": (ALL + TINI, {}, "CS220:5"),
    "tini, with options": (ALL + 'ENTRYPOINT ["tini", "-g", "--"]\nCMD ["python", "main.py"]', {}, "CS220:5"),
    "tini, by its path": (ALL + TINI.replace("tini", "/usr/bin/tini"), {}, "CS220:5"),
    "tini, by a path of nobody's": (ALL + TINI.replace("tini", "/tini"), {}, "CS220:5"),
    "tini, in front of a shell": (ALL + 'CMD ["tini", "--", "sh", "-c", "python main.py"]', {}, "CS220:5"),
    "tini, of Debian's": (ALL + "RUN apt-get update && apt-get install -y tini=0.19.0-1\n" + TINI, {}, ""),
    "tini, of Alpine's": (ALPINE + "RUN apk add --no-cache tini\n" + TINI.replace("tini", "/sbin/tini"), {}, ""),
    "tini, fetched": (ALL + "ADD https://x.invalid/tini /tini\n" + TINI.replace("tini", "/tini"), {}, ""),
    "tini, fetched by a program": (ALL + "RUN curl -Lo /usr/bin/tini https://x.invalid/tini\n" + TINI, {}, ""),
    "tini, fetched, of some release": (
        ALL + ARG + "ADD https://x.invalid/$X/tini /tini\n" + TINI.replace("tini", "/tini"),
        {},
        "",
    ),
    "tini, of its image": (ALL + "COPY --from=team/tini /tini /usr/bin/tini\n" + TINI, {}, ""),
    "tini, in a package that is unpacked": (ALL + "RUN dpkg -i x.deb\n" + TINI, {}, "CS213:6"),
    "tini, by a variable": (ALL + ARG + "RUN apt-get install -y $X\n" + TINI, {}, ""),
    "tini, by a list": (ALL + "RUN xargs apt-get install -y < apt.txt\n" + TINI, {}, ""),
    "tini, in another stage": (
        f"FROM debian AS b\nRUN apt-get install -y tini\n{ALL}{TINI}",
        {},
        "CS220:7",
    ),
    "tini, out of another stage": (
        f"FROM debian AS b\nRUN apt-get install -y tini\n{ALL}COPY --from=b /usr/bin/tini /usr/bin/tini\n{TINI}",
        {},
        "",
    ),
    "tini, with all of another stage": (
        f"FROM debian AS b\nRUN apt-get install -y tini\n{ALL}COPY --from=b / /\n{TINI}",
        {},
        "",
    ),
    "tini, with all of another stage, and files of the service": (
        f"FROM debian AS b\nRUN apt-get install -y tini\nCOPY . /srv\n{ALL}COPY --from=b / /\n{TINI}",
        {},
        "",
    ),
    "tini, in the stage that is built on": (
        f"FROM python:3.12-slim AS b\nRUN apt-get install -y tini\nFROM b\nWORKDIR /app\n{REST}{TINI}",
        {},
        "",
    ),
    "tini, of a base image": ("FROM team/base\n" + REST + TINI, {}, ""),
    "tini, of conda's": ("FROM continuumio/miniconda3\n" + REST + TINI, {}, ""),
    "dumb-init": (ALL + 'ENTRYPOINT ["/usr/bin/dumb-init", "--"]\nCMD ["python", "main.py"]', {}, "CS220:5"),
    "dumb-init, of an index": (ALL + 'RUN pip install dumb-init\nCMD ["dumb-init", "python", "main.py"]', {}, ""),
    "gosu, in a script": (ALL + ENTRY, starts_with("#!/bin/sh", "exec gosu app python main.py"), "CS220:6"),
    "gosu, that is installed": (
        ALL + "RUN set -eux; apt-get update; apt-get install -y gosu; gosu nobody true\n" + ENTRY,
        starts_with("#!/bin/sh", 'exec gosu app "$@"'),
        "",
    ),
    "gosu, with what is passed on": (
        ALL + ENTRY + 'CMD ["python", "main.py"]',
        starts_with("#!/bin/sh", 'exec gosu app "$@"'),
        "CS220:6",
    ),
    **{
        f"gosu, under a condition: {name}": (
            ALL + ENTRY + user + 'CMD ["python", "main.py"]',
            starts_with("#!/bin/sh", script),
            expected,
        )
        for name, user, script, expected in (
            ("root", "", 'if [ "$(id -u)" = 0 ]; then exec gosu app "$@"; fi\nexec "$@"', "CS220:6"),
            (
                "root, with more",
                "",
                'if [[ $EUID -eq 0 ]]\nthen\n  chown x y\n  exec gosu app "$0" "$@"\nfi\nexec "$@"',
                "CS220:6",
            ),
            ("a user", "USER nobody\n", 'if [ "$(id -u)" = 0 ]; then exec gosu app "$@"; fi\nexec "$@"', ""),
            (
                "root by name",
                "USER root\n",
                'if test `id -u` -eq 0; then\n su-exec app "$@"\nelse\n "$@"\nfi',
                "CS220:6",
            ),
            ("something else", "", 'if [ "$1" = x ]; then exec gosu app "$@"; fi\nexec "$@"', "CS213:6"),
            (
                "who it is, and more",
                "",
                'if [ "$(id -u)" = 0 ]; then echo; fi\nif [ $X ]; then exec gosu a b; fi\nexec "$@"',
                "CS213:6",
            ),
        )
    },
    "gosu, under a condition, installed": (
        ALL + "RUN apt-get install -y gosu\n" + ENTRY + 'CMD ["python", "main.py"]',
        starts_with("#!/bin/sh", 'if [ "$(id -u)" = 0 ]; then exec gosu app "$@"; fi\nexec "$@"'),
        "",
    ),
    "su-exec": (ALPINE + "CMD su-exec nobody python main.py", {}, "CS220:5"),
    "su-exec, and other packages": (ALPINE + "RUN apk add foo\nCMD su-exec nobody python main.py", {}, "CS220:6"),
    "su-exec, that is installed": (ALPINE + "RUN apk add su-exec\nCMD su-exec nobody python main.py", {}, ""),
    "what is installed as it starts": (ALL + 'CMD sh -c "apt-get install -y tini && tini python main.py"', {}, ""),
    # shells
    "Bash on Alpine": (ALPINE + BASH, RUN, "CS220:5"),
    "Bash on Alpine, in one line": (ALPINE + 'CMD ["bash", "-c", "python main.py"]', {}, "CS220:5"),
    "Bash on Alpine, by its path": (ALPINE + 'CMD ["/bin/bash", "run.sh"]', RUN, "CS220:5"),
    "Bash on Alpine, by a first line": (ALPINE + 'CMD ["./run.sh"]', starts_with("#!/bin/bash"), "CS220:5"),
    "Bash on Alpine, by env": (ALPINE + 'CMD ["./run.sh"]', starts_with("#!/usr/bin/env bash"), "CS220:5"),
    "Bash on Alpine, by PATH": (ALPINE + ENTRY, starts_with("#!/usr/bin/env -S bash -e"), "CS220:6"),
    "Bash on Alpine, in a script": (
        ALPINE + 'CMD ["./run.sh"]',
        {"run.sh": "#!/bin/sh\nexec bash a.sh\n", "a.sh": "python main.py\n"},
        "CS220:5",
    ),
    "Bash on Alpine, and the script is nowhere": (ALPINE + BASH, {}, "CS220:5"),
    "Bash on Alpine, that is installed": (ALPINE + "RUN apk add --no-cache bash>5\n" + BASH, RUN, ""),
    "Bash on Alpine, and what builds": (ALPINE + "RUN apk add gcc musl-dev libpq-dev git\n" + BASH, RUN, "CS220:6"),
    "Bash on Alpine, and what may need it": (ALPINE + "RUN apk add libtool\nRUN apk add foo\n" + BASH, RUN, "CS213:7"),
    "Bash on Debian": (ALL + BASH, RUN, ""),
    "Bash on Debian, by a first line": (ALL + 'CMD ["./run.sh"]', starts_with("#!/bin/bash"), ""),
    "another shell on Alpine": (ALPINE + 'CMD ["ash", "run.sh"]', RUN, ""),
    "another shell on Debian": (ALL + 'CMD ["zsh", "run.sh"]', RUN, "CS220:5"),
    "a shell of uv's Alpine": (
        "FROM ghcr.io/astral-sh/uv:python3.12-alpine\nWORKDIR /app\n" + REST + BASH,
        RUN,
        "CS220:5",
    ),
    "a script without a first line": (ALPINE + "CMD ./run.sh", {"run.sh": "python main.py\n"}, ""),
    # Python
    "Python of the image": (ALL + "CMD python3.12 main.py", {}, ""),
    "Python of another version": (ALL + "CMD python3.11 main.py", {}, "CS220:5"),
    "Python of another version that is installed": (
        ALL + "RUN apt-get install -y python3.11\nCMD python3.11 main.py",
        {},
        "",
    ),
    "Python of a version that nobody knows": (ALL.replace("3.12-", "3-") + "CMD python3.11 main.py", {}, ""),
    "Python by a first line": (ALL + "CMD ./run.sh", starts_with("#!/usr/bin/env python3", ""), ""),
    "Python by the path of the image's": (ALL + "CMD ./run.sh", starts_with("#!/usr/local/bin/python", ""), ""),
    "Python by the path of a system": (ALL + "CMD ./run.sh", starts_with("#!/usr/bin/python3", ""), "CS220:5"),
    "Python by the path of a system that has one": (FULL + "CMD ./run.sh", starts_with("#!/usr/bin/python3", ""), ""),
    "Python by the path of an environment": (
        ALL + "RUN python -m venv /v\nCMD ./run.sh",
        starts_with("#!/v/bin/python", ""),
        "",
    ),
    "no Python at all": (DEBIAN + "CMD python3 main.py", {}, "CS220:4"),
    "no Python at all, and packages": (DEBIAN + "RUN apt-get install -y foo\nCMD python3 main.py", {}, "CS213:5"),
    "Python of Debian's": (DEBIAN + "RUN apt-get install -y python3-pip\nCMD python3 main.py", {}, ""),
    "Python of Debian's, by another name": (
        DEBIAN + "RUN apt-get update && apt-get install -y python3 python3-pip\nCMD python main.py",
        {},
        "CS220:5",
    ),
    "Python of Debian's, by another name that is installed": (
        DEBIAN + "RUN apt-get install -y python3 python-is-python3\nCMD python main.py",
        {},
        "",
    ),
    "Python of Debian's, by a link": (
        DEBIAN + "RUN apt-get install -y python3 && ln -s /usr/bin/python3 /usr/bin/python\nCMD python main.py",
        {},
        "",
    ),
    "Python of Debian's, by an alternative": (
        DEBIAN
        + "RUN apt-get install -y python3 && update-alternatives --install /usr/bin/python python /usr/bin/python3 1\n"
        "CMD python main.py",
        {},
        "",
    ),
    "Python of Debian's, by another path": (
        DEBIAN + "RUN apt-get install -y python3\nCMD ./run.sh",
        starts_with("#!/usr/local/bin/python", ""),
        "CS220:5",
    ),
    "Python of Alpine's": ("FROM alpine\nRUN apk add python3\nCMD python main.py", {}, ""),
    "Python of an environment": (
        DEBIAN
        + "RUN apt-get install -y python3 python3-venv && python3 -m venv /v\nENV PATH=/v/bin:$PATH\nCMD python x",
        {},
        "",
    ),
    "Python that uv brings": (
        "FROM ghcr.io/astral-sh/uv:debian\nWORKDIR /app\nCOPY . .\nRUN uv sync\nENV PATH=/app/.venv/bin:$PATH\nCMD python main.py",
        {"pyproject.toml": '[project]\nname = "api"\nversion = "1"\n'},
        "",
    ),
    "Python out of another stage": (
        "FROM python:3.12 AS b\nFROM debian\nCOPY --from=b /usr/local /usr/local\nCMD python3 main.py",
        {},
        "",
    ),
    "Python of another image": ("FROM node:22\nCMD python3 main.py", {}, ""),
}


@pytest.mark.parametrize("name", ROWS)
def test_what_a_system_lacks_is_not_started(name: str) -> None:
    """A service would be called proven that ends at once, for want of a program that no line installs; or one that runs, broken."""
    dockerfile, files, expected = ROWS[name]
    view = view_of({**LIBRARY, "main.py": "", **files}, f"{dockerfile}\n")
    assert " ".join(f"{one.code}:{one.line}" for one in check_starts(check_lacking, view)) == expected


def test_a_script_in_a_folder_that_is_mounted_is_not_looked_at() -> None:
    """A service would be called broken whose script is another one, from a volume."""
    text = "services:\n  api:\n    build: .\n    volumes: [./x:/app]\n"
    service = read_compose_file(parse_documents(text)).services[0]
    built = locate_service([Layer("/repo/services/api/compose.yaml", "/repo/services/api", service)])
    assert built is not None
    view = view_of({**LIBRARY, **starts_with("#!/bin/bash")}, ALPINE + "CMD ./run.sh\n", compositions=[built])
    assert [*check_starts(check_lacking, view)] == []


SYSTEMS = {
    "python:3.12": System("debian", python=True, full=True),
    "docker.io/library/python:3.12-slim-bookworm@sha256:1": System("debian", python=True),
    "python": System("debian", python=True, full=True),
    "python:3.12-alpine3.20": System("alpine", python=True),
    "python:3.12-windowsservercore": System(),
    "registry.example/python:3.12": System(),
    "debian:12-slim": System("debian"),
    "debian:trixie-slim": System("debian", adduser=False),
    "python:3.12-slim": System("debian", python=True, adduser=False),
    "ubuntu:24.04": System("debian"),
    "alpine": System("alpine"),
    "ghcr.io/astral-sh/uv:python3.12-bookworm-slim": System("debian", python=True),
    "ghcr.io/astral-sh/uv:python3.12-trixie": System("debian", python=True, full=True),
    "ghcr.io/astral-sh/uv:alpine": System("alpine"),
    "ghcr.io/astral-sh/uv:debian-slim": System("debian", adduser=False),
    "ghcr.io/astral-sh/uv:0.5": System(),
    "node:22-alpine": System(),
}


@pytest.mark.parametrize("image", SYSTEMS)
def test_an_official_image_is_known_by_its_name(image: str) -> None:
    """An image of a team's own would be taken for one that lacks what the team has put into it."""
    assert read_system(image) == SYSTEMS[image]
