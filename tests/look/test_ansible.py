"""Inventories of Ansible, by the real `ansible-inventory`."""

from pathlib import Path

import pytest
from support.depth import skip

from common_sync.core.fleet.hosts import Hosts, UnusableHostsError
from common_sync.edges.fleet.hosts import find_hosts

BIN = Path(__file__).parents[2] / ".look" / "indexes" / "bin"

YAML = """\
all:
  hosts:
    vm: {ansible_user: deploy}
  children:
    pis:
      hosts:
        pi-[1:3]:
      children:
        far:
          hosts:
            pi-9: {ansible_host: 10.0.0.9}
"""
INI = "[pis]\npi-1 ansible_host=10.0.0.1\npi-2\n[odd]\nx ansible_port=2222\n"


@pytest.fixture(autouse=True)
def ansible(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Have the real program on the PATH, with nobody's settings."""
    if not (BIN / "ansible-inventory").exists():
        skip("NOT TESTED: ansible-inventory is not installed here, see what `make look` says above")
    monkeypatch.setenv("PATH", f"{BIN}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


def test_inventories(tmp_path: Path) -> None:
    """A team would have to write its machines down once more, and the two lists would drift."""
    (tmp_path / "hosts.yml").write_text(YAML)
    (tmp_path / "hosts").write_text(INI)

    def found(file: str, group: str) -> list[str]:
        return find_hosts(Hosts("ansible", group, file), str(tmp_path))

    assert found("hosts.yml", "pis") == ["pi-1", "pi-2", "pi-3", "10.0.0.9"]
    assert sorted(found("hosts.yml", "all")) == ["10.0.0.9", "deploy@vm", "pi-1", "pi-2", "pi-3"]
    assert found("hosts", "pis") == ["10.0.0.1", "pi-2"]
    for file, group, says in (
        ("hosts", "odd", "the port of 'x' is said by Ansible alone"),
        ("hosts.yml", "nobody", "Ansible has no host in a group 'nobody' of 'hosts.yml'"),
        ("nowhere", "all", "Completely failed to parse inventory source .*/nowhere"),
    ):
        with pytest.raises(UnusableHostsError, match=says):
            found(file, group)


def test_a_part_that_cannot_be_read(tmp_path: Path) -> None:
    """While a cloud does not answer, its machines would be left out of a deploy, and nobody be told."""
    folder = tmp_path / "hosts"
    folder.mkdir()
    (folder / "a.yml").write_text(YAML)
    assert find_hosts(Hosts("ansible", "pis", "hosts"), str(tmp_path))
    cloud = folder / "cloud.sh"
    for text in ("#!/bin/sh\necho the cloud is down >&2\nexit 1\n", "#!/bin/sh\necho '{'\n"):
        cloud.write_text(text)
        cloud.chmod(0o755)
        with pytest.raises(UnusableHostsError, match=r"Completely failed to parse inventory source .*cloud\.sh"):
            find_hosts(Hosts("ansible", "pis", "hosts"), str(tmp_path))
