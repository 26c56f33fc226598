"""Install commands as `doctor` reads them: which files they read, and which local projects they name."""

import pytest

from common_sync.core.doctor.install.command import Install, read_install
from common_sync.core.doctor.install.project.projects import Project, read_pipfile, read_project
from common_sync.core.doctor.install.selection import select
from common_sync.core.formats.shell.script import read_script


def read(command: str) -> Install | None:
    """Return what a command installs."""
    found = read_script(command, "/app", {"UNCLEAR": None})
    assert found is not None
    (one,) = found
    return read_install(one)


COMMANDS = [
    ("pip install -r requirements.txt", "pip /app: file requirements.txt"),
    ("pip install --requirement=a.txt -rb.txt -c c.txt", "pip /app: file a.txt, file b.txt, constraints c.txt"),
    ("pip3 --no-cache-dir install -e ./common x", "pip /app: editable ./common, project x"),
    ("pip3.11 install --no-cache-dir --target /t -i URL --extra-index-url URL .", "pip /app: project ."),
    ("/opt/venv/bin/pip install -U pip", "pip /app: project pip"),
    ("python -m pip install -e common", "pip /app: editable common"),
    ("python3 -I -m pip wheel -w /dist -r requirements.txt", "pip /app: file requirements.txt"),
    ("pip install -- -odd", "pip /app: project -odd"),
    ("pip install -r", "pip /app: file <>"),
    ("pip install -r $UNCLEAR", "pip /app: file <>"),
    ("pip download -d /x y", "pip /app: project y"),
    ("pip list", None),
    ("pip config set install x", None),
    ("pip-sync", "pip /app: file requirements.txt"),
    ("pip-sync dev.txt", "pip /app: file dev.txt"),
    ("python setup.py develop", "setup.py /app: project ."),
    ("python setup.py sdist", None),
    ("python -m compileall .", None),
    ("python main.py", None),
    ("uv pip install --system -r requirements.txt -e .", "uv /app: file requirements.txt, editable ."),
    ("uv pip install --python 3.12 --constraints c.txt .", "uv /app: constraints c.txt, project ."),
    ("uv pip sync requirements.txt", "uv /app: file requirements.txt"),
    ("uv sync --frozen --no-dev", "uv /app synced"),
    ("uv sync --directory api", "uv /app/api synced"),
    ("uv --project /srv sync", "uv /srv synced"),
    ("uv sync --directory $UNCLEAR", "uv None synced"),
    ("uv run --frozen python -m x --no-sync", "uv /app synced"),
    ("uv run --no-sync python x", None),
    ("uv lock", None),
    ("poetry install --no-root", "poetry /app synced"),
    ("poetry -C api install", "poetry /app/api synced"),
    ("poetry export -o r.txt", None),
    ("pdm sync -p api", "pdm /app/api synced"),
    ("pdm build", None),
    ("pipenv install --deploy --system", "pipenv /app synced"),
    ("pipenv install -e ./common", "pipenv /app: editable ./common"),
    ("pipenv run x", None),
    ("apt-get install -y pip", None),
]


@pytest.mark.parametrize(("command", "expected"), COMMANDS, ids=[row[0] for row in COMMANDS])
def test_an_install_is_read_as_its_tool_reads_it(command: str, expected: str | None) -> None:
    """A reference would not be looked at, or a word be taken for one that is none."""
    install = read(command)
    if install is None:
        assert expected is None
        return
    asked = ", ".join(f"{one.kind} {one.word.text if one.word.known else '<>'}" for one in install.asked)
    assert (
        f"{install.tool} {install.folder}{' synced' if install.synced else ''}{': ' if asked else ''}{asked}"
        == expected
    )


def test_an_environment_variable_freezes_uv() -> None:
    """A sync that only reads the lock file would be held to need what no group asks for."""
    install = read("UV_FROZEN=1 uv sync")
    assert install is not None
    assert install.has("--frozen")


UV = """\
[project]
name = "api"
dependencies = ["a", "elsewhere>=1"]
optional-dependencies = { fast = ["b"] }

[dependency-groups]
dev = ["c", { include-group = "test" }]
test = ["d"]

[tool.uv.sources]
a = { path = "libs/a", editable = true }
b = { path = "libs/b" }
c = [{ path = "libs/c", marker = "x" }, { index = "y" }]
d = { path = "libs/d" }
unused = { path = "libs/unused" }
"""
UV_CHOICES = [
    ("uv sync", "a b c d"),
    ("uv sync --locked --no-dev", "a b c d"),  # to check the lock file it reads them all
    ("uv sync --no-sources", ""),
    ("uv sync --frozen", "a c d"),  # a group is what it includes, too
    ("uv sync --frozen --no-dev", "a"),
    ("uv sync --frozen --no-default-groups --group test", "a d"),
    ("uv sync --frozen --no-default-groups --group dev", "a c d"),
    ("uv sync --frozen --only-group test", "d"),
    ("uv sync --frozen --only-dev", "c d"),
    ("uv sync --frozen --all-groups", "a c d"),
    ("uv sync --frozen --no-group dev --extra fast", "a b"),
    ("uv sync --frozen --all-extras --no-install-package a", "b c d"),
    ("uv sync --frozen --no-install-local", ""),
    ("uv pip install .", "a"),
    ("uv pip install --no-sources .", ""),
    ("pip install .", ""),
]


@pytest.mark.parametrize(("command", "expected"), UV_CHOICES, ids=[row[0] for row in UV_CHOICES])
def test_uv_installs_what_its_groups_ask_for(command: str, expected: str) -> None:
    """An image without its development tools would be called broken, or one that lacks what it needs proven."""
    assert chosen(command, read_project(UV)) == expected


def chosen(command: str, project: Project | None) -> str:
    """Return the paths that are chosen, in short."""
    install = read(command)
    assert install is not None
    assert project is not None
    return " ".join(sorted({one.path.rpartition("/")[2] for one in select(install, project)}))


POETRY = """\
[tool.poetry]
name = "api"
readme = ["README.md", "MORE.md"]

[tool.poetry.dependencies]
python = "^3.11"
a = { path = "libs/a", develop = true }
b = [{ path = "libs/b", platform = "x" }, { version = "1" }]
e = { path = "libs/e", optional = true }

[tool.poetry.dev-dependencies]
c = { path = "libs/c" }

[tool.poetry.group.docs]
optional = true

[tool.poetry.group.docs.dependencies]
d = { path = "libs/d" }

[build-system]
build-backend = "poetry.core.masonry.api"
"""
POETRY_CHOICES = [
    ("poetry install", "a b c"),
    ("poetry install --no-dev", "a b"),
    ("poetry install --only main", "a b"),
    ("poetry install --only=docs,dev", "c d"),
    ("poetry install --without dev --with docs", "a b d"),
    ("poetry install --all-extras", "a b c e"),
    ("poetry install -E e", "a b c e"),
    ("poetry install --no-directory", ""),
    ("pip install .", "a b"),
]


@pytest.mark.parametrize(("command", "expected"), POETRY_CHOICES, ids=[row[0] for row in POETRY_CHOICES])
def test_poetry_installs_what_its_groups_ask_for(command: str, expected: str) -> None:
    """A development tool that the image leaves out would be called missing."""
    assert chosen(command, read_project(POETRY)) == expected


PIPFILE = '[packages]\na = {path = "libs/a", editable = true}\nx = "*"\n[dev-packages]\nb = {path = "libs/b"}\n'


@pytest.mark.parametrize(("command", "expected"), [("pipenv install", "a"), ("pipenv install --dev", "a b")])
def test_pipenv_installs_what_is_for_development_when_asked(command: str, expected: str) -> None:
    """A development tool that the image leaves out would be called missing."""
    assert chosen(command, read_pipfile(PIPFILE)) == expected


def test_pdm_leaves_groups_out_in_production() -> None:
    """A development tool that the image leaves out would be called missing."""
    text = '[tool.pdm.dev-dependencies]\ndev = ["-e file:///${PROJECT_ROOT}/libs/a"]\n[project]\ndependencies = ["b @ file:libs/b"]\n'
    assert chosen("pdm install", read_project(text)) == "a b"
    assert chosen("pdm install --prod", read_project(text)) == "b"


def test_a_project_file_is_read() -> None:
    """A too old Python, or a README that the build needs, would not be noticed."""
    project = read_project(POETRY)
    assert project is not None
    assert (project.reads[0].path, project.backend, project.requires_python) == ("README.md", "poetry", ">=3.11")
    lines = {one.path: (one.line, one.editable) for one in project.poetry}
    assert lines["libs/a"] == (7, True)
    assert lines["libs/d"] == (18, False)


@pytest.mark.parametrize("text", ["[", "a = 1\na = 2", "\x00"])
def test_what_is_no_toml_is_told(text: str) -> None:
    """A broken file would end the run with a traceback."""
    assert (read_project(text), read_pipfile(text)) == (None, None)


@pytest.mark.parametrize(
    "text", ["", "project = 1", "[tool]\nuv = []", '[project]\nreadme = {text = "x"}\nrequires-python = "*"']
)
def test_what_says_nothing_of_it_says_nothing(text: str) -> None:
    """A file of another shape would end the run with a traceback."""
    project = read_project(text)
    assert project is not None
    assert (project.dependencies, project.uv, project.reads, project.requires_python) == ((), (), (), None)


def test_uvs_older_groups_are_read() -> None:
    """A development tool that is a local project would not be looked for."""
    text = '[tool.uv]\ndev-dependencies = ["a"]\n[tool.uv.sources]\na = { path = "libs/a" }\n'
    assert chosen("uv sync --frozen", read_project(text)) == "a"
    assert chosen("uv sync --frozen --no-dev", read_project(text)) == ""


def test_a_workspace_is_noticed() -> None:
    """What uv takes from a workspace would be held to be there, though nobody looked."""
    project = read_project('[project]\ndependencies = ["a"]\n[tool.uv.sources]\na = { workspace = true }\n')
    assert project is not None
    assert project.workspace
