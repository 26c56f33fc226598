"""Scenes of what runs, in a real systemd: CS304, CS306 and CS314."""

import shutil
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from support.box import Box, booted
from support.environments import Environments, make_environments
from support.monorepo import PROGRAM, Done
from support.waiting import wait_for

from scenes.scene import API, Scene, Stage

_LISTEN = """\
#!{environment}/bin/python
import socket, sys, time
listener = socket.create_server(("127.0.0.1", 8000))
print("listening", flush=True)
time.sleep(1000)
"""
_CONFIGURATION = """\
master = "common"
services = ["services/*"]
ignore = ["CS308", "CS309", "CS310", "CS312"]
[deploy]
user = "root"
prefix = "online-"
[service."services/api"]
command = "serve"
port = 8000
"""
_UNIT = "online-api"


def _boot(ending: ExitStack) -> tuple[Path, Box]:
    """Start a systemd with a folder whose name is equally long everywhere."""
    folder = Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="srv-", dir="/var/tmp")))
    folder.chmod(0o755)
    return folder, ending.enter_context(booted(folder))


def _install(repo: Environments, ending: ExitStack) -> tuple[Environments, Box]:
    """Put the repository where a systemd runs, with an environment and the unit of a service."""
    folder, box = _boot(ending)
    shutil.copytree(repo.root, folder / "shop", symlinks=True)
    there = Environments(folder / "shop")
    there.write("common-sync.toml", _CONFIGURATION)
    _make_environment(there, "0123456789ab")
    (there.root / API / ".venv/bin").symlink_to("current/bin")
    box(*PROGRAM, "units", "--root", str(there.root), "--write")
    return there, box


def _make_environment(repo: Environments, name: str) -> None:
    """Make what an environment is to a process, and switch to it."""
    venv = repo.root / API / ".venv"
    place = venv / "envs" / name
    repo.write(f"{API}/.venv/envs/{name}/bin/serve", _LISTEN.format(environment=place), executable=True)
    (place / "bin/python").symlink_to("/usr/bin/python3")
    (venv / "next").symlink_to(f"envs/{name}")
    (venv / "next").rename(venv / "current")


def _stage(repo: Environments, box: Box, names: Mapping[str, str] | None = None) -> Stage:
    def type_there(command: str) -> Done:
        words = (*PROGRAM, *command.split()[1:], "--root", str(repo.root))
        return box.run(*words, env={**repo.settings, "COLUMNS": "80"})

    return Stage(type_there, names or {})


def _switched(repo: Environments, ending: ExitStack) -> Stage:
    there, box = _install(repo, ending)
    box("systemctl", "enable", "--now", _UNIT)
    wait_for(lambda: "listening" in box("journalctl", "-o", "cat", "-u", _UNIT))
    _make_environment(there, "ba9876543210")
    number = box("systemctl", "show", "-p", "MainPID", "--value", _UNIT).strip()
    return _stage(there, box, {f"process {number} ": "process 471 "})


def _held(repo: Environments, ending: ExitStack) -> Stage:
    there, box = _install(repo, ending)
    serve = there.root / API / ".venv/bin/serve"
    box("systemd-run", "--unit", "old-api", str(serve))
    wait_for(lambda: "listening" in box("journalctl", "-o", "cat", "-u", "old-api"))
    number = box("systemctl", "show", "-p", "MainPID", "--value", "old-api").strip()
    return _stage(there, box, {f"process {number}": "process 471"})


def _unproven(_: Environments, ending: ExitStack) -> Stage:
    folder, box = _boot(ending)
    repo = make_environments(folder)
    settings = _CONFIGURATION.replace("[deploy]", f'[deploy]\nto = "{folder}"').replace('"serve"', '"python main.py"')
    repo.write("common-sync.toml", settings)
    repo.write(f"{API}/main.py")
    done = box.run(*PROGRAM, "deploy", "api", "--no-restart", "--root", str(repo.root), env=repo.settings)
    assert done.code == 0, done
    return _stage(repo, box, {str(folder): "/srv/shop"})


RUNNING: Mapping[str, Scene] = {
    "CS304": Scene("common-sync ps api", act=_switched, cut="CS304"),
    "CS306": Scene("common-sync ps api", act=_held, cut="CS306"),
    "CS314": Scene("common-sync ps api", act=_unproven, cut="CS314"),
}
