"""Files that lead to the library under names of any kind, through the whole program, and what the real uv says."""

import os

import pytest
from support.monorepo import Monorepo, run
from uv import find_uv_bin

API = "services/api"

ELSEWHERE = [
    ("deploy/requirements.txt", "Dockerfile", "FROM x\nCOPY . .\nRUN pip install -r deploy/requirements.txt\n"),
    ("requirements/dev/extra.txt", "Dockerfile", "FROM x\nRUN pip install -r requirements/dev/extra.txt\n"),
    ("requirements.prod", "Dockerfile.prod", "FROM x\nCOPY requirements.prod /r.txt\nRUN pip install -r /r.txt\n"),
    ("deps/api.txt", "scripts/setup.sh", "pip install -r deps/api.txt\n"),
    ("deps/api.txt", "Makefile", "x:\n\tpip install -r deps/api.txt\n"),
    ("deps.lst", "bin/setup", '#!/bin/sh\ncd "$(dirname "$0")/.."\npip install -r deps.lst\n'),
    ("reqs.in", "docker-compose.yml", "services: {a: {image: x, command: pip install -r reqs.in}}\n"),
]


@pytest.mark.parametrize(("file", "by", "text"), ELSEWHERE)
def test_requirements_of_any_name(committed: Monorepo, file: str, by: str, text: str) -> None:
    """A service would be installed from a file that leads out of it, and be called in sync."""
    committed.write(f"{API}/{file}", "-e ../../common\n")
    committed.write(f"{API}/{by}", text)
    committed.git("add", "-A")
    found = committed.concise("verify")
    assert (found.code, f"{API}/{file}:1: CS101 " in found.out) == (1, True)
    assert committed.hook().code == 1
    assert committed.read(f"{API}/{file}") == "-e ./common\n"
    assert committed.hook().code == 1  # the commit would hold what the file said before
    committed.git("add", "-A")
    assert committed.hook().code == 0


def test_files_that_nothing_installs(synced: Monorepo) -> None:
    """A file that only looks like requirements would be rewritten."""
    synced.write(f"{API}/notes/api.txt", "-e ../../common\n")
    synced.write(f"{API}/Dockerfile", "FROM x\nRUN pip install x && cp -r notes /x\n")
    assert synced.run("distribute").code == 0
    assert synced.read(f"{API}/notes/api.txt") == "-e ../../common\n"


MANIFESTS = {
    "pixi.toml": ("[pypi-dependencies]\nour-common = {{ path = '{}', editable = true }}\n", "../../common", "common"),
    "hatch.toml": ("[envs.default]\ndependencies = ['our-common @ {}']\n", "{root:parent:parent:uri}/common", "{root:uri}/common"),
    "pyproject.toml": ("[tool.pixi.feature.x.pypi-dependencies]\nc.path = '{}'\n", "../../common", "common"),
    "tool.py": ("# /// script\n# [tool.uv.sources]\n# our-common = {{ path = '{}' }}\n# ///\n", "../../common", "common"),
}  # fmt: skip


@pytest.mark.parametrize("name", MANIFESTS)
def test_manifests_are_rewritten(synced: Monorepo, name: str) -> None:
    """A service would be set up from the master, and nobody would have been told."""
    text, before, after = MANIFESTS[name]
    synced.write(f"{API}/{name}", text.format(before))
    assert f"{API}/{name}:" in synced.concise("verify").out
    assert synced.run("distribute").code == 0
    assert synced.read(f"{API}/{name}") == text.format(after)
    assert synced.run("verify").code == 0


def test_tox_is_only_named(synced: Monorepo) -> None:
    """tox.toml would be passed over, while tox.ini is named."""
    synced.write(f"{API}/tox.toml", "[env_run_base]\ndeps = ['-e ../../common']\n")
    done = synced.run("verify")
    assert (done.code, f"{API}/tox.toml:2: CS110 " in done.out) == (0, True)


NOT_COPIED = [
    ("requirements.txt", "../../common/dist/our_common-1.0-py3-none-any.whl\n", "dist/our_common-1.0-py3-none-any.whl"),
    ("requirements.txt", "our-common @ file:../../common/dist/our_common-1.0.tar.gz\n", "dist/our_common-1.0.tar.gz"),
    ("pyproject.toml", "tool.uv.sources.c.path = '../../common/dist/c.whl'\n", "dist/c.whl"),
    ("Dockerfile", "FROM x\nCOPY ../../common/dist/*.whl /wheels/\n", "dist/*.whl"),
    ("requirements.txt", "-e ../../common/plugins\n", "plugins"),
]


@pytest.mark.parametrize(("name", "text", "rest"), NOT_COPIED)
def test_what_is_not_copied_is_named(synced: Monorepo, name: str, text: str, rest: str) -> None:
    """A file would lead to a wheel that no copy holds, and be called in sync."""
    synced.write("common/dist/our_common-1.0-py3-none-any.whl", "x")
    synced.write(f"{API}/{name}", text)
    synced.run("distribute")
    done = synced.concise("verify")
    assert (done.code, f"s '{rest}', which is not copied" in done.out) == (1, True)


def test_a_script_is_told_what_the_copy_has(synced: Monorepo) -> None:
    """A user would be told to write a path at which nothing will ever be."""
    synced.write(
        f"{API}/scripts/build", "#!/bin/sh\npip install ../../common/dist/*.whl\ncp ../../common/pyproject.toml x\n"
    )
    done = " ".join(synced.run("verify").out.split())
    assert "help: `dist` is not copied: use the library's folder, `common`" in done
    assert "write `common/pyproject.toml`" in done


def test_what_is_copied_is_not_named(synced: Monorepo) -> None:
    """A folder of the library, or a pattern of its files, would be called missing."""
    synced.write("common/wheels/a.whl", "x")
    synced.write(f"{API}/Dockerfile", "FROM x\nCOPY ../../common/wheels/*.whl /w/\nCOPY ../../common/wheels /w/\n")
    synced.run("distribute")
    assert "CS107" not in synced.run("verify").out


LIBRARY = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n[project]\nname = "our-common"\nversion = "1"\nrequires-python = ">=3.11"\n'
PROJECT = '[project]\nname = "api"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["our-common"]\n[tool.uv.workspace]\nmembers = ["{}"]\n[tool.uv.sources]\nour-common = {{ workspace = true }}\n'
SCRIPT = '# /// script\n# requires-python = ">=3.11"\n# dependencies = ["our-common"]\n# [tool.uv.sources]\n# our-common = {{ path = "{}" }}\n# ///\n'


def uv(repo: Monorepo, *arguments: str) -> int:
    """Run the real uv in the service, without a network."""
    return run(find_uv_bin(), *arguments, "--offline", "--quiet", cwd=repo.root / API).code


def test_a_workspace_and_its_lock(synced: Monorepo) -> None:
    """Uv would refuse the lock file after `distribute`, which it took before."""
    synced.write("common/pyproject.toml", LIBRARY)
    synced.write(f"{API}/pyproject.toml", PROJECT.format("../../common"))
    assert uv(synced, "lock") == 0
    assert "../../common" in synced.read(f"{API}/uv.lock")
    assert synced.run("distribute").code == 0
    assert "../../common" not in synced.read(f"{API}/uv.lock") + synced.read(f"{API}/pyproject.toml")
    assert uv(synced, "lock", "--check") == 0


def test_a_workspace_that_stays_keeps_its_lock(synced: Monorepo) -> None:
    """Of the two only the lock file would be rewritten, and uv would refuse it."""
    synced.write("common/pyproject.toml", LIBRARY)
    synced.write(f"{API}/pyproject.toml", PROJECT.format("../../comm*"))
    assert uv(synced, "lock") == 0
    before = synced.read(f"{API}/uv.lock")
    done = synced.concise("distribute")
    assert done.code == 1
    assert f"{API}/pyproject.toml:7: CS106 `../../comm*` takes in the library" in done.out
    assert f"{API}/uv.lock: CS106 leads to the library, and stays as it is, since {API}/pyproject.toml does" in done.out
    assert synced.read(f"{API}/uv.lock") == before
    assert uv(synced, "lock", "--check") == 0


@pytest.mark.parametrize("name", ["tool.py", "jobs/deep/tool.py"])
def test_a_script_and_its_lock(synced: Monorepo, name: str) -> None:
    """Uv would refuse a script's lock file, or install from the master."""
    up = "../" * (name.count("/") + 2)
    synced.write("common/pyproject.toml", LIBRARY)
    synced.write(f"{API}/{name}", SCRIPT.format(f"{up}common"))
    assert uv(synced, "lock", "--script", name) == 0
    assert f"{up}common" in synced.read(f"{API}/{name}.lock")
    assert synced.run("distribute").code == 0
    assert f"{up}common" not in synced.read(f"{API}/{name}.lock") + synced.read(f"{API}/{name}")
    assert uv(synced, "lock", "--check", "--script", name) == 0


def test_a_script_that_a_command_runs(synced: Monorepo) -> None:
    """A script in any folder would install the master where the service is built."""
    synced.write(f"{API}/jobs/tool.py", SCRIPT.format("../../../common"))
    synced.write(f"{API}/Dockerfile", 'FROM x\nCOPY . .\nCMD ["uv", "run", "jobs/tool.py"]\n')
    assert synced.run("distribute").code == 0
    assert synced.read(f"{API}/jobs/tool.py") == SCRIPT.format("../common")


ENV = [
    pytest.param("FROM x\nCOPY . .\n", ".env", None, True, id="all of the folder"),
    pytest.param("FROM x\nCOPY conf /conf\n", "conf/.env.prod", None, True, id="a folder"),
    pytest.param("FROM x\nCOPY conf/* /conf/\n", "conf/.env", None, True, id="a pattern"),
    pytest.param("FROM x\nCOPY . .\n", "logs/first.log", None, True, id="another file"),
    pytest.param("FROM x\nCOPY app .\n", ".env", None, False, id="not in the image"),
    pytest.param("FROM x\nCOPY .env .\n", ".env", None, False, id="by its name: it stays"),
    pytest.param("FROM x\nCOPY . .\n", ".env", ".env\n", False, id="kept out before"),
    pytest.param("FROM x\nCOPY . .\n", ".env", "!.env\n", False, id="wanted"),
]


@pytest.mark.parametrize(("dockerfile", "name", "ignore", "named"), ENV)
def test_a_committed_file_that_leaves_the_image(
    committed: Monorepo, dockerfile: str, name: str, ignore: str | None, named: bool
) -> None:
    """A service would start without its settings after `distribute`, and nobody would have been told."""
    committed.write(f"{API}/{name}", "A=1\n")
    committed.write(f"{API}/Dockerfile", dockerfile)
    if ignore is not None:
        committed.write(f"{API}/.dockerignore", ignore)
    before = committed.run("distribute", "--dry-run").out
    assert "CS120" not in before  # git does not know it yet
    committed.git("add", "-A")
    done = committed.run("distribute")
    assert (done.code, f"{API}/{name}: CS120 is committed, and in the image" in done.out) == (0, named)
    assert "CS120" not in committed.run("verify").out


def test_an_editor_has_a_file_open(committed: Monorepo) -> None:
    """A commit would be stopped while somebody has a file of a copy open in Emacs, or its lock would be copied."""
    os.symlink("me@host.1:2", committed.root / API / "common" / ".#a.py")
    assert committed.hook().code == 0
    os.symlink("me@host.1:2", committed.root / "common" / ".#a.py")
    committed.write("common/#a.py#", "x")
    assert committed.run("distribute").code == 0
    assert not any(name.startswith("#") for name in os.listdir(committed.root / "services" / "worker" / "common"))
