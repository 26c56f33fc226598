"""`scope = "user"`: units of a user's own systemd; with a real one, where it can be started here."""

import os
from pathlib import Path

import pytest
from support.box import Box, both_groups
from support.depth import deep
from support.environments import Environments, make_environments
from support.monorepo import PROGRAM

ANN = "ann"
SETTINGS = """
[deploy]
prefix = "auto-"
scope = "user"
[service.api]
command = "python main.py"
python = "/usr/bin/python3"
memory = "64M"
settle = 1
start-timeout = 12
"""
MAIN = """\
import os, sys, time
def may_write(path):
    try:
        open(path, "w").close()
    except OSError:
        return False
    return True
print("VERSION", os.getuid(), [may_write(path) for path in ("x", "../../../shared/x", "../../../.venv/x")], flush=True)
if "v3" == "VERSION":
    sys.exit(1)
time.sleep(1000)
"""


def _make(above: Path) -> Environments:
    repo = make_environments(above)
    text = repo.read("common-sync.toml").replace('["CS309"]', '["CS308", "CS309", "CS310", "CS311"]')
    repo.write("common-sync.toml", text + SETTINGS.replace("scope", f'to = "{above}/srv"\nscope'))
    repo.write("services/api/main.py", MAIN.replace("VERSION", "v1"))
    return repo


def test_who_may(tmp_path: Path) -> None:
    """A service would run as root because somebody typed `sudo`, or the units of another user be written."""
    repo = _make(tmp_path)
    if os.geteuid() == 0:
        os.chown(repo.root / "services/api", 4321, -1)
        done = repo.run("units")
        assert done.code == 2, done
        assert "services/api would run as root: units are of the user who runs common-sync" in done.err
        assert "run it as 4321, without sudo" in done.err
        home = {"HOME": str(tmp_path / "home"), "XDG_CONFIG_HOME": ""}
        assert repo.run("units", "--write", env=home).code == 2
        assert not (tmp_path / "home").exists()
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace("scope", 'user = "pi"\nscope'))
    said = repo.run("units").err
    assert 'common-sync.toml:8: "user" is given, and units of a user (`scope`) run as the one who runs' in said
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace('scope = "user"', 'scope = "mine"'))
    assert "scope" in repo.run("units").err


@deep("a real systemd")
@both_groups
def test_units_of_a_user_that_run(tmp_path: Path, box: Box) -> None:
    """Somebody without root could not run services, or would lose them when they log out, or when a release fails."""
    if not os.access("/usr/bin/python3", os.X_OK):
        pytest.skip("NOT TESTED: there is no /usr/bin/python3, which every user may execute")
    tmp_path.chmod(0o755)
    repo = _make(tmp_path)
    box("useradd", "--create-home", "--user-group", ANN)
    box("chmod", "a+x", "/root")  # the program's own Python is below it; inside the box only
    (tmp_path / "srv").mkdir()
    (tmp_path / "cache").mkdir(exist_ok=True)
    for one in ("repo", "srv", "cache", "wheels"):
        box("chown", "-R", f"{ANN}:", str(tmp_path / one))

    def type_in(*words: str, code: int = 0) -> str:
        env = {**repo.settings, "HOME": f"/home/{ANN}", "USER": ANN}
        done = box.run("setpriv", f"--reuid={ANN}", f"--regid={ANN}", "--init-groups", *words, env=env)
        assert done.code == code, done
        return done.out + done.err

    def cs(*words: str, code: int = 0) -> str:
        return type_in(*PROGRAM, *words, "--root", str(repo.root), code=code)

    assert "no systemd of ann runs here" in (said := cs("ps", code=2))
    assert "help: sudo loginctl enable-linger ann" in said
    said = cs("deploy", "api")
    assert "no systemd of ann runs here to restart it: sudo loginctl enable-linger ann, then deploy again" in said
    box("loginctl", "enable-linger", ANN)
    box("sh", "-c", "until [ -S /run/user/$(id -u ann)/systemd/private ]; do sleep 0.05; done")
    said = cs("deploy", "api")
    assert "its unit auto-api is installed, and started at every boot\n  release 1 is current, and healthy" in said
    rows = cs("ps", "api")
    assert "running" in rows, rows
    logs = cs("logs", "api")
    owner = box("id", "-u", ANN).strip()
    assert f"v1 {owner} [False, True, False]" in logs, "it may write into shared only"
    repo.write("services/api/main.py", MAIN.replace("VERSION", "v2"))
    assert "release 2 is current, and healthy" in cs("deploy", "api")
    assert "v2" in cs("logs", "api", "--release", "2")
    repo.write("services/api/main.py", MAIN.replace("VERSION", "v3"))
    assert "it was undone: release 2 is current again, which is healthy" in cs("deploy", "api", code=1)
    assert "from release 2 to 1" in cs("rollback", "api")
    assert cs("units", "--check").count("in sync") == 2
    box("rm", f"/var/lib/systemd/linger/{ANN}")
    assert f"loginctl enable-linger {ANN}" in cs("units", "--check", code=1)
    assert "systemctl --user disable --now auto-api" in cs("units", "--remove", code=1)
    box("touch", f"/var/lib/systemd/linger/{ANN}")

    # A release that dies later goes back by itself, as ann.
    until_told = f"while not os.path.exists('{tmp_path}/srv/die'): time.sleep(0.05)\nsys.exit(1)"
    repo.write("services/api/main.py", MAIN.replace("VERSION", "v4").replace("time.sleep(1000)", until_told))
    assert "release 4 is current, and healthy" in cs("deploy", "api")
    box("touch", f"{tmp_path}/srv/die")
    control = ("env", f"XDG_RUNTIME_DIR=/run/user/{owner}", "systemctl", "--user")
    releases = f"{tmp_path}/srv/api/releases"
    box("sh", "-c", f"until [ $(readlink {releases}/current) = 0001 ]; do sleep 0.2; done")
    box("sh", "-c", f"until [ ! -L {releases}/former ]; do sleep 0.2; done")  # the switch is proven
    assert type_in(*control, "is-active", "auto-api") == "active\n"
    assert "auto-api" in cs("ps")
