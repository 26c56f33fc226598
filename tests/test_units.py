"""`units`, with the real systemd-analyze; and with a real systemd, where one can be started here."""

import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.box import both_groups
from support.depth import ALL, deep, skip
from support.monorepo import PROGRAM, Monorepo, make_monorepo, run, unprivileged
from support.waiting import wait_for

from common_sync.core.environments.units import (
    Service,
    make_clean_unit,
    make_socket_unit,
    make_timer_unit,
    make_unit,
    name_socket,
)
from common_sync.core.service_settings import is_nameable, is_readable
from common_sync.edges.environments.systemd import verify_units

PROJECT = Path(__file__).parents[1]
USER = "daemon"
SETTINGS = f"""
[deploy]
prefix = "auto-"
user = "{USER}"
[service.api]
command = 'serve --port {{port}} "a;b" ";" 50% "$HOME x" %h'
port = 8000
memory = "64M"
[service.worker]
command = "/bin/sleep 1000"
"""
SERVE = """\
#!/usr/bin/env python3
import os, sys, time
def may_write(path):
    try:
        open(path, "w").close()
    except OSError:
        return False
    return True
print(sys.argv[1:], os.getcwd(), os.getuid(), [may_write(path) for path in ("data", ".venv/x", "../x")], flush=True)
time.sleep(1000)
"""


class Units(Monorepo):
    """A repository whose services have commands, and a folder of units."""

    @property
    def folder(self) -> Path:
        """The folder of units."""
        return self.root.parent / "units"

    def held(self) -> dict[str, str]:
        """Return the files in the folder of units."""
        return {one.name: one.read_text("utf-8") for one in self.folder.iterdir() if one.is_file()}

    def units(self, *arguments: str, code: int = 0) -> str:
        """Run `units` on the folder; return what it says."""
        done = self.run("units", *arguments, "--into", str(self.folder))
        assert done.code == code, done
        return done.out + done.err

    def enable(self, unit: str) -> None:
        """Do what `systemctl enable` does."""
        wants = self.folder / "multi-user.target.wants"
        wants.mkdir(exist_ok=True)
        (wants / f"{unit}.service").symlink_to(f"../{unit}.service")


@pytest.fixture
def repo(tmp_path: Path) -> Units:
    """Return a repository with two services that have commands."""
    if shutil.which("systemd-analyze") is None:
        skip("systemd-analyze is not here: the apt package systemd")
    return make_units(tmp_path)


def make_units(above: Path) -> Units:
    """Make the repository, and an empty folder of units."""
    repo = Units(make_monorepo(above / "repo").root)
    # What pytest makes nobody else may enter; `test_what_a_user_may_not_execute` is about that.
    repo.write("common-sync.toml", f'ignore = ["CS313"]\n{repo.read("common-sync.toml")}{SETTINGS}')
    for service in ("api", "worker"):
        repo.write(f"services/{service}/main.py")
    repo.write("services/api/.venv/bin/serve", SERVE, executable=True)
    repo.folder.mkdir()
    return repo


def test_printed_and_written(repo: Units) -> None:
    """Somebody would install what was not shown, or nothing."""
    text = repo.units("api")
    assert f"ExecStart={repo.root}/services/api/.venv/bin/serve --port 8000" in text
    assert f"User={USER}\n" in text
    both = repo.units()
    assert text in both
    assert both.startswith(f"# {repo.folder}/auto-api.service\n")
    assert repo.held() == {}, "printing writes nothing"
    said = repo.units("--write")
    assert said.endswith("systemctl enable --now auto-api auto-worker\n")
    assert repo.held()["auto-api.service"] == text
    before = repo.stamps("../units")
    assert "in sync" in repo.units("--write")
    assert repo.stamps("../units") == before


def test_check_and_diff(repo: Units) -> None:
    """A machine would run with other settings than the repository has, and nobody would know."""
    assert repo.units("--check", code=1).count("CS312 the unit is not installed") == 2
    repo.units("--write")
    assert repo.units("--check", code=1).count("CS312 the unit is not enabled") == 2
    repo.enable("auto-api")
    repo.enable("auto-worker")
    assert repo.units("--check").count("in sync and enabled") == 2
    assert repo.units("--diff") == ""
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace("64M", "65M"))
    assert "-MemoryMax=64M\n+MemoryMax=65M\n" in repo.units("--diff", code=1)
    assert "CS312 the unit is not what the settings say" in repo.units("--check", code=1)
    document = repo.json("units", "--check", "--into", str(repo.folder), code=1)
    assert [(one["unit"], one["state"], one["enabled"]) for one in document["units"]] == [
        ("auto-api.service", "differs", True),
        ("auto-worker.service", "in sync", True),
    ]
    assert [(one["code"], one["file"]) for one in document["findings"]] == [
        ("CS312", f"{repo.folder}/auto-api.service")
    ]
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace('["CS313"]', '["CS312", "CS313"]'))
    assert "in sync" not in repo.units("--check", "api"), "what is passed over is not what is right"
    assert repo.units("--write").endswith("systemctl restart auto-api\n")


@pytest.mark.parametrize("content", ["[Service]\nExecStart=/bin/true\n", None], ids=["foreign", "edited"])
def test_what_a_person_wrote_stays(repo: Units, content: str | None) -> None:
    """An edit that keeps a service alive would be gone, and nobody would have a copy."""
    repo.units("--write")
    path = repo.folder / "auto-api.service"
    drop_in = repo.folder / "auto-api.service.d/mine.conf"
    drop_in.parent.mkdir()
    drop_in.write_text("[Service]\nNice=5\n")
    content = content or path.read_text("utf-8").replace("RestartSec=5", "RestartSec=9")
    path.write_text(content)
    for option in ("--write", "--remove"):
        assert "left alone" in repo.units(option, "api", code=1)
        assert path.read_text("utf-8") == content
    assert "CS312" in repo.units("--check", "api", code=1)
    assert "auto-api.service.kept-1" in repo.units("--write", "--force")
    assert (repo.folder / "auto-api.service.kept-1").read_text("utf-8") == content
    path.write_text(content)
    assert "auto-api.service.kept-2" in repo.units("--remove", "--force", "api")
    assert sorted(repo.held()) == ["auto-api.service.kept-1", "auto-api.service.kept-2", "auto-worker.service"]
    assert drop_in.read_text("utf-8") == "[Service]\nNice=5\n"


def test_removed(repo: Units) -> None:
    """A unit would go while its service starts at every boot, or stay when its service has gone."""
    assert repo.units("--remove") == "nothing to do\n"
    repo.units("--write")
    repo.enable("auto-api")
    assert "systemctl disable --now auto-api" in repo.units("--remove", code=1)
    assert list(repo.held()) == ["auto-api.service"]
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace("command = 'serve", "# '"))
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace("port = 8000\n", ""))
    assert "the service has no command" in repo.units("--check", code=1)
    (repo.folder / "multi-user.target.wants/auto-api.service").unlink()
    repo.units("--remove")
    assert repo.held() == {}


def _no_program(repo: Units) -> None:
    (repo.root / "services/api/.venv/bin/serve").unlink()


def _no_user(repo: Units) -> None:
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace(f'"{USER}"', '"nobody-here"'))


def _unsafe_user(repo: Units) -> None:
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace(f'"{USER}"', '"nobody"'))


def _bad_folder(repo: Units) -> None:
    shutil.move(repo.root / "services/api", repo.root / "services/api$x")
    repo.write(
        "common-sync.toml", repo.read("common-sync.toml").replace("[service.api]", '[service."api$x"]\nname = "api"')
    )


def _bad_name(repo: Units) -> None:
    shutil.move(repo.root / "services/api", repo.root / "services/Api")
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace("[service.api]", "[service.Api]"))


def _same_name(repo: Units) -> None:
    repo.write("other/api/x")
    text = repo.read("common-sync.toml").replace('["services/*"]', '["services/*", "other/*"]')
    text = text.replace("[service.api]", '[service."services/api"]')
    repo.write("common-sync.toml", text + '[service."other/api"]\ncommand = "/bin/true"\n')


def _masked(repo: Units) -> None:
    (repo.folder / "auto-api.service").symlink_to(os.devnull)


def _bad_drop_in(repo: Units) -> None:
    folder = repo.folder / "auto-api.service"
    folder.mkdir()


def _no_folder(repo: Units) -> None:
    repo.folder.rmdir()


REFUSED: list[tuple[Callable[[Units], None], str]] = [
    (_no_program, "services/api/.venv/bin/serve"),
    (_no_user, "there is no such user"),
    (_unsafe_user, "systemd does not take it: auto-api.service"),
    (_bad_folder, "no unit can name the folder"),
    (_bad_name, "cannot name a unit"),
    (_same_name, "so would have one unit"),
    (_masked, "is a symlink to /dev/null"),
    (_bad_drop_in, "is a directory"),
    (_no_folder, "no such file or directory"),
]


@pytest.mark.parametrize(("spoil", "said"), REFUSED, ids=[one.__name__ for one, _ in REFUSED])
def test_refused_whole(repo: Units, spoil: Callable[[Units], None], said: str) -> None:
    """One bad service would leave the others' units half written, or a unit would be installed that cannot start."""
    spoil(repo)
    assert said in repo.units("--write", code=2)
    assert not repo.folder.is_dir() or repo.held() == {}


def test_nobody_runs_as_root_by_accident(repo: Units) -> None:
    """A service would run as root because its folder was cloned by root."""
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace(f'user = "{USER}"\n', ""))
    owner = (repo.root / "services/api").stat().st_uid
    if owner == 0:
        assert "would run as root" in repo.units(code=2)
        os.chown(repo.root / "services/api", 4321, -1)
        assert "User=4321\n" in repo.units("api")
    else:
        assert "User=" in repo.units("api")


@pytest.mark.parametrize("options", [("--check", "--write"), ("--force",), ("--diff", "--remove")])
def test_options_that_exclude_each_other(repo: Units, options: tuple[str, ...]) -> None:
    """Somebody would not know which of the two was done."""
    assert repo.units(*options, code=2)
    assert repo.held() == {}


def test_nothing_to_print_is_said(repo: Units) -> None:
    """A person who has given no service a command would see an empty screen, and take the units for in sync."""
    repo.write("common-sync.toml", 'master = "common"\nservices = ["services/*"]\n')
    for words in ([], ["--check"]):
        done = repo.run("units", *words, "--into", str(repo.folder))
        assert (done.code, done.out) == (0, "")
        assert done.err == "no service has a `command` in the configuration, so there are no units\n"
    assert repo.run("units", "-q").err == ""


def test_without_systemd(repo: Units, tmp_path: Path) -> None:
    """A unit would be installed that nothing has verified."""
    done = repo.run("units", "--write", "--into", str(repo.folder), env={"PATH": str(tmp_path)})
    assert done.code == 2
    assert "systemd-analyze is not on the PATH" in done.err
    assert repo.held() == {}


_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12).filter(is_readable)
_PATHS = _TEXT.map(lambda text: f"/srv/{text}").filter(
    lambda path: is_nameable(path) and "/." not in path and "//" not in path
)
SERVICES = st.builds(
    Service,
    st.from_regex(r"[a-z0-9][a-z0-9-]{0,20}", fullmatch=True),
    _PATHS.filter(lambda path: not path.endswith("/")),
    st.lists(_TEXT, max_size=4).map(lambda words: ("/bin/true", *words)),
    st.sampled_from(["daemon", "4321"]),
    st.one_of(st.just(""), _PATHS.filter(lambda path: not path.endswith("/"))),
    st.lists(st.sampled_from(["basic.target", "dbus.socket", "-.mount"]), max_size=2).map(tuple),
    st.sampled_from(["", "16M", "2G", "99999999"]),
    st.just(""),  # it would have to be there
    back=st.sampled_from(["", "t-rollback@api"]),
    socket=st.sampled_from(["", "127.0.0.1:8000", "0.0.0.0:1", "[::1]:65535", "[::]:80"]),
)


@deep("a property of units, each with a process")
@given(st.lists(SERVICES, min_size=15, max_size=15, unique_by=lambda one: one.unit))
@settings(max_examples=100 if ALL else 8, deadline=None, suppress_health_check=list(HealthCheck))
def test_systemd_takes_any_unit(services: list[Service]) -> None:
    """A setting that the tool takes would give a unit that systemd does not take, or takes for something else."""
    if shutil.which("systemd-analyze") is None:
        skip("systemd-analyze is not here: the apt package systemd")
    named = [one._replace(unit=f"t-{one.unit}") for one in services]
    texts = {one.unit: make_unit(one) for one in named} | {"t-clean@all.timer": make_timer_unit("t-clean@all", "daily")}
    texts["t-clean@all"] = make_clean_unit("t-clean@all", named[0].user, named[0].words)
    assert verify_units(texts | {name_socket(one.unit): make_socket_unit(one) for one in named if one.socket}) == []


def test_systemd_takes_a_unit_of_releases(tmp_path: Path) -> None:
    """A service could be deployed, and its unit not be installed."""
    if shutil.which("systemd-analyze") is None:
        skip("systemd-analyze is not here: the apt package systemd")
    place = tmp_path / "a 50% ü" / "api"
    service = Service("t-api", "/srv/api", ("serve",), "daemon", releases=str(place))
    assert "not executable" in " ".join(verify_units({"t-api": make_unit(service)}))
    (place / "releases/current").mkdir(parents=True)
    (place / "releases/current/run").touch(0o755)
    assert verify_units({"t-api": make_unit(service)}) == []


def test_what_systemd_says_is_heard() -> None:
    """An unknown key would be installed: systemd-analyze ends with 0 for it."""
    if shutil.which("systemd-analyze") is None:
        skip("systemd-analyze is not here: the apt package systemd")
    text = "[Service]\nExecStart=/bin/true\nNoSuchKey=1\n"
    assert verify_units({"t-x": text}) == ["t-x.service:3: Unknown key 'NoSuchKey' in section [Service], ignoring."]


@deep("a real systemd")
def test_a_service_that_runs(tmp_path: Path, box: Callable[..., str]) -> None:
    """Units would be right on paper, and their services not start, or run with other words, rights or limits."""
    tmp_path.chmod(0o755)
    repo = make_units(tmp_path)
    shutil.chown(repo.root / "services/api", USER)
    shutil.chown(repo.root / "services/api/.venv", USER)
    units = (*PROGRAM, "units", "--root", str(repo.root))
    assert "systemctl enable --now auto-api auto-worker" in box(*units, "--write")
    assert "is not enabled" in box(*units, "--check", code=1)
    box("systemctl", "enable", "--now", "auto-api", "auto-worker")
    assert box(*units, "--check").count("in sync and enabled") == 2
    assert box("systemctl", "is-active", "auto-api", "auto-worker") == "active\nactive\n"
    wait_for(lambda: "[" in box("journalctl", "-o", "cat", "-t", "auto-api"))
    said = box("journalctl", "-o", "cat", "-t", "auto-api")
    words = ["--port", "8000", "a;b", ";", "50%", "$HOME x", "%h"]
    assert f"{words} {repo.root}/services/api 1 [True, False, False]" in said
    assert box("systemctl", "show", "-p", "MemoryMax", "--value", "auto-api").strip() == str(64 << 20)
    path = "/etc/systemd/system/auto-api.service"
    box("sh", "-c", f"touch -d '+1 hour' {path}")
    assert "systemd has not read the unit" in box(*units, "--check", code=1)
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace("64M", "65M"))
    assert "systemctl restart auto-api" in box(*units, "--write")
    assert box("systemctl", "show", "-p", "MemoryMax", "--value", "auto-api").strip() == str(65 << 20)
    assert "disable --now" in box(*units, "--remove", code=1)
    box("systemctl", "disable", "--now", "auto-api", "auto-worker")
    box(*units, "--remove")
    assert "could not be found" in box("sh", "-c", "systemctl status auto-api 2>&1 || true")

    repo.write("common-sync.toml", repo.read("common-sync.toml").replace("[deploy]", '[deploy]\nclean = "daily"'))
    box(*units, "--write")
    box("systemctl", "enable", "--now", "auto-clean@all.timer")
    assert "auto-clean@all.service" in box("systemctl", "list-timers", "--no-pager")
    box("systemctl", "start", "auto-clean@all")
    assert "nothing to remove" in box("journalctl", "-o", "cat", "-t", "auto-clean@all")
    assert "auto-clean@all.timer  in sync and enabled" in box(*units, "--check", code=1)


def test_ports_that_disagree(repo: Units) -> None:
    """A service would listen at one port, and everything else look for it at another."""
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace("{port}", "8001"))
    repo.write("services/api/.env", "DEBUG=1\nPORT=8002\n")
    settings = repo.read("common-sync.toml")
    repo.write("common-sync.toml", settings.replace("port = 8000", 'port = 8000\nhealth = "http://localhost:8003/"'))
    said = repo.run("doctor", "--output-format", "concise").out
    assert 'common-sync.toml:10: CS307 the port is 8000, and "health" asks at 8003\n' in said
    repo.write("common-sync.toml", settings)
    repo.units("--write")
    repo.enable("auto-api")
    found = repo.json("units", "--check", "api", "--into", str(repo.folder), code=0)["findings"]
    assert [(one["code"], one["file"], one["line"]) for one in found] == [
        ("CS307", "common-sync.toml", 10),
        ("CS307", "services/api/.env", 2),
    ]
    said = repo.run("doctor", "--output-format", "concise").out
    assert 'common-sync.toml:10: CS307 the port is 8000, and "command" listens at 8001\n' in said
    assert "services/api/.env:2: CS307 the port is 8000 by common-sync.toml:10, and PORT is 8002\n" in said
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace('["CS313"]', '["CS307", "CS313"]'))
    assert "CS307" not in repo.run("doctor", "--output-format", "concise").out + repo.units("--check", "api")


def test_systemd_listens_for_a_service(repo: Units) -> None:
    """A service would have a socket that nobody installs, or keep one that nobody wants any more."""
    settings = repo.read("common-sync.toml")
    repo.write("common-sync.toml", settings.replace("port = 8000", 'port = 8000\nsocket = "127.0.0.1"'))
    said = repo.units("--write", "api")
    assert said.endswith("systemctl enable --now auto-api auto-api.socket\n")
    assert "ListenStream=127.0.0.1:8000\n" in repo.held()["auto-api.socket"]
    repo.enable("auto-api")
    checked = " ".join(repo.units("--check", "api", code=1).split())
    assert "auto-api.socket: CS312 the unit is not enabled help: systemctl enable --now auto-api.socket" in checked
    assert 'CS307 systemd listens at port 8000 for it (`socket`), and "command" would listen there itself' in checked
    repo.write("common-sync.toml", settings.replace("port = 8000", 'port = 8000\nsocket = "999.0.0.1"'))
    assert "systemd does not take it" in repo.units("--write", "api", code=2)
    repo.write("common-sync.toml", settings)
    assert "CS312 the unit is installed, and the settings ask for none" in " ".join(
        repo.units("--check", "api", code=1).split()
    )
    assert "auto-api.socket  removed" in repo.units("--write", "api")
    assert sorted(repo.held()) == ["auto-api.service"]


def test_cleaning_again_and_again(repo: Units) -> None:
    """Nothing would clean a small card, or a timer would go on that nobody wants any more."""
    settings = repo.read("common-sync.toml")
    repo.write("common-sync.toml", settings.replace("[deploy]", '[deploy]\nclean = "weekly"'))
    said = repo.units("--write")
    assert said.endswith("systemctl enable --now auto-api auto-worker auto-clean@all.timer\n")
    assert (
        f"ExecStart={sys.executable} -I -m common_sync env clean --root {repo.root}"
        in repo.held()["auto-clean@all.service"]
    )
    for one in ("auto-api.service", "auto-worker.service"):
        repo.enable(one.removesuffix(".service"))
    said = " ".join(repo.units("--check", code=1).split())
    assert (
        "auto-clean@all.timer: CS312 the unit is not enabled help: systemctl enable --now auto-clean@all.timer" in said
    )
    assert said.count("CS312") == 1
    assert "auto-clean" not in repo.units("--check", "api"), "it is of no service"
    repo.write("common-sync.toml", settings)
    said = " ".join(repo.units("--check", code=1).split())
    assert "systemctl disable --now auto-clean@all.timer, then common-sync units --write" in said
    assert "auto-clean@all.timer removed" in " ".join(repo.units("--write").split())
    assert sorted(repo.held()) == ["auto-api.service", "auto-worker.service"]


def test_what_a_user_may_not_execute(repo: Units) -> None:
    """A unit would be installed whose service can never start."""
    text = repo.read("common-sync.toml").replace('ignore = ["CS313"]', "").replace('"/bin/sleep 1000"', '"run"')
    repo.write("common-sync.toml", text)
    repo.write("services/worker/.venv/bin/run", "#!/bin/sh\n", executable=True)
    repo.units("--write", "worker")
    repo.enable("auto-worker")
    repo.root.chmod(0o700)
    barrier = next(one for one in reversed((repo.root, *repo.root.parents)) if not one.stat().st_mode & 1)
    assert f"CS313 {USER}, who runs it, may not enter {barrier}" in " ".join(
        repo.units("--check", "worker", code=1).split()
    )
    repo.write("common-sync.toml", text.replace(f'user = "{USER}"', 'user = "root"'))
    repo.units("--write", "worker")
    assert "in sync and enabled" in repo.units("--check", "worker")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["ps"], "no systemd runs here"),
        (["logs", "worker", "--lines", "many"], "'many' is no number of lines"),
        (["logs", "worker", "--release", "x"], "'x' is no release"),
        (["logs", "--release", "7"], "--release is of one service"),
        (["logs", "other"], "services/other has no command, and so no log"),
        (["logs", "worker"], "journalctl is not on the PATH"),
    ],
)
def test_what_cannot_be_shown(repo: Units, tmp_path: Path, words: list[str], said: str) -> None:
    """An empty table, or an empty log, would be taken for a machine on which nothing is wrong."""
    if words == ["ps"] and Path("/run/systemd/system").is_dir():
        skip("a systemd runs here")
    repo.write("services/other/main.py")
    done = repo.run(*words, env={"PATH": str(tmp_path)})
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_no_log_at_all(repo: Units) -> None:
    """A person who has given no service a command would wait for lines that never come."""
    repo.write("common-sync.toml", 'master = "common"\nservices = ["services/*"]\n')
    done = repo.run("logs", "-f")
    assert (done.code, "no service has a command" in done.err) == (2, True)


def test_memory_of_a_process_that_may_not_be_read() -> None:
    """A user who is not root would see no memory at all, or take what is counted twice for a share."""
    code = (
        "import os; from common_sync.edges.environments.processes import look_at_process as look\n"
        "print(look(os.getpid(), '/').is_share, look(1, '/').is_share, look(1, '/').memory > 0, look(1 << 22, '/'))"
    )
    done = run(*unprivileged(), sys.executable, "-c", code, cwd=PROJECT)
    assert done.out == "True False True None\n", done


LISTEN = """\
#!{environment}/bin/python
import socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[2])))
print("listening", flush=True)
time.sleep(1000)
"""
OTHER = "import socket, time; listener = socket.create_server(('127.0.0.1', 8000)); time.sleep(1000)"


def make_environment(repo: Units, name: str) -> Path:
    """Make what an environment is to a process: its Python by a path of its own, and a program with a first line that names it."""
    place = repo.root / "services/api/.venv/envs" / name
    repo.write(
        f"services/api/.venv/envs/{name}/bin/serve", LISTEN.format(environment=place, port="{port}"), executable=True
    )
    (place / "bin/python").symlink_to("/usr/bin/python3")  # which everybody may execute
    return place


@pytest.mark.parametrize(
    ("compose", "said"),
    [
        ("services:\n  api:\n    build: services/api\n    ports: ['8080:5000']\n", "publishes `api` at 8080"),
        (
            "services:\n  web:\n    build: services/api\n    ports: ['8080-8081:80']\n",
            "publishes `web` at 8080 to 8081",
        ),
        (
            "services:\n  web:\n    image: nginx\n    ports:\n    - {published: 8000, target: 80}\n",
            "publishes `web` at port 8000 of the machine, which the unit of services/api has (",
        ),
        ("services:\n  api:\n    build: services/api\n    ports: ['8080:8000']\n", ""),
        ("services:\n  api:\n    build: services/api\n    ports: ['8000:80', '9000:90']\n", ""),
        ("services:\n  web:\n    image: nginx\n    ports: ['${PORT}:80', '8000:80/udp', '80']\n", ""),
        ("services: [ports\n", ""),
    ],
)
def test_a_compose_file_and_a_unit(repo: Units, compose: str, said: str) -> None:
    """A container would have the port of a unit on the same machine, and whichever starts second would fail."""
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace("{port}", "8000"))
    repo.write("compose.yaml", compose)
    lines = repo.run("doctor", "--output-format", "concise").out.splitlines()
    found = [line for line in lines if "CS307" in line]
    assert len(found) == bool(said)
    assert all(line.startswith("compose.yaml:") and said in line for line in found), found


@deep("a real systemd")
@both_groups
def test_what_runs(tmp_path: Path, box: Callable[..., str]) -> None:
    """A service that is down, runs from a former environment or has lost its port would look like any other."""
    tmp_path.chmod(0o755)
    repo = make_units(tmp_path)
    venv = repo.root / "services/api/.venv"
    shutil.rmtree(venv)
    make_environment(repo, "0123456789ab")
    (venv / "current").symlink_to("envs/0123456789ab")
    (venv / "bin").symlink_to("current/bin")
    words = (*PROGRAM, "ps", "--root", str(repo.root), "--output-format", "json")

    def ps(code: int) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(box(*words, code=code))
        return document

    rows = {one["name"]: one for one in ps(1)["services"]}
    assert rows["services/api"]["state"] == "not installed"
    box(*PROGRAM, "units", "--root", str(repo.root), "--write")
    box("systemctl", "enable", "--now", "auto-api", "auto-worker")
    wait_for(lambda: "listening" in box("journalctl", "-o", "cat", "-u", "auto-api"))
    document = ps(0)
    api, worker = document["services"]
    assert (api["state"], api["listens"], api["memory_is_share"], api["limit"]) == ("running", True, True, 64 << 20)
    assert (worker["state"], len(api["processes"]), len(worker["processes"])) == ("running", 1, 1)
    assert 1 << 20 < api["memory"] < 64 << 20
    assert (api["disk"]["own"] > 0, "DISK" in box(*PROGRAM, "ps", "--root", str(repo.root))) == (True, True)
    assert "auto-api" in box(*PROGRAM, "ps", "--root", str(repo.root))

    make_environment(repo, "ba9876543210")
    (venv / "next").symlink_to("envs/ba9876543210")
    (venv / "next").rename(venv / "current")
    said = [one["message"] for one in ps(1)["findings"] if one["code"] == "CS304"]
    assert said == [
        f"process {api['processes'][0]} of auto-api runs from the environment 0123456789ab; the current one is ba9876543210"
    ]
    box("systemctl", "stop", "auto-api")
    box("systemd-run", "--unit", "other", sys.executable, "-c", OTHER)
    box("sh", "-c", "mkdir /run/systemd/system/auto-worker.service.d")
    box("sh", "-c", "printf '[Service]\\nRestart=no\\n' > /run/systemd/system/auto-worker.service.d/x.conf")
    box("systemctl", "daemon-reload")
    # Only the main process: systemd says EIO where a process of the group ends while it reads them.
    box("systemctl", "kill", "--kill-whom=main", "--signal=KILL", "auto-worker")
    wait_for(lambda: ps(1)["services"][0]["holders"] and ps(1)["services"][1]["state"] == "failed (signal)")
    found = [one for one in ps(1)["findings"] if one["code"] == "CS306"]
    assert [one["line"] for one in found] == [10]
    assert "other.service" in found[0]["message"]
    text = box(*PROGRAM, "ps", "--root", str(repo.root), code=1)
    assert "help: common-sync logs services/worker" in text
    logs = (*PROGRAM, "logs", "--root", str(repo.root))
    assert "listening" in box(*logs, "api", "--boot")
    assert "listening" not in box(*logs, "worker", "-n", "20")
