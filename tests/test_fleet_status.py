"""`fleet status`: what copies on other machines hold, asked by the real ssh of a real sshd."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from support.depth import deep
from support.farm import Farm
from support.monorepo import Done, Monorepo
from support.waiting import wait_for

from common_sync.commands.fleet_status import FleetStatus
from common_sync.commands.steps.fleet.asking import find_trouble
from common_sync.commands.steps.fleet.runs import Asked
from common_sync.core.copies.manifest import make_manifest, parse_manifest
from common_sync.core.fleet.answers import Verdict
from common_sync.core.fleet.inventory import Place
from common_sync.core.model import Origin
from common_sync.core.paths import MANIFEST_NAME
from common_sync.interface.run.fleet_status import name_verdict

SERVICE, COPY = "services/api", "services/api/common"


@pytest.fixture
def farm(tmp_path: Path) -> Farm:
    """Return hosts that ssh can ask."""
    return Farm(tmp_path / "farm")


def name_of(repo: Monorepo) -> str:
    """Return the library's state in a copy, as the program words it."""
    manifest = parse_manifest((repo.root / COPY / MANIFEST_NAME).read_bytes(), COPY)
    return f"{manifest.library.name} {manifest.library.version} {manifest.tree[:16]}"


def write_inventory(repo: Monorepo, paths: Mapping[str, Path]) -> None:
    """Write an inventory: each host, and where its clone is."""
    targets = (f'[[target]]\nhost = "{host}"\npath = "{path}"\n' for host, path in paths.items())
    repo.write("fleet.toml", '[defaults]\nservice = "api"\n\n' + "\n".join(targets))


def ask(repo: Monorepo, *words: str, env: Mapping[str, str] | None = None) -> Done:
    """Run `fleet status` of HEAD."""
    return repo.run("fleet", "status", "--ref", "HEAD", *words, env={"COLUMNS": "120", **(env or {})})


FAILING = {
    "down": ("CS407", r"cannot be reached: .+"),  # ssh does not always say why
    "unknown": ("CS408", "its host key is not in known_hosts"),
    "changed": ("CS408", "its host key is another one than known_hosts has"),
    "refused": ("CS407", r"cannot be reached: .*Permission denied.*"),
    "bare": ("CS407", r"nothing could be started there: .*"),
    "echo": ("CS407", r"its answer cannot be read: [\d,]+ bytes, in which 0 lines are an answer"),
    "flood": ("CS407", "wrote more than 1,048,576 bytes"),
    "cut": ("CS407", "its answer cannot be read: 60 bytes, in which 0 lines are an answer"),
}


def add_failing(farm: Farm) -> None:
    """Add hosts that fail, each in its own way."""
    farm.add("down", proxy="false")
    farm.add("unknown", key="")
    farm.add("changed", key="other")
    farm.add("refused", sshd="PubkeyAuthentication no\n")
    farm.add("bare", sshd="SetEnv PATH=/nowhere\n")
    farm.add("echo", sshd="ForceCommand cat\n")
    farm.add("flood", sshd="ForceCommand yes\n")
    farm.add("cut", sshd="ForceCommand python3 -I -S - | head -c 60\n")


def whole_rows(text: str) -> str:
    """Return a text in which each row of its table is one line: a path that does not fit stands below."""
    return re.sub(r"\n {20,}", "  ", text)


def test_a_fleet(committed: Monorepo, farm: Farm, tmp_path: Path) -> None:
    """A machine that has another library, or that cannot be asked, would be called current, or be called by the wrong name."""
    others = {f"vm-{name}": tmp_path / name for name in ("old", "edited", "gone")}
    for path in others.values():
        shutil.copytree(committed.root, path, symlinks=True)
    before = name_of(committed)
    (tmp_path / "edited" / COPY / "more.py").write_text("")
    shutil.rmtree(tmp_path / "gone" / COPY)
    committed.write("common/new.py", "new = True\n")
    assert committed.run("distribute").code == 0
    committed.commit("new")
    for host in ("vm", *others):
        farm.add(host)
    add_failing(farm)
    paths = dict.fromkeys(("local", "vm"), committed.root) | others | dict.fromkeys(FAILING, committed.root)
    write_inventory(committed, paths)
    file = tmp_path / "status.json"
    done = ask(committed, "--output-format", f"json={file}", env=farm.variables)
    assert (done.code, done.err) == (4, "")
    first, _, titles, *lines = whole_rows(done.out).splitlines()
    assert re.fullmatch(rf"HEAD [0-9a-f]{{7}}: {name_of(committed)}", first)
    assert titles.split() == ["HOST", "SERVICE", "HOLDS", "PLACE"]
    holds = {
        "local": "current",
        "vm": "current",
        "vm-old": before.removeprefix("our-common "),
        "vm-edited": "1 missing, 1 extra",
        "vm-gone": "not there",
    }
    for line, (host, path) in zip(lines, paths.items(), strict=False):
        assert re.split(r"  +", line) == [host, SERVICE, holds.get(host, "?"), f"{path}/{COPY}"]
    assert lines[-1] == "✗ 2 of 13 places hold what HEAD says, 3 do not, 8 could not be told"
    found = json.loads(file.read_text())
    assert [one["state"] for one in found["places"][:5]] == ["current", "current", "other", "differs", "gone"]
    assert [one["code"] for one in found["findings"][:3]] == ["CS401"] * 3
    for finding, (host, (code, says)) in zip(found["findings"][3:], FAILING.items(), strict=True):
        assert (finding["code"], finding["file"]) == (code, "fleet.toml")
        assert re.fullmatch(f"{host}: {says}", finding["message"])
    assert (farm.folder / "unknown.known").read_text() == "", "nothing is written to known_hosts"


@pytest.mark.parametrize(
    ("hosts", "code", "says"),
    [
        ("vm-[12]", 0, "✓ 2 of 2 places hold what HEAD says"),
        ("vm-?", 1, "✗ 2 of 3 places hold what HEAD says, 1 does not"),
        ("[!3]*[12n]", 4, "? 2 of 3 places hold what HEAD says, 1 could not be told"),
        ("*", 4, "✗ 2 of 4 places hold what HEAD says, 1 does not, 1 could not be told"),
    ],
)
def test_its_exit_code(committed: Monorepo, farm: Farm, tmp_path: Path, hosts: str, code: int, says: str) -> None:
    """A script would go on although a machine is wrong, or could not be asked."""
    for host in ("vm-1", "vm-2", "vm-3"):
        farm.add(host)
    farm.add("down", proxy="false")
    write_inventory(
        committed, {"vm-1": committed.root, "vm-2": committed.root, "vm-3": tmp_path, "down": committed.root}
    )
    done = ask(committed, "--host", hosts, "-q", env=farm.variables)
    assert (done.code, done.out, done.err) == (code, f"{says}\n" if code else "", "")


def test_a_container(committed: Monorepo, tmp_path: Path) -> None:
    """A container that cannot be asked would hide its host's own copy, or be called current with it."""
    program = tmp_path / "bin" / "docker"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho "$@" >&2\nexit 1\n')
    program.chmod(0o755)
    committed.write(
        "fleet.toml",
        f'[[target]]\nhost = "local"\nservice = "api"\npath = "{committed.root}"\n'
        'containers = ["shop-api-1"]\nlibrary = "/app/common"\n',
    )
    done = ask(committed, "--output-format", "json", env={"PATH": f"{program.parent}:/usr/bin:/bin"})
    assert (done.code, done.err) == (4, "")
    document = json.loads(done.out)
    assert [(one["container"], one["state"]) for one in document["places"]] == [
        (None, "current"),
        ("shop-api-1", "unknown"),
    ]
    (finding,) = document["findings"]
    told = "exec -i shop-api-1 python3 -I -"
    assert finding["message"] == f"local shop-api-1: what was started there ended with 1: {told}"


def test_a_mount_in_a_container() -> None:
    """A person would take what a folder of the host brings into a container for what its image holds."""
    manifest = make_manifest(Origin("our-common", "common", "1.2.3"), {})
    place = Place("vm", SERVICE, "common", "shop-api-1", "/app/common", 3)
    asked = Asked(place, manifest, Verdict("current", (0, 0, 0), mount="/app"))
    here = Asked(place._replace(container=""), manifest, asked.verdict)
    (finding,) = find_trouble((asked.verdict, asked.verdict), [asked, here], "fleet.toml", in_container=True)
    assert (finding.code, finding.severity, finding.line) == ("CS405", "warning", 3)
    assert finding.message.startswith("vm: shop-api-1:/app/common: /app is mounted there")
    status = FleetStatus("HEAD", "0" * 40, (asked, here), (finding,))
    assert [name_verdict(one) for one in status.asked] == ["current, mounted", "current"]
    assert status.as_wanted


@pytest.mark.parametrize(
    ("kind", "container", "remedy"),
    [
        ("clone", "", "bring the commit there, by git pull; then start again what was started before"),
        ("clone", "api", "build the image again, and start the container from it"),
        ("compose", "", "common-sync fleet deploy services/api"),
        ("compose", "api", "common-sync fleet deploy services/api"),
        ("release", "", "make a release of that commit there: common-sync deploy services/api"),
    ],
)
def test_the_way_it_gets_there(kind: str, container: str, remedy: str) -> None:
    """A person would pull or build by hand where a command of the fleet does it, and proves it."""
    manifest = make_manifest(Origin("our-common", "common", "1.2.3"), {})
    place = Place("vm", SERVICE, "common", container, "/app/common", 3, kind, is_deployed=kind == "compose")
    asked = Asked(place, manifest, Verdict("gone"))
    (finding,) = find_trouble((asked.verdict,), [asked], "fleet.toml", in_container=True)
    assert (finding.code, finding.remedy) == ("CS402" if container else "CS401", remedy)


def test_a_service_that_takes_its_library_from_an_index(committed: Monorepo) -> None:
    """One service without a copy would keep a person from asking about all the others."""
    inventory = f'[defaults]\nhost = "local"\npath = "{committed.root}"\n'
    inventory = inventory.replace('host = "local"\n', "")
    for service in ("api", "worker"):
        inventory += f'[[target]]\nhost = "local"\nservice = "{service}"\n'
    committed.write("fleet.toml", inventory)
    with (committed.root / "common-sync.toml").open("a") as file:
        file.write('[service.worker]\nlibrary = "index"\n')
    done = ask(committed)
    rows = [re.split(r"  +", line) for line in whole_rows(done.out).splitlines()[3:5]]
    assert rows[0][:3] == ["local", SERVICE, "current"], done
    assert rows[1] == ["local", "services/worker", "from an index", "·"]
    told = "✓ 1 of 1 place holds what HEAD says; 1 target takes its library from an index\n"
    assert (done.code, done.out.endswith(told)) == (0, True)
    document = json.loads(ask(committed, "--output-format", "json").out)
    assert document["indexed"] == [{"host": "local", "service": "services/worker"}]
    alone = ask(committed, "worker")
    assert (alone.code, "0 of 0 places hold what HEAD says; 1 target takes" in alone.out) == (0, True), alone


@deep("runs of the whole program that take long")
def test_health_and_clones(committed: Monorepo, farm: Farm, tmp_path: Path) -> None:
    """A service that is down, or a clone that somebody works in, would be called as wanted because its copy is."""
    farm.add("vm", proxy=f"sh -c 'echo >> {tmp_path}/logins; exec {{sshd}}'")
    farm.add("down", proxy="false")
    more = 'kind = "compose"\nlibrary = "/app"\n'
    targets = (
        f'[[target]]\nhost = "{host}"\npath = "{committed.root}"\n{keys}'
        for host, keys in (("vm", more), ("down", more), ("local", ""))
    )
    head = '[defaults]\nservice = "api"\nhealth = "http://127.0.0.1:1/health"\n'
    committed.write("fleet.toml", head + "".join(targets))
    committed.write(f"{SERVICE}/requirements.txt", "debugpy\n")
    home = {"HOME": str(tmp_path), **farm.variables}
    done = ask(committed, env=home)
    assert done.code == 4
    _, _, titles, *lines = whole_rows(done.out).splitlines()
    assert titles.split() == ["HOST", "SERVICE", "HOLDS", "HEALTH", "PLACE"]
    assert [line.split()[:4] for line in lines[:3]] == [
        ["vm", SERVICE, "current", "no"],
        ["down", SERVICE, "?", "?"],
        ["local", SERVICE, "current", "no"],
    ]
    assert "; 2 targets are not well" in lines[-1]
    assert (tmp_path / "logins").read_text() == "\n", "one login tells both what it holds and whether it is healthy"
    document = json.loads(ask(committed, "--output-format", "json", "--host", "[vl]*", env=home).out)
    assert (document["as_wanted"], document["known"]) == (False, True)
    assert sorted(one["code"] for one in document["findings"]) == ["CS409", "CS409", "CS410"]
    (vm, local) = document["targets"]
    assert (vm["edits"], vm["step"], vm["busy"]) == ([f"{SERVICE}/requirements.txt"], None, False)
    assert (local["commit"], local["health"]["status"], local["edits"]) == (None, None, [])


@deep("runs of the whole program that take long")
def test_a_process_that_was_not_started_again(committed: Monorepo, tmp_path: Path) -> None:
    """A service would be called current that still runs the library from before the update."""
    program = tmp_path / "bin/systemctl"
    program.parent.mkdir()
    says = tmp_path / "says"
    program.write_text(f"#!/bin/sh\nexec cat {says}\n")
    program.chmod(0o755)
    target = f'[[target]]\nhost = "local"\nservice = "api"\npath = "{committed.root}"\nunit = "shop-api.service"\n'
    committed.write("fleet.toml", target)
    path = {"PATH": f"{program.parent}:/usr/bin:/bin"}

    def tell() -> tuple[int, str, list[str]]:
        done = ask(committed, "--output-format", "json", env=path)
        document = json.loads(done.out)
        (place,) = document["places"]
        assert place["state"] == "current", done
        return done.code, place["runs"]["state"], [one["code"] for one in document["findings"]]

    says.write_text("LoadState=not-found\n")
    assert tell() == (4, "unknown", ["CS407"])
    with subprocess.Popen(["cat"], stdin=subprocess.PIPE) as process:
        says.write_text(f"LoadState=loaded\nMainPID={process.pid}\n")
        assert tell() == (0, "current", [])
        shown = whole_rows(ask(committed, env=path).out).splitlines()[2:4]
        titles, row = (re.split(r"  +", line) for line in shown)
        assert (titles[3:5], row[3:5]) == (["RUNS", "SINCE"], ["current", "<1 min"])
        committed.write(f"{COPY}/pyproject.toml", committed.read(f"{COPY}/pyproject.toml"))
        assert tell() == (1, "restart", ["CS403"])
        assert ask(committed, "-q", env=path).out == "✗ 1 of 1 place holds what HEAD says; 0 of 1 process runs it\n"
    says.write_text("LoadState=loaded\nActiveState=failed\nMainPID=0\n")
    assert tell() == (1, "stopped", ["CS403"])


@deep("runs of the whole program that take long")
def test_a_library_that_is_installed(committed: Monorepo, tmp_path: Path) -> None:
    """A service would be called current that imports another version from its site-packages, whatever the copy beside it holds."""
    program, place = tmp_path / "bin/systemctl", committed.root / f"{SERVICE}/.venv/lib/python3.11/site-packages"
    program.parent.mkdir()
    committed.write(".gitignore", ".venv/\n")
    target = f'[[target]]\nhost = "local"\nservice = "api"\npath = "{committed.root}"\nunit = "shop-api.service"\n'
    committed.write("fleet.toml", target)
    shutil.copytree(committed.root / f"{COPY}/our_common", place / "our_common")
    (place / "our_common-1.2.3.dist-info").mkdir()
    (place / "our_common-1.2.3.dist-info/RECORD").write_text("our_common/__init__.py,,\n")
    path = {"PATH": f"{program.parent}:/usr/bin:/bin"}

    def see(*words: str) -> Done:
        return ask(committed, *words, env=path)

    def find_state(process: subprocess.Popen[bytes]) -> tuple[int, str, list[str]]:
        program.write_text(f"#!/bin/sh\necho LoadState=loaded; echo MainPID={process.pid}\n")
        program.chmod(0o755)
        code, out, _ = see("--output-format", "json")
        document = json.loads(out)
        return code, document["places"][0]["runs"]["state"], [one["code"] for one in document["findings"]]

    def is_new(state: str) -> bool:
        """Start a process; tell whether it is taken for one that was started after the files were written."""
        begun.append(subprocess.Popen(["cat"], stdin=subprocess.PIPE))
        return find_state(begun[-1])[1] == state

    begun: list[subprocess.Popen[bytes]] = []
    try:
        wait_for(lambda: is_new("current"))
        assert find_state(begun[-1]) == (0, "current", [])
        (place / "our_common/__init__.py").write_text("OLD = 1\n")
        assert find_state(begun[-1]) == (1, "restart", ["CS403"])
        wait_for(lambda: is_new("other"))
        assert find_state(begun[-1]) == (1, "other", ["CS403"])
        shown = " ".join(see().out.split())
    finally:
        for one in begun:
            one.communicate()
    assert f"it was installed into {place}, where this is not as wanted: our_common/__init__.py" in shown
    assert shown.endswith("1 of 1 place holds what HEAD says; 0 of 1 process runs it")


TARGET = '[[target]]\nhost = "local"\npath = "/srv"\nservice = "api"\n'
REFUSED = [
    (None, (), "fleet.toml: there is no inventory"),
    (TARGET, ("--inventory", "other.toml"), "other.toml: there is no inventory"),
    ("[[target]\n", (), "fleet.toml:1: not valid TOML"),
    (TARGET.replace("api", "apii"), (), "fleet.toml:4: 'apii' is no service"),
    (TARGET + TARGET, (), "fleet.toml:5: local /srv/services/api/common is named by the target in line 1, too"),
    (TARGET + "nme = 1\n", (), 'fleet.toml:5: unknown key "nme"'),
    (TARGET, ("--host", "vm"), "fleet.toml: no target has what was named"),
    (TARGET, ("worker",), "fleet.toml: no target has what was named"),
    (TARGET, ("--ref", "nowhere"), "--ref: 'nowhere' is no commit here"),
    ('ref = "nowhere"\n' + TARGET, (), "fleet.toml: 'nowhere' is no commit here"),
    (TARGET, (), "the current branch follows no other"),
    ('waves = [["canary"]]\n' + TARGET, (), "fleet.toml:1: no target is called 'canary'"),
    (TARGET, ("--timeout", "0"), "--timeout: '0' is no number of seconds"),
    (
        TARGET.replace('host = "local"', 'hosts = { ssh_config = "no-such-host-*" }'),
        (),
        "fleet.toml:1: no host is called",
    ),
]


@pytest.mark.parametrize(("text", "words", "says"), REFUSED)
def test_what_it_refuses(committed: Monorepo, text: str | None, words: tuple[str, ...], says: str) -> None:
    """Machines would be left out, or be held against something that nobody has meant."""
    if text is not None:
        committed.write("fleet.toml", text)
    done = committed.run("fleet", "status", *words, env={"COLUMNS": "120"})
    assert (done.code, done.out) == (2, "")
    assert f"error: {says}" in done.err


def test_the_upstream_is_what_is_wanted(committed: Monorepo, tmp_path: Path) -> None:
    """Machines would be held against a commit that nobody else has yet."""
    committed.git("clone", "-q", "--bare", ".", str(tmp_path / "bare"))
    committed.git("remote", "add", "origin", str(tmp_path / "bare"))
    committed.git("fetch", "-q", "origin")
    branch = committed.git("branch", "--show-current").strip()
    committed.git("branch", "-q", "--set-upstream-to", f"origin/{branch}")
    write_inventory(committed, {"local": committed.root})
    assert committed.run("fleet", "status", "-q").code == 0
    committed.write("common/new.py", "new = True\n")
    assert committed.run("distribute").code == 0
    committed.commit("new")
    done = committed.run("fleet", "status", "--root", str(committed.root), "-q")
    assert done.out == f"✗ 0 of 1 place holds what origin/{branch} says, 1 does not\n"
