"""The example of a fleet is what a newcomer begins his own with: what its README and `make demo-fleet` say must be so."""

import re
import shutil
import sys
from pathlib import Path

import pytest
from support.monorepo import Monorepo, run

PROJECT = Path(__file__).parents[1]
EXAMPLE = PROJECT / "examples/fleet"


@pytest.fixture
def example(tmp_path: Path) -> Monorepo:
    """Return a copy of the example, distributed as its README says."""
    shutil.copytree(EXAMPLE, tmp_path / "shop", ignore=shutil.ignore_patterns("__pycache__"))
    repo = Monorepo(tmp_path / "shop")
    repo.git("init", "-q")
    repo.commit("before")
    assert repo.run("distribute").code == 0
    repo.commit("version 1")
    return repo


def test_it_is_in_order(example: Monorepo) -> None:
    """A newcomer would meet findings of our own making, or an inventory that is refused."""
    done = example.run("doctor")
    assert (done.code, "CS" in done.out) == (0, False), done
    done = example.run("fleet", "status", "--ref", "HEAD", "--host", "nobody")
    assert (done.code, "its hosts are vm-1, vm-2, vm-3" in done.err) == (2, True), done
    words = re.findall(r"^ {4}common-sync (\w+(?: \w+)?)", (EXAMPLE / "README.md").read_text("utf-8"), re.MULTILINE)
    assert words == ["distribute", "fleet status", "fleet deploy", "fleet deploy", "fleet rollback"]


def test_the_demo_says_what_is_missing(tmp_path: Path) -> None:
    """Whoever has no Docker engine would take a demo that shows nothing for one that went well."""
    (tmp_path / "docker").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "docker").chmod(0o755)
    set_env = {"PATH": f"{tmp_path}:/usr/bin:/bin", "COMMON_SYNC_DOCKER_ENGINE": str(tmp_path / "none")}
    done = run(
        str(PROJECT / "scripts/demo-fleet"), str(Path(sys.executable).parent), cwd=PROJECT, env=set_env, timeout=60
    )
    assert (done.code, done.out) == (1, ""), done
    assert "NO DOCKER ENGINE answers `docker info`" in done.err
