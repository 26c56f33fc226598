"""`fleet deploy` where a machine lacks something, or where the person who deploys is gone in the middle of a switch."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from support import standin
from support.depth import deep
from support.farm import Farm
from support.monorepo import PROGRAM, Monorepo, environment
from support.waiting import wait_for
from test_fleet_deploy import SERVICE, Shop

from common_sync.remote.look import is_busy

_WHY = "more runs of whole deploys"
LACKING = {
    "down": ("", "false", 4, "could not be asked"),
    "home": (
        'SetEnv "HOME=/proc/nothing"\n',
        "",
        1,
        "refused: nothing can be noted there: no such file or directory: /proc/",
    ),
    "clone": ("", "", 4, "the clone cannot be read: fatal: cannot change to"),
}


@deep(_WHY)
@pytest.mark.parametrize("lack", LACKING)
def test_what_a_machine_lacks(committed: Monorepo, tmp_path: Path, lack: str) -> None:
    """A person would not learn what to mend on a machine, or a machine be called half-done that nobody has touched."""
    (tmp_path / "shop").mkdir()
    shop, farm = Shop(committed, tmp_path / "shop", 1), Farm(tmp_path / "farm")
    sshd, proxy, code, says = LACKING[lack]
    farm.add("vm", sshd, proxy=proxy)
    file = shop.repo.root / "fleet.toml"
    text = file.read_text().replace('"local"', '"vm"')
    file.write_text(text.replace(str(shop.clones[0]), "/nowhere/clone") if lack == "clone" else text)
    variables = {**shop.variables, "PATH": f"{farm.folder}/bin:{shop.variables['PATH']}"}
    done = shop.repo.run("fleet", "deploy", "--ref", "HEAD", "--yes", env=variables)
    assert (done.code, says in " ".join(done.out.split())) == (code, True), done
    assert ("nothing was begun" if code == 4 else "nothing was switched") in done.out


def tell_steps(shop: Shop) -> list[str]:
    """Return the steps of the journals, those of the first clone first; of one at which somebody is still at work, `busy`."""
    found = (shop.folder / ".local/state/common-sync/fleet").glob("*/journal.json")
    told = [(json.loads(file.read_text()), is_busy(str(file.parent))) for file in found]
    return ["busy" if busy else one["step"] for one, busy in sorted(told, key=lambda pair: str(pair[0]["project"]))]


GONE = {
    "interrupted in a switch": (signal.SIGINT, " up ", ["deployed", "verified"]),
    "killed in a switch": (signal.SIGKILL, " up ", ["deployed", "verified"]),
    "killed in a build": (signal.SIGKILL, " build ", ["verified", "deployed"]),
    "killed in a rollback": (signal.SIGKILL, " up ", ["deployed", "verified"]),
}
"""How whoever asked is gone: the signal, the command of Docker that is waited for, and the steps at which the machines then come to rest."""


@deep(_WHY)
@pytest.mark.parametrize("how", GONE)
def test_whoever_asked_is_gone(committed: Monorepo, tmp_path: Path, how: str) -> None:
    """A machine would stay between two releases or keep what nobody needs, or the next wave would begin although nobody watches any more."""
    (tmp_path / "shop").mkdir()
    shop, store = Shop(committed, tmp_path / "shop", 2), tmp_path / "shop" / "store"
    for number, clone in enumerate(shop.clones):
        (clone / SERVICE / "compose.override.yml").write_text(json.dumps({"name": f"shop{number}", "services": {}}))
    deploy = ("deploy", "--ref", "HEAD", "--yes")
    asked = ("rollback", "--yes") if "rollback" in how else deploy
    for release in ("one", "two") if asked != deploy else ("one",):
        shop.publish(f"{release}.py", release)
        assert shop.run(*deploy).code == 0
    if asked == deploy:
        shop.publish("two.py", "two")
    end, command, steps = GONE[how]
    leave(shop, asked, command, end)
    wait_for(lambda: tell_steps(shop) == steps)
    done = shop.run(*deploy)
    found = [(store / image / "two.py").exists() for image in standin.read_state(store)["containers"].values()]
    assert (done.code, done.out, found) == (
        0,
        "✓ 1 of 1 target switched\n" if steps[0] == "deployed" else "✓ 2 of 2 targets switched\n",
        [True, True],
    ), done
    assert not [*shop.folder.glob(".local/state/common-sync/fleet/*/tree/*")], "no work tree is left"
    assert len(tell_images(store)) == 4, "on each machine, a name for each of two releases"


def leave(shop: Shop, asked: tuple[str, ...], command: str, end: signal.Signals) -> None:
    """End whoever asks at a command of Docker, with all that it has started here; the machine goes on after that."""
    store = shop.folder / "store"
    os.mkfifo(store / "gate")
    (store / "hold").write_text(command)
    words = (*PROGRAM, "fleet", *asked)
    process = subprocess.Popen(words, cwd=shop.repo.root, env=environment(**shop.variables), start_new_session=True)
    wait_for((store / "held").exists, process)
    asking = (
        Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split() if end == signal.SIGKILL else []
    )
    process.send_signal(end)
    for one in asking:  # each is a session of its own
        os.killpg(int(one), end)
    assert process.wait() == (130 if end == signal.SIGINT else -end)
    (store / "gate").write_text("")


def tell_images(store: Path) -> list[str]:
    """Return the names of ours that images have."""
    return [name for name in standin.read_state(store)["images"] if name.startswith("common-sync/")]
