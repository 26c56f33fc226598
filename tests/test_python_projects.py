"""Python projects through the whole program, and what the real uv says of the result."""

import os
import shutil
import sys
from pathlib import Path

import pytest
from support.monorepo import Done, Monorepo, run
from uv import find_uv_bin

from common_sync.core.references.kinds import kind_of

API = "services/api"
PROJECT = """\
[project]
name = "api"
version = "0.1"
requires-python = ">=3.11"
dependencies = ["our-common"]  # the shared one

[project.optional-dependencies]
fast = ["our-common[redis]"]

[dependency-groups]
dev = ["our-common"]

[tool.uv.sources]
our-common = {source}
"""
LIBRARY = """\
[project]
name = "our-common"
version = "1.2.3"
requires-python = ">=3.11"

[project.optional-dependencies]
redis = []
"""

SOURCES = [
    pytest.param('{ path = "../../common", editable = true }', id="editable"),
    pytest.param("{ path = '../../common/' }", id="a folder"),
    pytest.param('{ path = "./../../common", package = false }', id="not a package"),
    pytest.param(
        '[\n  { path = "../../common", editable = true, marker = "sys_platform == \'linux\'" },\n'
        '  { path = "../../common", editable = true, marker = "sys_platform != \'linux\'" },\n]',
        id="a list with markers",
    ),
]


def uv(folder: Path, *arguments: str) -> Done:
    """Run uv without a network, an index, or anybody's settings or cache."""
    nothing = {"UV_OFFLINE": "1", "UV_NO_INDEX": "1", "UV_NO_CONFIG": "1", "UV_NO_CACHE": "1"}
    python = {"UV_PYTHON": sys.executable, "UV_PYTHON_DOWNLOADS": "never"}
    return run(os.fsdecode(find_uv_bin()), *arguments, cwd=folder, env=nothing | python)


def lock(repo: Monorepo, source: str, *more: str) -> None:
    """Have uv lock a service that depends on the library, and drop its requirements file."""
    repo.write("common/pyproject.toml", LIBRARY)
    repo.write(f"{API}/pyproject.toml", PROJECT.replace("{source}", source) + "".join(more))
    (repo.root / API / "requirements.txt").unlink()
    assert uv(repo.root / API, "lock").code == 0
    assert "../../common" in repo.read(f"{API}/uv.lock")
    assert "://" not in repo.read(f"{API}/uv.lock")


@pytest.mark.parametrize("source", SOURCES)
def test_uv_finds_nothing_to_lock(repo: Monorepo, tmp_path: Path, source: str) -> None:
    """`uv sync --locked` would refuse the lock file that we have written, or uv would look for the library elsewhere."""
    lock(repo, source)
    done = repo.run("distribute")
    assert done.code == 0, done
    assert "  5 files, pyproject.toml, uv.lock\n" in done.out
    alone = tmp_path / "alone"
    shutil.copytree(repo.root / API, alone)
    for folder in (repo.root / API, alone):
        checked = uv(folder, "lock", "--check")
        assert checked.code == 0, checked
    written = (alone / "uv.lock").read_text()
    (alone / "uv.lock").unlink()
    assert uv(alone, "lock").code == 0
    assert (alone / "uv.lock").read_text() == written
    assert repo.run("verify").code == 0


def test_uv_would_find_a_lock_file_stale_that_is_left_behind(repo: Monorepo) -> None:
    """The test above would pass for any lock file."""
    lock(repo, '{ path = "../../common" }')
    before = repo.read(f"{API}/uv.lock")
    assert repo.run("distribute").code == 0
    repo.write(f"{API}/uv.lock", before)
    assert uv(repo.root / API, "lock", "--check").code == 1


def test_uv_installs_from_the_copy_by_a_pylock(repo: Monorepo, tmp_path: Path) -> None:
    """`uv pip sync pylock.toml` would look for the library where it is not."""
    lock(repo, '{ path = "../../common" }')
    exported = uv(repo.root / API, "export", "--format", "pylock.toml", "--output-file", "pylock.dev.toml")
    assert exported.code == 0, exported
    assert 'path = "../../common"' in repo.read(f"{API}/pylock.dev.toml")
    assert "pylock.dev.toml, pyproject.toml, uv.lock" in " ".join(repo.run("distribute").out.split())
    alone = tmp_path / "alone"
    shutil.copytree(repo.root / API, alone)
    dry = uv(alone, "pip", "sync", "--dry-run", "--target", "x", "pylock.dev.toml")
    assert dry.code == 0, dry
    assert f" + our-common @ file://{alone}/common\n" in dry.err


def test_uv_reads_an_anchored_url(repo: Monorepo, tmp_path: Path) -> None:
    """A reference that uv understood would become one that it refuses."""
    project = PROJECT.split("\n[tool", maxsplit=1)[0].replace(
        '"our-common"]  #', '"our-common @ file:///${PROJECT_ROOT}/../../common"]  #'
    )
    repo.write("common/pyproject.toml", LIBRARY)
    repo.write(f"{API}/pyproject.toml", project)
    assert uv(repo.root / API, "lock").code == 0
    assert repo.run("distribute").code == 0
    shutil.copytree(repo.root / API, tmp_path / "alone")
    assert '"our-common @ file:///${PROJECT_ROOT}/common"' in repo.read(f"{API}/pyproject.toml")
    checked = uv(tmp_path / "alone", "lock", "--check")
    assert checked.code == 0, checked


def test_verify_names_each_line(repo: Monorepo) -> None:
    """Nobody would know what keeps a service from being built alone."""
    lock(repo, '{ path = "../../common" }', "\n[tool.pytest.ini_options]\npythonpath = ['../../common']\n")
    found = [(one["file"], one["line"], one["code"]) for one in repo.json("verify", code=1)["findings"]]
    lines = repo.read(f"{API}/uv.lock").split("\n")
    locked = [number for number, line in enumerate(lines, 1) if "../../common" in line]
    assert [one for one in found if one[0].startswith(API) and one[2] != "CS002"] == [
        (f"{API}/pyproject.toml", 14, "CS101"),
        *((f"{API}/uv.lock", number, "CS101") for number in locked),
        (f"{API}/pyproject.toml", 17, "CS110"),
    ]


def test_a_dry_run_shows_the_lines(repo: Monorepo) -> None:
    """Somebody would have to run it to see what it does."""
    lock(repo, '{ path = "../../common" }')
    before = repo.tree()
    done = repo.run("distribute", "--dry-run", "--diff", API)
    assert done.code == 0
    assert '-our-common = { path = "../../common" }\n+our-common = { path = "common" }\n' in done.out
    assert '-source = { directory = "../../common" }\n+source = { directory = "common" }\n' in done.out
    assert repo.tree() == before


def test_the_hook_brings_both_files(hooked: Monorepo) -> None:
    """A commit would hold a project file without its lock file."""
    lock(hooked, '{ path = "../../common" }')
    hooked.git("add", "-A")
    done = hooked.hook()
    assert done.code == 1
    assert f"{API}/pyproject.toml" in done.out + done.err
    assert f"{API}/uv.lock" in done.out + done.err
    hooked.git("add", "-A")
    again = hooked.hook()
    assert (again.code, again.out, again.err) == (0, "", "")


def test_the_hook_sees_what_is_staged(committed: Monorepo) -> None:
    """A commit would hold a project file and a lock file that still lead to the master, though the disk's do not."""
    lock(committed, '{ path = "../../common" }')
    committed.git("add", "-A")
    assert committed.run("distribute").code == 0
    done = committed.hook()
    assert done.code == 1
    for name in ("pyproject.toml", "uv.lock"):
        assert f"{API}/{name}" in done.out + done.err
    committed.git("add", "-A")
    assert committed.hook().code == 0


def test_eject_brings_both_files_back(repo: Monorepo) -> None:
    """Somebody who leaves the tool would be left with a lock file that fits no project file."""
    lock(repo, '{ path = "../../common", editable = true }')
    repo.commit("uv")
    before = repo.tree()
    assert repo.run("distribute").code == 0
    assert repo.run("eject", "--remove-copies").code == 0
    assert repo.tree() == before


def test_other_files_go_on_beside_a_broken_one(synced: Monorepo) -> None:
    """One conflict that git left in a file would keep every service from being brought in sync."""
    broken = "[project]\nname = 'x'\n<<<<<<< HEAD\nx = '../../common'\n"
    synced.write(f"{API}/pyproject.toml", broken)
    synced.write(f"{API}/Pipfile", "[packages]\nour-common = {path = '../../common'}\n")
    done = synced.concise("distribute")
    assert done.code == 1
    assert f"{API}/pyproject.toml:3: CS108 cannot be parsed: " in done.out
    assert synced.read(f"{API}/pyproject.toml") == broken
    assert synced.read(f"{API}/Pipfile") == "[packages]\nour-common = {path = 'common'}\n"


def test_a_byte_order_mark_is_kept(synced: Monorepo) -> None:
    """A file from Windows would be refused, or lose its mark."""
    text = b"\xef\xbb\xbf[tool.uv.sources]\r\nour-common.path = '../../common'\r\n"
    project = synced.write(f"{API}/pyproject.toml", "")
    project.write_bytes(text)
    assert synced.run("distribute").code == 0
    assert project.read_bytes() == text.replace(b"../../common", b"common")


KINDS = {
    "project": ("pyproject.toml", "worker/pyproject.toml"),
    "pipfile": ("Pipfile", "a/b/Pipfile"),
    "lock": ("uv.lock", "pylock.toml", "pylock.dev.toml", "worker/uv.lock"),
    "poetry-lock": ("poetry.lock",),
    "pdm-lock": ("pdm.lock",),
    "pipenv-lock": ("Pipfile.lock",),
    "pixi-lock": ("pixi.lock",),
    "pixi": ("pixi.toml",),
    "hatch": ("hatch.toml", "a/hatch.toml"),
    "script": ("app.py", "scripts/x.py"),
    "mention": (
        "setup.py", "setup.cfg", "tox.ini", "tox.toml", "noxfile.py", "Makefile", "justfile", "Taskfile.yml", "run.sh", "x/y.service", "a/b.bash",
    ),
    "program": ("bin/setup", "scripts/build-image"),
    None: ("setup", "src/bin/setup", "my-pyproject.toml", "Pipfile.bak", "x.lock", "pylock.txt", "src/app.py", "Makefile.am", "sh", "service"),
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_names_of_files(kind: str | None) -> None:
    """A file would not be looked at, or be read as what it is not."""
    assert {kind_of(name) for name in KINDS[kind]} == {kind}


LOCKS = [
    pytest.param("poetry.lock", '[package.source]\nurl = "../../common"\n', 2, "poetry lock", id="Poetry"),
    pytest.param("pdm.lock", '[[package]]\npath = "../../common"\n', 2, "pdm lock --update-reuse", id="PDM"),
    pytest.param("Pipfile.lock", '{"path":\n\n"../../common"}\n', 3, "pipenv lock", id="Pipenv"),
]


@pytest.mark.parametrize(("name", "text", "line", "command"), LOCKS)
def test_a_lock_file_that_only_its_tool_can_write(
    synced: Monorepo, name: str, text: str, line: int, command: str
) -> None:
    """A service would be built from a lock file that leads out of it."""
    synced.write(f"{API}/{name}", text)
    for arguments in (["distribute"], ["verify"]):
        done = synced.concise(*arguments)
        assert done.code == 1
        assert f"{API}/{name}:{line}: CS109 `../../common` leads to the library" in done.out
        assert f"then `{command}` in this file's folder" in " ".join(synced.run(*arguments).out.split())
    assert synced.read(f"{API}/{name}") == text
    synced.write(f"{API}/{name}", text.replace("../../common", "common"))
    assert synced.run("verify").code == 0


def test_lines_that_are_only_named(synced: Monorepo) -> None:
    """A script that works only in the repository would fail where the service is built, and nobody would have been told."""
    synced.write(f"{API}/Makefile", "install:\n\tpip install -e ../../common  # ours\n")
    synced.write(f"{API}/scripts/run.sh", 'cd "$(dirname "$0")"\nexport PYTHONPATH=../../../common\n')
    synced.write(f"{API}/deploy/api.service", f"[Service]\nWorkingDirectory={synced.root}/common\n; ../../common\n")
    synced.write(f"{API}/setup.py", "# ../../common\nsetup(package_dir={'': '../../common-utils'})\n")
    synced.write(f"{API}/run.sh", "", executable=True).write_bytes(b"#!/bin/sh\necho \xff ../../common\n")
    before = synced.tree()
    done = synced.concise("verify")
    assert done.code == 0
    for place in ("Makefile:2", "scripts/run.sh:2", "deploy/api.service:2", "run.sh:2"):
        assert f"{API}/{place}: CS110 " in done.out
    assert done.out.count("CS110") == 4
    assert synced.run("distribute").code == 0
    assert synced.tree() == before


def test_a_huge_script_is_passed_over(synced: Monorepo) -> None:
    """An installer that unpacks itself would be read into memory, or be reported."""
    with synced.write(f"{API}/install.sh", "ls ../../common\n").open("r+b") as file:
        file.truncate((16 << 20) + 1)
    done = synced.run("verify")
    assert (done.code, "CS1" in done.out) == (0, False)


UNCONCERNED = {
    "pyproject.toml": "[project]\nname = 'x'\nurls = {a = 'https://x.invalid/'}\n[tool.uv.sources]\nc.path = 'vendored'\n",
    "uv.lock": "[[package]]\nname = 'x'\nsource = { editable = '.' }\n",
    "Pipfile": "[packages]\nc.path = 'vendored'\n",
    "poetry.lock": "[[package]]\n",
    "Makefile": "x:\n\tls /usr/bin\n",
}


def test_parsers_are_imported_only_for_what_may_lead_out(synced: Monorepo) -> None:
    """Every commit would wait for parsers, and for every project file of the repository to be parsed."""
    for name, text in UNCONCERNED.items():
        synced.write(f"{API}/{name}", text)
    parsers = [
        *(f"common_sync.core.references.{name}" for name in ("pyproject", "locks", "mentions")),
        "common_sync.core.formats.toml",
    ]
    code = (
        "import sys; from common_sync.interface import hook, main; "
        f"main.leave = lambda code: print(code, [name for name in {parsers} if name in sys.modules]); "
        "sys.argv.append('--no-cache'); hook.main()"
    )
    assert run(sys.executable, "-c", code, cwd=synced.root).out == "0 []\n"
    synced.write(f"{API}/pyproject.toml", "a = '../x'")
    assert "pyproject" in run(sys.executable, "-c", code, cwd=synced.root).out
