"""Scenes of environments and of what is to run, as far as no service has to be running: of CS301 to CS316."""

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest
from support.depth import skip
from support.environments import SMALL_ARM, Environments, make_environments, make_interpreter
from support.monorepo import PROGRAM, Done, Monorepo, memory, run

from scenes.scene import API, Scene, Stage, type_in

_MEMORY = "/dev/shm"  # noqa: S108 - a memory file system where there is one
_LASTING = "/var/tmp"  # noqa: S108 - what lasts over a restart is on a disk, and the name is short everywhere
_PROJECT = 'master = "common"\nservices = ["services/*"]\n'
_ANYWHERE = 'sed -i \'1i ignore = ["CS308", "CS309", "CS310"]\' common-sync.toml\n'
"""Where these tests run, the disk may be full or the folder in memory."""

_ANNS = "/home/ann/.local/apps"
_STATUS = "common-sync env status api"


def _elsewhere(repo: Environments, place: Path, ending: ExitStack) -> Stage:
    ending.callback(shutil.rmtree, place / "shop")
    shutil.copytree(repo.root, place / "shop", symlinks=True)
    return Stage(partial(type_in, Environments(place / "shop")))


def _on_a_small_disk(repo: Environments, ending: ExitStack) -> Stage:
    return _elsewhere(repo, ending.enter_context(memory(repo.root.parent / "disk", "size=100m")), ending)


def _in_memory(repo: Environments, ending: ExitStack) -> Stage:
    if not os.access(_MEMORY, os.W_OK):
        skip(f"{_MEMORY} is no memory file system here")
    return _elsewhere(repo, Path(ending.enter_context(tempfile.TemporaryDirectory(dir=_MEMORY))), ending)


def _without_memory_controller(repo: Environments, ending: ExitStack) -> Stage:
    """Run where the kernel's tables say so: files of our own are mounted over them, for this process alone."""
    repo.write("../cgroups", "#subsys_name\thierarchy\tnum_cgroups\tenabled\nmemory\t0\t21\t0\n")
    repo.write("../controllers", "cpu io pids\n")
    one = "/sys/fs/cgroup/cgroup.controllers"
    mounts = f"mount --bind ../cgroups /proc/cgroups; if [ -e {one} ]; then mount --bind ../controllers {one}; fi"
    if run("unshare", "--mount", "sh", "-ec", mounts, cwd=repo.root).code != 0:
        pytest.skip("NOT TESTED: nothing can be mounted here, over /proc/cgroups")

    def type_there(command: str) -> Done:
        if not command.startswith("common-sync "):
            return type_in(repo, command)
        words = (*PROGRAM, *command.split()[1:])
        return run("unshare", "--mount", "sh", "-ec", f'{mounts}; exec "$@"', "sh", *words, cwd=repo.root)

    return Stage(type_there)


def _closed(repo: Environments, ending: ExitStack) -> Stage:
    folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="ann-", dir=_LASTING)))
    program = folder / "python/bin/uvicorn"
    program.parent.mkdir(parents=True)
    program.touch(0o755)
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace(_ANNS, str(folder)))
    return Stage(partial(type_in, repo), {str(folder): _ANNS})


def _made(repo: Environments) -> Environments:
    """Return a repository whose services install small wheels, with one environment."""
    envs = Environments(make_environments(repo.root.parent / "made").root)
    assert envs.run("env", "sync", "api").code == 0
    return envs


def _changed_by_hand(repo: Environments, _: ExitStack) -> Stage:
    envs = _made(repo)
    (next((envs.root / API / ".venv/lib").glob("*/site-packages")) / "ipdb-0.13.13.dist-info").mkdir()
    return Stage(partial(type_in, envs))


def _without_interpreter(repo: Environments, ending: ExitStack) -> Stage:
    folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="python-", dir=_LASTING)))
    program = make_interpreter(folder / "py")
    envs = Environments(make_environments(repo.root.parent / "made").root)
    envs.configure("api", python=str(program))
    assert envs.run("env", "sync", "api").code == 0
    shutil.rmtree(folder / "py")
    names = {str(program): "/opt/python/releases/3.12.4/bin/python3.12", sys.version.split()[0]: "3.12.4"}
    return Stage(partial(type_in, envs), names)


def _small_arm(repo: Environments, ending: ExitStack) -> Stage:
    folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="python-", dir=_LASTING)))
    repo.configure("api", python=str(make_interpreter(folder / "py", said=SMALL_ARM)))
    repo.write(f"{API}/requirements.txt", "uvicorn[standard]\n-e ./common\n")

    def type_there(command: str) -> Done:  # with no index but the public one, which nobody asks
        env = {"PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": "https://pypi.org/simple", "COLUMNS": "80"}
        return Monorepo(repo.root).run(*command.split()[1:], env=env)

    return Stage(type_there)


def _not_installed(repo: Environments, _: ExitStack) -> Stage:
    envs = _made(repo)
    envs.configure("api", command="python main.py")
    envs.write(f"{API}/main.py", "import alpha\nimport psutil\n")
    return Stage(partial(type_in, envs))


def _service(settings: str, deploy: str = "", ignored: str = '"CS312", "CS313"') -> dict[str, str]:
    text = f'ignore = [{ignored}]\n{_PROJECT}[deploy]\nuser = "daemon"\n{deploy}[service.api]\ncommand = {settings}\n'
    return {"common-sync.toml": text}


ENVIRONMENTS: Mapping[str, Scene] = {
    "CS301": Scene(_STATUS, before=_ANYWHERE),
    "CS302": Scene(_STATUS, act=_without_interpreter, cut="CS302"),
    "CS303": Scene(_STATUS, act=_changed_by_hand, cut="CS303"),
    "CS305": Scene(f"cat {API}/main.py\ncommon-sync doctor", act=_not_installed, cut="psutil"),
    "CS307": Scene(
        f"tail -n 3 common-sync.toml\ncat {API}/.env\ncommon-sync doctor",
        {**_service('"uvicorn app:app --port {port}"\nport = 8000\n'), f"{API}/.env": "PORT=8001\n"},
    ),
    "CS308": Scene(
        _STATUS,
        {"common-sync.toml": f'ignore = ["CS301", "CS309", "CS310"]\n{_PROJECT}'},
        act=_on_a_small_disk,
        cut="CS308",
    ),
    "CS309": Scene(
        f"UV_CACHE_DIR={_MEMORY}/uv {_STATUS}",
        {"common-sync.toml": f'ignore = ["CS301", "CS308"]\n{_PROJECT}'},
        act=_in_memory,
        cut="CS309",
    ),
    "CS310": Scene(
        f"UV_CACHE_DIR={_LASTING}/uv {_STATUS}",
        {"common-sync.toml": f'ignore = ["CS301", "CS308"]\n{_PROJECT}'},
        act=_in_memory,
        cut="CS310",
    ),
    "CS311": Scene(
        "tail -n 1 common-sync.toml\ncommon-sync units --check",
        _service('"/usr/bin/python3 app.py"\nmemory = "200M"\n'),
        act=_without_memory_controller,
    ),
    "CS312": Scene("common-sync units --check", _service('"/usr/bin/python3 app.py"\n', ignored="")),
    "CS313": Scene(
        "common-sync units --check",
        _service(f'"{_ANNS}/python/bin/uvicorn app:app"\n', ignored='"CS312"'),
        act=_closed,
    ),
    "CS315": Scene(
        _STATUS,
        {"common-sync.toml": f'ignore = ["CS301", "CS308", "CS309", "CS310"]\n{_PROJECT}'},
        act=_small_arm,
        cut="CS315",
    ),
    "CS316": Scene(
        "common-sync units --check",
        {**_service('"/usr/bin/python3 app.py"\n', 'to = "/srv/shop"\n'), f"{API}/orders.db": ""},
    ),
}
