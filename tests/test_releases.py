"""`deploy` and `rollback`, with the real uv; and with a real systemd, where one can be started here."""

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal, NamedTuple

import pytest
from support.box import Box, both_groups
from support.depth import deep, skip
from support.environments import Environments, make_environments
from support.monorepo import PROGRAM, Done, environment, memory, patched, run
from support.waiting import wait_for

STEPS, DEPLOY = "common_sync.commands.steps.environments.releases", "common_sync.commands.deploy"
USER = "daemon"
PORT = 8000


class Deployed(Environments):
    """A repository with services that are deployed."""

    @property
    def place(self) -> Path:
        """The folder of the releases of `api`."""
        return self.root.parent / "srv/api"

    def current(self, service: str = "api") -> str:
        """Return the name of a service's current release."""
        return os.readlink(self.root.parent / f"srv/{service}/releases/current")

    def names(self, service: str = "api") -> list[str]:
        """Return the names of all entries in the folder of releases."""
        return sorted(one.name for one in (self.root.parent / f"srv/{service}/releases").iterdir())

    def deploy(self, *words: str, code: int = 0) -> str:
        """Run `deploy api`; return what it says."""
        done = self.run("deploy", "api", *words)
        assert done.code == code, done
        return done.out + done.err

    def rollback(self, *words: str, code: int = 0) -> str:
        """Run `rollback api`; return what it says."""
        done = self.run("rollback", "api", *words)
        assert done.code == code, done
        return done.out + done.err


def make_deployed(above: Path, **keys: object) -> Deployed:
    """Make the repository; `api` has the program `main.py`."""
    repo = Deployed(make_environments(above).root)
    repo.configure("api", **{"command": "python main.py", **keys})
    deploy = f'[deploy]\nto = "{above}/srv"\nuser = "{USER}"\nprefix = "auto-"\n'
    text = repo.read("common-sync.toml").replace('["CS309"]', '["CS309", "CS313"]')
    repo.write("common-sync.toml", text + deploy)
    repo.write("services/api/main.py", "import our_common, alpha\nprint('v1', our_common.VALUE, alpha.VERSION)\n")
    return repo


@pytest.fixture
def repo(tmp_path: Path) -> Deployed:
    """Return the repository."""
    return make_deployed(tmp_path)


without_systemd = pytest.mark.skipif(Path("/run/systemd/system").is_dir(), reason="a systemd runs here")


@without_systemd
def test_there_and_back(repo: Deployed) -> None:
    """A release would not be what the work tree has, or the one before would not be there any more to go back to."""
    repo.write("services/api/.env", "TOKEN=1\n")
    repo.write("services/api/data/db", "rows")
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace("command", 'persistent = ["data"]\ncommand'))
    assert "release 1 would be made" in repo.deploy("-n", code=1)
    assert not repo.place.exists()
    assert "release 1 is current, and not proven: no systemd runs here to restart it" in repo.deploy()
    shutil.rmtree(repo.root.parent / "cache")  # what runs needs neither the cache, nor the work tree
    app = repo.place / "releases/0001/app"
    assert sorted(one.name for one in app.iterdir()) == [".env", "common", "data", "main.py", "requirements.txt"]
    assert _start(repo) == ["common-sync: release 1", "v1 first 1.0"]
    assert (app / ".env").read_text() == "TOKEN=1\n"
    (app / "data/db").write_text("more rows")
    stamps = repo.stamps("../srv/api/releases")
    assert "release 1 is current, and nothing has changed" in repo.deploy()
    assert repo.stamps("../srv/api/releases") == stamps

    repo.write("services/api/data/db", "other rows, of the work tree")
    repo.write("services/api/main.py", repo.read("services/api/main.py").replace("v1", "v2"))
    repo.write("common/our_common/__init__.py", 'VALUE = "second"\n')
    said = repo.deploy(code=1)
    assert "services/api  not in sync; nothing was deployed" in said
    assert repo.current() == "0001"
    assert repo.run("distribute").code == 0
    repo.deploy()
    assert _start(repo) == ["common-sync: release 2", "v2 second 1.0"]
    assert (repo.place / "releases/0002/app/data/db").read_text() == "more rows", "what outlives releases stays"

    assert "2 (current)  unproven" in repo.rollback("--list")
    assert "would go from release 2 to 1" in repo.rollback("-n", code=1)
    shutil.rmtree(repo.root.parent / "wheels")  # there is no network, either
    assert "from release 2 to 1" in repo.rollback()
    assert _start(repo) == ["common-sync: release 1", "v1 first 1.0"]
    assert "from release 1 to 2" in repo.rollback("--to", "2")
    assert repo.json("rollback", "api", "--list", code=0)["releases"][1]["state"] == "unproven"


def _start(repo: Deployed) -> list[str]:
    """Start the current release; return what it prints."""
    done = run(str(repo.place / "releases/current/run"), cwd=Path("/"))
    assert done.code == 0, done
    return done.out.splitlines()


@deep("deploys in less usual ways")
@without_systemd
def test_a_commit(repo: Deployed, tmp_path: Path) -> None:
    """A release of a commit would have what nobody has committed, or would move the work tree of everybody."""
    repo.commit("what runs")
    repo.git("tag", "v1")
    first = repo.git("rev-parse", "HEAD").strip()
    repo.write("services/api/main.py", repo.read("services/api/main.py").replace("v1", "v2"))
    repo.write("services/api/requirements.txt", "alpha==1.1\n-e ./common\n")
    repo.write("common/our_common/__init__.py", 'VALUE = "second"\n')
    assert repo.run("distribute").code == 0
    repo.commit("another")
    repo.write("services/api/common/our_common/__init__.py", "edited by hand = 1\n")
    repo.write("services/api/main.py", "print('nobody has committed this')\n")
    repo.write("services/api/.env", "TOKEN=1\n")
    before = repo.stamps("services"), repo.stamps("common"), repo.git("status", "--porcelain")

    assert "services/api at v1  release 1 would be made" in repo.deploy("--rev", "v1", "-n", code=1)
    assert not repo.place.exists()
    assert "services/api at v1  release 1 made" in repo.deploy("--rev", "v1")
    assert _start(repo) == ["common-sync: release 1", "v1 first 1.0"]
    assert (repo.place / "releases/0001/app/.env").read_text() == "TOKEN=1\n"
    assert f"services/api at {first[:9]}  release 1 is current, and is that" in repo.deploy("--rev", first[:9])
    repo.deploy("--rev", "main")
    assert _start(repo) == ["common-sync: release 2", "v2 second 1.1"]
    assert (repo.stamps("services"), repo.stamps("common"), repo.git("status", "--porcelain")) == before
    commits = [one["commit"] for one in repo.json("rollback", "api", "--list", code=0)["releases"]]
    assert commits == [first, repo.git("rev-parse", "main").strip()]
    repo.git("stash")
    (repo.place / ".revision/services").mkdir(parents=True)  # a killed run has left it
    assert "release 2 is current, and nothing has changed" in repo.deploy(), "the work tree would run the same"
    repo.git("stash", "pop")
    assert sorted(one.name for one in repo.place.iterdir()) == [".venv", "lock", "origin", "releases", "shared"]
    repo.git("reset", "-q", "--hard")
    repo.write("common/our_common/__init__.py", 'VALUE = "third"\n')
    repo.write("services/api/main.py", repo.read("services/api/main.py").replace("v2", "v3"))
    repo.commit("behind the master")
    repo.deploy("--rev", "HEAD")
    assert _start(repo) == ["common-sync: release 3", "v3 second 1.1"], (
        "a copy may be behind, where nobody has edited it"
    )


@without_systemd
def test_commits_that_are_refused(repo: Deployed, tmp_path: Path) -> None:
    """A commit would be released that is not what it says, or a typo be answered by a traceback."""
    assert "there is no revision 'v9' in this clone\n  help: git fetch origin tag v9" in repo.deploy(
        "--rev", "v9", code=2
    )
    assert "no revision '--all'" in repo.deploy("--rev=--all", code=2)
    repo.write("services/api/common/our_common/__init__.py", "EDITED = 1\n")
    repo.commit("an edited copy")
    assert repo.run("distribute", "--force").code == 0
    said = repo.deploy("--rev", "HEAD", code=1)
    assert f"in commit {repo.git('rev-parse', 'HEAD')[:10]}" in said.replace("\n", " ")
    assert "CS003" in said
    assert "services/api at HEAD  not in sync; nothing was deployed" in said
    repo.commit("mended")

    repo.write("services/api/requirements.txt", "-e ../../common\n")
    repo.commit("leads out")
    assert "services/api at HEAD  not in sync" in repo.deploy("--rev", "HEAD", code=1)
    repo.git("mv", "services/api", "services/elsewhere")
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace('service."api"', 'service."elsewhere"'))
    repo.commit("moved")
    repo.git("checkout", "-q", "HEAD~1")
    assert "services/api is no service" in repo.deploy("--rev", "main", code=2)
    repo.git("rm", "-q", "--cached", "common-sync.toml")
    repo.git("commit", "-q", "-m", "no configuration")
    assert "no configuration: looked for" in repo.deploy("--rev", "HEAD", code=2)
    assert [one.name for one in repo.place.iterdir()] == ["lock"]

    repo.git("checkout", "-qf", "HEAD~1")
    shallow = tmp_path / "shallow"
    repo.git("clone", "-q", "--depth", "1", f"file://{repo.root}", str(shallow))
    done = repo.run("deploy", "api", "--rev", "main~4", "--root", str(shallow))
    assert done.code == 2, done
    assert "in this shallow clone, and nothing is fetched in silence\n  help: git fetch --unshallow --tags" in done.err


@deep("deploys in less usual ways")
@without_systemd
def test_without_a_command(repo: Deployed) -> None:
    """A service that nothing starts could not be deployed, or its releases would fill the disk."""
    assert "releases" not in repo.run("status").out
    for number in range(1, 6):
        repo.write("services/worker/main.py", f"{number}\n")
        done = repo.run("deploy", "worker")
        assert done.code == 0, done
        assert f"release {number} is current" in done.out
        assert "CS316" not in done.out
    repo.write(".gitignore", "*.sqlite3\n")
    repo.write("services/worker/rows.sqlite3", "")
    repo.write("services/worker/.venv/some.db", "")
    done = repo.run("deploy", "worker", "-n")
    assert "services/worker/rows.sqlite3: CS316 it looks like data" in " ".join(done.out.split())
    assert done.out.count("CS316") == 1
    (repo.root / "services/worker/rows.sqlite3").unlink()
    assert repo.names("worker") == ["0003", "0004", "0005", "current"]
    assert "\nreleases    services/worker at 5\n" in repo.run("status").out
    lines = [line.split() for line in repo.run("env", "status").out.splitlines()[:3]]
    assert [(line[0], line[-1]) for line in lines] == [
        ("SERVICE", "RELEASE"),
        ("services/api", "-"),
        ("services/worker", "5"),
    ]
    assert "from release 5 to 4" in repo.run("rollback", "worker").out
    assert "from release 4 to 3" in repo.run("rollback", "worker").out
    done = repo.run("rollback", "worker")
    assert (done.code, "has no release to go back to" in done.err) == (2, True)
    assert "release 3 is current" in repo.run("rollback", "worker", "--to", "3").out


@deep("deploys in less usual ways")
@without_systemd
def test_made_aside(repo: Deployed) -> None:
    """What is only to be prepared would run, or be built once more at the switch, or a migration would run long before it."""
    repo.deploy()
    before = "before = \"/bin/sh -c 'echo migrated >> ../../../shared/done'\"\n"
    check = "check = \"/bin/sh -c 'echo checked >> ../../../shared/done'\"\n"
    (repo.place / "shared").chmod(0o777)
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace("command =", f"{check}{before}command ="))
    repo.write("services/api/main.py", repo.read("services/api/main.py").replace("v1", "v2"))
    for _ in range(2):
        said = repo.deploy("--prepare-only")
        assert "✓ services/api  release 2 made aside: 6 files, environment " in said
        assert (repo.current(), repo.names()) == ("0001", ["0001", "0002", "current", "former"])
    assert (repo.place / "shared/done").read_text() == "checked\n" * 2
    stamps = repo.stamps("../srv/api/releases/0002")
    document = repo.json("deploy", "api", "--prepare-only", code=0)["services"][0]
    assert (document["action"], document["release"], document["former"]) == ("prepared", 2, 1)
    assert document["stays"] == "no systemd runs here to restart it"
    assert "release 2 made: " in repo.deploy()
    assert repo.stamps("../srv/api/releases/0002") == stamps
    assert (repo.place / "shared/done").read_text().splitlines()[-2:] == ["checked", "migrated"]
    assert _start(repo) == ["common-sync: release 2", "v2 first 1.0"]
    assert "from release 2 to 1" in repo.rollback()
    repo.write("services/api/main.py", repo.read("services/api/main.py").replace("v2", "v3"))
    assert "release 3 made aside" in repo.deploy("--prepare-only")
    repo.write("services/api/main.py", repo.read("services/api/main.py").replace("v3", "v4"))
    assert "release 4 made: " in repo.deploy(), "another one is switched to"


@deep("runs of the whole program that take long")
@without_systemd
def test_what_cannot_be_deployed(repo: Deployed) -> None:
    """What runs would be touched although the new release cannot be made, or a release would be gone back to that cannot run."""
    repo.deploy()
    text = repo.read("services/api/requirements.txt")
    repo.write("services/api/requirements.txt", f"{text}nowhere-to-be-found\n")
    assert "cannot resolve the requirements" in repo.deploy("--offline", code=2)
    repo.write("services/api/requirements.txt", text)
    settings = repo.read("common-sync.toml")
    repo.write("common-sync.toml", settings.replace("python main.py", "uvicorn main:app"))
    assert "there is no program" in repo.deploy(code=2)
    check = "check = \"/bin/sh -c 'grep our_common main.py || { echo no such import; exit 1; }'\""  # what all may run
    repo.write("common-sync.toml", settings.replace("command =", f"{check}\ncommand ="))
    source = repo.read("services/api/main.py")
    repo.write("services/api/main.py", "print('no library')\n")
    said = repo.deploy(code=2)
    assert "services/api: its check failed: sh has ended with 1; nothing was switched\n    no such import\n" in said
    before = "before = \"/bin/sh -c 'echo migrated > ../shared/done; exit 3'\"\n"
    repo.write("services/api/main.py", source + "#\n")
    repo.write("common-sync.toml", settings.replace("command =", f"{before}command ="))
    (repo.place / "shared").chmod(0o777)
    said = " ".join(repo.deploy(code=2).split())
    assert "services/api: its `before` failed: sh has ended with 3; nothing was switched" in said
    assert repo.names() == ["0001", "current", "former"]
    repo.write("services/api/main.py", source)
    repo.write("common-sync.toml", settings.replace(f'to = "{repo.root.parent}/srv"', f'to = "{repo.root}/srv"'))
    assert "which is inside the repository" in repo.deploy(code=2)
    repo.write("common-sync.toml", settings.replace("to = ", "# "))
    said = repo.rollback(code=2)
    assert "no folder for releases is configured, so there is none to go back to\n" in said, said
    assert "  help: common-sync pin services/api --back takes its copy back, or" in said, said
    assert "[deploy] to = " in said, said
    repo.write("common-sync.toml", settings)
    assert repo.names() == ["0001", "current", "former"]
    assert _start(repo) == ["common-sync: release 1", "v1 first 1.0"]

    repo.write("services/api/main.py", "print('v2')\n")
    repo.deploy()
    assert "is no release" in repo.rollback("--to", "x", code=2)
    assert "has no release 7" in repo.rollback("--to", "7", code=2)
    environment = next((repo.place / ".venv/envs").glob("[!.]*"))
    text = (environment / "env.json").read_text()
    path = json.loads(text)["interpreter"]["path"]
    (environment / "env.json").write_text(text.replace(json.dumps(path), '"/opt/away/python3.11"'))
    assert "its interpreter /opt/away/python3.11 is gone; nothing was switched" in repo.rollback(code=2)
    (environment / "env.json").rename(environment / "away")
    assert "was changed or removed; nothing was switched" in repo.rollback(code=2)
    assert repo.current() == "0002"


STAND_IN = """
import os
from common_sync.core.environments.running import Shown
from common_sync.edges.environments import manager, systemd
file = PLACE + '/releases/current/app/main.py'
current = lambda: open(file).read() if os.path.exists(file) else ''
manager.Manager.is_running = True
systemd.is_enabled = lambda folder, unit: True
systemd.read_unit = lambda folder, unit: f'ExecStart={PLACE}/releases/current/run'.encode()
systemd.enable_unit = lambda manager, unit: print(f'{unit} is enabled')
systemd.restart_unit = lambda manager, unit: 'no such thing' if 'refused' in current() else ''
systemd.read_journal = lambda manager, unit, lines: ('Traceback',)
systemd.show_units = lambda manager, names: {
    names[0]: Shown('loaded', 'failed', 'failed', 'exit-code') if 'broken' in current() else Shown('loaded', 'active', 'running', process=1)
}
"""


@deep("the waiting of releases")
@without_systemd
def test_undone_by_itself(tmp_path: Path) -> None:
    """A release that fails would stay, or nobody would learn why. The tests with a real systemd are the deep ones; this is the order of things."""
    if os.geteuid() != 0:
        skip("NOT TESTED: only root may restart a service")
    repo = make_deployed(tmp_path, settle=1, health="true", compile=False)
    (tmp_path / "srv/api").mkdir(parents=True)
    program = patched(f"PLACE = {str(tmp_path / 'srv/api')!r}\n{STAND_IN}")
    settings = repo.read("common-sync.toml").replace("'true'", "'/bin/true'")
    repo.write("common-sync.toml", settings)

    def deploy(text: str, code: int) -> str:
        repo.write("services/api/main.py", text)
        done = run(*program, "deploy", "api", cwd=repo.root, env=repo.settings)
        assert done.code == code, done
        return done.out

    assert "release 1 is not healthy: its unit is failed (exit-code)\n  | Traceback" in deploy("broken = 1\n", 1)
    assert repo.names() == ["0001", "current", "former"], "there is nothing to go back to"
    assert "release 2 is current, and healthy" in deploy("fine = 1\n", 0)
    assert repo.names() == ["0002", "current"]
    undone = "it was undone: release 2 is current again, which is healthy"
    assert undone in deploy("broken = 2\n", 1)
    assert (repo.current(), repo.names()) == ("0002", ["0002", "0003", "current"])
    said = deploy("refused = 1\n", 1)
    assert "release 4 is not healthy: systemd does not start it: no such thing" in said
    assert undone in said
    repo.write(
        "common-sync.toml", settings.replace("/bin/true", "/bin/false").replace("settle = 1", "start-timeout = 1")
    )
    said = deploy("fine = 2\n", 1)
    assert "release 5 is not healthy: not healthy in time: false has ended with 1" in said
    assert "release 2 is current again, which is not healthy either: not healthy in time" in said
    assert repo.names() == ["0002", "0005", "current", "former"]
    repo.write("common-sync.toml", settings)
    assert "release 2 is current, and was not proven yet\n  release 2 is current, and healthy" in deploy(
        "fine = 1\n", 0
    )
    assert repo.names() == ["0002", "0005", "current"]


@without_systemd
def test_the_first_deploy(tmp_path: Path) -> None:
    """A newcomer would have to find out how a unit is installed, or one that somebody has written would be replaced."""
    if os.geteuid() != 0:
        skip("NOT TESTED: only root may install a unit")
    repo = make_deployed(tmp_path, settle=1, compile=False)
    place = tmp_path / "srv/api"
    place.mkdir(parents=True)
    held = "systemd.read_unit = lambda folder, unit: {!r}\n".format
    written = (
        "import common_sync.commands.deploy as d\nd.write_units = lambda *a, **k: print('written', a[1], a[2].folder)\n"
    )
    stand_in = f"PLACE = {str(place)!r}\n{STAND_IN}{written}"
    done = run(*patched(stand_in + held(b"ExecStart=/opt/mine")), "deploy", "api", cwd=repo.root, env=repo.settings)
    assert "common-sync units --write --force services/api replaces it and keeps it beside" in done.out, done
    assert ("written [" in done.out, done.code) == (False, 0)
    done = run(*patched(stand_in + held(None)), "deploy", "api", cwd=repo.root, env=repo.settings)
    assert done.code == 0, done
    assert "written ['services/api'] /etc/systemd/system\nauto-api is enabled" in done.out
    assert "its unit auto-api is installed, and started at every boot\n  release 1 is current, and healthy" in done.out
    done = run(*patched(stand_in + held(None)), "rollback", "api", "--to", "1", cwd=repo.root, env=repo.settings)
    assert "release 1 is current\n" in done.out, done
    somebody = f"import os\nos.geteuid = lambda: 1000\n{stand_in}"
    repo.write("services/api/main.py", "another = 1\n")
    for word in ("deploy", "rollback"):
        done = run(*patched(somebody), word, "api", cwd=repo.root, env=repo.settings)
        assert (done.code, done.err) == (
            2,
            "error: only root may restart auto-api; nothing was done\n  help: sudo, or --no-restart\n",
        )
    assert repo.names() == ["0001", "current"]


@deep("deploys in less usual ways")
@without_systemd
def test_a_clock_that_runs_backwards(repo: Deployed) -> None:
    """A Pi without a battery starts in the past: the wrong release would be gone back to, or the newest be removed as the oldest."""
    for number in range(1, 5):
        repo.write("services/api/main.py", f"print({number})\n")
        assert f"release {number} is current" in repo.deploy()
        seconds = 4_000_000_000 - number * 100_000_000  # each is older than the one before
        for path in (repo.place / f"releases/000{number}", *repo.place.glob(".venv/envs/[!.]*/env.json")):
            os.utime(path, (seconds, seconds))
    assert repo.names() == ["0002", "0003", "0004", "current", "former"]
    assert "from release 4 to 3" in repo.rollback()
    assert repo.names() == ["0002", "0003", "0004", "current", "former"]
    assert _start(repo) == ["common-sync: release 3", "3"]


@deep("deploys in less usual ways")
@without_systemd
def test_several(repo: Deployed) -> None:
    """A service that fails would keep others from being deployed without a word, or would not stop what comes after it."""
    assert "no service is named\n  help: common-sync deploy SERVICE" in repo.run("deploy").err
    repo.write("services/worker/requirements.txt", "nowhere-to-be-found\n./common\n")
    done = repo.run("deploy", "worker", "api", "--offline")  # in the order of the configuration
    assert done.code == 2, done
    assert "release 1 is current, and not proven" in done.out
    assert "services/worker  not deployed\n" in done.out
    repo.write("services/api/main.py", "import sys\nsys.path.append('../..')\n")
    done = repo.run("deploy", "--all")
    assert done.code == 1, done
    assert "services/api  leaves its folder; nothing was deployed" in done.out
    assert "CS206" in done.out
    assert "not deployed, since that failed: services/worker" in done.out
    document = repo.json("deploy", "--all", "-n", code=1)
    assert ([one["action"] for one in document["services"]], document["left"]) == (["refused"], ["services/worker"])
    assert repo.names() == ["0001", "current", "former"]


@deep("deploys in less usual ways")
@without_systemd
def test_two_repositories(repo: Deployed, tmp_path: Path) -> None:
    """Two repositories would take each other's releases for their own, and remove them."""
    repo.deploy()
    shutil.copytree(repo.root, tmp_path / "other", symlinks=True)
    other = Deployed(tmp_path / "other")
    env = {name: value.replace(str(other.root.parent), str(tmp_path)) for name, value in repo.settings.items()}
    for words in (("deploy", "api"), ("rollback", "api")):
        done = other.run(*words, env=env)
        assert done.code == 2, done
        assert f"{repo.place} has the releases of {repo.root}/services/api\n  help: name = " in done.err
    repo.root.rename(tmp_path / "away")  # a repository that was moved goes on with its releases
    assert "nothing has changed" in other.run("deploy", "api", env=env).out


@deep("deploys in less usual ways")
@without_systemd
def test_two_at_once(repo: Deployed) -> None:
    """A way back would be taken while a deploy switches, and neither would know which release runs."""
    repo.deploy()
    repo.write("services/api/main.py", "print('v2')\n")
    slow = (
        f"import os, time, {DEPLOY} as d\nmake = d.make_release\n"
        "def wait(*a):\n    open('../waits', 'w').close()\n    while not os.path.exists('../go'): time.sleep(0.01)\n    make(*a)\n"
        "d.make_release = wait\n"
    )
    settings, pipe = environment(**repo.settings), subprocess.PIPE
    one = subprocess.Popen([*patched(slow), "deploy", "api"], cwd=repo.root, env=settings, stdout=pipe)
    with one:
        wait_for((repo.root.parent / "waits").exists, one)
        back = [*patched(""), "rollback", "api", "--to", "1"]
        with subprocess.Popen(back, cwd=repo.root, env=settings, stdout=pipe, stderr=pipe, text=True) as other:
            assert other.stderr is not None
            assert other.stderr.readline() == f"waiting for another common-sync (process {one.pid}) to finish\n"
            (repo.root.parent / "go").touch()
            assert "from release 2 to 1" in other.communicate()[0]
            assert (one.wait(), other.returncode) == (0, 0)
    assert repo.current() == "0001"


@without_systemd
@deep("deploys in less usual ways")
def test_releases_in_memory(repo: Deployed) -> None:
    """Services whose releases are on a tmpfs would run until the next power cut, and then be gone with their data."""
    settings = repo.read("common-sync.toml")
    with memory(repo.root.parent / "disk", "size=100m") as disk:
        more = settings.replace('"CS309", ', "").replace(f'to = "{repo.root.parent}/srv"', f'to = "{disk}"')
        repo.write("common-sync.toml", more)
        said = " ".join(repo.run("deploy", "--all", "-n").out.split())
        assert said.count(f'CS309 "to" is {disk}, which is in memory') == 1, said
        assert "CS309" in repo.run("units", "--check").out
        repo.write("common-sync.toml", more.replace('["CS313"]', '["CS309", "CS313"]'))
        assert "CS309" not in repo.deploy("-n", code=1)


@without_systemd
def test_what_is_no_longer_needed_goes(repo: Deployed) -> None:
    """On a full card, where nothing can be deployed, somebody would delete releases by hand, and among them the one that runs."""
    for version in ("1.0", "1.1"):
        repo.write("services/api/requirements.txt", f"-e ./common\nalpha=={version}\n")
        repo.write("services/api/main.py", f"print({version})\n")
        repo.deploy()
    first, second = (json.loads(one.read_text()) for one in sorted(repo.place.glob("releases/0*/release.json")))
    environments = repo.place / ".venv/envs"
    settings = repo.read("common-sync.toml")
    repo.write("common-sync.toml", settings.replace("[deploy]", '[deploy]\nmin-free = "900000G"'))
    repo.write("services/api/main.py", "print(3)\n")
    said = repo.deploy(code=2)
    assert "nothing was written" in said
    assert not any(one["environment"] in said for one in (first, second)), "what runs cannot be freed"
    assert repo.run("env", "clean").code == 0
    assert {one.name for one in environments.iterdir()} >= {first["environment"], second["environment"]}

    repo.write("common-sync.toml", settings)
    for number in (3, 4):
        repo.write("services/api/main.py", f"print({number})\n")
        repo.deploy()
    assert repo.names() == ["0002", "0003", "0004", "current", "former"]
    (environments / "0123456789ab/lib").mkdir(parents=True)
    repo.write("common-sync.toml", settings.replace("[deploy]", "[deploy]\nkeep = 2"))
    document = repo.json("env", "clean", "-n", code=0)
    wanted = [str(repo.place / "releases/0002"), str(environments / "0123456789ab")]
    assert [one["path"] for one in document["removals"] if str(repo.place) in one["path"]] == wanted
    assert "0002" in repo.names()
    assert "releases/0002  removed" in repo.run("env", "clean").out
    assert repo.names() == ["0003", "0004", "current", "former"]
    assert {one.name for one in environments.iterdir() if one.is_dir()} == {second["environment"]}
    assert _start(repo)[-1] == "4"


@deep("full disks of releases")
@without_systemd
def test_full_disk(tmp_path: Path) -> None:
    """A deploy would break what runs where no room is left, and nobody could go back before somebody makes some."""
    mounted = run("mount", "-t", "tmpfs", "-o", "size=96m", "tmpfs", str(tmp_path), cwd=Path("/"))
    if mounted.code != 0:
        skip(f"NOT TESTED: no file system of its own can be mounted here: {mounted.err.strip()}")
    try:
        repo = make_deployed(tmp_path, compile=False)
        repo.write("common-sync.toml", repo.read("common-sync.toml").replace("[deploy]", '[deploy]\nmin-free = "0"'))
        for number in range(1, 3):
            repo.write("services/api/main.py", f"print({number})\n")
            repo.deploy()
        repo.write("services/api/main.py", "x = 1\n" * 100_000)
        before = repo.names()
        with suppress(OSError), (tmp_path / "fill").open("wb", buffering=0) as file:
            while True:
                file.write(bytes(1 << 12))
        assert "no space left on device" in repo.deploy(code=2).lower()
        assert (repo.names(), repo.current()) == (before, "0002")
        assert "from release 2 to 1" in repo.rollback()
        assert _start(repo)[-1] == "1"
    finally:
        assert run("umount", str(tmp_path), cwd=Path("/")).code == 0


SERVE = """\
import http.server, os, sys, time
ANSWER, STATUS, AFTER = "v1", 200, 0

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(STATUS)
        self.end_headers()
        self.wfile.write(ANSWER.encode())
    def log_message(self, *_):
        pass

print("serving", ANSWER, os.getuid(), flush=True)
server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
server.timeout, began = 0.1, time.monotonic()
while not AFTER or time.monotonic() < began + AFTER:
    server.handle_request()
raise SystemExit("it has had enough")
"""

POLL = """\
import sys, time, urllib.error, urllib.request
with open(sys.argv[1], "w", buffering=1) as file:
    while True:
        try:
            answer = urllib.request.urlopen("http://127.0.0.1:8000/", timeout=20).read().decode()
        except urllib.error.HTTPError as error:
            answer = str(error.code)
        except OSError:
            answer = "-"
        file.write(f"{answer}\\n")
        time.sleep(0.01)
"""


TAKE = """\
import signal, socket
server = http.server.HTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
server.socket = socket.socket(fileno=3)  # systemd listens
goes_on = [True]
signal.signal(signal.SIGTERM, lambda *_: goes_on.clear())  # who is answered is answered to the end
server.timeout, began = 0.1, time.monotonic()
while goes_on and (not AFTER or time.monotonic() < began + AFTER):
    server.handle_request()
raise SystemExit(bool(goes_on))
"""


class Site:
    """A repository whose service runs in a real systemd, and who asks it all the time."""

    def __init__(self, box: Box, repo: Deployed) -> None:
        self.box, self.repo = box, repo
        self.answers = repo.root.parent / "answers"
        self.listens = False  # whether systemd listens for the service

    def write(self, answer: str, status: int = 200, after: float = 0, code: str = "") -> None:
        """Write the program of the service."""
        serve = SERVE.partition("server =")[0] + TAKE if self.listens else SERVE
        text = serve.replace('"v1", 200, 0', f'"{answer}", {status}, {after}')
        self.repo.write("services/api/main.py", f"{text}{code}")

    def run(self, *words: str, code: int = 0, patch: str = "") -> str:
        """Run common-sync inside; return what it prints."""
        done = self.try_to(*words, patch=patch)
        assert done.code == code, done
        return done.out + done.err

    def try_to(self, *words: str, patch: str = "") -> Done:
        """Run common-sync inside; return how it ended."""
        program: Sequence[str] = patched(patch) if patch else PROGRAM
        return self.box.run(*program, *words, "--root", str(self.repo.root), env=self.repo.settings)

    def ps(self) -> dict[str, Any]:
        """Return what `ps` says of the service, and of what is wrong."""
        document = json.loads(self.try_to("ps", "api", "--output-format", "json").out)
        return {**document["services"][0], "codes": [one["code"] for one in document["findings"]]}

    def wait_for(self, answer: str) -> None:
        """Wait until the service answers something from now on."""
        before = len(self.list_answers())
        wait_for(lambda: answer in self.list_answers()[before:])

    def list_answers(self) -> list[str]:
        """Return all answers so far."""
        return self.answers.read_text().split()

    @contextmanager
    def polled(self) -> Iterator[None]:
        """Ask the service all the time."""
        self.answers.touch()
        with self.box.start("/usr/bin/python3", "-c", POLL, str(self.answers)) as process:
            try:
                yield
            finally:
                process.kill()


def _die(module: str, name: str, when: str = "before") -> str:
    """Return a patch by which the program is killed before or after it has called something."""
    call = "call(*a, **k); " if when == "after" else ""
    return (
        f"import os, signal, {module} as m\ncall = m.{name}\n"
        f"def die(*a, **k):\n    {call}os.kill(os.getpid(), signal.SIGKILL)\nm.{name} = die\n"
    )


@pytest.fixture
def site(tmp_path: Path, box: Box) -> Site:
    """Return a service that runs its first release, proven."""
    if not os.access("/usr/bin/python3", os.X_OK):
        pytest.skip("NOT TESTED: there is no /usr/bin/python3, which every user may execute")
    tmp_path.chmod(0o755)
    keys = {"health": "http://127.0.0.1:{port}/", "port": PORT, "settle": 1, "start_timeout": 12}
    repo = make_deployed(tmp_path, command="python main.py {port}", python="/usr/bin/python3", **keys)
    site = Site(box, repo)
    site.write("v1")
    said = site.run("deploy", "api")
    assert "its unit auto-api is installed, and started at every boot\n  release 1 is current, and healthy" in said
    assert box("systemctl", "is-enabled", "auto-api") == "enabled\n"
    assert (site.ps()["codes"], site.ps()["release"], site.ps()["release_is_proven"]) == ([], 1, True)
    return site


@deep("a real systemd")
def test_a_release_that_fails(site: Site) -> None:
    """A service would stay down after a deploy that failed, or one that fails be taken for a success."""
    repo = site.repo
    with site.polled():
        site.wait_for("v1")
        site.write("v2")
        assert "release 2 is current, and healthy" in site.run("deploy", "api")
        site.wait_for("v2")
        for answer, status, after, code, said in (
            ("v3", 500, 0, "", "not healthy in time: http://127.0.0.1:8000/ answers 500"),
            ("v3", 200, 0.5, "", "it has ended (exit-code), and systemd restarts it"),
            ("v3", 200, 0, "import", "it has ended (exit-code), and systemd restarts it"),
        ):
            site.write(answer, status, after, code)
            out = site.run("deploy", "api", code=1)
            assert said in out
            assert "it was undone: release 2 is current again, which is healthy" in out
            assert ("SyntaxError" in out) is bool(code)
            assert "serving v3 1" in out or code, "the log of the one that failed is shown"
            site.wait_for("v2")
        answers = site.list_answers()
        assert set(answers) <= {"v1", "v2", "v3", "500", "-"}
        assert "v1" not in answers[answers.index("v2") :]

        site.write("v4")
        site.run("deploy", "api")
        site.wait_for("v4")
        for gone in ("wheels", "cache"):
            shutil.rmtree(repo.root.parent / gone)
        assert "from release 6 to 2" in site.run("rollback", "api")
        said = site.run("logs", "api", "--release", "3", "-n", "all")
        assert ("serving v3 1" in said, "serving v4" in said) == (True, False)
        assert "the journal has nothing of release 7" in site.run("logs", "api", "--release", "7", code=2)
        site.wait_for("v2")
        assert site.ps()["release"] == 2
        assert "2 (current)  proven" in site.run("rollback", "api", "--list")


@deep("a real systemd")
@both_groups
def test_it_has_to_listen_at_its_port(site: Site) -> None:
    """A release that listens nowhere would be proven because its process lives, and nobody would be answered."""
    repo = site.repo
    health = "health = 'http://127.0.0.1:{port}/'\n"
    settings = repo.read("common-sync.toml").replace(health, "")
    repo.write("common-sync.toml", settings)
    assert (site.ps()["healthy"], site.ps()["sick"]) == (True, None)
    repo.write("services/api/main.py", "import time\nprint('deaf', flush=True)\ntime.sleep(1000)\n")
    out = site.run("deploy", "api", code=1)
    assert "not healthy in time: nobody listens at port 8000" in out
    assert "it was undone: release 1 is current again, which is healthy" in out
    assert site.ps()["listens"]

    elsewhere = settings.replace(f"port = {PORT}", "port = 8001")
    repo.write("common-sync.toml", elsewhere)
    said = site.run("ps", "api", code=1)
    assert "running, not healthy" in said
    assert "services/api is not healthy: nobody listens at port 8001" in said
    assert "common-sync logs services/api" in said
    repo.write("common-sync.toml", elsewhere.replace("port = 8001", f"port = 8001\n{health.strip()}"))
    assert "http://127.0.0.1:8001/ does not answer: connection refused" in " ".join(
        site.run("ps", "api", code=1).split()
    )


@deep("a real systemd")
def test_it_keeps_failing_after_its_proof(site: Site) -> None:
    """A service whose new release dies half a minute after its deploy would stay down until somebody comes; or an old one be taken back."""
    box = site.box
    drop_in = "[Service]\nRestartSec=100ms\n"  # systemd gives up after five starts: soon
    box(
        "sh",
        "-c",
        f"mkdir -p /etc/systemd/system/auto-api.service.d; printf '{drop_in}' > $_/fast.conf; systemctl daemon-reload",
    )
    back = "auto-rollback@api"
    assert "OnFailure=auto-rollback@api.service" in box("cat", "/etc/systemd/system/auto-api.service")
    with site.polled():
        site.write("v2", after=3)
        assert "release 2 is current, and healthy" in site.run("deploy", "api")
        site.wait_for("v2")
        wait_for(lambda: site.repo.current() == "0001")
        site.wait_for("v1")
        wait_for(lambda: "ActiveState=inactive" in box("systemctl", "show", back))
        said = box("journalctl", "-u", back, "-o", "cat")
        assert "services/api  from release 2 to 1" in said, said
        assert (site.ps()["codes"], site.ps()["release_is_proven"]) == ([], True)
        assert "2            failed" in site.run("rollback", "api", "--list")

        site.write("v3", after=3)
        site.run("deploy", "api")
        box("rm", "/run/common-sync/auto-api")  # as if it had been deployed before the machine was started
        wait_for(lambda: "release 3 is current" in box("journalctl", "-u", back, "-o", "cat"))
        assert site.repo.current() == "0003", "what has run for long is not at fault"
        assert "failed" in site.ps()["state"]
        said = site.run("units", "--check", "api")
        assert "auto-rollback@api.service  in sync\n" in said


@deep("a real systemd")
def test_systemd_listens_for_it(site: Site) -> None:
    """Everybody who asks a service while it is deployed would be refused; or systemd would be taken for a stranger at its port."""
    box, repo = site.box, site.repo
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace("port = ", "socket = '127.0.0.1'\nport = "))
    site.listens = True
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace("main.py {port}", "main.py"))
    site.write("v2")
    said = site.run("deploy", "api")
    assert "its unit auto-api is installed, and started at every boot\n  release 2 is current, and healthy" in said
    assert box("systemctl", "is-enabled", "auto-api.socket", "auto-api") == "enabled\nenabled\n"
    assert "auto-api.socket  in sync and enabled" in site.run("units", "--check", "api")
    with site.polled():
        for answer in ("v3", "v4"):
            site.write(answer)
            site.run("deploy", "api")
            site.wait_for(answer)
        site.run("rollback", "api")
        site.wait_for("v3")
        site.write("v5", 500)
        assert "release 3 is current again, which is healthy" in site.run("deploy", "api", code=1)
        site.wait_for("v3")
        site.write("v6", after=0.3)
        assert "release 3 is current again, which is healthy" in site.run("deploy", "api", code=1)
        site.wait_for("v3")
        assert set(site.list_answers()) <= {"v2", "v3", "v4", "500", "v6"}, "nobody is refused"
        site.write("v7", after=3)
        site.run("deploy", "api")
        wait_for(lambda: repo.current() == "0003")  # and not 4, which is newer, and which a person has left
        site.wait_for("v3")
        back = "auto-rollback@api"
        wait_for(lambda: "ActiveState=inactive" in box("systemctl", "show", back))
        assert "from release 7 to 3" in box("journalctl", "-u", back, "-o", "cat")
    assert (site.ps()["codes"], site.ps()["listens"], site.ps()["socket"]) == ([], True, "running")
    box("systemctl", "stop", "auto-api")
    row = site.ps()
    assert (row["codes"], row["listens"]) == ([], True), "it is started by whoever asks it next"
    box("systemctl", "stop", "auto-api.socket")
    assert "CS312 auto-api.socket does not listen: it is inactive" in site.run("ps", "api", code=1)

    repo.write("common-sync.toml", repo.read("common-sync.toml").replace("socket = '127.0.0.1'\n", ""))
    said = site.run("units", "--write", "api", code=1)
    assert "left alone: it is enabled; first: systemctl disable --now auto-api.socket" in said
    box("systemctl", "disable", "--now", "auto-api.socket")
    assert "auto-api.socket  removed" in site.run("units", "--write", "api")
    assert "socket" not in site.run("units", "--check", "api")


MIGRATE = """\
import os, pathlib, sys, time
sys.argv[1:] == ["waits"] and time.sleep(1000)
may_write = lambda path: not os.system(f"touch {path} 2> /dev/null")
print(os.getuid(), os.environ["KEY"], may_write("here"), may_write("../../../shared/there"), os.getcwd(), flush=True)
limit = pathlib.Path("/sys/fs/cgroup/memory" + next(l for l in open("/proc/self/cgroup") if ":memory:" in l).split(":")[2].strip())
print("limit", (limit / "memory.limit_in_bytes").read_text())
if sys.argv[1:] == ["hangs"]:
    os.fork() or os.setsid()
    time.sleep(1000)
raise SystemExit(int(sys.argv[1]))
"""


@deep("a real systemd")
def test_what_is_done_before(tmp_path: Path, box: Box) -> None:
    """A migration would run as root, or without the service's variables and limits; or one that fails would be switched to all the same."""
    above = tmp_path / "a-50%-ü"
    above.mkdir()
    tmp_path.chmod(0o755)
    above.chmod(0o755)
    (above / "env").write_text("KEY=secret\n")
    repo = make_deployed(
        *(above,), command="python main.py", python="/usr/bin/python3", settle=1, start_timeout=12, memory="64M"
    )
    site = Site(box, repo)
    repo.write("services/api/main.py", "import time\ntime.sleep(1000)\n")
    repo.write("services/api/migrate.py", MIGRATE)
    settings = repo.read("common-sync.toml").replace("memory = ", f"env-file = '{above}/env'\nmemory = ")

    def deploy(word: str, key: str = "before", code: int = 2) -> str:
        repo.write("common-sync.toml", settings.replace("memory = ", f"{key} = 'python migrate.py {word}'\nmemory = "))
        return " ".join(site.run("deploy", "api", code=code).split())

    app = f"{above}/srv/api/releases/0001/app"
    said = deploy("3")
    assert "its `before` failed: python has ended with 3; nothing was switched, and what it has done until then" in said
    assert f"1 secret False True {app} limit {64 << 20}" in said, said
    assert "its check failed: python has ended with 4" in deploy("4", "check")
    assert "its `before` failed: python has not ended after 12 s" in deploy("hangs")
    assert box.run("systemctl", "is-active", "auto-api@before").out == "inactive\n"
    assert box.run("pgrep", "-f", "migrate.py").code == 1, "all that it has started has ended"
    assert repo.names() == []
    assert "release 1 is current, and healthy" in deploy("0", code=0)
    unit, started = Path("/etc/systemd/system/auto-api.service"), ("show", "-p", "InvocationID", "auto-api")
    installed = box("stat", "-c", "%i %z", str(unit)), box("systemctl", *started)
    assert "nothing has changed" in deploy("0", code=0), "systemd's spelling of the path is that of the same path"
    assert (box("stat", "-c", "%i %z", str(unit)), box("systemctl", *started)) == installed

    patch = _die("common_sync.edges.environments.health", "_listen")
    patch += "import common_sync.edges.environments.transient as t\nt._MARGIN = 1000\n"
    repo.write("services/api/main.py", "import time\ntime.sleep(1001)\n")
    repo.write("common-sync.toml", settings.replace("memory = ", "before = 'python migrate.py waits'\nmemory = "))
    done = site.try_to("deploy", "api", patch=patch)
    assert done.code in {-signal.SIGKILL, 137}, done
    wait_for(lambda: box.run("systemctl", "is-active", "auto-api@before").out == "active\n")
    assert "release 2 is current, and healthy" in deploy("0", code=0)
    said = site.run("rollback", "api")
    assert "what `before` has done is not undone" in said
    repo.write("services/api/main.py", "broken\n")
    assert "what `before` has done is not undone" in deploy("0", code=1)


class Kill(NamedTuple):
    """A deploy that is killed, and what is done then.

    Attributes:
        name: What it is called.
        module: Where a function is that it calls.
        function: The function.
        when: Whether it is killed before or after it has called that.
        runs: Which release answers then.
        noted: Whether `ps` says that a release is not proven.
        words: What is done.
        at_last: Which release answers at last.
    """

    name: str
    module: str
    function: str
    when: Literal["before", "after"]
    runs: Literal["old", "new"]
    noted: bool
    words: str
    at_last: Literal["old", "new"]


KILLS = (
    Kill("before the release", DEPLOY, "make_release", "before", "old", False, "deploy", "new"),
    Kill("before the switch", DEPLOY, "make_release", "after", "old", False, "deploy", "new"),
    Kill("before the restart", STEPS, "switch_release", "after", "old", True, "deploy", "new"),
    Kill("before the restart, and taken back", STEPS, "switch_release", "after", "old", True, "rollback", "old"),
    Kill("before the proof, and taken back", STEPS, "systemd.restart_unit", "after", "new", True, "rollback", "old"),
    Kill("after the proof", STEPS, "mark", "before", "new", True, "deploy", "new"),
    Kill("after the mark", STEPS, "mark", "after", "new", True, "rollback", "new"),
    Kill("before the cleaning", STEPS, "settle", "after", "new", False, "deploy", "new"),
)


@deep("a real systemd")
def test_killed_at_each_step(site: Site) -> None:
    """A deploy that was killed would leave a service that does not run, or a release that nobody has proven and nobody names."""
    old = "v1"
    with site.polled():
        for number, kill in enumerate(KILLS):
            new = f"w{number}"
            site.write(new)
            done = site.try_to("deploy", "api", patch=_die(kill.module, kill.function, kill.when))
            assert done.code in {-signal.SIGKILL, 137}, (kill, done)
            site.wait_for(new if kill.runs == "new" else old)
            assert site.ps()["codes"] == ["CS314"] * kill.noted, kill
            site.run(kill.words, "api")
            old = new if kill.at_last == "new" else old
            site.wait_for(old)
            assert (site.ps()["codes"], site.repo.names()[-1]) == ([], "current"), kill


@deep("a real systemd")
def test_killed_while_it_goes_back(site: Site) -> None:
    """A release that failed would go on running, though the link says that the former one does."""
    patch = (
        f"import os, signal, {STEPS} as m\nswitch, count = m.switch_release, []\n"
        "def die(*a):\n    switch(*a)\n    count.append(a)\n    count[1:] and os.kill(os.getpid(), signal.SIGKILL)\n"
        "m.switch_release = die\n"
    )
    with site.polled():
        site.write("v2", 500)
        done = site.try_to("deploy", "api", patch=patch)
        assert done.code in {-signal.SIGKILL, 137}, done
        site.wait_for("500")
        assert site.repo.current() == "0001"
        assert site.ps()["codes"] == ["CS314"]
        assert "from release 1 to 1" in site.run("rollback", "api")
        site.wait_for("v1")
        assert site.ps()["codes"] == []

        site.write("v3")
        site.run("deploy", "api")
        done = site.try_to("rollback", "api", patch=_die(STEPS, "switch_release", "after"))
        assert (site.repo.current(), site.ps()["codes"]) == ("0001", ["CS314"]), done
        assert "api --to 1 proves it" in site.try_to("ps", "api").out.replace("\n        ", " ")
        site.run("rollback", "api", "--to", "1")  # the work tree has another state, which `deploy` would bring
        site.wait_for("v1")
        assert (site.repo.current(), site.ps()["codes"]) == ("0001", [])
