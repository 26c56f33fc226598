"""`fleet deploy` where a machine lacks something, or where the person who deploys is gone in the middle of a switch."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest
from support.depth import deep
from support.farm import Farm
from support.monorepo import PROGRAM, Monorepo, environment
from support.waiting import wait_for
from test_fleet_deploy import SERVICE, Shop

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
    """Return the steps of the journals, those of the first clone first."""
    found = (shop.folder / ".local/state/common-sync/fleet").glob("*/journal.json")
    told = [json.loads(file.read_text()) for file in found]
    return [one["step"] for one in sorted(told, key=lambda one: str(one["project"]))]


@deep(_WHY)
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_whoever_asked_is_gone_in_a_switch(committed: Monorepo, tmp_path: Path, end: signal.Signals) -> None:
    """A machine would stay between two releases, or the next wave would begin although nobody watches any more."""
    (tmp_path / "shop").mkdir()
    shop = Shop(committed, tmp_path / "shop", 2)
    for number, clone in enumerate(shop.clones):
        (clone / SERVICE / "compose.override.yml").write_text(json.dumps({"name": f"shop{number}", "services": {}}))
    store = shop.folder / "store"
    os.mkfifo(store / "gate")
    (store / "hold").write_text(" up ")
    words = (*PROGRAM, "fleet", "deploy", "--ref", "HEAD", "--yes")
    process = subprocess.Popen(words, cwd=shop.repo.root, env=environment(**shop.variables), start_new_session=True)
    wait_for((store / "held").exists, process)
    process.send_signal(end)
    assert process.wait() == (130 if end == signal.SIGINT else -signal.SIGKILL)
    (store / "gate").write_text("")
    wait_for(lambda: tell_steps(shop) == ["deployed", "verified"])
    done = shop.run("deploy", "--ref", "HEAD", "--yes")
    assert (done.code, done.out, tell_steps(shop)) == (0, "✓ 1 of 1 target switched\n", ["deployed"] * 2), done
