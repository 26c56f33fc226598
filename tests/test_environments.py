"""`env sync`, `env status` and `env clean`, with the real uv and the real pip: what a service imports is what its files say."""

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from support.box import Box
from support.depth import deep, sampled
from support.environments import LIBRARY, VERSIONS, Environments, make_environments, make_interpreter, make_wheel
from support.monorepo import PROGRAM, environment, fill, memory, patched, run, unprivileged
from support.waiting import wait_for

INSTALLERS = ("uv", "pip")
WITH_UV = sampled(INSTALLERS[::-1], 1, "environments by pip")
"""With both at length; `sampled` takes the middle one of few."""
SHOW = "import our_common; print(our_common.__file__)"


_MEMORY = "/dev/shm"  # noqa: S108 - a memory file system where there is one


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a repository, wheels, and nothing built."""
    folder = tmp_path_factory.mktemp("environments")
    make_environments(folder)
    return folder


@pytest.fixture
def envs(made: Path) -> Iterator[Environments]:
    """Return a repository with two services, nothing built yet."""
    folder = Path(tempfile.mkdtemp(prefix="common-sync-", dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None))
    shutil.copytree(made, folder, symlinks=True, dirs_exist_ok=True)
    yield Environments(folder / "repo")
    shutil.rmtree(folder)


@pytest.mark.parametrize("installer", WITH_UV)
def test_from_nothing_to_a_service_that_runs(envs: Environments, installer: str) -> None:
    """A newcomer would have to make each environment by hand, and would forget one."""
    for service in ("api", "worker"):
        envs.configure(service, installer=installer)
    assert envs.states() == {"api": "missing", "worker": "missing"}
    done = envs.run("env", "sync")
    assert (done.code, done.err) == (0, ""), done
    assert envs.states(code=0) == {"api": "in sync", "worker": "in sync"}
    assert envs.python("api", VERSIONS) == "1.0 1.0 1.0"
    assert envs.python("api", SHOW) == str(envs.root / "services/api/common/our_common/__init__.py")
    assert "site-packages" in envs.python("worker", SHOW)
    venv = envs.root / "services/api/.venv"
    assert venv.is_dir()
    assert not venv.is_symlink()
    assert {one: os.readlink(venv / one) for one in ("bin", "lib", "pyvenv.cfg")} == {
        one: f"current/{one}" for one in ("bin", "lib", "pyvenv.cfg")
    }
    assert envs.git("status", "--porcelain") == " M common-sync.toml\n"
    assert not list((envs.root / "services").glob("*/common/*.egg-info"))
    compiled = list((venv / "current/lib").glob("*/site-packages/alpha/__pycache__/*.pyc"))
    assert compiled


@deep("environments in less usual ways")
def test_both_installers_come_to_the_same(envs: Environments) -> None:
    """A machine without uv would run other versions than the others."""
    names = {}
    for installer in INSTALLERS:
        envs.git("checkout", "-q", ".")
        for service in ("api", "worker"):
            envs.configure(service, installer=installer)
        assert envs.run("env", "sync").code == 0
        names[installer] = {service: envs.current(service) for service in ("api", "worker")}
        shutil.rmtree(envs.root / "services/api/.venv")
        shutil.rmtree(envs.root / "services/worker/.venv")
    assert names["uv"] == names["pip"]


def test_nothing_to_do_is_nothing_done(envs: Environments) -> None:
    """Every run would cost a minute on a small machine, and wear out its card."""
    assert envs.run("env", "sync").code == 0
    before = {**envs.stamps(), **{str(one): (0, one.lstat().st_mtime_ns) for one in (envs.root / ".git").rglob("*")}}
    patch = (
        "import os, subprocess\n"
        "def no(*a, **k): raise AssertionError('a process was started')\n"
        "subprocess.Popen = os.posix_spawnp = os.posix_spawn = no\n"
    )
    env = envs.settings
    for words in (("env", "sync"), ("env", "status"), ("env", "sync", "--deep")):
        bare = (
            "import sys\nsys.modules['typer'] = None\n" if words == ("env", "sync") else ""
        )  # it takes as long as all the rest
        done = run(*patched(patch + bare), *words, cwd=envs.root, env=env)
        assert (done.code, done.err) == (0, ""), done
    after = {**envs.stamps(), **{str(one): (0, one.lstat().st_mtime_ns) for one in (envs.root / ".git").rglob("*")}}
    assert after == before


@deep("runs of the whole program that take long")
def test_what_has_changed_is_named(envs: Environments) -> None:
    """Somebody would see that all is built anew, and not why."""
    assert envs.run("env", "sync").code == 0
    first = envs.current("api")
    envs.write("services/api/requirements.txt", "# a comment\nalpha==1.0\n\n-e ./common\n")
    assert envs.states(code=0)["api"] == "in sync"
    envs.write("services/api/requirements.txt", "alpha\n-e ./common\n")
    envs.write("services/worker/more.txt", "beta-b<2\n")
    document = envs.json("env", "status", code=1)
    assert [(one["code"], one["file"]) for one in document["findings"]] == [
        ("CS301", "services/api/requirements.txt"),
        ("CS301", "services/worker/more.txt"),
    ]
    assert envs.run("env", "sync", "-n").code == 1
    done = envs.run("env", "sync")
    assert done.code == 0
    assert "used again" in done.out, "a wider pin that comes to the same builds nothing"
    assert envs.python("api", VERSIONS).startswith("1.0"), "only what has to changes"
    assert envs.current("api") == first
    assert envs.run("env", "sync", "--upgrade", "api").code == 0
    assert envs.python("api", VERSIONS).startswith("1.1")
    envs.configure("api", compile=False)
    assert "compile is off, was on" in envs.run("env", "status", "api", "--output-format", "concise").out
    envs.git("checkout", "-q", ".")
    done = envs.run("env", "sync", "--offline")
    assert (done.code, envs.current("api")) == (0, first), "going back needs no index"
    assert envs.run("env", "sync").out.count("in sync") == 2


@deep("environments in less usual ways")
def test_a_library_that_is_not_editable_is_built_anew(envs: Environments) -> None:
    """An installer hands out an old build of a folder of which only nested files have changed: a service would run last week's library."""
    assert envs.run("env", "sync").code == 0
    show = "import our_common; print(our_common.VALUE)"
    assert envs.python("worker", show) == "first"
    envs.write("common/our_common/__init__.py", 'VALUE = "second"\n')
    assert envs.run("distribute").code == 0
    assert envs.states() == {"api": "in sync", "worker": "changed"}
    assert envs.run("env", "sync").code == 0
    assert envs.python("worker", show) == envs.python("api", show) == "second"
    assert sorted(one.name for one in (envs.root / "services/worker/common").iterdir()) == [
        ".common-sync.json",
        "backend.py",
        "our_common",
        "pyproject.toml",
    ]


@deep("environments in less usual ways")
def test_the_master_itself(envs: Environments) -> None:
    """A developer would distribute after each edit of the library, to see it in his services."""
    assert envs.run("env", "sync", "--editable-master").code == 0
    for service in ("api", "worker"):
        assert envs.python(service, SHOW) == str(envs.root / "common/our_common/__init__.py")
    assert envs.read("services/api/requirements.txt").endswith("-e ./common\n")
    rows = envs.json("env", "status", code=0)["services"]
    assert [row["editable_master"] for row in rows] == [True, True]
    assert envs.run("env", "sync").out.count("in sync") == 2
    assert envs.run("env", "sync", "--no-editable-master").code == 0
    assert envs.python("api", SHOW) == str(envs.root / "services/api/common/our_common/__init__.py")


@deep("environments in less usual ways")
@pytest.mark.parametrize("installer", WITH_UV)
def test_a_requirement_that_cannot_be_had(envs: Environments, installer: str) -> None:
    """The environment that runs would be broken by a typo, or nobody would know which line is wrong."""
    for service in ("api", "worker"):
        envs.configure(service, installer=installer)
    assert envs.run("env", "sync").code == 0
    envs.write("services/api/requirements.txt", "alpha==1.0\nbeta-b==7\n-e ./common\n")
    before = envs.tree("services/api")
    done = envs.run("env", "sync")
    assert done.code == 2
    assert "error: services/api/requirements.txt:2: cannot resolve the requirements\n" in done.err
    assert "7" in done.err.partition("cannot resolve the requirements\n")[2], "what the installer says is passed on"
    assert done.err.startswith("error: services/api"), "and comes below what it is about"
    assert "· services/worker  in sync" in done.out
    assert envs.tree("services/api") == before
    assert envs.python("api", VERSIONS) == "1.0 1.0 1.0"


@deep("environments in less usual ways")
@pytest.mark.parametrize("installer", WITH_UV)
def test_a_release_that_was_yanked(envs: Environments, installer: str) -> None:
    """A service would get a release that its authors have taken back, though nobody has asked for that one."""
    wheels, index = envs.root.parent / "wheels", envs.root.parent / "simple"
    for name in ("alpha", "beta-b"):
        yanked = {"alpha-1.1-py3-none-any.whl": " data-yanked='it loses data'"}
        files = sorted(wheels.glob(f"{name.replace('-', '_')}-*"))
        lines = [f'<a href="{one.as_uri()}"{yanked.get(one.name, "")}>{one.name}</a>\n' for one in files]
        envs.write(f"../simple/{name}/index.html", "".join(lines))
    settings = {"PIP_NO_INDEX": "", "PIP_FIND_LINKS": "", "PIP_INDEX_URL": index.as_uri()}
    envs.configure("api", installer=installer)
    for text, version in (("alpha\n", "1.0"), ("alpha==1.1\n", "1.1"), ("alpha<2,>=1\n", "1.0")):
        envs.write("services/api/requirements.txt", text)
        done = envs.run("env", "sync", "--upgrade", "api", env=settings)
        assert (done.code, done.err) == (0, ""), done
        assert envs.python("api", "import alpha; print(alpha.VERSION)") == version
    before = envs.tree("services/api/.venv")
    envs.write("services/api/requirements.txt", "beta-b\nalpha>1.0\n")
    done = envs.run("env", "sync", "api", env=settings)
    assert (done.code, "services/api/requirements.txt:2: cannot resolve" in done.err, "yanked" in done.err) == (
        *(2, True, True),
    ), done
    assert envs.tree("services/api/.venv") == before


@deep("environments in less usual ways")
@pytest.mark.parametrize("installer", WITH_UV)
def test_a_hash_that_is_wrong(envs: Environments, installer: str) -> None:
    """Somebody who has written hashes would get a file of somebody else."""
    hashed = "\n".join(
        f"{one.name.split('-')[0]}=={one.name.split('-')[1]} \\\n    --hash=sha256:{_sha256(one)}"
        for one in (
            (envs.root.parent / "wheels") / name
            for name in ("alpha-1.0-py3-none-any.whl", "beta_b-1.0-py3-none-any.whl")
        )
    )
    envs.write("services/api/requirements.txt", f"{hashed}\n")
    envs.configure("api", installer=installer)
    assert envs.run("env", "sync", "api").code == 0
    first = envs.current("api")
    make_wheel(envs.root.parent / "other", "alpha", "1.0", ("gamma",))
    shutil.copy(envs.root.parent / "other/alpha-1.0-py3-none-any.whl", envs.root.parent / "wheels")
    envs.write("services/api/requirements.txt", f"{hashed}\ngamma==1.0 --hash=sha256:{'0' * 64}\n")
    done = envs.run("env", "sync", "api")
    assert done.code == 2
    assert "hash" in done.err.lower()
    assert envs.names("api") == [first]


def _sha256(path: Path) -> str:
    import hashlib

    return hashlib.sha256(path.read_bytes()).hexdigest()


@deep("environments in less usual ways")
def test_changed_by_hand(envs: Environments) -> None:
    """`pip install` into an environment, or an edit in it, would be what makes it work here and nowhere else."""
    assert envs.run("env", "sync").code == 0
    first, packages = envs.current("api"), next((envs.root / "services/api/.venv/lib").glob("*/site-packages"))
    shutil.rmtree(packages / "beta_b-1.0.dist-info")
    (packages / "extra-1.dist-info").mkdir()
    done = envs.run("env", "status", "api", "--output-format", "concise")
    assert done.code == 1
    assert "CS303 the environment was changed by hand: extra-1 was added, beta_b-1.0 was removed" in done.out
    assert envs.run("env", "sync").code == 0
    assert envs.current("api") == f"{first}.2", "what somebody has changed is not mended: another takes its place"
    assert envs.names("api") == [first, f"{first}.2"]
    assert envs.python("api", VERSIONS) == "1.0 1.0 1.0"


@deep("environments in less usual ways")
def test_an_edit_through_a_hard_link(envs: Environments) -> None:
    """One edit would reach the cache, and by it every environment that is made later, with nobody noticing."""
    assert envs.run("env", "sync").code == 0
    module = next((envs.root / "services/api/.venv/lib").glob("*/site-packages/beta_b/__init__.py"))
    with module.open("a") as file:
        file.write("VERSION = 'mine'\n")
    assert envs.states(code=0)["api"] == "in sync"
    assert envs.states("--deep")["api"] == "damaged"
    done = envs.run("env", "sync", "--deep")
    assert done.code == 0, done
    assert envs.states("--deep", code=0) == {"api": "in sync", "worker": "in sync"}
    assert envs.python("api", VERSIONS) == "1.0 1.0 1.0"
    assert envs.python("worker", "import beta_b; print(beta_b.VERSION)") == "1.0"


@deep("environments in less usual ways")
def test_an_interpreter_that_is_gone(envs: Environments) -> None:
    """After an upgrade of the system a service would not start, and nobody would know why."""
    program = make_interpreter(envs.root.parent / "python")
    envs.configure("api", python=str(program))
    assert envs.run("env", "sync", "api").code == 0
    assert envs.python("api", "import sys; print(sys.base_prefix)") == str(program.parents[1])
    shutil.rmtree(program.parents[1])
    done = envs.run("env", "status", "api")
    assert (done.code, "CS302" in done.out, f"{program}, CPython" in done.out) == (1, True, True)
    done = envs.run("env", "sync", "api")
    assert done.code == 2
    assert done.err == (
        f"error: common-sync.toml:5: services/api: Python {program} is not there\n"
        '  help: install it, or name another: python = "3.12", or its absolute path\n'
    )
    envs.git("checkout", "-q", ".")
    assert envs.run("env", "sync", "api").code == 0
    assert envs.states(code=1)["api"] == "in sync"


@deep("environments in less usual ways")
def test_an_interpreter_that_was_replaced(envs: Environments) -> None:
    """Packages that were built for one Python would be loaded by another."""
    program = make_interpreter(envs.root.parent / "python")
    envs.configure("api", python=str(program))
    assert envs.run("env", "sync", "api").code == 0
    first = envs.current("api")
    os.utime(program)
    assert envs.run("env", "sync", "api").out.strip() == "· services/api  in sync", "touched, and still the same"
    make_interpreter(envs.root.parent / "python", "3.11.99")
    done = envs.run("env", "status", "api", "--output-format", "concise")
    assert done.code == 1
    assert f"CS302 the environment's interpreter is not the one that it was made with: {program}" in done.out
    assert "is CPython 3.11.99 now" in done.out
    assert envs.names("api") == [first]


@deep("environments in less usual ways")
def test_python_by_its_version(envs: Environments) -> None:
    """A service would be set up with whatever Python runs the tool."""
    version = ".".join(map(str, sys.version_info[:3]))
    envs.configure("api", python=version)
    assert envs.run("env", "sync", "api").code == 0
    assert envs.python("api", "import platform; print(platform.python_version())") == version
    envs.configure("worker", python="3.99")
    done = envs.run("env", "sync", "worker")
    assert done.code == 2
    assert "services/worker: Python 3.99 is not on the PATH" in done.err


def test_somebody_elses_venv(envs: Environments) -> None:
    """An environment that somebody has made, and things in it, would be gone."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", "services/api/.venv"], cwd=envs.root, check=True)
    envs.write("services/api/.venv/notes.txt", "mine\n")
    before = envs.stamps("services/api")
    done = envs.run("env", "sync", "api")
    assert done.code == 1
    assert "services/api/.venv: CS301 the environment is not of common-sync" in done.out
    assert "--force exchanges it, and keeps the old one in services/api/.venv/replaced" in done.out
    assert envs.stamps("services/api") == before
    assert envs.run("env", "clean", "-n").out == "nothing to remove\n"
    assert envs.run("env", "sync", "api", "--force").code == 0
    kept = envs.root / "services/api/.venv/replaced"
    assert (kept / "notes.txt").read_text() == "mine\n"
    assert sorted(one.name for one in kept.iterdir()) == sorted(
        {path.split("/")[1] for path in before if path.startswith(".venv/")}
    )
    assert envs.python("api", VERSIONS) == "1.0 1.0 1.0"
    assert envs.states(code=1)["api"] == "in sync"
    assert "replaced  removed" in envs.run("env", "clean").out
    assert not kept.exists()


@pytest.mark.parametrize("what", ["a symlink", "a symlink inside", "a file"])
def test_a_venv_that_is_no_folder(envs: Environments, what: str) -> None:
    """A symlink to environments elsewhere would be followed: things would be written there, and others' removed."""
    theirs = envs.root.parent / "elsewhere/0123456789ab/theirs.txt"
    theirs.parent.mkdir(parents=True)
    theirs.write_text("theirs\n")
    venv = envs.root / "services/api/.venv"
    if what == "a file":
        venv.write_text("mine\n")
    elif what == "a symlink":
        venv.symlink_to(theirs.parents[1])
    else:
        venv.mkdir()
        (venv / "envs").symlink_to(theirs.parents[1])
    before = envs.tree("..")
    for option, code in ((), 1), (("--force",), 2):
        done = envs.run("env", "sync", "api", *option)
        assert done.code == code, done
        assert "move it away" in done.out + done.err
    assert envs.run("env", "clean").out == "nothing to remove\n"
    assert envs.tree("..") == before


def test_a_venv_that_cannot_be_read(envs: Environments) -> None:
    """Nobody would know which of many services is meant."""
    (envs.root / "services/api/.venv").mkdir(0o000)
    done = run(*unprivileged(), *PROGRAM, "env", "sync", cwd=envs.root, env=envs.settings)
    assert (done.code, done.err) == (2, "error: services/api/.venv: cannot read it: permission denied\n")
    assert "✗ services/api     failed" in done.out
    assert "✓ services/worker  environment" in done.out, "the others are made"


@deep("environments in less usual ways")
@pytest.mark.parametrize("installer", WITH_UV)
def test_two_projects_in_folders_of_one_name(envs: Environments, installer: str) -> None:
    """The second would be installed twice, and the first not at all, and the run would say that all is well."""
    envs.configure("services/api", installer=installer)
    for name in ("one", "two"):
        for path, text in LIBRARY.items():
            inside = path.removeprefix("common/").replace("our_common", f"our_{name}")
            changed = text.replace("our-common", f"our-{name}").replace("our_common", f"our_{name}")
            envs.write(f"services/api/{name}/python/{inside}", changed)
    envs.write("services/api/requirements.txt", "./one/python\n./two/python\n")
    assert envs.run("env", "sync", "api").code == 0
    assert envs.python("api", "import our_one, our_two; print(our_one.VALUE, our_two.VALUE)") == "first first"


@deep("environments in less usual ways")
@pytest.mark.parametrize("installer", INSTALLERS)
def test_a_service_of_an_unusual_name(envs: Environments, installer: str) -> None:
    """A service in a folder with a space, or with a long name that is not ASCII, could not have an environment."""
    name = f"{'служба' * 10}/{'a b %20 ü' * 5}/{'служба' * 10}"
    envs.write(f"services/{name}/requirements.txt", "alpha==1.0\n-e ../../../../common\n")
    envs.write("common-sync.toml", f'master = "common"\nservices = ["services/{name}"]\n')
    envs.configure(f"services/{name}", installer=installer)
    assert envs.run("distribute").code == 0
    done = envs.run("env", "sync")
    assert (done.code, done.err) == (0, ""), done
    assert envs.python(name, SHOW) == str(envs.root / f"services/{name}/common/our_common/__init__.py")


def _stamps(envs: Environments) -> dict[str, tuple[int, int]]:
    """Return how all files are; what was built for a moment has touched the folders of environments."""
    return {path: stamp for path, stamp in envs.stamps().items() if not path.endswith(".venv/envs")}


@deep("a real uv")
def test_a_version_is_tried_beside_the_environment(envs: Environments) -> None:
    """Who tries a version would change the environment that the service runs from, or leave something behind."""
    assert envs.run("env", "sync").code == 0
    before, show = _stamps(envs), "import alpha, beta_b; print(alpha.VERSION, beta_b.VERSION)"
    done = envs.run("env", "try", "api", "alpha==1.1", "--", "python", "-c", f"{show}; raise SystemExit(7)")
    assert (done.code, done.err) == (7, "")
    assert done.out.splitlines() == [
        "1.1 1.0",
        "· services/api with alpha==1.1: 1 of 4 packages differs",
        "  PACKAGE  NOW  TRIED",
        "  alpha    1.0  1.1",
        "✗ the command has ended with 7",
    ]
    done = envs.run("env", "try", "api", "alpha==1.0", "--", "sh", "-c", "kill -9 $$")
    assert (done.code, done.out.splitlines()[0]) == (
        137,
        "· services/api with alpha==1.0: its own environment has that already",
    )
    assert done.err.startswith("sh is none of the environment's programs: /")
    assert _stamps(envs) == before
    started = "sleep 600 > /dev/null 2>&1 & echo $!"
    done = envs.run("env", "try", "api", "alpha==1.1", "--", "sh", "-c", started)
    process, *_, last = done.out.splitlines()
    os.kill(int(process), signal.SIGKILL)
    assert f" is still used by process {process}, and stays; common-sync env clean removes it\n" in done.err
    assert last.startswith("  kept: services/api/.venv/envs/")
    assert envs.run("env", "clean", "api").code == 0
    assert envs.run("env", "try", "api", "alpha==1.1", "--keep", "-q") == (0, "", "")
    kept = [name for name in envs.names("api") if name != envs.current("api")]
    envs.write("services/api/requirements.txt", "alpha==1.1\n-e ./common\n")
    assert envs.run("env", "sync", "api", "--offline").code == 0
    assert [envs.current("api")] == kept


@deep("runs of the whole program that take long")
def test_another_library_is_tried(envs: Environments) -> None:
    """A service would have to get a new state of the library before anybody knows whether it runs with it."""
    assert envs.run("env", "sync").code == 0
    for name in ("pyproject.toml", "backend.py"):
        envs.write(f"next/{name}", envs.read(f"common/{name}").replace("1.2.3", "2.0"))
    code = "import our_common; print(our_common.VALUE)"
    for value in ("second", "third"):  # an installer hands out old builds of a folder
        envs.write("next/our_common/__init__.py", f"VALUE = {value!r}\n")
        words = ("env", "try", "../worker", "../../next", "--output-format", "json", "--", "python", "-c", code)
        done = envs.run(*words, cwd="services/api")
        assert (done.code, done.err) == (0, f"{value}\n")
        tried = json.loads(done.out)
        assert tried["changes"] == [{"name": "our-common", "before": "1.2.3", "after": "2.0"}]
        assert (tried["requirements"], tried["kept"]) == ([str(envs.root / "next")], False)
    assert envs.names("worker") == [envs.current("worker")]


UNTRIED: tuple[tuple[tuple[str, ...], str], ...] = (
    (("nothing", "alpha"), "has no requirements, so there is nothing to try"),
    (("api", "alpha"), "common-sync env sync services/api"),
    (("by-pip", "alpha==1.1"), "is set up by pip, which cannot put a requirement in the place of another"),
    (("locked", "alpha"), "is installed as it is: nothing in it can be tried"),
    (("worker", "alpha==9"), "cannot resolve the requirements with alpha==9"),
    (("worker", "beta-b==2.0"), "The package `gamma` requires `beta-b<2`"),
    (("worker", "./nowhere"), "nowhere: is not there"),
    (("worker", "--", "python"), "nothing is named that is to be tried"),
    (("worker", "alpha", "--", "no-such-program"), "no-such-program: cannot be run"),
)


@deep("environments in less usual ways")
def test_what_cannot_be_tried(envs: Environments) -> None:
    """Somebody would think that he has tried a version, and has not."""
    envs.write("services/nothing/main.py", "")
    envs.write("services/by-pip/requirements.txt", "alpha==1.0\n")
    envs.write("services/locked/pylock.toml", 'lock-version = "1.0"\n[[packages]]\nname = "alpha"\nversion = "1.0"\n')
    assert envs.run("distribute").code == 0
    envs.configure("by-pip", installer="pip")
    for service in ("worker", "by-pip"):
        assert envs.run("env", "sync", service).code == 0
    locked = envs.root / "services/locked/.venv"
    locked.mkdir()
    shutil.copytree(envs.root / "services/worker/.venv", locked, symlinks=True, dirs_exist_ok=True)
    before = _stamps(envs)
    for words, says in UNTRIED:
        done = envs.run("env", "try", *words)
        assert (done.code, done.out) == (2, "")
        assert says in done.err, words
    assert _stamps(envs) == before


def test_clean(envs: Environments) -> None:
    """Former environments would fill the card; and what a program runs from must not be taken from it."""
    assert envs.run("env", "sync", "api").code == 0
    first = envs.current("api")
    envs.write("services/api/requirements.txt", "alpha==1.1\n")
    assert envs.run("env", "sync", "api").code == 0
    (envs.root / "services/api/.venv/envs/0123456789ab/lib").mkdir(parents=True)
    program = envs.root / f"services/api/.venv/envs/{first}/bin/python"
    with subprocess.Popen([program, "-c", "input()"], stdin=subprocess.PIPE) as process:
        done = envs.run("env", "clean")
        assert f"envs/{first}  stays: process {process.pid} uses it" in done.out
    before = envs.tree("services/api")
    assert envs.run("env", "clean", "-n").code == 0
    assert envs.tree("services/api") == before
    document = envs.json("env", "clean", code=0)
    assert [one["path"] for one in document["removals"]] == [f"services/api/.venv/envs/{first}"]
    assert document["freed"] > 0
    assert envs.names("api") == [envs.current("api")]
    assert envs.states(code=1)["api"] == "in sync"


@deep("environments in less usual ways")
def test_clean_the_cache(envs: Environments) -> None:
    """The cache would grow until the card is full; or what the environments are linked from would be downloaded again."""
    assert envs.run("env", "sync", "api").code == 0
    envs.write("services/api/requirements.txt", "alpha==1.1\nbeta-b==1.0\n")
    assert envs.run("env", "sync", "api").code == 0
    cache = envs.root.parent / "cache/uv"

    def cached() -> set[str]:
        return {one.name.partition("-")[0] for one in cache.glob("archive-v*/*/*.dist-info")}

    assert cached() == {"alpha", "beta_b", "gamma", "our_common"}
    assert envs.json("env", "clean", "--cache", "-n", code=0)["cached"] == [], (
        "the former environment is linked from it"
    )
    done = envs.run("env", "clean")
    assert done.code == 0
    assert "uv cache prune: " in done.out
    assert cached() == {"alpha", "beta_b", "gamma", "our_common"}
    assert [one["name"] for one in envs.json("env", "clean", "--cache", "-n", code=0)["cached"]] == [
        "gamma",
        "our-common",
    ]
    done = envs.run("env", "clean", "--cache")
    assert (done.code, "✓ gamma  removed from the cache of uv (0.0 MB)" in done.out) == (0, True), done
    assert cached() - {"our_common"} == {"alpha", "beta_b"}, "uv leaves what it has built from a folder"
    assert ("our-common" in done.out) == ("our_common" not in cached()), "what stays is not said to be removed"
    assert envs.states("--deep")["api"] == "in sync"


@deep("runs of the whole program that take long")
def test_a_cache_that_cannot_be_cleaned(envs: Environments) -> None:
    """Environments would stay because of a cache, or the cache would stay with nobody hearing of it."""
    (envs.root / "services/api/.venv/envs/0123456789ab/lib").mkdir(parents=True)
    program = envs.root.parent / "failing"
    program.write_text(
        "#!/bin/sh\n[ $1 != --version ] || { echo uv 9.9; exit; }\necho the cache is broken >&2\nexit 2\n"
    )
    program.chmod(0o755)
    patch = f"import common_sync.commands.env_clean as c\nc.find_uv = lambda: {str(program)!r}\n"
    done = run(*patched(patch), "env", "clean", cwd=envs.root, env=envs.settings)
    assert done.code == 2
    assert "envs/0123456789ab  removed" in done.out
    assert "uv cache prune has failed" in done.err
    assert "uv cache prune has failed\n    the cache is broken\n" in done.err, "what uv says is passed on"


@deep("environments in less usual ways")
def test_what_uv_is_told(envs: Environments) -> None:
    """An index that only uv's own settings name would be another one some day, and nobody would see why versions differ."""
    settings = envs.root.parent / "uv"
    settings.mkdir()
    env = {"XDG_CONFIG_HOME": str(envs.root.parent)}
    assert envs.run("env", "sync", "worker", env=env).code == 0
    (settings / "uv.toml").write_text('extra-index-url = ["http://me:secret@127.0.0.1:9/simple"]\n')
    done = envs.run("env", "status", "worker", "--output-format", "concise", env=env)
    assert (done.code, f"{settings}/uv.toml is new" in done.out) == (1, True), done
    assert envs.run("env", "sync", "worker", "--offline", env=env).code == 0
    (settings / "uv.toml").write_text('# a comment\nextra-index-url = ["http://me:other@127.0.0.1:9/simple"]\n')
    assert envs.run("env", "status", "worker", "--output-format", "concise", env=env).code == 0, "a password may change"
    envs.write("pyproject.toml", "[tool.uv]\nno-index = true\n")
    done = envs.run(
        "env",
        "status",
        "worker",
        "--output-format",
        "concise",
        env=env | {"UV_INDEX": "http://me:secret@127.0.0.1:9/simple"},
    )
    assert "pyproject.toml is new, index UV_INDEX is new" in done.out
    assert "secret" not in done.out + envs.read("services/worker/.venv/envs/.memory.json")
    (settings / "other.toml").write_text("no-index = true\n")
    done = envs.run(
        "env", "status", "worker", "--output-format", "concise", env={"UV_CONFIG_FILE": str(settings / "other.toml")}
    )
    assert f"{settings}/other.toml is new, pyproject.toml" not in done.out, "then no other file counts"
    assert f"{settings}/other.toml is new" in done.out


@pytest.mark.parametrize("says", ["uv 0.4.30 (an old one)", "", "something else"])
def test_a_uv_that_will_not_do(envs: Environments, says: str) -> None:
    """An old uv would end with `unexpected argument`, and nobody would know what to install."""
    program = envs.root.parent / "old"
    program.write_text(f"#!/bin/sh\necho {says!r}\n")
    program.chmod(0o755)
    patch = f"import common_sync.commands.steps.environments.building as s\ns.find_uv = lambda: {str(program)!r}\n"
    done = run(*patched(patch), "env", "sync", "api", cwd=envs.root, env=envs.settings)
    assert done.code == 2
    what = "is uv 0.4.30, which is too old" if "uv" in says else "does not say its version"
    assert f"error: ../old: {what}\n" in done.err
    assert "install 0.5 or newer: pip install 'common-sync[env]'" in done.err
    assert "uv>=0.5" in (Path(__file__).parents[1] / "pyproject.toml").read_text(), "both say the same"


@deep("environments in less usual ways")
def test_offline(envs: Environments) -> None:
    """A machine without a network would fail where all that it needs is here, or hang where it is not."""
    assert envs.run("env", "sync", "worker").code == 0
    shutil.rmtree(envs.root / "services/worker/.venv")
    unreachable = {"PIP_NO_INDEX": "", "PIP_INDEX_URL": "http://127.0.0.1:9/simple", "UV_HTTP_RETRIES": "0"}
    assert envs.run("env", "sync", "worker", "--offline").code == 0, "from the cache and the folder of wheels"
    envs.write("services/api/requirements.txt", "nowhere\n")
    done = envs.run("env", "sync", "api", "--offline", env=unreachable)
    assert done.code == 2
    assert "nowhere" in done.err
    assert "error: services/api/requirements.txt:1: cannot resolve the requirements" in done.err
    assert not (envs.root / "services/api/.venv").exists()


@deep("environments in less usual ways")
@pytest.mark.parametrize("installer", WITH_UV)
def test_a_disk_that_is_full(envs: Environments, installer: str) -> None:
    """Half an environment would take the place of a whole one, and the service would not start again."""
    with memory(envs.root.parent / "disk", "size=200m") as disk:
        shutil.copytree(envs.root, disk / "repo", symlinks=True)
        shutil.copytree(envs.root.parent / "wheels", disk / "wheels")
        small = Environments(disk / "repo")
        small.write("common-sync.toml", small.read("common-sync.toml") + '[deploy]\nmin-free = "1K"\n')
        small.configure("api", installer=installer)
        assert small.run("env", "sync", "api").code == 0
        first = small.current("api")
        small.write("services/api/requirements.txt", "alpha==1.1\n")
        filling = fill(disk, spare=40_000)
        done = small.run("env", "sync", "api")
        assert done.code == 2, done
        assert "o space left on device" in done.err or "MB are free" in done.err
        assert small.names("api") == [first]
        assert small.python("api", "import alpha; print(alpha.VERSION)") == "1.0"
        filling.unlink()
        assert small.run("env", "sync", "api").code == 0
        assert small.python("api", "import alpha; print(alpha.VERSION)") == "1.1"
        small.write("common-sync.toml", small.read("common-sync.toml").replace("1K", "10G"))
        small.write("services/api/requirements.txt", "alpha==1.0\nbeta-b\n")
        done = small.run("env", "sync", "api")
        assert done.code == 2
        assert "and min-free is 10240 MB: nothing was written" in done.err
        assert f"services/api/.venv/envs/{first}" in done.err
        assert "CS308" in small.run("env", "status", "api").out


@deep("environments in less usual ways")
def test_no_inode_is_left(envs: Environments) -> None:
    """A card with room and no inode is full too: half an environment would take the place of a whole one."""
    with memory(envs.root.parent / "disk", "size=200m,nr_inodes=2000") as disk:
        shutil.copytree(envs.root, disk / "repo", symlinks=True)
        small = Environments(disk / "repo")
        settings = {"PIP_FIND_LINKS": str(envs.root.parent / "wheels")}
        small.write("common-sync.toml", small.read("common-sync.toml") + '[deploy]\nmin-free = "1K"\n')
        assert small.run("env", "sync", "api", env=settings).code == 0
        first = small.current("api")
        small.write("services/api/requirements.txt", "alpha==1.1\n")
        (disk / "filling").mkdir()
        with suppress(OSError):
            for number in range(2000):
                (disk / f"filling/{number}").touch()
        done = small.run("env", "sync", "api", env=settings)
        assert (done.code, "o space left on device" in done.err) == (2, True), done
        assert small.names("api") == [first]
        assert small.python("api", "import alpha; print(alpha.VERSION)") == "1.0"
        shutil.rmtree(disk / "filling")
        assert small.run("env", "sync", "api", env=settings).code == 0
        assert small.python("api", "import alpha; print(alpha.VERSION)") == "1.1"


@deep("environments in less usual ways")
@pytest.mark.parametrize("installer", WITH_UV)
def test_a_package_that_cannot_be_built(envs: Environments, installer: str) -> None:
    """A package whose build fails would leave half an environment, or nobody would learn what its build has said."""
    backend = "def build_wheel(*a, **k):\n    raise SystemExit('there is no compiler here')\n"
    project = '[project]\nname = "broken"\nversion = "1"\n[build-system]\nrequires = []\n'
    project += 'build-backend = "backend"\nbackend-path = ["."]\n'
    with tarfile.open(envs.root.parent / "broken-1.tar.gz", "w:gz") as archive:
        for name, text in (("backend.py", backend), ("pyproject.toml", project), ("PKG-INFO", "Name: broken\n")):
            member = tarfile.TarInfo(f"broken-1/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    envs.configure("api", installer=installer)
    assert envs.run("env", "sync", "api").code == 0
    before = envs.tree("services/api")
    requirements = envs.read("services/api/requirements.txt")
    envs.write(
        "services/api/requirements.txt", f"{requirements}broken @ {(envs.root.parent / 'broken-1.tar.gz').as_uri()}\n"
    )
    done = envs.run("env", "sync", "api")
    assert (done.code, "there is no compiler here" in done.err) == (2, True), done
    assert "services/api/requirements.txt" in done.err
    envs.write("services/api/requirements.txt", requirements)
    assert envs.tree("services/api") == before


@deep("a real systemd")
def test_little_memory(tmp_path: Path, box: Box) -> None:
    """A machine of 512 MB on which services run could not set up another one."""
    repo = make_environments(tmp_path)
    for installer in INSTALLERS:
        repo.configure({"uv": "api", "pip": "worker"}[installer], installer=installer)
    options = ("--wait", "--pipe", "--quiet", "--property=MemoryMax=64M", f"--property=WorkingDirectory={repo.root}")
    variables = (f"--setenv={name}={value}" for name, value in repo.settings.items())
    path = f"--setenv=PATH={os.environ['PATH']}"
    said = box("systemd-run", *options, *variables, path, *PROGRAM, "env", "sync")
    assert said.count(" built, of ") == 2


def test_a_cache_in_memory(made: Path) -> None:
    """A cache in `/tmp` takes the memory that services need, and nothing is linked from it."""
    envs = Environments(made / "repo")
    envs.write("common-sync.toml", envs.read("common-sync.toml").replace('ignore = ["CS309"]', ""))
    with memory(envs.root.parent / "disk", "size=50m") as disk:
        done = envs.run("env", "status", env={"UV_CACHE_DIR": str(disk)})
        assert "CS309 the cache of uv" in done.out
    with tempfile.TemporaryDirectory(dir="/var/tmp") as other:  # what lasts over a restart is on a disk
        os.chown(other, 12345, 12345)
        assert "CS310 the cache of uv" in envs.run("env", "status", env={"UV_CACHE_DIR": other}).out
    envs.git("checkout", "-q", ".")


@deep("environments in less usual ways")
def test_two_at_once(envs: Environments) -> None:
    """Two runs would write into one environment, and neither would be whole."""
    patch = "import os, time\nos.syncfs = None\nimport common_sync.edges.environments.uv as u\nbuild = u.Uv.build\n"
    slow = "def wait(*a):\n    open('../waits', 'w').close()\n    while not os.path.exists('../go'): time.sleep(0.01)\n    build(*a)\nu.Uv.build = wait\n"
    command = [*patched(patch + slow), "env", "sync", "api"]

    with subprocess.Popen(command, cwd=envs.root, env=environment(**envs.settings), stdout=subprocess.PIPE) as one:
        wait_for((envs.root.parent / "waits").exists, one)
        with subprocess.Popen(
            [*patched("import os"), "env", "sync", "api"],
            cwd=envs.root,
            env=environment(**envs.settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as other:
            assert other.stderr is not None
            assert other.stderr.readline() == f"waiting for another common-sync (process {one.pid}) to finish\n"
            assert envs.run("env", "sync", "worker").code == 0, "another service has a lock of its own"
            (envs.root.parent / "go").touch()
            assert one.wait() == other.wait() == 0
    assert len(envs.names("api")) == 1
    assert envs.python("api", VERSIONS) == "1.0 1.0 1.0"


@deep("environments in less usual ways")
def test_a_killed_run_whose_installer_lives_on(envs: Environments) -> None:
    """The installer of a killed run would go on writing into what the next run builds."""
    command = [*patched("import os"), "env", "sync", "api"]
    program = envs.root.parent / "slow"
    program.write_text(
        "#!/bin/sh\n[ $1 != --version ] || { echo uv 9.9; exit; }\ntouch ../../../waits\nwhile [ ! -e ../../../go ]; do sleep 0.05; done\ntouch ../../../done\n"
    )
    program.chmod(0o755)
    patch = f"import common_sync.commands.steps.environments.building as s\ns.find_uv = lambda: {str(program)!r}\n"
    command = [*patched(patch), "env", "sync", "api"]

    with subprocess.Popen(command, cwd=envs.root, env=environment(**envs.settings)) as one:
        wait_for((envs.root.parent / "waits").exists, one)
        one.kill()
    with subprocess.Popen(
        [*patched("import os"), "env", "sync", "api"],
        cwd=envs.root,
        env=environment(**envs.settings),
        stderr=subprocess.PIPE,
        text=True,
    ) as other:
        assert other.stderr is not None
        assert other.stderr.readline().startswith("waiting for another common-sync")
        (envs.root.parent / "go").touch()
        assert other.wait() == 0
    assert (envs.root.parent / "done").exists()
    assert envs.python("api", VERSIONS) == "1.0 1.0 1.0"


def test_a_service_without_requirements(envs: Environments) -> None:
    """A folder of scripts would be an error, or get an environment that nobody wants."""
    envs.write("services/scripts/run.sh", "true\n")
    assert "· services/scripts  no requirements" in envs.run("env", "sync", "scripts").out
    assert not (envs.root / "services/scripts/.venv").exists()


def test_what_is_named_and_not_there(envs: Environments) -> None:
    """A missing file would be found by an installer, in its words, or not at all."""
    envs.configure("api", requirements="nothing.txt")
    done = envs.run("env", "sync", "api")
    assert done == (
        2,
        "✗ services/api  failed\n",
        "error: common-sync.toml:5: services/api/nothing.txt is not there\n  help: name a file of the service\n",
    )
    envs.write("services/worker/requirements.txt", "alpha\n-r gone.txt\n")
    done = envs.run("env", "sync", "worker")
    assert done.code == 2
    assert (
        "error: services/worker/requirements.txt:2: includes services/worker/gone.txt, which cannot be read" in done.err
    )
    envs.write("services/worker/requirements.txt", "-e ./nowhere\n")
    done = envs.run("env", "sync", "worker")
    assert "error: services/worker/requirements.txt:1: installs nowhere, which cannot be read" in done.err


def test_a_service_that_cannot_be_read_says_nothing_of_the_others(envs: Environments) -> None:
    """Of ten services nobody would hear which are in sync, since the copy of one is not there."""
    shutil.rmtree(envs.root / "services/api/common")
    done = envs.run("env", "status", "--no-size", "--output-format", "concise")
    assert (done.code, done.err) == (1, ""), done
    assert "services/api/requirements.txt:2: CS301 installs common, which cannot be read" in done.out
    assert "services/worker/.venv: CS301" in done.out
    assert envs.states() == {"api": "unreadable", "worker": "missing"}
    assert "unreadable  -" in envs.run("env", "status", "--no-size").out
    done = envs.run("env", "sync", "--dry-run")
    assert (done.code, done.out.count("would be made")) == (2, 1), done
    assert "error: services/api/requirements.txt:2: installs common, which cannot be read" in done.err


def test_whom_settings_are_for(envs: Environments) -> None:
    """Settings for a service that has been renamed would be ignored, and the service be set up in another way."""
    envs.write("other/api/x.py")
    text = 'master = "common"\nservices = ["services/*", "other/api"]\n'
    tables = (
        '[service.api]\n[service.wrker]\npython = "3.11"\n[service."services/worker"]\n[service.worker]\nname = "api"\n'
    )
    envs.write("common-sync.toml", text + tables)
    done = envs.run("verify")
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines() == [
        'error: common-sync.toml:3: "api" is more than one service',
        "  help: name one of other/api, services/api",
        'error: common-sync.toml:4: "wrker" is no service',
        "  help: did you mean worker?",
        'error: common-sync.toml:7: "worker" has two tables',
        "  help: name one of services/worker",
    ]
    envs.write("common-sync.toml", text + '[service.worker]\nname = "api"\n')
    assert "common-sync.toml:4: \"name\" is 'api', and so is the name of other/api" in envs.run("env", "status").err


@deep("environments in less usual ways")
def test_a_project_that_is_locked_by_uv(envs: Environments) -> None:
    """A service with a `uv.lock` would get other versions than the lock has."""
    envs.write("services/api/requirements.txt", "")
    envs.write(
        "services/api/pyproject.toml",
        '[project]\nname = "api"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = ["alpha<1.1", "our-common"]\n'
        '[tool.uv]\npackage = false\n[tool.uv.sources]\nour-common = { path = "common", editable = true }\n',
    )
    uv = Path(sys.executable).with_name("uv")
    links = ("--no-index", "--find-links", str(envs.root.parent / "wheels"))
    locked = run(str(uv), "lock", *links, cwd=envs.root / "services/api", env=envs.settings)
    assert locked.code == 0, locked
    assert envs.run("env", "sync", "api").code == 0
    assert envs.python("api", VERSIONS) == "1.0 1.0 1.0"
    assert envs.python("api", SHOW) == str(envs.root / "services/api/common/our_common/__init__.py")
    envs.configure("api", installer="pip")
    done = envs.run("env", "sync", "api")
    assert done.code == 2
    assert "services/api/uv.lock: is read by uv only" in done.err


@deep("environments in less usual ways")
def test_system_site_packages(envs: Environments) -> None:
    """A service that needs a package of the system would not find it, or get it twice."""
    program = make_interpreter(envs.root.parent / "py")
    envs.configure("api", system_site_packages=True, python=str(program))
    assert envs.run("env", "sync", "api").code == 0
    assert "include-system-site-packages = true" in envs.read("services/api/.venv/pyvenv.cfg")
    assert envs.python("api", VERSIONS) == "1.0 1.0 1.0"
    installer = json.loads(envs.read("services/api/.venv/current/env.json"))["installer"]
    assert installer.startswith("pip ")
    version = "python{}.{}".format(*sys.version_info[:2])
    (program.parents[1] / "local/lib" / version / "dist-packages/numpy-2.0.dist-info").mkdir(parents=True)
    assert "not in sync: the system's packages have changed" in " ".join(envs.run("env", "status", "api").out.split())
    name = envs.current("api")
    assert envs.run("env", "sync", "api").code == 0
    assert (envs.states("api", code=0), envs.current("api")) == ({"api": "in sync"}, name), "it comes to the same"


@deep("environments in less usual ways")
def test_doctor_says_it_too(envs: Environments) -> None:
    """Who asks what is wrong would not hear that a service runs with old packages."""
    assert envs.run("env", "sync", "api").code == 0
    assert "CS30" not in envs.run("doctor").out
    envs.write("services/api/requirements.txt", "alpha\n-e ./common\n")
    document = envs.json("doctor", "api", code=1)
    assert [one["code"] for one in document["findings"]] == ["CS301"]
    assert document["services"][0]["verdict"] == "proven", "it says nothing about builds"
    envs.write("services/api/requirements.txt", "-r gone.txt\n")
    assert "CS301" in {one["code"] for one in envs.json("doctor", "api", code=1)["findings"]}
    envs.write("common-sync.toml", envs.read("common-sync.toml").replace("CS309", "CS301"))
    assert "CS301" not in envs.run("env", "status", "api", "--output-format", "concise").out


@pytest.mark.parametrize("command", ["verify", "distribute", "hook"])
def test_no_other_command_pays_for_it(envs: Environments, command: str) -> None:
    """Every commit would wait for code that makes environments."""
    envs.configure("api", python="3.11")
    entry = "interface.hook import main" if command == "hook" else "interface.main import main"
    code = (
        f"import os, sys\nleave = os._exit\ndef seen(code):\n    print([one for one in sys.modules if 'environments' in one], flush=True)\n    leave(code)\n"
        f"os._exit = seen\nfrom common_sync.{entry}\nmain()"
    )
    words = () if command == "hook" else (command,)
    done = run(sys.executable, "-c", code, *words, cwd=envs.root)
    assert done.out.splitlines()[-1] == "[]", done


@pytest.mark.parametrize("words", [("env", "snc"), ("env", "install")])
def test_an_unknown_second_word(envs: Environments, words: tuple[str, ...]) -> None:
    """A typo in the second word would get typer's own sentence."""
    done = envs.run(*words)
    meant = "did you mean sync?" if words[1] == "snc" else "common-sync env --help lists the commands"
    assert done == (2, "", f"error: '{' '.join(words)}' is no command\n  help: {meant}\n")


def test_help(envs: Environments) -> None:
    """A person could not find out what there is."""
    assert "sync" in envs.run("env", "--help").out
    assert "--editable-master" in envs.run("env", "sync", "-h").out
    assert envs.run("env").code == 2
