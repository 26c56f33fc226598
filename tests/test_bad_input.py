"""Every row of the table of bad input: what a user gets, and that what was there before is still there."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
from support.depth import deep
from support.monorepo import (
    CONFIGURATION,
    PROGRAM,
    Monorepo,
    environment,
    fill,
    make_monorepo,
    memory,
    patched,
    read_only,
    run,
    unprivileged,
)
from support.waiting import PATIENCE, wait_for

COPY = "services/api/common"
SETTINGS = "our_common/settings.py"
FILE = "common-sync.toml"


def refused(repo: Monorepo, *says: str, command: str = "distribute", privileged: bool = True) -> None:
    """Hold a command to exit code 2, these lines on standard error, and not one byte or mtime changed."""
    before = repo.stamps()
    words = PROGRAM if privileged else (*unprivileged(), *PROGRAM)
    done = run(*words, command, cwd=repo.root)
    assert (done.code, done.out) == (2, "")
    lines = done.err.splitlines()
    for line in says:
        assert line in lines
    assert all(line.startswith(("error: ", "    ", "  help: ")) for line in lines)
    assert repo.stamps() == before


# --- the configuration


def test_no_configuration(repo: Monorepo) -> None:
    """Somebody who starts the tool for the first time would not learn what it looks for."""
    (repo.root / FILE).unlink()
    help_line = "  help: write one: common-sync init, or common-sync init --master PATH"
    what = "error: no configuration: looked for common-sync.toml, and for [tool.common-sync] in pyproject.toml, in "
    refused(repo, what + str(repo.root), help_line)
    done = repo.run("verify", cwd="services/api")
    assert done.code == 2
    assert f"{what}{repo.root}/services/api and above, up to {repo.root}\n{help_line}\n" in done.err
    done = repo.run("verify", "--root", "services")
    assert (done.code, done.err.splitlines()[0]) == (2, f"{what}{repo.root}/services")


class Wrong(NamedTuple):
    """A configuration, and the lines that it gets."""

    text: str
    says: tuple[str, ...]


MASTER, SERVICES = 'master = "common"\n', 'services = ["services/*"]\n'

WRONG = {
    "a typo": Wrong(
        'mastre = "common"\nservices = ["services/*"]\n',
        (f'error: {FILE}:1: unknown key "mastre"', "  help: did you mean master?", f'error: {FILE}:1: key "master" is missing'),
    ),
    "an unknown key": Wrong(
        MASTER + SERVICES + "colour = 1\n",
        (f'error: {FILE}:3: unknown key "colour"', "  help: the keys are master, services, copy, exclude, managed, ignore, pins, library, service, deploy"),
    ),
    "everything at once": Wrong(
        'master = 1\nservices = "services/*"\ncopy = []\nexclude = [1]\n',
        (
            f'error: {FILE}:1: "master" must be a string', f'error: {FILE}:2: "services" must be a list of strings',
            f'error: {FILE}:3: "copy" must be a string', f'error: {FILE}:4: "exclude" must be a list of strings',
        ),
    ),
    "no master there": Wrong(
        'master = "comon"\n' + SERVICES, (f'error: {FILE}:1: master "comon" is no folder', "  help: did you mean common?")
    ),
    "a master that is nowhere near": Wrong(
        'master = "x/y"\n' + SERVICES, (f'error: {FILE}:1: master "x/y" is no folder', "  help: write where it is now")
    ),
    "a master above": Wrong(
        'master = "../common"\n' + SERVICES, (f"error: {FILE}:1: \"master\" is '../common', which leads upward",)
    ),
    "a glob that matches nothing": Wrong(
        MASTER + 'services = ["services/*", "servces/*"]\n', (f'error: {FILE}:2: service "servces/*" matches no folder',)
    ),
    "a glob that leads out": Wrong(
        MASTER + 'services = ["../*"]\n', (f'error: {FILE}:2: service "../*" leads upward',)
    ),
    "no service there": Wrong(
        MASTER + 'services = [\n  "services/api",\n  "services/workr",\n]\n',
        (f'error: {FILE}:4: service "services/workr" is no folder', "  help: did you mean services/worker?"),
    ),
    "no services": Wrong(MASTER + "services = []\n", (f'error: {FILE}:2: key "services" is empty',)),
    "services are missing": Wrong(MASTER, (f'error: {FILE}:1: key "services" is missing',)),
    "a service given twice": Wrong(
        MASTER + 'services = [\n  "services/api",\n  "services/api/",\n]\n',
        (f'error: {FILE}:4: service "services/api" is given twice', "  help: it is also in line 3"),
    ),
    "a service given twice, once by a glob": Wrong(
        MASTER + 'services = [\n  "services/api",\n  "services/*",\n]\n',
        (f'error: {FILE}:3: service "services/api" is given twice: "services/*" matches it too',),
    ),
    "the master as a service": Wrong(
        MASTER + 'services = ["common", "services/*"]\n', (f'error: {FILE}:2: service "common" is the master',)
    ),
    "a master inside a service": Wrong(
        'master = "services/api/lib"\nservices = ["services/api"]\n',
        (f'error: {FILE}:2: service "services/api" holds the master "services/api/lib"',),
    ),
    "a service inside the master": Wrong(
        MASTER + 'services = ["common/our_common", "services/*"]\n',
        (f'error: {FILE}:2: service "common/our_common" is inside the master "common"',),
    ),
    "a service inside a copy": Wrong(
        MASTER + 'services = ["services/api", "services/api/common/x"]\n',
        (f'error: {FILE}:2: service "services/api/common/x" is inside the copy of "services/api"',),
    ),
    "a copy that leaves the service": Wrong(
        MASTER + SERVICES + 'copy = "../common"\n', (f"error: {FILE}:3: \"copy\" is '../common', which leads upward",)
    ),
    "an absolute copy": Wrong(
        MASTER + SERVICES + 'copy = "/common"\n', (f"error: {FILE}:3: \"copy\" is '/common', which is absolute",)
    ),
    "a copy in somebody's home": Wrong(
        MASTER + SERVICES + 'copy = "~/x"\n', (f"error: {FILE}:3: \"copy\" is '~/x', which leads to somebody's home",)
    ),
    "a copy in .git": Wrong(
        MASTER + SERVICES + 'copy = ".git/x"\n', (f"error: {FILE}:3: \"copy\" is '.git/x', which is a git directory",)
    ),
    "a copy that is the service": Wrong(
        MASTER + SERVICES + 'copy = "./"\n', (f"error: {FILE}:3: \"copy\" is './', which is not a folder of its own",)
    ),
    "a pattern that is none": Wrong(
        MASTER + SERVICES + 'exclude = ["ok", "!"]\n',
        (f"""error: {FILE}:3: "exclude" holds '!', which is no gitignore pattern: it can match nothing""",),
    ),
    "no TOML": Wrong("master = common\n", ()),
    "no UTF-8": Wrong('master = "c\udcff"\n', ()),
    "an empty file": Wrong("", (f'error: {FILE}:1: key "master" is missing', f'error: {FILE}:1: key "services" is missing')),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_configuration(repo: Monorepo, name: str) -> None:
    """A mistake in the configuration would be carried out, or be found one at a time."""
    (repo.root / "services/api/lib").mkdir()
    (repo.root / COPY / "x").mkdir(parents=True)
    text = WRONG[name].text
    repo.write(FILE, text.encode("utf-8", "surrogateescape"))
    refused(repo, *WRONG[name].says)
    done = repo.run("verify")
    assert (done.code, f"{FILE}:" in done.err) == (2, True)


def test_links_in_the_configuration(repo: Monorepo) -> None:
    """A copy would be written to where somebody's symlink leads."""
    (repo.root / "link").symlink_to("common")
    (repo.root / "services/link").symlink_to("api")
    repo.write(FILE, 'master = "link"\nservices = ["services/link"]\n')
    refused(
        repo,
        f'error: {FILE}:1: master "link" is reached through a symlink',
        "  help: name common",
        f'error: {FILE}:2: service "services/link" is reached through a symlink',
    )
    repo.write(FILE, CONFIGURATION)
    assert repo.run("distribute").out.count("new copy") == 2, "a glob passes over it"


def test_two_configurations(repo: Monorepo) -> None:
    """One of two configurations would be followed, and the other one edited."""
    repo.write("pyproject.toml", f"[tool.common-sync]\n{CONFIGURATION}")
    place = "error: common-sync.toml: "
    says = "common-sync.toml and [tool.common-sync] in pyproject.toml both configure this folder"
    refused(repo, place + says, "  help: keep one of them")


def test_a_pyproject_that_is_not_about_it(repo: Monorepo) -> None:
    """Another tool's broken file would stop this one, or this one's broken file would be passed over."""
    repo.write("services/api/pyproject.toml", "not TOML")
    assert repo.run("distribute", cwd="services/api").code == 0
    repo.write("services/api/pyproject.toml", "[tool.common-sync\n")
    done = repo.run("verify", cwd="services/api")
    assert done.code == 2
    assert done.err.startswith("error: pyproject.toml:1: not valid TOML: ")


@pytest.mark.parametrize("command", ["distribute", "verify", "diff"])
def test_a_service_that_is_none(repo: Monorepo, command: str) -> None:
    """A typo would bring nothing in sync, and say that all is well."""
    repo.write("apps/api/x.py")
    repo.write(FILE, 'master = "common"\nservices = ["services/*", "apps/*"]\n')
    before = repo.stamps()
    done = repo.run(command, "wrker", "apps/apii", "zzz", "api")
    assert (done.code, done.out, repo.stamps()) == (2, "", before)
    assert done.err.splitlines() == [
        "error: 'wrker' is no service", "  help: did you mean worker?",
        "error: 'apps/apii' is no service", "  help: did you mean apps/api?",
        "error: 'zzz' is no service", "  help: the services are apps/api, services/api, services/worker",
        "error: 'api' is more than one service", "  help: name one of apps/api, services/api",
    ]  # fmt: skip


def test_a_root_that_is_none(repo: Monorepo) -> None:
    """A wrong `--root` would be taken for another folder."""
    for root in ("nothing", "common/wait.sh"):
        done = repo.run("verify", "--root", root)
        assert (done.code, done.err) == (2, f"error: {root}: is no folder\n")


# --- the trees


class Closed(NamedTuple):
    """A path that nobody may read, and the line that it gets."""

    path: str
    says: str


CLOSED = {
    "a file of the master": Closed("common/wait.sh", "common/wait.sh: cannot read it: permission denied"),
    "a folder of the master": Closed("common/our_common", "common/our_common: cannot open it: permission denied"),
    "the master": Closed("common", "common: cannot open the master: permission denied"),
    "a file of a copy": Closed(f"{COPY}/wait.sh", f"{COPY}/wait.sh: cannot read it: permission denied"),
    "a folder of a copy": Closed(f"{COPY}/our_common", f"{COPY}/our_common: cannot open it: permission denied"),
    "a copy": Closed(COPY, f"{COPY}: cannot open the copy: permission denied"),
    "a manifest": Closed(
        f"{COPY}/.common-sync.json", f"{COPY}/.common-sync.json: cannot read the manifest: permission denied"
    ),
    "a service": Closed("services/api", "services/api: cannot read the service: permission denied"),
    "requirements": Closed(
        "services/api/requirements.txt", "services/api/requirements.txt: cannot read it: permission denied"
    ),
    "the services' folder": Closed("services", "services: cannot look for services in it: permission denied"),
    "the configuration": Closed(FILE, "common-sync.toml: cannot read it: permission denied"),
}


@pytest.mark.parametrize("name", CLOSED)
def test_what_cannot_be_read(synced: Monorepo, name: str) -> None:
    """A file that cannot be read would be left out of the copies, or deleted in them."""
    synced.write("common/" + SETTINGS, "newer\n")
    words = unprivileged()
    path = synced.root / CLOSED[name].path
    before, mode = synced.tree(), path.stat().st_mode
    path.chmod(0)
    try:
        for command in ("distribute", "verify"):
            done = run(*words, *PROGRAM, command, cwd=synced.root)
            assert (done.code, done.out) == (2, "")
            assert f"error: {CLOSED[name].says.format(root=synced.root)}" in done.err.splitlines()
    finally:
        path.chmod(mode)
    assert synced.tree() == before


def _device(path: Path) -> None:
    try:
        os.mknod(path, 0o600 | 0o020000, os.makedev(1, 3))
    except PermissionError as error:
        pytest.skip(f"NOT TESTED: no device can be made here: {error}")


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket may not be long
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


SPECIAL: dict[str, Callable[[Path], object]] = {"FIFO": os.mkfifo, "socket": _socket, "device": _device}


@pytest.mark.parametrize("name", SPECIAL)
@pytest.mark.parametrize("where", ["tracked", "outside git", "in a copy"])
def test_what_is_no_file(tmp_path: Path, name: str, where: str) -> None:
    """A run would hang at a FIFO, or fill the disk from a device."""
    repo = make_monorepo(tmp_path / "repo", git=where != "outside git")
    folder = "common"
    if where == "in a copy":
        assert repo.run("distribute").code == 0
        folder = COPY
    (repo.root / folder / "wait.sh").unlink()
    SPECIAL[name](repo.root / folder / "wait.sh")
    before = repo.stamps()
    state = {"XDG_STATE_HOME": str(tmp_path / "state")}
    for command in ("distribute", "verify"):
        done = run(*PROGRAM, command, cwd=repo.root, env=state)
        assert (done.code, done.out) == (2, "")
        assert done.err == f"error: {folder}/wait.sh: is a {name}, not a file\n  help: move it away, or exclude it\n"
    assert repo.stamps() == before
    if where == "in a copy":
        assert run(*PROGRAM, "verify", "--copy", COPY, cwd=repo.root).code == 2


@pytest.mark.parametrize("target", ["../services", "/etc/hostname", "../../outside", "our_common/../../services/api"])
def test_a_symlink_out_of_the_master(synced: Monorepo, target: str) -> None:
    """A copy would hold a link that leads nowhere, or to somebody else's file, where the service is built."""
    (synced.root / "common/link").symlink_to(target)
    says = f"error: common/link: is a symlink out of the master, to {target}"
    refused(synced, says, "  help: exclude it, or replace it by what it leads to")
    refused(synced, says, command="verify")
    synced.write(FILE, CONFIGURATION + 'exclude = ["link"]\n')
    assert synced.run("verify").code == 0


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("pattern", ["nested", "nested/"])
def test_a_repository_inside_the_master(repo: Monorepo, known: bool, pattern: str) -> None:
    """A submodule would be missing from every copy, without a word."""
    nested = Monorepo(repo.root / "common/nested")
    nested.write("x.py")
    nested.git("init", "-q")
    nested.commit()
    if known:
        repo.git("-c", "advice.addEmbeddedRepo=false", "add", "common/nested")
    says = "error: common/nested: is a git repository of its own, which cannot be copied"
    refused(repo, says, "  help: exclude it")
    refused(repo, says, command="verify")
    repo.write(FILE, CONFIGURATION + f'exclude = ["{pattern}"]\n')
    assert repo.run("distribute").code == 0
    assert len(repo.tree(COPY)) == 6
    if known:
        repo.write(FILE, CONFIGURATION)
        shutil.rmtree(repo.root / "common/nested")
        (repo.root / "common/nested").mkdir()
        refused(repo, "error: common/nested: is an empty folder where git has a submodule or a file")


def test_a_sparse_checkout(synced: Monorepo) -> None:
    """Files that the checkout leaves out would be deleted from every copy."""
    synced.git("sparse-checkout", "set", "--no-cone", "/*", "!/common/our_common/models/")
    says = "a sparse checkout keeps 1 file of the master out of the work tree"
    refused(
        synced,
        f"error: common/our_common/models/base.py: {says}",
        "  help: git sparse-checkout add common",
    )
    synced.git("sparse-checkout", "disable")
    assert synced.run("verify").code == 0


def test_a_master_that_holds_nothing(synced: Monorepo) -> None:
    """An exclude too many would empty every copy."""
    synced.write(FILE, CONFIGURATION + 'exclude = ["*"]\n')
    says = "error: common: the master holds no files that are not ignored or excluded"
    refused(synced, says, "  help: common-sync explain common")


def test_a_master_with_too_many_files(repo: Monorepo) -> None:
    """Copies would be made that can never be checked, because their manifest is larger than any that is read."""
    command = patched("import common_sync.core.copies.manifest as m; m.LARGEST = 500")
    for word in ("distribute", "verify"):
        done = run(*command, word, cwd=repo.root)
        says = "error: common: the master holds too many files: its manifest would be larger than 500 bytes"
        assert (done.code, done.out, done.err.splitlines()[0]) == (2, "", says)
    assert not (repo.root / COPY).exists()


def test_not_enough_memory(repo: Monorepo) -> None:
    """A machine that is too small would be reported as a bug, with a page of traceback."""
    patch = "import common_sync.interface.main as m\ndef fail():\n    raise MemoryError\nm._check_file_names = fail"
    assert run(*patched(patch), "verify", cwd=repo.root) == (2, "", "error: there is not enough memory\n")


def test_a_master_that_is_a_copy(synced: Monorepo) -> None:
    """A copy would be made of a copy, and nobody would know which is the original."""
    synced.write(FILE, f'master = "{COPY}"\nservices = ["services/worker"]\n')
    refused(synced, f"error: {COPY}/.common-sync.json: the master is itself a copy")


def test_a_git_directory_that_is_none(tmp_path: Path) -> None:
    """A checkout that was copied without its git directory would be taken for one outside git, and .gitignore's for ours."""
    repo = make_monorepo(tmp_path / "repo", git=False)
    for content, says in (
        (None, "not a git repository"),
        ("nonsense", "invalid gitfile format"),
        ("gitdir: nowhere", "not a git"),
    ):
        shutil.rmtree(repo.root / ".git", ignore_errors=True)
        (repo.root / ".git").unlink(missing_ok=True)
        if content is None:
            (repo.root / ".git").mkdir()
        else:
            repo.write(".git", content)
        done = repo.run("verify")
        assert (done.code, says in done.err) == (2, True)
        done = repo.run("distribute")
        assert (done.code, len(done.err.splitlines())) == (2, 1)
        shutil.rmtree(repo.root / "nowhere", ignore_errors=True)


def test_git_refuses_or_is_not_there(synced: Monorepo, tmp_path: Path) -> None:
    """A user would get git's words without git, or nothing at all."""
    done = synced.run("verify", env={"PATH": str(tmp_path)})
    assert done == (2, "", "error: git is not installed\n  help: install git\n")
    if os.geteuid() != 0:
        pytest.skip("NOT TESTED: only root can give a repository to somebody else")
    assert run("chown", "-R", "65534", str(synced.root), cwd=tmp_path).code == 0
    done = synced.run("verify")
    assert done.code == 2
    assert len(done.err.splitlines()) == 1
    assert "detected dubious ownership" in done.err
    assert f"git config --global --add safe.directory {synced.root}" in done.err


# --- manifests

GOOD = '{"files": {%s}, "library": "x", "master": "common", "schema": 1, "tree": "cs1:0", "version": null}'
ENTRY = '{"exec": false, "sha256": "' + "0" * 64 + '"}'

MANIFESTS = {
    "not JSON": ("nonsense", "not a manifest: "),
    "empty": ("", "not a manifest: "),
    "not UTF-8": ('{"\udcff": 1}', "not a manifest: "),
    "a list": ("[]", "not a manifest: no JSON object"),
    "too deep": ("[" * 100_000, "not a manifest: "),
    "a newer schema": (
        '{"schema": 2}', "manifest schema 2 is newer than this common-sync, which reads schema 1"
    ),
    "upward": (GOOD % f'"../../x": {ENTRY}', "not a valid manifest: path '../../x' is not a plain relative path"),
    "upward inside": (GOOD % f'"a/../x": {ENTRY}', "not a valid manifest: path 'a/../x' is not a plain relative path"),
    "absolute": (GOOD % f'"/etc/hosts": {ENTRY}', "not a valid manifest: path '/etc/hosts' is absolute"),
    "into git": (GOOD % f'".git/config": {ENTRY}', "not a valid manifest: path '.git/config' leads into a git directory"),
    "the manifest itself": (
        GOOD % f'".common-sync.json": {ENTRY}', "not a valid manifest: path '.common-sync.json' is the manifest itself"
    ),
    "a key twice": (GOOD % f'"a": {ENTRY}, "a": {ENTRY}', "not a manifest: a key is given twice"),
    "keys that are missing": ('{"schema": 1}', "not a valid manifest: key 'files' is missing"),
    "no digest": (
        GOOD % '"a": {"exec": false, "sha256": "0"}', "not a valid manifest: the entry of 'a' is neither a file nor a symlink"
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_that_cannot_be_used(synced: Monorepo, name: str) -> None:
    """A manifest that was merged wrongly, or made by an attacker, would have files deleted."""
    text, says = MANIFESTS[name]
    synced.write(f"{COPY}/.common-sync.json", text.encode("utf-8", "surrogateescape"))
    synced.write("common/" + SETTINGS, "newer\n")
    before = synced.stamps()
    for words in (("distribute",), ("distribute", "--force"), ("verify",), ("verify", "--copy", COPY)):
        done = synced.run(*words)
        assert (done.code, done.out) == (2, "")
        assert f"error: {COPY}/.common-sync.json: {says}" in done.err
        assert "  help: " in done.err
    assert synced.stamps() == before


def test_a_manifest_that_is_no_file(synced: Monorepo, tmp_path: Path) -> None:
    """A manifest that is a link would be believed, wherever it leads."""
    manifest = synced.root / COPY / ".common-sync.json"
    (tmp_path / "manifest").write_bytes(manifest.read_bytes())
    manifest.unlink()
    makers: list[Callable[[Path], object]] = [lambda path: path.symlink_to(tmp_path / "manifest"), os.mkdir, os.mkfifo]
    for make in makers:
        make(manifest)
        for words in (("distribute",), ("verify", "--copy", COPY)):
            done = run(*PROGRAM, *words, cwd=synced.root)
            assert done.code == 2
            assert done.err.startswith(f"error: {COPY}/.common-sync.json: cannot read the manifest: ")
        if manifest.is_dir() and not manifest.is_symlink():
            manifest.rmdir()
        else:
            manifest.unlink()
    assert (tmp_path / "manifest").exists()


def test_a_copy_that_is_a_symlink(synced: Monorepo) -> None:
    """The master itself would be overwritten through a link that somebody made instead of a copy."""
    shutil.rmtree(synced.root / COPY)
    (synced.root / COPY).symlink_to("../../common")
    says = f"error: {COPY}: the copy's folder is a symlink, which is not followed"
    refused(synced, says, "  help: remove it, so that a folder can be made there")
    refused(synced, says, command="verify")
    (synced.root / COPY).unlink()
    synced.write(COPY, "a file\n")
    refused(synced, f"error: {COPY}: the copy's place is taken by what is no real folder", "  help: move it away")


def test_requirements_that_cannot_be_decoded(repo: Monorepo) -> None:
    """One bad byte would keep every service from being brought in sync, or would be lost when the file is written."""
    bad = b"fastapi\n# caf\xe9\n-e ../../common\n"
    repo.write("services/api/requirements.txt", bad)
    done = repo.run("distribute")
    assert (done.code, done.err) == (1, "")
    assert "✗ services/api     new copy 1.2.3  5 files, 1 error\n" in done.out
    assert "services/api/requirements.txt: CS104 cannot be decoded at byte 13: " in repo.concise("verify").out
    assert (repo.root / "services/api/requirements.txt").read_bytes() == bad
    assert len(repo.tree(COPY)) == 6
    assert repo.read("services/worker/requirements.txt") == "fastapi\n-e ./common\n"
    assert repo.run("verify").code == 1


# --- disks


@pytest.mark.parametrize("options", ["size=900k", "size=8m,nr_inodes=250"])
def test_a_full_disk(tmp_path: Path, options: str) -> None:
    """A full disk would leave half a copy, which the next build takes for a whole one."""
    with memory(tmp_path / "disk", options) as disk:
        repo = make_monorepo(disk)
        repo.write("common/large.bin", os.urandom(90_000))
        repo.commit()
        ballast = fill(disk) if "inodes" not in options else _use_up(disk, leave=0)
        before = repo.tree()
        done = repo.run("distribute")
        assert (done.code, done.out) == (2, "")
        assert "no space left on device" in done.err
        assert all(
            line.startswith(f"error: {place}") for line in done.err.splitlines() for place in [_place(line, repo)]
        )
        assert (repo.tree(), repo.leftovers()) == (before, [])

        _make_room(ballast, options)
        done = repo.run("distribute")  # there is room for one copy, and not for two
        assert (done.code, done.out) == (2, "")
        assert done.err == "error: services/worker/common: cannot write the copy: no space left on device\n"
        assert repo.leftovers() == []
        assert len(repo.tree(COPY)) == 7
        assert not (disk / "services/worker/common").exists()
        assert repo.read("services/worker/requirements.txt") == "fastapi\n-e ../../common\n"
        _remove(ballast)
        assert repo.run("distribute").code == 0
        assert repo.run("verify").code == 0


def _place(line: str, repo: Monorepo) -> str:
    places = (".git/common-sync", "services/api/common", "services/worker/common")
    return next((place for place in places if line.startswith(f"error: {place}")), "a path")


def _use_up(disk: Path, *, leave: int) -> Path:
    folder = disk / "used"
    folder.mkdir()
    with suppress(OSError):
        for number in range(1000):
            (folder / str(number)).touch()
    for file in list(folder.iterdir())[:leave]:
        file.unlink()
    return folder


def _make_room(ballast: Path, options: str) -> None:
    if "inodes" in options:
        for file in list(ballast.iterdir())[:17]:
            file.unlink()
    else:
        os.truncate(ballast, ballast.stat().st_size - 170_000)


def _remove(ballast: Path) -> None:
    shutil.rmtree(ballast) if ballast.is_dir() else ballast.unlink()


def test_a_disk_that_is_full_when_files_are_replaced(tmp_path: Path) -> None:
    """A file that was there would be empty, or gone: a copy's, or the user's own requirements."""
    with memory(tmp_path / "disk", "size=900k") as disk:
        repo = make_monorepo(disk)
        assert repo.run("distribute").code == 0
        repo.write("common/" + SETTINGS, "newer\n" * 2000)
        repo.write("services/worker/requirements.txt", "-e ../../common\n" + "# long\n" * 2000)
        mine = repo.write(f"{COPY}/mine.py", "edited\n" * 2000)
        ballast = fill(disk)
        before = repo.tree()
        done = repo.run("distribute")
        assert done.code == 2
        assert "no space left on device" in done.err
        assert (repo.tree(), repo.leftovers()) == (before, [])
        repo.write("services/worker/requirements.txt", "-e ./common\n" + "# long\n" * 2000)
        before = repo.tree()
        done = repo.run("distribute")
        assert done.code == 2
        for line, service in zip(done.err.splitlines(), ("api", "worker"), strict=True):
            start, end = f"error: services/{service}/common/", ": cannot write it: no space left on device"
            assert line.startswith(start)
            assert line.endswith(end)
        assert (repo.tree(), repo.leftovers()) == (before, [])
        done = repo.run("distribute", "--force")
        assert done.code == 2
        assert f"{COPY}/mine.py: cannot keep it before it is discarded: no space left on device" in done.err
        assert mine.read_text() == "edited\n" * 2000
        ballast.unlink()
        assert repo.run("distribute", "--force").code == 0
        repo.write("services/worker/requirements.txt", "-e ../../common\n" + "# long\n" * 2000)
        fill(disk)
        before = repo.tree()
        done = repo.run("distribute")
        assert (done.code, done.out) == (2, "")
        assert "no space left on device" in done.err  # where the file is, or where what it said is written down
        assert (repo.tree(), repo.leftovers()) == (before, [])


def test_a_service_that_cannot_be_written(synced: Monorepo) -> None:
    """One read-only service would be found out after half of the others were changed."""
    synced.write("common/" + SETTINGS, "newer\n")
    (synced.root / "services/new").mkdir()
    with read_only(synced.root / "services/worker"):
        refused(
            synced,
            "error: services/worker: cannot be written: nothing was changed anywhere",
            "  help: make it writable, or name the other services on the command line",
        )
        assert synced.run("distribute", "api", "new").code == 0
        assert synced.run("verify", "worker").code == 1
    with read_only(synced.root / "services/worker/common"):
        refused(synced, "error: services/worker/common: cannot be written: nothing was changed anywhere")
    with read_only(synced.root / "services/worker/common/our_common"):
        before = synced.tree()
        done = synced.run("distribute")
        says = f"error: services/worker/common/{SETTINGS}: cannot write it: read-only file system\n"
        assert done == (2, "", says)
        after = synced.tree()
        del after[
            "services/worker/common/.common-sync.next"
        ]  # which manifest is meant, for the run that finishes this one
        assert after == before
    assert synced.run("distribute").code == 0


def test_a_repository_that_cannot_be_written(synced: Monorepo) -> None:
    """A read-only checkout could not even be looked at."""
    with read_only(synced.root):
        place = ".git/common-sync/lock"
        says = "cannot make the lock, without which nothing is written: read-only file system"
        refused(synced, f"error: {place}: {says}")
        for command in ("verify", "status", "diff"):
            assert synced.run(command).code == 0


def test_a_folder_without_the_right_to_write(synced: Monorepo) -> None:
    """Somebody else's folder would be found out after half of the services were changed."""
    synced.write("common/" + SETTINGS, "newer\n")
    folder = synced.root / "services/worker"
    folder.chmod(0o555)
    refused(synced, "error: services/worker: cannot be written: nothing was changed anywhere", privileged=False)
    folder.chmod(0o755)


# --- signals


FOLDERS = 12


@pytest.fixture
def many(tmp_path: Path) -> Monorepo:
    """Return a repository of twelve services and 150 files: enough for several processes."""
    repo = Monorepo(tmp_path / "repo")
    for number in range(150):
        repo.write(f"common/p{number % 10}/m{number}.py", f"x = {number}\n" * 50)
    repo.write(FILE, CONFIGURATION)
    for number in range(FOLDERS):
        (repo.root / f"services/s{number:03}").mkdir(parents=True)
    repo.git("init", "-q")
    return repo


WAITING = """
import os, signal
made, real = 0, os.open
def create(path, flags, *rest, **named):
    global made
    made += bool(flags & os.O_CREAT)
    if flags & os.O_CREAT and made == 200:
        os.close(real(f"../waiting-{os.getpid()}", os.O_CREAT | os.O_WRONLY))
        signal.pause()
    return real(path, flags, *rest, **named)
os.open = create
"""
"""Has each process that writes wait in its second service, after two hundred files, for a signal."""


def _processors() -> list[int]:
    return sorted(os.sched_getaffinity(0))[:2]


def _start(repo: Monorepo) -> subprocess.Popen[str]:
    """Start to distribute with a worker on each of two processors; return once all of them write their second service."""
    process = subprocess.Popen(
        [*patched(WAITING), "distribute"],
        cwd=repo.root, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        start_new_session=True,
        preexec_fn=lambda: os.sched_setaffinity(0, _processors()),  # noqa: PLW1509 - no threads here
    )  # fmt: skip
    wait_for(lambda: len([*repo.root.parent.glob("waiting-*")]) == len(_processors()), process)
    return process


def _copies(repo: Monorepo) -> int:
    return sum((service / "common").exists() for service in (repo.root / "services").iterdir())


SIGNALS = {
    "Ctrl-C in a terminal": (os.killpg, signal.SIGINT, 130),
    "SIGINT to the process": (os.kill, signal.SIGINT, 130),
    "SIGTERM": (os.kill, signal.SIGTERM, 143),
    "SIGTERM to the group": (os.killpg, signal.SIGTERM, 143),
}


@pytest.mark.parametrize(("name", "times"), [*((name, 1) for name in SIGNALS), ("Ctrl-C in a terminal", 3)])
def test_stopped_while_it_writes(many: Monorepo, name: str, times: int) -> None:
    """Ctrl-C would leave rubbish in the services, or go on for so long that people use kill -9."""
    send, number, code = SIGNALS[name]
    process = _start(many)
    for _ in range(times):
        with suppress(ProcessLookupError):
            send(process.pid, number)
    out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out) == (code, "")
    assert err == ("interrupted: the next run finishes what was begun\n" if code == 130 else "")
    assert _copies(many) == len(_processors()), "the first of each process, and nothing after the signal"
    assert many.leftovers() == []
    assert many.run("distribute").code == 0
    assert many.run("verify").code == 0


@deep("more moments to stop")
def test_stopped_in_the_middle_of_an_update(many: Monorepo) -> None:
    """What a stopped run has done would be taken for somebody's edits."""
    assert many.run("distribute", "-q").code == 0
    for number in range(150):
        many.write(f"common/p{number % 10}/m{number}.py", f"y = {number}\n" * 50)
    process = _start(many)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=PATIENCE)
    assert (process.returncode, many.leftovers()) == (130, [])
    states = [service["state"] for service in many.json("verify", code=1)["services"]]
    assert states.count("current") == len(_processors())
    assert {*states} == {"stale", "current"}, "nothing is anybody's edit"
    assert many.run("distribute").code == 0
    assert many.run("verify").code == 0


def test_killed(many: Monorepo) -> None:
    """After a crash of the machine, or kill -9, somebody would have to clean up by hand."""
    process = _start(many)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=PATIENCE)
    many.write("services/s000/common/p1/.common-sync.tmp", "half a file\n")
    many.write("services/s000/.common-sync.new/p1/m1.py", "half a copy\n")
    assert many.leftovers() != []
    states = {service["state"] for service in many.json("verify", code=1)["services"]}
    assert states == {"current", "missing"}
    assert many.run("distribute").code == 0
    assert many.leftovers() == []
    assert many.run("verify").code == 0


def test_stopped_before_it_has_begun(synced: Monorepo) -> None:
    """A quick Ctrl-C would show a traceback."""
    patch = "import os, signal\nimport common_sync.interface.main as m\nold = m._check_file_names\ndef stop():\n    os.kill(os.getpid(), signal.{})\n    old()\nm._check_file_names = stop\n"
    done = run(*patched(patch.format("SIGINT")), "verify", cwd=synced.root)
    assert done == (130, "", "interrupted: the next run finishes what was begun\n")
    assert run(*patched(patch.format("SIGTERM")), "verify", cwd=synced.root) == (143, "", "")


def test_a_shell_that_ignores_ctrl_c(synced: Monorepo) -> None:
    """A run in a shell's background would be stopped by a Ctrl-C that is meant for another program."""
    patch = "import os, signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nimport common_sync.interface.main as m\nm._check_file_names = lambda: os.kill(os.getpid(), signal.SIGINT)\n"
    assert run(*patched(patch), "verify", cwd=synced.root).code == 0


def test_sys_executable_is_the_one_that_is_tested() -> None:
    """The tests would try another installation than the one that coverage measures."""
    assert PROGRAM[0] == sys.executable
