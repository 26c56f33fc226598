"""Scenes of other machines: CS401 to CS412. The hosts are a real sshd's; what stands for Docker runs its command here."""

import http.server
import json
import shlex
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path

from support.depth import skip
from support.environments import Environments
from support.farm import Farm
from support.monorepo import Done, run

from common_sync.remote.look import find_state
from scenes.scene import API, COPY, Scene, Stage

ALONE = ("unshare", "--mount", "--pid", "--fork", "--mount-proc")
"""What runs a command as the first process of a container."""

_STATUS = "common-sync fleet status --ref HEAD"


_CLONE, _IMAGE = "/srv/clones/shop-main", "/opt/services/api/app"
"""What the page shows for the folders on the host and in the container; each is as long as `_make_folder`'s."""


def _make_folder(ending: ExitStack) -> Path:
    """Return a folder whose name is equally long everywhere."""
    return Path(ending.enter_context(tempfile.TemporaryDirectory(prefix="srv-", dir="/var/tmp")))


def _clone(repo: Environments, ending: ExitStack, host: str = "local", more: str = "") -> Path:
    """Write an inventory of one target; return the folder of its clone, which is as the repository is now."""
    clone = _make_folder(ending)
    shutil.copytree(repo.root, clone, symlinks=True, dirs_exist_ok=True)
    repo.write("fleet.toml", f'[[target]]\nhost = "{host}"\nservice = "{API}"\npath = "{clone}"\n{more}')
    return clone


def _ask(repo: Environments, names: Mapping[str, str], variables: Mapping[str, str] | None = None) -> Stage:
    """Return a stage on which `ssh` or `docker` may be another program."""

    def type_in(command: str) -> Done:
        return repo.run(*shlex.split(command)[1:], env={"COLUMNS": "80", **(variables or {})})

    return Stage(type_in, names)


def _edit(repo: Environments, ending: ExitStack) -> Stage:
    clone = _clone(repo, ending)
    (clone / COPY / "our_common/settings.py").write_text("DEBUG = True\n")
    return _ask(repo, {str(clone): _CLONE})


def _ask_host(repo: Environments, ending: ExitStack, sshd: str, key: str) -> Stage:
    farm = Farm(_make_folder(ending) / "farm")
    farm.add("vm-api", sshd, key)
    return _ask(repo, {str(_clone(repo, ending, "vm-api")): _CLONE}, farm.variables)


def _greet(repo: Environments, ending: ExitStack) -> Stage:
    return _ask_host(repo, ending, "ForceCommand echo Welcome\n", "host")


def _forget(repo: Environments, ending: ExitStack) -> Stage:
    return _ask_host(repo, ending, "", "")


def _age(repo: Environments, ending: ExitStack) -> Stage:
    return _contain(repo, ending, _outdate(repo, ending))


def _outdate(repo: Environments, ending: ExitStack) -> Path:
    """Return a folder that holds the copy as the container has it, and commit a newer library."""
    image = _make_image(repo, ending)
    repo.write("common/our_common/settings.py", "DEBUG = None\n")
    assert repo.run("distribute").code == 0
    repo.commit("a newer library")
    return image


def _mount(repo: Environments, ending: ExitStack) -> Stage:
    image = _make_image(repo, ending)
    return _contain(repo, ending, image, f'sh -c \'mount --bind "$0" "$0"; exec "$@"\' {image}/common')


def _make_image(repo: Environments, ending: ExitStack) -> Path:
    """Return a folder that holds the copy as the container has it."""
    image = _make_folder(ending)
    shutil.copytree(repo.root / COPY, image / "common", symlinks=True)
    return image


def _contain(repo: Environments, ending: ExitStack, image: Path, begin: str = "", folder: Path | None = None) -> Stage:
    """Have a container: `docker exec -i NAME COMMAND` runs the command here, as its first process, after what it begins with."""
    if run(*ALONE, "true", cwd=repo.root).code != 0:
        skip("NOT TESTED: no namespaces can be made here, which root may")
    program = (folder or _make_folder(ending)) / "docker"
    program.write_text(f'#!/bin/sh\nshift 3\nexec {" ".join(ALONE)} {begin} "$@"\n')
    program.chmod(0o755)
    clone = _clone(repo, ending, more=f'containers = ["shop-api-1"]\nlibrary = "{image}/common"\n')
    names = {str(clone): _CLONE, str(image): _IMAGE}
    return _ask(repo, names, {"PATH": f"{program.parent}:/usr/bin:/bin"})


def _stay(repo: Environments, ending: ExitStack) -> Stage:
    """Have a unit whose process was started before its copy has changed."""
    folder = _make_folder(ending)
    _start_unit(ending, folder)
    clone = _clone(repo, ending, more=_UNIT)
    return _ask(repo, {str(clone): _CLONE}, {"PATH": f"{folder}:/usr/bin:/bin"})


_UNIT = 'unit = "shop-api.service"\n'


def _start_unit(ending: ExitStack, folder: Path) -> None:
    """Start a unit, and write the program that tells of it."""
    process = ending.enter_context(subprocess.Popen(["cat"], stdin=subprocess.PIPE))
    assert process.stdin is not None
    ending.callback(process.stdin.close)
    program = folder / "systemctl"
    program.write_text(f"#!/bin/sh\necho LoadState=loaded\necho MainPID={process.pid}\n")
    program.chmod(0o755)


def _part(repo: Environments, ending: ExitStack) -> Stage:
    """Have a container with an older library beside a unit with what is wanted."""
    image, folder = _outdate(repo, ending), _make_folder(ending)
    stage = _contain(repo, ending, image, folder=folder)
    clone, _ = stage.names
    container = repo.read("fleet.toml").replace(f'path = "{clone}"\n', "")
    target = f'[[target]]\nhost = "local"\nservice = "{API}"\npath = "{clone}"\n{_UNIT}'
    repo.write("fleet.toml", f"{container}\n{target}")
    time.sleep(0.1)  # what is started within 0.02 s of a change does not count as newer
    _start_unit(ending, folder)
    return stage


def _tell(repo: Environments, ending: ExitStack) -> Stage:
    """Have a service that tells of itself that it runs another library."""
    told = json.dumps({"status": "ok", "common_sync": {"digest": f"cs1:{'b7' * 32}"}}).encode()

    class Tells(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """Tell it."""
            self.send_response(200)
            self.end_headers()
            self.wfile.write(told)

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    return _serve(repo, ending, Tells)


def _interrupt(repo: Environments, ending: ExitStack) -> Stage:
    clone = _clone(repo, ending, more=_COMPOSE)
    home = _make_folder(ending)
    state = home / find_state(str(clone), API).removeprefix(f"{Path.home()}/")
    state.mkdir(parents=True)
    commit = repo.git("rev-parse", "HEAD").strip()
    (state / "journal.json").write_text(json.dumps({"step": "switching", "run": "1", "commit": commit}))
    return _ask(repo, {str(clone): _CLONE}, {"HOME": str(home)})


def _fall_ill(repo: Environments, ending: ExitStack) -> Stage:
    return _serve(repo, ending, http.server.BaseHTTPRequestHandler)  # it has no answer but 501


def _serve(repo: Environments, ending: ExitStack, handler: type[http.server.BaseHTTPRequestHandler]) -> Stage:
    """Have a service that answers."""
    server = http.server.HTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ending.callback(server.server_close)
    ending.callback(server.shutdown)
    port = f"{server.server_port:05}"
    clone = _clone(repo, ending, more=f'health = "http://127.0.0.1:{port}/health"\n')
    return _ask(repo, {str(clone): _CLONE, port: "08001"})


def _edit_clone(repo: Environments, ending: ExitStack) -> Stage:
    clone = _clone(repo, ending, more=_COMPOSE)
    (clone / API / "requirements.txt").write_text("debugpy\n")
    return _ask(repo, {str(clone): _CLONE})


_COMPOSE = 'kind = "compose"\nlibrary = "/app/common"\n'

FLEET = {
    "CS401": Scene(_STATUS, act=_edit),
    "CS402": Scene(_STATUS, act=_age),
    "CS403": Scene(_STATUS, act=_stay),
    "CS404": Scene(_STATUS, act=_part, cut="CS404"),
    "CS405": Scene(_STATUS, act=_mount),
    "CS406": Scene(_STATUS, act=_interrupt),
    "CS407": Scene(_STATUS, act=_greet),
    "CS408": Scene(_STATUS, act=_forget),
    "CS409": Scene(_STATUS, act=_fall_ill),
    "CS410": Scene(_STATUS, act=_edit_clone),
    "CS411": Scene(_STATUS, act=_tell),
    "CS412": Scene(_STATUS, act=_part),
}
