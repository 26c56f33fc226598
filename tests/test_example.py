"""The example is what a new user tries first: it must work, from each service's folder alone."""

import json
import os
import shutil
import socket
import subprocess
import sys
import sysconfig
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from support.depth import deep, sampled
from support.monorepo import Monorepo, environment, run
from support.waiting import PATIENCE

EXAMPLE = Path(__file__).parents[1] / "examples" / "media-services"
SERVICES = ("orchestrator", "services/api", "services/notifier", "services/transcoder")
INSTALLED_AS_A_WHEEL = "services/notifier"
_IGNORED = shutil.ignore_patterns("__pycache__", ".venv", "*.egg-info")


@pytest.fixture(scope="module")
def distributed(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    """Return the example after `init` and `distribute`, each run once as the demo does."""
    root = tmp_path_factory.mktemp("example") / "media-services"
    shutil.copytree(EXAMPLE, root, ignore=_IGNORED)
    repo = Monorepo(root)
    repo.git("init", "-q")
    repo.commit("before")
    before = repo.tree()
    assert repo.run("init", "--yes").code == 0
    assert repo.run("distribute").code == 0
    changed = {path for path, data in repo.tree().items() if before.get(path) != data}
    outside = {path for path in changed if "/common/" not in path}
    own = ("requirements.txt", ".dockerignore")
    rewritten = {f"{service}/{file}" for service in SERVICES for file in own}
    assert outside == {"common-sync.toml", ".gitattributes", *rewritten}
    return repo


def test_init_finds_all_services(distributed: Monorepo) -> None:
    """A user who trusts `init` would be left with a service that never gets its copy."""
    done = distributed.run("verify", "--output-format", "json")
    assert done.code == 0
    assert [name for name in SERVICES if f'"{name}"' not in done.out] == []


@deep("services that are installed and started")
@pytest.mark.parametrize("service", sampled(SERVICES, 1, "more services that are installed and started"))
def test_a_service_installs_and_starts_from_its_folder_alone(
    distributed: Monorepo, service: str, tmp_path: Path
) -> None:
    """A service would build on the laptop, where ../../common exists, and fail on the VM, where it does not."""
    alone = tmp_path / "alone"
    shutil.copytree(distributed.root / service, alone)
    python = _environment_with_our_packages(tmp_path / "venv")
    install = ["-m", "pip", "install", "--no-index", "--no-build-isolation", "-r", "requirements.txt"]
    done = run(str(python), *install, cwd=alone, env={"PYTHONPATH": ""})
    assert done.code == 0, done
    ask = (
        "from fastapi.testclient import TestClient; from app.main import app; import media_common\n"
        "with TestClient(app) as client: print(media_common.__file__, client.get('/health').text)"
    )
    done = run(str(python), "-c", ask, cwd=alone, env={"PYTHONPATH": ""})
    assert done.code == 0, done
    imported_from, _, health = done.out.splitlines()[-1].partition(" ")
    stated = _stated(alone / "common") if service != INSTALLED_AS_A_WHEEL else None  # no wheel holds the manifest
    assert (json.loads(health)["status"], json.loads(health)["common_sync"]["digest"]) == ("ok", stated)
    assert imported_from.startswith(f"{tmp_path}/")  # the copy, or what pip installed from it
    assert run(sys.executable, "-m", "common_sync", "verify", "--copy", "common", cwd=alone).code == 0


@deep("services that are started and asked")
def test_health_tells_what_a_process_has_imported_and_whether_peers_have_it(
    distributed: Monorepo, tmp_path: Path
) -> None:
    """A service that still runs the old library would answer "ok", and its jobs would fail in the others."""
    repo = Monorepo(tmp_path / "repo")
    shutil.copytree(distributed.root, repo.root, symlinks=True)
    api, orchestrator = repo.root / "services/api", repo.root / "orchestrator"
    before = _stated(api / "common")
    with _serving(api) as peer:
        peers = json.dumps([peer])
        with _serving(orchestrator, MEDIA_PEERS=peers) as one:
            assert _health(one) == ("ok", before, {peer: before})
            repo.write("common/media_common/new.py", "NEW = True\n")
            assert repo.run("distribute").code == 0
            assert _health(one) == ("ok", before, {peer: before}), (
                "both are still what they were when they were started"
            )
        after = _stated(orchestrator / "common")
        assert after != before
        with _serving(orchestrator, MEDIA_PEERS=peers) as one:
            assert _health(one) == ("degraded", after, {peer: before})
    with _serving(orchestrator, MEDIA_PEERS=peers) as one:
        assert _health(one) == ("degraded", after, {peer: None}), "nobody answers there"


def _stated(copy: Path) -> str:
    """Return the digest that the manifest of a copy states."""
    stated: str = json.loads((copy / ".common-sync.json").read_bytes())["tree"]
    return stated


@contextmanager
def _serving(service: Path, **variables: str) -> Iterator[str]:
    """Start a service, with its copy of the library, in a process of its own; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:  # it queues who connects before the service is up
        command = [sys.executable, "-m", "uvicorn", "app.main:app", "--fd", str(listening.fileno())]
        paths = os.pathsep.join((".", "common"))
        process = subprocess.Popen(
            command,
            cwd=service,
            env=environment(**variables, PYTHONPATH=paths),
            pass_fds=[listening.fileno()],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
    try:
        yield address
    finally:
        process.terminate()
        process.wait(PATIENCE)


def _health(address: str) -> tuple[str, str, dict[str, str | None]]:
    """Return the status that a service answers with, its digest, and those of its peers."""
    with urllib.request.urlopen(f"{address}/health", timeout=PATIENCE) as answer:  # noqa: S310 - it is ours
        told: dict[str, Any] = json.load(answer)
    peers = {name: peer and peer["digest"] for name, peer in told["peers"].items()}
    return told["status"], told["common_sync"]["digest"], peers


def _environment_with_our_packages(path: Path) -> Path:
    """Make a virtual environment that sees what the tests' own has installed, so that pip needs no network."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", path], check=True, env=environment())
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(path)}))
    (packages / "ours.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return path / "bin" / "python"
