"""`fleet probe`: a program that proves a copy on another machine, with Python 3.7 or newer and nothing else."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.depth import skip
from support.libraries import API, make_libraries
from support.monorepo import Monorepo, make_monorepo
from support.waiting import PATIENCE

from common_sync.commands.fleet_probe import build_probe
from common_sync.core.copies.manifest import parse_manifest
from common_sync.core.errors import CommonSyncError
from common_sync.core.paths import MANIFEST_NAME
from common_sync.edges.project.load import load_project
from common_sync.remote import probe

SERVICE, COPY = "services/api", "services/api/common"
SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")


def send(program: str, *command: str) -> tuple[int, str, str]:
    """Send a program to a command's standard input; return its exit code and what it wrote."""
    done = subprocess.run(command, input=program, capture_output=True, text=True, timeout=PATIENCE, check=False)
    return done.returncode, done.stdout, done.stderr


def list_pythons() -> list[str]:
    """Return the interpreters of this machine that a probe may meet: this one, and those of pyenv."""
    found = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob("versions/3.*/bin/python3")
    return [sys.executable, *(str(one) for one in found if one.parents[1].name.split(".")[1] != "6")]


def test_it_proves_a_copy_where_it_runs(synced: Monorepo) -> None:
    """What is on a server would have to be believed."""
    done = synced.run("fleet", "probe", "api")
    manifest = parse_manifest((synced.root / COPY / MANIFEST_NAME).read_bytes(), COPY)
    shown = f"{manifest.library.name} {manifest.library.version}"
    assert done.code == 0
    assert done.err == f"{COPY}: looks for {shown} {manifest.tree}, {len(manifest.files)} files\n"
    copy = str(synced.root / COPY)
    for python in list_pythons():
        assert send(done.out, python, "-", copy) == (0, f"{copy}: holds {shown}, {manifest.tree}\n", "")
    (synced.root / COPY / "more.py").write_text("")
    code, out, err = send(done.out, sys.executable, "-", copy)
    assert (code, err) == (1, "")
    assert out == f"{copy}: differs from {shown}, {manifest.tree}: 1 extra\n  extra    more.py\n"


def test_modules_of_the_service_are_not_run(synced: Monorepo, tmp_path: Path) -> None:
    """A service's own json.py, in the folder where the probe is started, would decide what it says."""
    for name in ("fnmatch", "hashlib", "json"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit(0)\n")
    program, copy = synced.run("fleet", "probe", "api", "-q").out, str(synced.root / COPY)
    (synced.root / COPY / "more.py").write_text("")
    for variables in ({}, {"PYTHONPATH": f"{tmp_path}"}, {"PYTHONPATH": "."}):
        command = ("env", "-C", str(tmp_path), *(f"{name}={value}" for name, value in variables.items()))
        assert send(program, *command, sys.executable, "-", copy)[0] == 1


def test_a_probe_that_was_not_made_proves_nothing(synced: Monorepo) -> None:
    """In a pipe the other end would get an empty program, which ends with 0: a typo would prove every server."""
    for words in (("apii",), ("api", "--ref", "nowhere")):
        done = synced.run("fleet", "probe", *words)
        assert done.code == 2
        code, out, err = send(done.out, sys.executable, "-", str(synced.root / COPY))
        assert (code, out) == (2, "")
        assert err == "error: common-sync made no probe; what it printed says why\n"


def test_python_of_2018_can_read_it() -> None:
    """A server with an old Python would answer with a syntax error."""
    for path in Path(probe.__file__).parent.glob("*.py"):
        ast.parse(path.read_text("utf-8"), feature_version=(3, 7))


def test_by_ssh(synced: Monorepo, tmp_path: Path) -> None:
    """The command that the help shows would not work: ssh and the shell at its other end would lose a part of it."""
    if SSHD is None:
        skip("sshd, which the apt package openssh-server brings")
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # sshd wants it when it runs as root
    for name in ("host", "own"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    key = (tmp_path / "host.pub").read_text()
    (tmp_path / "known").write_text(f"vm {key}")
    settings = (
        f"HostKey {tmp_path}/host\nAuthorizedKeysFile {tmp_path}/own.pub\nUsePAM no\nStrictModes no\nPidFile none\n"
    )
    (tmp_path / "sshd").write_text(settings)
    options = f"ProxyCommand={SSHD} -i -f {tmp_path}/sshd", f"UserKnownHostsFile={tmp_path}/known", "BatchMode=yes"
    words = (word for option in (*options, "StrictHostKeyChecking=yes", "LogLevel=ERROR") for word in ("-o", option))
    ssh = ("ssh", "-F", "none", "-i", str(tmp_path / "own"), *words, "vm")
    program = synced.run("fleet", "probe", SERVICE, "-q").out
    code, out, err = send(program, *ssh, sys.executable, "-", str(synced.root / COPY))
    assert (code, err) == (0, "")
    assert f"{COPY}: holds " in out


def test_a_commit_is_what_is_wanted(committed: Monorepo) -> None:
    """A server would be held against somebody's work tree, and not against what was released."""
    before = committed.run("fleet", "probe", SERVICE, "-q").out
    committed.write("common/new.py", "new = True\n")
    assert committed.run("distribute").code == 0
    project = load_project(str(committed.root))
    assert build_probe(project, "api", "HEAD").text == before
    assert build_probe(project, "api").text != before


@pytest.mark.parametrize(
    ("spoil", "ref", "says"),
    [
        ("", "nowhere", "--ref: 'nowhere' is no commit here (name a branch, a tag or a commit that is in this clone)"),
        ("", "--all", "--ref: '--all' is no commit here (name a branch, a tag or a commit that is in this clone)"),
        ("", "HEAD~1", f"{COPY}/{MANIFEST_NAME} at ID: the copy has no manifest in that commit (name a commit that has the copy)"),
        ("gone", None, f"{COPY}/{MANIFEST_NAME}: the copy has no manifest (common-sync distribute services/api)"),
        ("edited", None, f"{COPY}/{MANIFEST_NAME}: the tree digest that it states is not that of the files that it lists: it was edited (common-sync distribute services/api)"),
        ("a folder", None, f"{COPY}/{MANIFEST_NAME}: "),
    ],
)  # fmt: skip
def test_nothing_is_wanted_that_is_not_known(repo: Monorepo, spoil: str, ref: str | None, says: str) -> None:
    """A probe would prove a server against a manifest that somebody has edited, or against nothing."""
    repo.commit()
    first = repo.git("rev-parse", "HEAD").strip()
    assert repo.run("distribute").code == 0
    repo.commit()
    manifest = repo.root / COPY / MANIFEST_NAME
    if spoil == "edited":
        manifest.write_text(manifest.read_text().replace('"tree": "cs1:', '"tree": "cs1:00', 1))
    elif spoil:
        manifest.unlink()
        if spoil == "a folder":
            manifest.mkdir()
    with pytest.raises(CommonSyncError) as caught:
        build_probe(load_project(str(repo.root)), SERVICE, ref)
    assert str(caught.value).startswith(says.replace("ID", first[:12]))


def test_a_service_with_two_libraries(tmp_path: Path) -> None:
    """A copy of the second library could not be proven where it runs, or the first be taken for it."""
    repo = make_libraries(make_monorepo(tmp_path / "repo"))
    repo.run("distribute")
    made = repo.run("fleet", "probe", "api")
    assert [line.partition(": looks for ")[0] for line in made.err.splitlines()] == [
        f"{API}/common",
        f"{API}/libs/events",
    ]
    folders = [str(repo.root / API / "common"), str(repo.root / API / "libs/events")]
    code, out, _ = send(made.out, sys.executable, "-", *folders)
    assert (code, "common: holds our-common 1.2.3" in out, "events: holds our-events 2.0" in out) == (0, True, True)
    one = repo.run("fleet", "probe", "api", "--library", "events", "-q").out
    shutil.move(repo.root / API / "libs/events", tmp_path / "elsewhere")
    assert send(one, sys.executable, "-", str(tmp_path / "elsewhere"))[0] == 0
    assert send(made.out, sys.executable, "-", str(tmp_path / "elsewhere"))[0] == probe.UNKNOWN
    with pytest.raises(CommonSyncError, match="services/job does not get events"):
        build_probe(load_project(str(repo.root)), "job", library="events")
