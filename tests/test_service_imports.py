"""What a service imports and does not have: `doctor`, `units --check` and `deploy`, with the real uv and the environment's own Python."""

import shutil
from pathlib import Path

from support.depth import deep, skip
from support.environments import Environments, make_environments

from common_sync.edges.environments.modules import find_missing

LOST = "neither its files, its environment nor Python has it"


def _make(above: Path) -> Environments:
    """Make a repository whose service is run, and deployed, and has its environment."""
    repo = make_environments(above)
    repo.configure("api", command="python main.py")
    text = repo.read("common-sync.toml").replace('["CS309"]', '["CS308", "CS309", "CS310", "CS312", "CS313"]')
    repo.write("common-sync.toml", f'{text}[deploy]\nto = "{above}/srv"\nuser = "daemon"\nprefix = "auto-"\n')
    repo.write("services/api/main.py", "import json\nimport our_common, alpha\nfrom helper import x\n")
    repo.write("services/api/helper.py", "import beta_b\ntry:\n    import fast\nexcept ImportError:\n    x = 1\n")
    return repo


@deep("a real environment")
def test_a_module_that_is_not_there(tmp_path: Path) -> None:
    """A release would be switched to that ends as soon as it is started."""
    repo = _make(tmp_path)
    assert repo.run("env", "sync", "api").code == 0
    assert "CS305" not in repo.run("doctor").out
    done = repo.run("deploy", "api")
    assert (done.code, "release 1 is current" in done.out) == (0, True), done
    repo.write("services/api/helper.py", "import beta_b\nx = 1\n\nimport missing_one.part\n")
    said = repo.run("doctor", "--output-format", "concise").out
    assert f"services/api/helper.py:4: CS305 missing_one is imported when the service is started, and {LOST}\n" in said
    done = repo.run("deploy", "api")
    assert done.code == 2, done
    assert f"and {LOST} (CS305); nothing was switched\n" in done.err
    assert "services/api/helper.py:4" in done.err
    assert (tmp_path / "srv/api/releases/current").readlink() == Path("0001")
    assert not (tmp_path / "srv/api/releases/0002").exists()
    repo.write("common-sync.toml", repo.read("common-sync.toml").replace('"CS312"', '"CS305", "CS312"'))
    assert "CS305" not in repo.run("doctor").out
    assert repo.run("deploy", "api").code == 0


@deep("deploys in less usual ways")
def test_what_the_build_of_a_library_leaves_out(tmp_path: Path) -> None:
    """A library whose build forgets a package would be found out by the service that dies, after the switch."""
    repo = _make(tmp_path)
    repo.write("common/our_common/inner/__init__.py", "")
    repo.write("common/our_common/more.py", "import our_common.inner\n")
    repo.write("services/api/main.py", "from our_common import more\n")
    assert repo.run("distribute").code == 0
    assert repo.run("env", "sync").code == 0
    assert "CS305" not in repo.run("doctor").out, "it is editable, and so all of it is there"
    done = repo.run("deploy", "api")
    said = " ".join(done.err.split())
    where = "services/api/common/our_common/more.py:1: our_common.inner is imported when the service is started"
    assert where in said, done
    assert "the copy has common/our_common/inner/__init__.py, and what was installed from it has not (CS305)" in said
    assert (done.code, (tmp_path / "srv/api/releases/current").exists()) == (2, False)


@deep("deploys in less usual ways")
def test_what_no_release_has(tmp_path: Path) -> None:
    """A module that the work tree has and a `.dockerignore` keeps out of releases would be missed by nobody."""
    repo = _make(tmp_path)
    repo.write("services/api/.dockerignore", "helper.py\n")
    assert repo.run("distribute").code == 0
    done = repo.run("deploy", "api")
    assert (done.code, "services/api/main.py:3: helper is imported" in " ".join(done.err.split())) == (2, True), done


@deep("units that are checked")
def test_before_a_unit_is_started(tmp_path: Path) -> None:
    """Somebody would enable a unit whose service cannot start, and read why in its log; or be told so without reason."""
    if shutil.which("systemd-analyze") is None:
        skip("systemd-analyze is not here: the apt package systemd")
    repo = _make(tmp_path)
    repo.write("services/api/main.py", "import nowhere_at_all\n")
    assert repo.run("env", "sync", "api").code == 0
    (tmp_path / "units").mkdir()
    check = ("units", "--check", "api", "--into", str(tmp_path / "units"))
    done = repo.run(*check)
    assert (done.code, "services/api/main.py:1: CS305" in " ".join(done.out.split())) == (1, True), done
    for key, value in (("env_file", str(tmp_path / "api.env")), ("system_site_packages", True)):
        text = repo.read("common-sync.toml")
        (tmp_path / "api.env").write_text("PYTHONPATH=/opt/more\n")
        one, word = key.replace("_", "-"), str(value).lower() if isinstance(value, bool) else repr(value)
        repo.write("common-sync.toml", text.replace("command", f"{one} = {word}\ncommand"))
        assert "CS305" not in repo.run(*check).out, key
        repo.write("common-sync.toml", text)


def test_a_python_that_does_not_answer(tmp_path: Path) -> None:
    """What cannot be asked would be said to have nothing, or to have all."""
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho no json\n")
    program.chmod(0o755)
    assert find_missing(str(program), "/", ["json"]) == {}
    assert find_missing(str(program), "/", []) == {}
