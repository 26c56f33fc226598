"""The example is what a new user tries first: it must work, from each service's folder alone."""

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from support.depth import deep, sampled
from support.monorepo import Monorepo, environment, run

EXAMPLE = Path(__file__).parents[1] / "examples" / "media-services"
SERVICES = ("orchestrator", "services/api", "services/notifier", "services/transcoder")
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
        "with TestClient(app) as client: print(client.get('/health').status_code, media_common.__file__)"
    )
    done = run(str(python), "-c", ask, cwd=alone, env={"PYTHONPATH": ""})
    assert done.code == 0, done
    status, _, imported_from = done.out.splitlines()[-1].partition(" ")
    assert status == "200"
    assert imported_from.startswith(f"{tmp_path}/")  # the copy, or what pip installed from it
    assert run(sys.executable, "-m", "common_sync", "verify", "--copy", "common", cwd=alone).code == 0


def _environment_with_our_packages(path: Path) -> Path:
    """Make a virtual environment that sees what the tests' own has installed, so that pip needs no network."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", path], check=True, env=environment())
    packages = Path(sysconfig.get_path("purelib", vars={"base": str(path)}))
    (packages / "ours.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return path / "bin" / "python"
