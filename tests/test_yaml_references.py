"""Compose files and conda environments through the program: which are read, rewritten, reported, and at what cost."""

import shutil
import sys

import pytest
from support.depth import deep
from support.monorepo import PROGRAM, Monorepo, run

API = "services/api"
COMPOSE = (
    "services:\r\n"
    "  api:  # größe 😀\r\n"
    "    build: .\r\n"
    '    volumes: ["../../common:/app/common:ro"]  # the library\r\n'
    "    env_file: ../../.env\r\n"
)
MENDED = COMPOSE.replace("../../common", "./common")
ENVIRONMENT = 'dependencies:\n  - pip:\n      - "-e ../../common"  # ours\n'


def test_distribute_and_verify(synced: Monorepo) -> None:
    """A service would mount the master over its copy, or more of the file than the path be changed."""
    file = synced.write(f"{API}/docker-compose.yml", COMPOSE.encode())
    deploy = synced.write(f"{API}/deploy/compose.prod.yaml", "services: {a: {build: ../../../common}}\n")
    synced.write(f"{API}/environment.yml", ENVIRONMENT)
    before = synced.concise("verify")
    assert before.code == 1
    assert f"{API}/docker-compose.yml:4: CS101 " in before.out
    assert f"{API}/deploy/compose.prod.yaml:1: CS101 " in before.out
    assert f"{API}/environment.yml:3: CS101 " in before.out
    assert f"{API}/docker-compose.yml:5: CS113 `../../.env` leads out of the service" in before.out
    assert synced.run("distribute").code == 0
    assert file.read_bytes() == MENDED.encode()
    assert deploy.read_text() == "services: {a: {build: ../common}}\n"
    assert synced.read(f"{API}/environment.yml") == ENVIRONMENT.replace("../../common", "./common")
    after = synced.run("verify")
    assert (after.code, "CS101" in after.out, "CS113" in after.out) == (0, False, True)
    stamps = synced.stamps()
    assert synced.run("distribute").code == 0
    assert synced.stamps() == stamps


def test_a_dry_run_shows_the_difference(synced: Monorepo) -> None:
    """A user could not see beforehand what would be changed in a file."""
    synced.write(f"{API}/compose.yml", COMPOSE.encode())
    done = synced.run("distribute", "--dry-run", "--diff")
    assert '-    volumes: ["../../common:/app/common:ro"]  # the library' in done.out
    assert '+    volumes: ["./common:/app/common:ro"]  # the library' in done.out
    assert synced.read(f"{API}/compose.yml") == COMPOSE


def test_the_hook(committed: Monorepo) -> None:
    """A commit would hold a compose file that leads out of the service."""
    committed.write(f"{API}/compose.yml", COMPOSE.encode())
    committed.git("add", "-A")
    done = committed.hook()
    assert done.code == 1
    assert committed.read(f"{API}/compose.yml") == MENDED
    committed.git("add", "-A")
    assert committed.hook().code == 0
    committed.git("commit", "-q", "-m", "compose")


def test_more_files_are_followed(synced: Monorepo) -> None:
    """A reference would be missed in a file that is included, extended, or given to pip."""
    synced.write(f"{API}/compose.yml", "include: [deploy/base.yml]\n")
    synced.write(f"{API}/compose.b.yml", "services: {a: {extends: {file: x.yml, service: b}}}\n")
    synced.write(f"{API}/deploy/base.yml", "services: {b: {build: ../../../common}}\n")
    synced.write(f"{API}/x.yml", "services: {b: {build: ../../common}}\n")
    synced.write(f"{API}/environment.yaml", "dependencies: [pip: [-r conda/more.cfg]]\n")
    synced.write(f"{API}/conda/more.cfg", "-e ../../common\n")
    synced.write("compose.yml", "services: {b: {build: common}}\n")
    assert synced.run("distribute").code == 0
    assert synced.read(f"{API}/deploy/base.yml") == "services: {b: {build: ../common}}\n"
    assert synced.read(f"{API}/x.yml") == "services: {b: {build: ./common}}\n"
    assert synced.read(f"{API}/conda/more.cfg") == "-e ./common\n"
    assert synced.read("compose.yml") == "services: {b: {build: common}}\n"


def test_the_way_back(repo: Monorepo) -> None:
    """A team that gives the tool up would be left with compose files that it has changed."""
    repo.write(f"{API}/compose.yml", COMPOSE.encode() + b"include: [deploy/base.yml]\r\n")
    repo.write(f"{API}/deploy/base.yml", "services: {b: {build: '../../../common'}}\n")
    repo.write(f"{API}/environment.yml", ENVIRONMENT)
    repo.commit("compose")
    before = repo.tree()
    assert repo.run("distribute").code == 0
    repo.commit("distribute")
    shutil.rmtree(repo.root / ".git/common-sync")
    assert repo.run("eject", "--remove-copies").code == 0
    assert repo.tree() == before


@deep("runs of the whole program that take long")
def test_a_file_that_cannot_be_parsed(synced: Monorepo) -> None:
    """One broken file would keep all others from being mended, or be changed itself."""
    broken = "services:\n  a: [../../common\n  b: c\n"
    synced.write(f"{API}/compose.yml", broken)
    synced.write(f"{API}/compose.many.yml", "a: ..\n---\nb: 1\n")
    synced.write(f"{API}/compose.deep.yml", "a: .." + "[" * 100_000)
    synced.write(f"{API}/compose.deep2.yml", "..: " + "[" * 100_000)
    synced.write(f"{API}/docker-compose.yml", COMPOSE.encode())
    done = synced.concise("distribute")
    assert done.code == 1
    assert f"{API}/compose.yml:3: CS108 cannot be parsed: " in done.out
    assert "compose.many.yml" not in done.out
    assert f"{API}/compose.deep2.yml:1: CS108 cannot be parsed: nested more than 100 levels deep" in done.out
    assert synced.read(f"{API}/compose.yml") == broken
    assert synced.read(f"{API}/docker-compose.yml") == MENDED


def test_a_file_that_cannot_be_decoded(synced: Monorepo) -> None:
    """A file in an old encoding would be turned into another text."""
    synced.write(f"{API}/compose.yml", COMPOSE.encode("utf-16"))
    synced.write(f"{API}/compose.old.yml", COMPOSE.replace("😀", "").encode("latin-1"))
    done = synced.concise("distribute")
    assert done.code == 1
    assert f"{API}/compose.old.yml: CS104 cannot be decoded" in done.out
    assert (synced.root / API / "compose.yml").read_bytes().decode("utf-16") == MENDED


@pytest.mark.parametrize("mount", ["..:/app", "../..:/app", "{root}:/app", "../../common/..:/app"])
def test_a_mount_that_hides_the_copy(synced: Monorepo, mount: str) -> None:
    """A developer's machine would run the library of the working tree, and the image another."""
    text = f"services:\n  a:\n    volumes: ['{mount.format(root=synced.root)}', '/:/host', '../../..:/x']\n"
    synced.write(f"{API}/compose.yml", text)
    done = synced.concise("verify")
    assert done.code == 0
    assert done.out.count("CS111") == 1
    assert f"{API}/compose.yml:3: CS111 " in done.out


def test_a_file_that_is_not_the_services_own(synced: Monorepo) -> None:
    """Somebody else's compose file would be rewritten through a symlink."""
    synced.write("all.yml", "services: {b: {build: ../../common}}\n")
    (synced.root / API / "compose.yml").symlink_to("../../all.yml")
    done = synced.concise("distribute")
    assert done.code == 1
    assert "all.yml:1: CS103 " in done.out
    assert synced.read("all.yml") == "services: {b: {build: ../../common}}\n"


def test_a_file_that_is_not_copied(synced: Monorepo) -> None:
    """A rewritten path would lead to a file that the copy has not."""
    synced.write(f"{API}/compose.yml", "services: {a: {env_file: ../../common/.env}}\n")
    done = synced.concise("distribute")
    assert done.code == 1
    assert f"{API}/compose.yml:1: CS107 includes '.env', which is not copied" in done.out


def test_yaml_is_not_imported_for_nothing(synced: Monorepo) -> None:
    """Every commit would take 20 ms longer for files that have nothing to do with the library."""
    plain = "services: {a: {build: ., image: x, volumes: ['./app:/app', data:/data]}}\n"
    code = "import sys; sys.modules['yaml'] = None; from common_sync.interface.main import main; main()"
    synced.write(f"{API}/compose.yml", plain)
    assert run(sys.executable, "-c", code, "verify", cwd=synced.root).code == 0
    synced.write(f"{API}/compose.yml", plain + "x: ../x\n")
    assert run(sys.executable, "-c", code, "verify", cwd=synced.root).code == 3
    assert run(*PROGRAM, "verify", cwd=synced.root).code == 0
