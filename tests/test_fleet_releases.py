"""`fleet deploy` and `fleet rollback` where `common-sync deploy` makes releases: real systemds, the real ssh of a real sshd."""

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from support.box import SCRIPT, booted
from support.depth import deep
from support.environments import Environments, make_environments
from support.farm import Farm
from support.monorepo import PROGRAM, Done, environment, patched
from support.waiting import wait_for

_WHY = "real systemds on several machines"

_PATIENCE = 5
"""How often a machine is asked that gives no answer in a minute: three of them boot and build on this one."""

SERVICE = "services/api"
PORT = 8000
CLONE, TO = "/srv/clone", "/srv/shop"
HOSTS = ("pi-1", "pi-2", "pi-3")
SERVE = """\
import http.server, os, sys
import our_common
ANSWER = "v1"
ILL = "/srv/ill-" + ANSWER
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if os.path.exists(ILL) or (self.path == "/front" and os.path.exists("/srv/front")) else 200)
        self.end_headers()
        self.wfile.write(ANSWER.encode())
    def log_message(self, *_):
        pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
KILLER = """\
#!/bin/sh
{settings}
if [ -f /srv/kill ]; then
  case "$*" in
    *"$(cat /srv/kill)"*) rm /srv/kill; kill -9 $PPID;;
  esac
fi
if [ -p /srv/hold ]; then
  case "$*" in
    $(cat /srv/when)) mv /srv/hold /srv/held && cat /srv/held > /dev/null;;
  esac
fi
if [ -f /srv/patch ]; then
  case "$*" in
    $(cat /srv/when)) mv /srv/patch /srv/patched; exec {python} /srv/patched "$@";;
  esac
fi
exec {program} "$@"
"""
"""The machine's own common-sync: it waits, kills the agent that starts it, or is killed itself, at a command that is named."""


class Fleet:
    """Machines with a systemd each, on which the first release runs; and the repository that it is of."""

    def __init__(self, folder: Path, stack: ExitStack, hosts: Sequence[str]) -> None:
        self.repo = Environments(make_environments(folder / "all").root)
        self.shared = self.repo.root.parent
        self.farm = Farm(self.shared / "farm")
        self.boxes = {host: stack.enter_context(booted(self.shared, host)) for host in hosts}
        self.write_program()
        for host, box in self.boxes.items():
            box("mkdir", "-p", "/run/sshd")
            self.farm.add(host, proxy=f"{SCRIPT} run {box.state} {{sshd}}")
        self.variables = {"PATH": f"{self.farm.folder}/bin:/usr/sbin:/usr/bin:/sbin:/bin", "COLUMNS": "160"}
        self.begin()

    def write_program(self) -> None:
        """Write what stands before the machines' own common-sync."""
        (self.shared / "bin").mkdir()
        program = self.shared / "bin/common-sync"
        names = ("PYTHONPATH", "GIT_CONFIG_NOSYSTEM", "GIT_CONFIG_GLOBAL")
        values = {**{name: environment()[name] for name in names}, **self.repo.settings}
        settings = "\n".join(f"export {name}='{value}'" for name, value in values.items())
        program.write_text(KILLER.format(settings=settings, program=" ".join(PROGRAM), python=PROGRAM[0]))
        program.chmod(0o755)

    def begin(self) -> None:
        """Write the service and the inventory, and deploy it on each machine by hand."""
        repo = self.repo
        keys = {"port": PORT, "settle": 1, "start_timeout": 12, "health": "http://127.0.0.1:{port}/"}
        repo.configure("api", command="python main.py {port}", python="/usr/bin/python3", compile=False, **keys)
        repo.write("common-sync.toml", repo.read("common-sync.toml") + f'[deploy]\nto = "{TO}"\nuser = "daemon"\n')
        repo.write(f"{SERVICE}/main.py", SERVE)
        repo.commit("one")
        repo.git("branch", "-M", "main")
        repo.git("clone", "-q", "--bare", ".", str(self.shared / "origin"))
        repo.git("remote", "add", "origin", str(self.shared / "origin"))
        repo.git("fetch", "-q", "origin")
        repo.git("branch", "-q", "--set-upstream-to", "origin/main")
        self.write_inventory()
        for host, box in self.boxes.items():
            box("git", "clone", "-q", str(self.shared / "origin"), CLONE)
            self.by_hand(host, "deploy", "api")

    def write_inventory(self, more: str = "", keys: str = "") -> None:
        """Write the inventory: a wave for each machine."""
        targets = "".join(f'[[target]]\nhost = "{host}"\n' for host in self.boxes)
        program = f'program = "{self.shared}/bin/common-sync"\n'
        limits = "health_timeout = 12\nhealth_times = 1\nsettle = 0\n"
        defaults = f'service = "api"\nkind = "release"\npath = "{TO}/api"\nclone = "{CLONE}"\n{program}{limits}{keys}'
        self.repo.write("fleet.toml", f'waves = [["pi-1"], ["*"]]\n{more}[defaults]\n{defaults}{targets}')

    def by_hand(self, host: str, *words: str, code: int = 0) -> str:
        """Run common-sync on a machine, as a person does."""
        done = self.boxes[host].run(str(self.shared / "bin/common-sync"), *words, "--root", CLONE)
        assert done.code == code, done
        return done.out + done.err

    def publish(self, answer: str) -> str:
        """Commit and push a release that answers something; return the commit."""
        self.repo.write(f"{SERVICE}/main.py", SERVE.replace("v1", answer))
        self.repo.commit(answer)
        self.repo.git("push", "-q", "origin", "main")
        self.repo.git("fetch", "-q", "origin")
        return self.repo.git("rev-parse", "HEAD").strip()

    def run(self, *words: str) -> Done:
        """Run a command of the fleet; once more where the machine was too busy to answer, and nothing was begun."""
        for _ in range(_PATIENCE):
            done = self.repo.run("fleet", *words, env=self.variables)
            if "CS407" not in done.out:
                break
        return done

    def deploy(self, *words: str) -> Done:
        """Run `fleet deploy`."""
        return self.run("deploy", "--yes", *words)

    def read(self, *words: str) -> dict[str, Any]:
        """Return the JSON of a command."""
        document: dict[str, Any] = json.loads(self.run(*words, "--output-format", "json").out)
        return document

    def answer(self, host: str) -> str:
        """Return what the service of a machine answers."""
        code = "import urllib.request as r; print(r.urlopen('http://127.0.0.1:8000/', timeout=9).read().decode())"
        done = self.boxes[host].run("/usr/bin/python3", "-c", code)
        return done.out.strip() if done.code == 0 else "-"

    def answers(self) -> list[str]:
        """Return what the services answer, in the order of the machines."""
        return [self.answer(host) for host in self.boxes]

    def steps(self) -> list[str]:
        """Return the steps of the journals, in the order of the machines; where one is not told, what is found in its place."""
        document = self.read("status")
        return [one["step"] or str(document["findings"]) for one in document["targets"]]

    def tell(self, host: str, name: str, text: str = "") -> None:
        """Write a file of `/srv` on a machine."""
        self.boxes[host]("sh", "-c", f'cat > /srv/{name} <<"END"\n{text}\nEND')


@pytest.fixture
def fleet(tmp_path: Path) -> Iterator[Fleet]:
    """Return machines on which the first release runs."""
    tmp_path.chmod(0o755)
    with ExitStack() as stack:
        yield Fleet(tmp_path, stack, HOSTS)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Fleet]:
    """Return one machine on which the first release runs."""
    tmp_path.chmod(0o755)
    with ExitStack() as stack:
        yield Fleet(tmp_path, stack, HOSTS[:1])


@deep(_WHY)
def test_there_and_back(fleet: Fleet) -> None:
    """A release would not arrive, or something would run before all machines are ready, or nobody could go back."""
    commit = fleet.publish("v2")
    plan = fleet.deploy("--dry-run")
    assert (plan.code, plan.out.count("was not deployed by this command yet")) == (1, 3), plan
    done = fleet.deploy("--prepare-only")
    assert (done.code, done.out, fleet.answers()) == (
        0,
        "✓ 3 of 3 targets prepared; nothing was switched\n",
        ["v1"] * 3,
    ), done
    assert fleet.steps() == ["verified"] * 3
    head = fleet.boxes["pi-1"]("git", "-C", CLONE, "rev-parse", "HEAD").strip()
    fleet.boxes["pi-1"]("sh", "-c", f"echo mine >> {CLONE}/{SERVICE}/main.py")
    done = fleet.deploy()
    assert (done.code, done.out, fleet.answers()) == (0, "✓ 3 of 3 targets switched\n", ["v2"] * 3), done
    assert fleet.boxes["pi-1"]("git", "-C", CLONE, "rev-parse", "HEAD").strip() == head != commit
    assert "mine" in fleet.boxes["pi-1"]("tail", "-1", f"{CLONE}/{SERVICE}/main.py"), "what is edited there stays"
    status = fleet.read("status")
    assert (status["as_wanted"], fleet.steps()) == (True, ["deployed"] * 3), status
    again = fleet.deploy()
    assert (again.code, again.out.splitlines()[-1]) == (0, "✓ 3 targets run what origin/main says"), again
    (fleet.shared / "origin").rename(fleet.shared / "gone")  # nothing is fetched
    back = fleet.run("rollback", "--host", "pi-[23]", "--yes")
    assert (back.code, back.out, fleet.answers()) == (0, "✓ 2 of 2 targets switched\n", ["v2", "v1", "v1"]), back
    back = fleet.run("rollback", "--host", "pi-2", "--yes")
    assert (back.code, "has no release to go back to" in " ".join(back.out.split())) == (1, True), back
    (fleet.shared / "gone").rename(fleet.shared / "origin")
    fleet.by_hand("pi-1", "rollback", "api")
    plan = fleet.deploy("--dry-run")
    assert "pi-1  services/api  runs another release than its last deploy has made" in plan.out, plan
    done = fleet.deploy()
    assert (done.code, fleet.answers()) == (0, ["v2"] * 3), done


@deep(_WHY)
def test_a_release_that_is_ill(fleet: Fleet) -> None:
    """A release that fails on one machine would stay there, or go on to the next one."""
    fleet.tell("pi-2", "ill-v2")
    fleet.publish("v2")
    done = fleet.deploy()
    assert (done.code, fleet.answers(), fleet.steps()) == (
        1,
        ["v2", "v1", "v1"],
        ["deployed", "rolled-back", "verified"],
    ), done
    assert "✗ pi-2 services/api: went back by itself: release 2 is not healthy: not healthy in time" in done.out
    assert done.out.splitlines()[-1] == "✗ 1 of 3 targets switched, 1 not begun"
    fleet.publish("v3")
    fleet.tell("pi-2", "ill-v3")
    undone = fleet.deploy("--on-failure", "undo")
    assert (undone.code, fleet.answers()) == (1, ["v2", "v1", "v1"]), undone
    assert undone.out.splitlines()[-1] == "✗ 1 of 3 targets switched, 1 not begun; 1 of 1 taken back"
    fleet.write_inventory(keys=f'health = "http://127.0.0.1:{PORT}/front"\n')
    fleet.boxes["pi-2"]("rm", "/srv/ill-v3")
    fleet.publish("v4")
    fleet.tell("pi-2", "front")
    done = fleet.deploy("--host", "pi-2")
    assert (done.code, fleet.steps()[1], fleet.answer("pi-2")) == (4, "rollback-failed", "v1"), done
    assert "/front: 503" in done.out, "the inventory's own question counts, too"
    fleet.boxes["pi-2"]("rm", "/srv/front")
    done = fleet.deploy()
    assert (done.code, fleet.answers()) == (0, ["v4"] * 3), done


@deep(_WHY)
def test_what_a_unit_runs(machine: Fleet) -> None:
    """A unit that still runs the release from before would be called current because of the files of the new one."""
    box, unit = machine.boxes["pi-1"], "clone-api.service"
    machine.write_inventory(keys=f'unit = "{unit}"\n')

    def tell() -> tuple[str, str, list[str]]:
        document = machine.read("status")
        (place,) = document["places"]
        return place["state"], place["runs"]["state"], [one["code"] for one in document["findings"]]

    assert tell() == ("current", "current", [])
    box("sh", "-c", f'cd {TO}/api/releases && ln -s "$(readlink current)" next && mv -T next current')
    assert tell() == ("current", "restart", ["CS403"])
    box("systemctl", "restart", unit)
    assert tell() == ("current", "current", [])
    box("systemctl", "stop", unit)
    assert tell() == ("current", "stopped", ["CS403"])


def _die(module: str, name: str, when: str) -> str:
    """Return a program by which the machine's common-sync is killed before or after it has called something, and the agent with it."""
    call = "call(*a, **k); " if when == "after" else ""
    patch = (
        f"import os, signal, {module} as m\ncall = m.{name}\n"
        f"def die(*a, **k):\n    {call}os.kill(os.getppid(), signal.SIGKILL); os.kill(os.getpid(), signal.SIGKILL)\n"
        f"m.{name} = die\n"
    )
    return patched(patch)[-1]


STEPS, DEPLOY = "common_sync.commands.steps.environments.releases", "common_sync.commands.deploy"
PREPARES, SWITCHES = "deploy*--prepare-only*", f"deploy*--rev {'?' * 40} --root*"
DIED: Sequence[tuple[str, str, str, str, str]] = (
    (PREPARES, DEPLOY, "make_release", "before", "fetched"),
    (PREPARES, DEPLOY, "make_release", "after", "fetched"),
    (SWITCHES, STEPS, "switch_release", "before", "switching"),
    (SWITCHES, STEPS, "switch_release", "after", "switching"),
    (SWITCHES, STEPS, "systemd.restart_unit", "after", "switching"),
    (SWITCHES, STEPS, "mark", "after", "switching"),
    (SWITCHES, STEPS, "settle", "after", "switching"),
)
"""When the machine's own common-sync is killed, and the agent with it; and the step at which the journal stands."""


@deep(_WHY)
def test_killed_at_each_step(machine: Fleet) -> None:
    """A machine would stay between two releases, and the next deploy would make it worse."""
    fleet, host = machine, "pi-1"
    for number, (when, module, name, at, step) in enumerate(DIED):
        new = f"w{number}"
        fleet.publish(new)
        fleet.tell(host, "when", when)
        fleet.tell(host, "patch", _die(module, name, at))
        done = fleet.deploy()
        assert (done.code, fleet.steps()) == (4, [step]), (name, at, done)
        assert "CS406" in [one["code"] for one in fleet.read("status")["findings"]]
        done = fleet.deploy()
        assert (done.code, fleet.answers(), fleet.steps()) == (0, [new], ["deployed"]), (name, at, done)
    fleet.publish("w9")
    fleet.tell(host, "patch", _die(STEPS, "switch_release", "after"))
    assert fleet.deploy().code == 4
    back = fleet.run("rollback", "--yes")
    made_twice = f"w{len(DIED) - 1}"  # the last one was proven when both were killed, gone back from, and made again
    assert (back.code, fleet.answers(), fleet.steps()) == (0, [made_twice], ["deployed"]), back


KILLED = ("rollback services/api --list", "--prepare-only", "--rev {commit} --root", "ps services/api")
"""The commands at which the agent is killed; they go on."""


@deep(_WHY)
def test_an_agent_that_is_killed(machine: Fleet) -> None:
    """A run would go back while what a killed one has started still switches, and nobody would know what runs."""
    fleet = machine
    for number, command in enumerate(KILLED):
        new = f"x{number}"
        fleet.tell("pi-1", "kill", command.format(commit=fleet.publish(new)))
        done = fleet.deploy()
        killed = "the process that did it was killed" in " ".join(done.out.split())
        assert (done.code, killed) == (4, True), (command, done)
        wait_for(lambda: not fleet.read("status")["targets"][0]["busy"])
        done = fleet.deploy()
        assert (done.code, fleet.answers()) == (0, [new]), (command, done)


GONE = (
    ("deploy", PREPARES, "verified", "v1", "v2"),
    ("deploy", SWITCHES, "deployed", "v3", "v3"),
    ("rollback", "rollback*--to*", "deployed", "v2", "v3"),
)
"""What whoever is gone has asked for, at which command on the machine, the step that it comes to, and what it answers then and after the next deploy."""


@deep(_WHY)
def test_whoever_asked_is_gone(machine: Fleet) -> None:
    """A lost connection would end a deploy in its middle, or two people would deploy over each other."""
    fleet = machine
    for asked, when, step, before, after in GONE:
        if asked == "deploy":
            fleet.publish(after)
        leave(fleet, asked, when)
        wait_for(lambda: tell_step(fleet) == (step, False))  # noqa: B023 - it is called here
        assert fleet.answers() == [before], (asked, when)
        done = fleet.deploy()
        assert (done.code, fleet.answers(), fleet.steps()) == (0, [after], ["deployed"]), (asked, when, done)


def leave(fleet: Fleet, asked: str, when: str) -> None:
    """Kill whoever asks at a command on the machine, with their ssh; the machine goes on after that."""
    box = fleet.boxes["pi-1"]
    fleet.tell("pi-1", "when", when)
    box("mkfifo", "/srv/hold")
    words, variables = (*PROGRAM, "fleet", asked, "--yes"), {**fleet.repo.settings, **fleet.variables}
    process = subprocess.Popen(words, cwd=fleet.repo.root, env=environment(**variables), start_new_session=True)
    wait_for(lambda: box.run("test", "-p", "/srv/held").code == 0, process)
    other = fleet.run(asked, "--yes")
    assert (other.code, "another deploy is at work there" in other.out) == (1, True), other
    asking = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    for one in (str(process.pid), *asking):  # each is a session of its own
        os.killpg(int(one), signal.SIGKILL)
    process.wait()
    box("sh", "-c", "echo > /srv/held; rm /srv/held")


def tell_step(fleet: Fleet) -> tuple[str, bool]:
    """Return the step at which the first machine is, and whether somebody is at work there."""
    target = fleet.read("status")["targets"][0]
    return target["step"], target["busy"]


@deep(_WHY)
def test_what_is_refused(machine: Fleet) -> None:
    """A release would be switched to that nobody restarts or that others have changed meanwhile, or a person not be told what is missing."""
    fleet, box, bin_ = machine, machine.boxes["pi-1"], machine.shared / "bin"
    fleet.publish("v2")

    def refuse(why: str) -> None:
        done = fleet.deploy()
        assert (done.code, why in " ".join(done.out.split()), fleet.answers()) == (1, True, ["v1"]), done

    (bin_ / "common-sync").rename(bin_ / "away")
    refuse("common-sync: No such file or directory")
    (bin_ / "away").rename(bin_ / "common-sync")
    unit = "/etc/systemd/system/clone-api.service"
    box("sh", "-c", f"cp {unit} /srv/unit; printf '[Service]\\nExecStart=/opt/mine\\n' > {unit}")
    refuse("it would not be restarted: its unit clone-api does not run its releases")
    box("cp", "/srv/unit", unit)
    box("systemctl", "daemon-reload")
    box("sed", "-i", "s-^to = .*-to = '/srv/other'-", f"{CLONE}/common-sync.toml")
    refuse("the configuration in /srv/clone has its releases in /srv/other/api, and not in /srv/shop/api")
    box("git", "-C", CLONE, "checkout", "-q", "common-sync.toml")
    box("mv", CLONE, "/srv/away")
    refuse("No such file or directory")
    box("mv", "/srv/away", CLONE)
    fleet.repo.write(f"{SERVICE}/requirements.txt", "alpha==7\n./common\n")
    fleet.publish("v3")
    refuse("cannot resolve the requirements")
    fleet.repo.write(f"{SERVICE}/requirements.txt", "-e ../../common\n")
    fleet.publish("v4")
    refuse("CS101 in commit")
