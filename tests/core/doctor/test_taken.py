"""What is copied or mounted out of another stage: what nothing shows to be there cannot be told, and what an installer makes is taken for given.

A COPY of what is not in the stage ends the build: so says Docker's reference. Docker did not build these rows; `make e2e` builds one like them, with both builders.
"""

import pytest
from support.contexts import LIBRARY, troubles_of

FILES = {
    **LIBRARY,
    "main.py": "import our_common\n",
    "manage.py": "",
    "requirements.txt": "gunicorn\n",
    "pyproject.toml": '[project]\nname = "api"\nversion = "1"\n[tool.poetry]\nname = "api"\n',
}
BUILD = "FROM python:3.12 AS build\nWORKDIR /app\nCOPY . .\n"
PREFIX = "RUN pip install --prefix=/install ./common"
VENV = "RUN python -m venv /opt/venv && /opt/venv/bin/pip install ./common gunicorn"
OWN = "RUN pip install ./common -r requirements.txt"
USER = "RUN pip install --user ./common"
WHEELS = "RUN pip wheel -w /wheels ./common"
THERE = (
    (PREFIX, "/install"),
    (PREFIX, "/install/lib/python3.12/site-packages"),
    (PREFIX, "/install/bin"),
    (PREFIX, "/inst*"),
    (VENV, "/opt/venv/"),
    (VENV, "/opt"),
    (VENV, "/opt/venv/bin/gunicorn"),
    (VENV, "/opt/venv/bin/python"),
    (VENV, "/opt/venv/lib/python3.12/site-packages"),
    (OWN, "/usr/local/lib/python3.12/site-packages"),
    (OWN, "/usr/local/bin"),
    (OWN, "/usr/local/bin/gunicorn"),
    (OWN, "/usr/local/bin/python3.12"),
    (OWN, "/etc/passwd"),
    (OWN, "/app/common"),
    (OWN, "."),
    (USER, "/root/.local"),
    (USER, "/root/.local/lib"),
    (WHEELS, "/wheels"),
    ("RUN python -m pip wheel --wheel-dir=/wheels ./common", "/wheels"),
    ("RUN pip wheel -w wheels ./common", "/app/wheels"),
    ("RUN pip install --target /deps ./common", "/deps"),
    ("RUN pip install build && python -m build", "/app/dist"),
    ("RUN uv build --wheel", "/app/dist"),
    ("RUN uv build --out-dir /out", "/out"),
    ("RUN npm ci", "/app/node_modules"),
    ("RUN go build -o=/out/x", "/out/x"),
    ("RUN mkdir /out && go build -o /out/x", "/out"),
    ("RUN uv sync", "/app/.venv"),
    ("RUN uv venv && uv pip install ./common", "/app/.venv"),
    ("ENV POETRY_VIRTUALENVS_IN_PROJECT=1\nRUN poetry install", "/app/.venv"),
    ("RUN poetry config virtualenvs.in-project true && poetry install", "/app/.venv"),
    ("RUN pdm install", "/app/.venv"),
    ("RUN apt-get update && apt-get install -y ffmpeg", "/usr/bin/ffmpeg"),
    ("RUN apt-get install -y libpq5", "/usr/lib/x86_64-linux-gnu/libpq.so.*"),
    ("RUN curl -L https://example.org/x -o /usr/local/bin/tini", "/usr/local/bin/tini"),
    ("RUN wget -O /tini https://example.org/x", "/tini"),
    ("RUN git clone https://example.org/x /src", "/src"),
    ("RUN uv export -o r.txt", "/app/r.txt"),
    ("RUN echo x > out/list.txt", "/app/out"),
    ("RUN useradd -m u", "/home/u"),
    ("ENV UV_PYTHON_INSTALL_DIR=/python\nRUN uv python install 3.12", "/python"),
    ("RUN uv python install 3.12", "/root/.local/share/uv/python"),
)
NOT_SHOWN = (
    (PREFIX, "/nosuch"),
    (PREFIX, "/install/nosuch"),
    (PREFIX, "/install/lib/python3.11/site-packages"),
    (VENV, "/opt/venv2"),
    (VENV, "/opt/venv/bin/nosuch"),
    (OWN, "/usr/local/lib/python3.11/site-packages"),
    (OWN, "/usr/local/bin/nosuch"),
    (OWN, "/root/.local"),
    (WHEELS, "/wheelhouse"),
    ("RUN npm run build", "/app/dist"),
    ("RUN poetry install", "/app/.venv"),
    ("RUN poetry config virtualenvs.in-project false && poetry install", "/app/.venv"),
    ("RUN test -f x && mkdir /out", "/out"),
    ("RUN test -f x && curl -o /out https://example.org", "/out"),
    ("RUN test -f x && python -m venv /v", "/v"),
    ("RUN mkdir gone && rm -rf gone", "/app/gone"),
    ("RUN apt-get install -y libpq5", "/usr/lib/x86_64-linux-gnu/libpq.so.5"),
    ("RUN git clone https://example.org/x /src", "/src/x"),
    ("RUN python manage.py collectstatic", "/app/static"),
)


def found(dockerfile: str) -> list[str]:
    """Return the lines of what cannot be told of a Dockerfile."""
    return [f"{one.code}:{one.line}" for one in troubles_of(dockerfile, FILES)]


def last_stage(run: str, source: str) -> tuple[str, int]:
    """Return a Dockerfile that takes something from a stage, and the number of the line that does."""
    text = f"{BUILD}{run}\nFROM python:3.12\nCOPY --from=build {source} /x\n"
    return text, text.count("\n")


@pytest.mark.parametrize(("run", "source"), THERE)
def test_what_a_line_of_a_stage_makes_is_there(run: str, source: str) -> None:
    """An image of two stages that builds would not be called proven."""
    assert not found(last_stage(run, source)[0])


@pytest.mark.parametrize(("run", "source"), NOT_SHOWN)
def test_what_no_line_of_a_stage_shows_cannot_be_told(run: str, source: str) -> None:
    """A build would be called proven that ends at a COPY."""
    text, line = last_stage(run, source)
    assert found(text) == [f"CS213:{line}"]


ROWS = {
    "an image from elsewhere": ("FROM ghcr.io/astral-sh/uv:0.5 AS uv\nFROM python\nCOPY --from=uv /uv /bin/\n", []),
    "a base image of one's own": ("FROM team/base AS b\nRUN echo\nFROM python\nCOPY --from=b /x /x\n", ["CS213:4"]),
    "what a base image has": (
        "FROM node AS b\nCOPY . .\nFROM python\nCOPY --from=b /usr/local/bin/node /x\n",
        ["CS213:4"],
    ),
    "neither has it": ("FROM node AS b\nCOPY . .\nFROM python\nCOPY --from=b /x /x\n", ["CS202:4"]),
    "of a stage below": (f"{BUILD}{VENV}\nFROM build AS c\nFROM python\nCOPY --from=c /opt/venv /opt/venv\n", []),
    "not of a stage below": (
        f"{BUILD}{VENV}\nFROM build AS c\nFROM python\nCOPY --from=c /opt/v /opt/v\n",
        ["CS213:7"],
    ),
    "a mount": (
        f"{BUILD}{WHEELS}\nFROM python\nRUN --mount=from=build,source=/wheels,target=/w pip install idna\n",
        [],
    ),
    "a mount of nothing": (
        f"{BUILD}{WHEELS}\nFROM python\nRUN --mount=from=build,source=/nosuch,target=/w pip install idna\n",
        ["CS213:6"],
    ),
    "a mount of all": (f"{BUILD}{WHEELS}\nFROM python\nRUN --mount=from=build,target=/w pip install idna\n", []),
    "in a stage that nobody needs": (
        f"{BUILD}{WHEELS}\nFROM python\nCOPY --from=build /x /x\nFROM python\n",
        ["CS214:6"],
    ),
}


@pytest.mark.parametrize("name", ROWS)
def test_stages_are_looked_into(name: str) -> None:
    """A build would be called broken for what a base image has, or proven without what a stage lacks."""
    dockerfile, expected = ROWS[name]
    assert found(dockerfile) == expected
