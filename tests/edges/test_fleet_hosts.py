"""Hosts that ssh's configuration and Docker's contexts list; Ansible's are in `tests/look/test_ansible.py`, with the real program."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from support.depth import skip

from common_sync.core.fleet.hosts import Hosts, UnusableHostsError
from common_sync.edges.fleet.hosts import find_hosts


def test_hosts_of_the_users_configuration(tmp_path: Path) -> None:
    """A host that stands in an included file would be left out of the fleet."""
    (tmp_path / "more").write_text("Host pi-2 vm\nInclude more\n")
    config = tmp_path / "config"
    config.write_text(f"Host pi-1 pi-1 *\nInclude {tmp_path}/mor?\nHost pi-3\n")
    hosts = Hosts("ssh_config", "pi-*")
    assert find_hosts(hosts, str(tmp_path), str(config)) == ["pi-1", "pi-2", "pi-3"]
    with pytest.raises(UnusableHostsError, match="no host is called 'pi-\\*'"):
        find_hosts(hosts, str(tmp_path), str(tmp_path / "nowhere"))


def test_a_host_that_is_called_local(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deploy that is meant for another machine would be done on this one."""
    config = tmp_path / "config"
    config.write_text("Host vm local\n")
    listed = {"all": {"hosts": ["vm", "local"]}}, {"Name": "prod", "DockerEndpoint": "ssh://local"}
    for program, prints in zip(("ansible-inventory", "docker"), listed, strict=True):
        (tmp_path / program).write_text(f"#!/bin/sh\necho '{json.dumps(prints)}'\n")
        (tmp_path / program).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    for hosts in (Hosts("ssh_config", "*"), Hosts("ansible", "all", "hosts.yml"), Hosts("docker_context", "*")):
        with pytest.raises(UnusableHostsError, match="a host is called 'local' there"):
            find_hosts(hosts, str(tmp_path), str(config))


def test_what_is_asked_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An inventory with twenty targets of one cloud would ask the cloud twenty times."""
    program = tmp_path / "ansible-inventory"
    program.write_text(
        f"#!/bin/sh\necho x >> {tmp_path}/asked\n" + 'echo \'{"a": {"hosts": ["vm"]}, "b": {"hosts": ["pi"]}}\'\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin")
    told: dict[str, str] = {}
    found = [find_hosts(Hosts("ansible", one, "hosts.yml"), str(tmp_path), told=told) for one in ("a", "b")]
    assert (found, (tmp_path / "asked").read_text()) == ([["vm"], ["pi"]], "x\n")
    find_hosts(Hosts("ansible", "a", "other.yml"), str(tmp_path), told=told)
    assert (tmp_path / "asked").read_text() == "x\nx\n"


def test_contexts_of_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The hosts that a team already names for Docker would have to be written down once more."""
    if shutil.which("docker") is None:
        skip("NOT TESTED: Docker's client is not installed here")
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name, host in (("prod-1", "ssh://deploy@vm-1"), ("prod-2", "ssh://vm-2"), ("here", "unix:///run/x.sock")):
        words = ("docker", "context", "create", name, "--docker", f"host={host}")
        subprocess.run(words, check=True, capture_output=True)
    assert find_hosts(Hosts("docker_context", "prod-*"), str(tmp_path)) == ["deploy@vm-1", "vm-2"]
    with pytest.raises(UnusableHostsError, match="no context of Docker that is reached by ssh is called 'here'"):
        find_hosts(Hosts("docker_context", "here"), str(tmp_path))


@pytest.mark.parametrize(
    ("script", "says"),
    [
        (None, "ansible-inventory is not installed here"),
        ("exit 3", "ansible-inventory: it has ended with 3"),
        ("echo '[ERROR] no such file' >&2; exit 1", "ansible-inventory: [ERROR] no such file"),
        ("echo '{}'", "Ansible has no host in a group 'pis' of 'hosts.yml'"),
    ],
)
def test_a_program_that_does_not_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, says: str
) -> None:
    """A deploy would go on with the hosts that are left, and leave a part of the fleet behind."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin" if script is not None else str(tmp_path))
    if script is not None:
        (tmp_path / "ansible-inventory").write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / "ansible-inventory").chmod(0o755)
    with pytest.raises(UnusableHostsError) as caught:
        find_hosts(Hosts("ansible", "pis", "hosts.yml"), str(tmp_path))
    assert caught.value.message == says
    if "ended" in says:
        whole = f"ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED=1 ansible-inventory --list --inventory {tmp_path}/hosts.yml"
        assert caught.value.remedy == f"run it by hand: {whole}"
