"""Discovery: what is there already, and what is written."""

import os
import stat
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.depth import ALL
from support.detection import BOTH, SERVICES
from support.repositories import DOCKERFILE, PACKAGE, PROJECT, below, build, service

from common_sync.commands.init import propose, write_configuration
from common_sync.commands.steps.proposing import format_configuration
from common_sync.core.errors import CommonSyncError, ConfigurationError, TreeError
from common_sync.edges.project.load import load_project

# what is there already

CONFIGURED = [
    pytest.param("common-sync.toml", 'master = "x"\n', 1, id="a file of its own"),
    pytest.param("pyproject.toml", "[project]\nname = 'x'\n\n[ tool.common-sync ]\n", 4, id="a table"),
    pytest.param("pyproject.toml", "[tool]\nblack = {}\ncommon-sync = { master = 'x' }\n", 3, id="a key of a table"),
    pytest.param("pyproject.toml", '[tool."common\\u002dsync"]\n', 1, id="a table that is spelled oddly"),
]


@pytest.mark.parametrize(("name", "text", "line"), CONFIGURED)
def test_configuration_is_never_overwritten(tmp_path: Path, name: str, text: str, line: int) -> None:
    """A user would lose the configuration that he has."""
    build(tmp_path, {**below("common", PROJECT), **SERVICES})
    proposal = propose(str(tmp_path))
    (tmp_path / name).write_text(text)
    for attempt in (lambda: propose(str(tmp_path)), lambda: write_configuration(proposal)):
        with pytest.raises(ConfigurationError, match="already") as caught:
            attempt()
        assert caught.value.problems[0].place == f"{tmp_path}/{name}:{line}"
    assert (tmp_path / name).read_text() == text


BROKEN = [
    pytest.param(b"[project]\nname = \n", 2, id="a value is missing"),
    pytest.param(b'[project]\nname = "x', 2, id="it ends too early"),
    pytest.param(b"[tool]\ncommon-sync = 1\n", 2, id="the table is none"),
    pytest.param(b'[project]\nname = "\xff"\n', 2, id="it is not UTF-8"),
]


@pytest.mark.parametrize(("data", "line"), BROKEN)
def test_broken_pyproject(tmp_path: Path, data: bytes, line: int) -> None:
    """A user would not learn where his file is broken, or would get it broken further."""
    build(tmp_path, {**below("common", PROJECT), **SERVICES})
    (tmp_path / "pyproject.toml").write_bytes(data)
    with pytest.raises(ConfigurationError, match="not valid TOML") as caught:
        propose(str(tmp_path))
    assert caught.value.problems[0].place == f"{tmp_path}/pyproject.toml:{line}"


def test_pyproject_that_cannot_be_read(tmp_path: Path) -> None:
    """A user would get a traceback."""
    (tmp_path / "pyproject.toml").mkdir()
    with pytest.raises(TreeError, match=r"pyproject.toml: cannot read it: is a directory"):
        propose(str(tmp_path))


# what is written


def test_own_file(tmp_path: Path) -> None:
    """A user would not understand what was written, or get keys that only repeat the defaults."""
    proposal = propose(str(build(tmp_path, {**below("common", PROJECT), **SERVICES})))
    assert write_configuration(proposal) == str(tmp_path / "common-sync.toml")
    assert (tmp_path / "common-sync.toml").read_text() == (
        "# common-sync distribute brings every service's copy in sync.\n# common-sync verify checks them.\n"
        'master = "common"\n'
        'services = ["services/*"]\n'
    )


def test_many_services_get_a_line_each(tmp_path: Path) -> None:
    """A user would have to read a line that no screen is wide enough for."""
    files = below("shared", PACKAGE)
    for number in range(12):
        files |= service(f"service{number:02}", "-e ./common")
    text = format_configuration(propose(str(build(tmp_path, files))))
    assert text.endswith('    "service11",\n]\ncopy = "common"\n')
    assert len(tomllib.loads(text)["services"]) == 12


TABLE = (
    "[tool.common-sync]\n"
    "# common-sync distribute brings every service's copy in sync.\n# common-sync verify checks them.\n"
    'master = "common"\n'
    'services = ["services/*"]\n'
)
PYPROJECTS = [
    pytest.param("", "", id="empty"),
    pytest.param("[project]\nname = 'x' # kept\n", "\n", id="plain"),
    pytest.param("[project]\nname = 'x'", "\n\n", id="without a last line end"),
    pytest.param("[tool.ruff]\r\nline-length=120\r\n", "\r\n", id="CRLF"),
    pytest.param("tool.ruff.line-length = 120\n[tool.uv]\n# tail\n", "\n", id="dotted keys"),
]


@pytest.mark.parametrize(("before", "gap"), PYPROJECTS)
def test_pyproject_keeps_every_byte(tmp_path: Path, before: str, gap: str) -> None:
    """A user would find his pyproject.toml changed where he asked for nothing."""
    file = build(tmp_path, {**below("common", PROJECT), **SERVICES}) / "pyproject.toml"
    file.write_bytes(before.encode())
    file.chmod(0o640)
    assert write_configuration(propose(str(tmp_path))) == str(file)
    end = "\r\n" if "\r\n" in before else "\n"
    assert file.read_bytes() == (before + gap + TABLE.replace("\n", end)).encode()
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert load_project(str(tmp_path)).services == BOTH


@pytest.mark.parametrize("text", ["tool = { ruff = {} }\n", 'tool = "x"\n', "[[tool]]\n"])
def test_pyproject_that_can_take_no_table(tmp_path: Path, text: str) -> None:
    """A user would be left with a pyproject.toml that no tool reads any more."""
    file = build(tmp_path, {**below("common", PROJECT), **SERVICES}) / "pyproject.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError, match="cannot take") as caught:
        write_configuration(propose(str(tmp_path)))
    assert "common-sync.toml" in str(caught.value)
    assert file.read_text() == text


@pytest.mark.parametrize("name", ["common-sync.toml", "pyproject.toml"])
def test_folder_that_cannot_be_written(tmp_path: Path, name: str) -> None:
    """A user would get a traceback, or half a file."""
    build(tmp_path, {**below("common", PROJECT), **SERVICES, **({name: ""} if name == "pyproject.toml" else {})})
    proposal = propose(str(tmp_path))
    gone = proposal._replace(root=str(tmp_path / "gone"), file=str(tmp_path / "gone" / name))
    with pytest.raises(TreeError, match="cannot"):
        write_configuration(gone)


LIBRARIES = st.sampled_from(["common", "libs/shared", "services/shared", "a b/common lib", "ä/ö"])
SERVICE_NAMES = st.sampled_from(
    ["api", "services/api", "services/b", "services/c c", "edge/x/cam", "ä/ü", 'q"uote', "w\\x"]
)
WAYS = st.sampled_from(["requirement", "asked", "copy", "image", "nothing"])


@settings(max_examples=60 if ALL else 15)
@given(library=LIBRARIES, users=st.dictionaries(SERVICE_NAMES, WAYS, min_size=1), extra=st.sets(SERVICE_NAMES))
def test_what_is_written_is_what_was_found(
    tmp_path_factory: pytest.TempPathFactory, library: str, users: dict[str, str], extra: set[str]
) -> None:
    """A team would get a configuration that does not load, or that names other services than it was shown."""
    name = library.rpartition("/")[2]
    files = {**below(library, PACKAGE)} | {f"{folder}/README.md": "" for folder in extra}
    for folder, way in users.items():
        up = os.path.relpath(library, folder)
        dockerfile = f'FROM python\nCOPY ["{library}", "./{name}"]\n' if way == "image" else DOCKERFILE
        requirement = {"requirement": f"-e '{up}'", "asked": f"-e './{name}'"}.get(way, "")
        files |= service(folder, requirement, dockerfile)
        files |= below(f"{folder}/{name}", PACKAGE) if way == "copy" else {}
    root = build(tmp_path_factory.mktemp("repository"), files, git=False)
    try:
        proposal = propose(str(root))
    except CommonSyncError:
        assert "requirement" not in users.values()
        return
    assert proposal.first.master == library
    write_configuration(proposal)
    project = load_project(str(root))
    assert project.services == proposal.services
    assert (project.libraries[0].master, project.libraries[0].copy) == (library, name)
    assert set(project.services) >= {folder for folder, way in users.items() if way != "nothing"}
