"""Files that commands install from: each form of a command, and the files that it means."""

import pytest

from common_sync.core.references.hints import may_install
from common_sync.core.references.installed import find_included

PATHS = (
    *("requirements.txt", "reqs.txt", "requirements.prod", "deps/api.txt", "deps/dev.txt", "deps/more/x.txt"),
    *("deploy/requirements.txt", "deploy/Dockerfile", "tool.py", "src/task.py", "main.py", "data"),
)

FOUND = [
    # a Dockerfile
    ("RUN pip install -r reqs.txt", ["reqs.txt"]),
    ("RUN pip install --no-cache-dir -r ./reqs.txt && rm -rf /tmp", ["reqs.txt"]),
    ("RUN pip3 install -rreqs.txt", ["reqs.txt"]),
    ("RUN python3 -m pip install --requirement=requirements.prod", ["requirements.prod"]),
    ("RUN /venv/bin/pip install --requirement deps/api.txt", ["deps/api.txt"]),
    ("RUN pip install \\\n    --upgrade \\\n    -r deps/api.txt", ["deps/api.txt"]),
    ("RUN pip install -r deps/api.txt -r deps/dev.txt", ["deps/api.txt", "deps/dev.txt"]),
    ('RUN ["pip", "install", "-r", "deps/api.txt"]', ["deps/api.txt"]),
    ("RUN pip install -r /app/deps/api.txt", ["deps/api.txt"]),
    ("COPY deps/api.txt /tmp/r.txt\nRUN pip install -r /tmp/r.txt", ["deps/api.txt"]),
    ("COPY --chown=a deps/api.txt requirements.txt\nRUN pip install -r requirements.txt", ["deps/api.txt"]),
    ('COPY ["deps/api.txt", "/r.txt"]\nRUN pip install -r /r.txt', ["deps/api.txt"]),
    ("RUN --mount=type=bind,source=deps/api.txt,target=/tmp/r.txt pip install -r /tmp/r.txt", ["deps/api.txt"]),
    ("RUN --mount=type=bind,dst=/tmp/r.txt,src=deps/api.txt uv pip install -r /tmp/r.txt", ["deps/api.txt"]),
    ("RUN --mount=type=cache,target=/root/.cache pip install -r reqs.txt", ["reqs.txt"]),
    ("RUN <<E\npip install -r reqs.txt\nE", ["reqs.txt"]),
    ("ARG REQS=deps/api.txt\nRUN pip install -r $REQS", ["deps/api.txt"]),
    ("ENV REQS deps\nRUN pip install -r ${REQS:-deps/api.txt}", ["deps/api.txt"]),
    ("RUN pip install -r deps/${STAGE}.txt", ["deps/api.txt", "deps/dev.txt"]),
    ("RUN pip install -c deps/dev.txt x", ["deps/dev.txt"]),
    ("RUN uv pip install --override deps/dev.txt -r reqs.txt", ["deps/dev.txt", "reqs.txt"]),
    ("RUN uv pip sync deps/api.txt", ["deps/api.txt"]),
    ("RUN pip-sync deps/api.txt deps/dev.txt", ["deps/api.txt", "deps/dev.txt"]),
    ("RUN for f in deps/*.txt; do pip install -r $f; done", ["deps/api.txt", "deps/dev.txt"]),
    ('for f in deps/api.txt\ndo pip install -r "$f"\ndone', ["deps/api.txt"]),
    ("ENV PIP_REQUIREMENT=deps/api.txt", ["deps/api.txt"]),
    ("    PIP_REQUIREMENT: deps/api.txt", ["deps/api.txt"]),
    ("uv run --with-requirements deps/api.txt main.txt", ["deps/api.txt"]),
    ("uvx --with-requirements deps/api.txt x", ["deps/api.txt"]),
    ("uv tool install --with-requirements=deps/api.txt x", ["deps/api.txt"]),
    ("deps = -rdeps/api.txt", ["deps/api.txt"]),
    ("deps =\n    -r{toxinidir}/deps/api.txt", ["deps/api.txt"]),
    ('s.install("-r", "deps/api.txt")', ["deps/api.txt"]),
    ("RUN pip install --requirements-from-script tool.py", ["tool.py"]),
    ('CMD ["uv", "run", "--script", "tool.py"]', ["tool.py"]),
    ("RUN uv sync --script src/task.py", ["src/task.py"]),
    # a compose file
    ("services:\n  a:\n    command: sh -c 'pip install -r deps/api.txt && run'", ["deps/api.txt"]),
    ("services:\n  a:\n    command:\n      - pip\n      - install\n      - -r\n      - deps/api.txt\n    x: y", ["deps/api.txt"]),
    ("services:\n  a:\n    command: >\n      pip install\n      -r deps/api.txt\n    x: y", ["deps/api.txt"]),
    ('services: {a: {command: ["pip", "install", "-r", "deps/api.txt"]}}', ["deps/api.txt"]),
    # a script, a Makefile, a session of nox
    ("set -e\npip install -q -r 'deps/api.txt'\n", ["deps/api.txt"]),
    ("REQS := deps/api.txt\nx:\n\t$(PIP) install -r $(REQS)\n", ["deps/api.txt"]),
    ("x:\n\tpip-compile reqs.txt -o out.txt\n", ["reqs.txt"]),
    ('session.install("-r", "deps/api.txt")', ["deps/api.txt"]),
    # nothing
    ("# RUN pip install -r reqs.txt", []),
    ("RUN grep -r data && pip install x", []),
    ("RUN pip install x; rm -r data", []),
    ("RUN pip install -r https://x.invalid/nothing.txt", []),
    ("RUN pip install -r $UNKNOWN", []),
    ("RUN pip install -r nothing.txt", []),
]  # fmt: skip


@pytest.mark.parametrize(("text", "files"), FOUND)
def test_finds(text: str, files: list[str]) -> None:
    """A file that leads to the master would be installed, and nobody would have read it."""
    assert sorted(one.path for one in find_included(text, PATHS, "")) == files
    kind = "compose" if text.startswith("services") else "dockerfile"
    assert may_install(text.encode(), kind, {"reqs.txt"} if files == [] else set()) or not files


DYNAMIC = [
    ('[tool.setuptools.dynamic]\ndependencies = {file = ["deps/api.txt"]}', ["deps/api.txt"]),
    ('[tool.setuptools.dynamic]\ndependencies.file = "deps/api.txt"', ["deps/api.txt"]),
    ('[tool.setuptools.dynamic]\noptional-dependencies.dev = { file = ["deps/dev.txt"] }', ["deps/dev.txt"]),
    (
        '[tool.setuptools.dynamic.dependencies]\nfile = [\n  "reqs.txt",\n  "deps/dev.txt"]',
        ["deps/dev.txt", "reqs.txt"],
    ),
    ('[tool.setuptools.dynamic]\nversion = {file = "reqs.txt"}', []),
]


@pytest.mark.parametrize(("text", "files"), DYNAMIC)
def test_finds_what_setuptools_reads(text: str, files: list[str]) -> None:
    """A project would get the master by a file that nobody has read."""
    assert sorted(one.path for one in find_included(text, PATHS, "")) == files
    assert may_install(text.encode(), "project", set())


def test_beside_the_file() -> None:
    """A file of the same name elsewhere would be taken for the one that lies beside the Dockerfile."""
    assert [one.path for one in find_included("RUN pip install -r requirements.txt", PATHS, "deploy")] == [
        "deploy/requirements.txt"
    ]


def test_lines_and_kinds() -> None:
    """A script would be read as requirements."""
    text = "FROM x\nRUN true && \\\n  pip install -c deps/dev.txt\nRUN uv run tool.py\n"
    found = [(one.path, one.kind, one.constraint) for one in find_included(text, PATHS, "")]
    assert found == [("deps/dev.txt", "requirements", True), ("tool.py", "script", False)]


@pytest.mark.parametrize(
    ("data", "kind", "may"),
    [
        (b"RUN pip install -r requirements.txt", "dockerfile", False),
        (b"RUN pip install -r ./requirements.txt", "dockerfile", False),
        (b'RUN ["pip", "install", "--requirement=requirements.txt"]\nCMD ["python", "main.py"]', "dockerfile", False),
        (b"RUN pip install -r reqs.txt", "dockerfile", True),
        (b"RUN pip install -r reqs.txt", "requirements", False),
        (b"RUN uv run x.py", "dockerfile", True),
        (b'CMD ["uv", "run", "x.py"]', "dockerfile", True),
        (b"RUN make -r reqs.txt", "dockerfile", False),
        (b'CMD ["uvicorn", "main:app", "-c", "reqs.txt"]', "dockerfile", False),
        (b'RUN uv sync\nCMD ["uvicorn", "main:app"]', "dockerfile", True),
    ],
)
def test_the_usual_is_not_searched(data: bytes, kind: str, may: bool) -> None:
    """Every commit would wait for every Dockerfile to be searched."""
    assert may_install(data, kind, {"requirements.txt"}) is may
