"""Scenes of docs/fleet.md: machines of a real sshd; what stands for Docker keeps images in files, or runs its command here.

What the page says of the inventory is what is asked here, but for folders and ports.
"""

import json
import re
import secrets
import shlex
import shutil
import threading
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

from support import standin
from support.depth import skip
from support.environments import Environments
from support.farm import Farm
from support.monorepo import Done, run

from scenes.fleet import ALONE
from scenes.scene import API, COPY, Scene, Stage, type_in

_PAGE = Path(__file__).parents[2] / "docs/fleet.md"
_SHOP, _IN_IMAGE, _RELEASES, _OTHER = "/srv/shop", "/app/common", "/opt/shop/worker", "services/worker"
_QUICK = "[defaults]\nsettle = 0\nhealth_times = 1\n"


def _read_inventory(number: int) -> str:
    """Return an inventory that the page shows."""
    shown: list[str] = re.findall(r"^```toml\n(.*?)^```$", _PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return shown[number]


def _make_folder(ending: ExitStack, shown: str) -> Path:
    """Return a new folder whose path is as long as the one that the page shows: lines break alike."""
    while True:
        place = Path(f"/tmp/{secrets.token_hex(len(shown))[: len(shown) - 5]}")  # noqa: S108 - not even its name is known before
        try:
            place.mkdir()
        except FileExistsError:
            continue
        ending.callback(shutil.rmtree, place, ignore_errors=True)
        return place


def _publish(repo: Environments) -> None:
    """Have a commit of everything as `origin/main`."""
    repo.commit("more")
    origin = repo.root.parent / "origin"
    if not origin.exists():
        repo.git("branch", "-q", "-M", "main")
        repo.git("clone", "-q", "--bare", ".", str(origin))
        repo.git("remote", "add", "origin", str(origin))
    repo.git("push", "-q", "origin", "main")
    repo.git("fetch", "-q", "origin")
    repo.git("branch", "-q", "--set-upstream-to", "origin/main")


def _clone(repo: Environments, ending: ExitStack) -> Path:
    place = _make_folder(ending, _SHOP)
    repo.git("clone", "-q", str(repo.root.parent / "origin"), str(place))
    return place


def _ask(repo: Environments, farm: Farm) -> Callable[[str], Done]:
    """Return what runs a command with the farm's ssh; what it says meanwhile comes first, as on a terminal."""

    def type_it(command: str) -> Done:
        variables = {"COLUMNS": "80", **farm.variables}
        code, out, err = repo.run(*shlex.split(command)[1:], env=variables)
        return Done(code, err + out, "")

    return type_it


def _set_up_status(repo: Environments, ending: ExitStack) -> Stage:
    """Have a machine with an older container, one with a release, and one whose key nobody knows."""
    if run(*ALONE, "true", cwd=repo.root).code != 0:
        skip("NOT TESTED: no namespaces can be made here, which root may")
    image, releases = _make_folder(ending, _IN_IMAGE), _make_folder(ending, _RELEASES)
    shutil.copytree(repo.root / COPY, image, symlinks=True, dirs_exist_ok=True)
    project = "common/pyproject.toml"
    repo.write(project, repo.read(project).replace("1.2.3", "1.2.4"))
    assert repo.run("distribute").code == 0
    _publish(repo)
    clone = _clone(repo, ending)
    shutil.copytree(repo.root / f"{_OTHER}/common", releases / "releases/current/app/common", symlinks=True)
    farm = Farm(repo.root.parent / "farm")
    (farm.folder / "docker").write_text(f'#!/bin/sh\nshift 3\nexec {" ".join(ALONE)} "$@"\n')
    (farm.folder / "docker").chmod(0o755)
    farm.add("vm-api", f'SetEnv "PATH={farm.folder}:/usr/bin:/bin"\n')
    farm.add("pi-1")
    farm.add("pi-2", key="")
    top, pi = _read_inventory(0).split("[[target]]\nhosts = ")
    pi = re.sub(r".*", '[[target]]\nhost = "pi-N"', pi, count=1)
    text = top + "".join(pi.replace("pi-N", name) for name in ("pi-1", "pi-2"))
    for shown, real in ((_SHOP, clone), (_IN_IMAGE, image), (_RELEASES, releases)):
        text = text.replace(f'"{shown}"', f'"{real}"')
    repo.write("fleet.toml", text)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line == "[[target]]"]
    names = {str(clone): _SHOP, str(image): _IN_IMAGE, str(releases): _RELEASES}
    return Stage(_ask(repo, farm), {**names, f"fleet.toml:{lines[2]}": f"fleet.toml:{lines[1]}"})


class _Well(BaseHTTPRequestHandler):
    """Is healthy."""

    def do_GET(self) -> None:
        """Say so."""
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Write nothing."""


def _serve(ending: ExitStack) -> int:
    """Return a port at which something healthy answers."""
    server = HTTPServer(("127.0.0.1", 0), _Well)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    ending.callback(server.server_close)
    ending.callback(server.shutdown)
    return server.server_port


def _set_up_deploy(repo: Environments, ending: ExitStack) -> Stage:
    """Have two machines on which all was deployed, and then a commit that changes the service of one."""
    for service in (API, _OTHER):
        name = service.rpartition("/")[2]
        repo.write(
            f"{service}/compose.yml", json.dumps({"name": name, "services": {name: {"build": {"context": "."}}}})
        )
    _publish(repo)
    farm, text = Farm(repo.root.parent / "farm"), _read_inventory(1).replace("8001", str(_serve(ending)))
    parts = text.replace("[[target]]", f"{_QUICK}[[target]]", 1).split(_SHOP)
    names = {}
    for number, host in enumerate(("vm-api", "vm-dl")):
        clone, store = _clone(repo, ending), farm.folder / host
        store.mkdir()
        standin.write_docker(store / "bin", store / "store")
        farm.add(host, f'SetEnv "PATH={store}/bin:/usr/bin:/bin" "HOME={store}"\n')
        parts[number] += str(clone)
        names[str(clone)] = _SHOP
    repo.write("fleet.toml", 'ref = "origin/main"\n' + "".join(parts))
    type_it = _ask(repo, farm)
    done = type_it("common-sync fleet deploy --yes")
    assert done.code == 0, done
    repo.write(f"{API}/app.py", "VERSION = 2\n")
    _publish(repo)
    return Stage(type_it, names)


def _set_up_probe(repo: Environments, ending: ExitStack) -> Stage:
    """Have a machine with a clone."""
    _publish(repo)
    clone, farm = _clone(repo, ending), Farm(repo.root.parent / "farm")
    farm.add("vm-api")
    return Stage(partial(_pipe, repo, farm, clone), {str(clone): _SHOP})


def _pipe(repo: Environments, farm: Farm, clone: Path, command: str) -> Done:
    """Run a line of the shell in which the page's folder is a clone; what is said of the asking comes first."""
    words = f"PATH={farm.folder}/bin:$PATH; {command.replace(_SHOP, str(clone))}"
    code, out, err = type_in(repo, words)
    return Done(code, err + out, "")


FLEET_PAGE = (
    Scene("common-sync fleet status", act=_set_up_status),
    Scene("common-sync fleet deploy --dry-run\ncommon-sync fleet deploy --yes", act=_set_up_deploy),
    Scene(f"common-sync fleet probe {API} | ssh vm-api python3 - {_SHOP}/{COPY}", act=_set_up_probe),
)
