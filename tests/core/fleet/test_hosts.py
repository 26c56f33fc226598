"""What Ansible and Docker print of their hosts. Which programs print it: `tests/edges/test_fleet_hosts.py`, `tests/look/test_ansible.py`."""

import json
import re
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common_sync.core.fleet.hosts import HOST, UnusableHostsError, list_ansible_hosts, list_context_hosts

GROUPS = {
    "all": {"children": ["ungrouped", "pis"]},
    "ungrouped": {"hosts": ["vm"]},
    "pis": {"hosts": ["pi-1", "pi-2"], "children": ["far", "pis"]},
    "far": {"hosts": ["pi-3", "pi-1"]},
}

OPTIONS = "the options of ssh for 'pi-3' are said by Ansible alone, in ansible_ssh"


def printed(variables: dict[str, dict[str, object]] | None = None) -> str:
    """Return what `ansible-inventory --list` prints."""
    return json.dumps({"_meta": {"hostvars": variables or {}}, **GROUPS})


@pytest.mark.parametrize(
    ("group", "hosts"),
    [
        ("all", ["vm", "pi-1", "pi-2", "pi-3"]),
        ("pis", ["pi-1", "pi-2", "pi-3"]),
        ("far", ["pi-3", "pi-1"]),
        ("nobody", []),
    ],
)
def test_a_group(group: str, hosts: list[str]) -> None:
    """A machine of a group below would be left out of the fleet, or be brought up to date twice."""
    assert list_ansible_hosts(printed(), group) == hosts


@pytest.mark.parametrize(
    ("variables", "hosts"),
    [
        ({"ansible_host": "10.0.0.3"}, ["10.0.0.3", "pi-1"]),
        ({"ansible_user": "pi"}, ["pi@pi-3", "pi-1"]),
        ({"ansible_ssh_host": "cam", "ansible_ssh_user": "deploy"}, ["deploy@cam", "pi-1"]),
        ({"ansible_port": 22, "ansible_connection": "ssh", "camera": True}, ["pi-3", "pi-1"]),
        ({"ansible_connection": "ansible.builtin.ssh", "ansible_ssh_args": ""}, ["pi-3", "pi-1"]),
        ({"ansible_connection": "ansible.builtin.paramiko_ssh"}, ["pi-3", "pi-1"]),
        ({"ansible_ssh_common_args": "-J bastion"}, f"{OPTIONS}_common_args"),
        ({"ansible_ssh_extra_args": "-p 2222"}, f"{OPTIONS}_extra_args"),
        ({"ansible_ssh_args": "-F other"}, f"{OPTIONS}_args"),
        ({"ansible_port": "2222"}, "the port of 'pi-3' is said by Ansible alone"),
        ({"ansible_ssh_port": 2222}, "the port of 'pi-3' is said by Ansible alone"),
        ({"ansible_connection": "local"}, "Ansible connects to 'pi-3' by 'local', and not by ssh"),
        ({"ansible_host": "{{ address }}"}, "'{{ address }}' is no host that ssh is told"),
        ({"ansible_host": "-oProxyCommand=x"}, "'-oProxyCommand=x' is no host that ssh is told"),
        ({"ansible_host": "fe80::1"}, "'fe80::1' is no host that ssh is told"),
    ],
)
def test_how_a_host_is_reached(variables: dict[str, object], hosts: list[str] | str) -> None:
    """Another machine would be asked than the one that Ansible means, or ssh be given an option."""
    if isinstance(hosts, list):
        assert list_ansible_hosts(printed({"pi-3": variables}), "far") == hosts
    else:
        with pytest.raises(UnusableHostsError) as caught:
            list_ansible_hosts(printed({"pi-3": variables}), "far")
        assert caught.value.message == hosts


def contexts(**endpoints: str) -> str:
    """Return what `docker context ls` prints, a line of JSON for each."""
    return "".join(f"{json.dumps({'Name': name, 'DockerEndpoint': one})}\n" for name, one in endpoints.items())


@pytest.mark.parametrize(
    ("pattern", "hosts"),
    [("*", ["deploy@vm-1", "vm-2"]), ("prod", ["deploy@vm-1"]), ("*o*", ["deploy@vm-1", "vm-2"]), ("nobody", [])],
)
def test_contexts(pattern: str, hosts: list[str]) -> None:
    """A machine that Docker knows would be left out, or the engine of this one be taken for one."""
    text = contexts(prod="ssh://deploy@vm-1", other="ssh://vm-2:22/", again="ssh://vm-2", default="unix:///x.sock")
    assert list_context_hosts(text, pattern) == hosts


@pytest.mark.parametrize(
    "endpoint", ["ssh://vm:2222", "ssh://vm/run/docker.sock", "ssh://-oProxyCommand=x", "ssh://a:b@vm"]
)
def test_contexts_that_say_more(endpoint: str) -> None:
    """Another machine would be asked: one that answers at ssh's usual port."""
    with pytest.raises(UnusableHostsError, match="more than a user and a host"):
        list_context_hosts(contexts(prod=endpoint), "*")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "3", '{"all": 3}', '{"all": {"hosts": 3}}', '{"_meta": 3, "all": {"hosts": ["a"]}}']
)
def test_what_is_no_inventory(text: str) -> None:
    """A warning that stands before the JSON would end the program with a traceback."""
    with pytest.raises(UnusableHostsError, match="no list of hosts"):
        list_ansible_hosts(text, "all")


@pytest.mark.parametrize("text", ["{", "[]", "3\n", '{"Name": "a"}'])
def test_what_are_no_contexts(text: str) -> None:
    """An older Docker that prints something else would end the program with a traceback."""
    with pytest.raises(UnusableHostsError, match="no list of contexts"):
        list_context_hosts(text, "*")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.sampled_from(["all", "hosts", "children", "_meta", "hostvars"]) | st.text(), inner)
    ),
)


@given(json_values, json_values)
def test_whatever_is_printed(document: object, other: object) -> None:
    """An odd value would end the program with a traceback, or be given to ssh as an option."""
    for text, read in (
        (json.dumps(document), list_ansible_hosts),
        (json.dumps({"all": {"hosts": document}, "_meta": {"hostvars": other}}), list_ansible_hosts),
        (json.dumps({"Name": other, "DockerEndpoint": document}), list_context_hosts),
        (json.dumps({"Name": "all", "DockerEndpoint": f"ssh://{document}"}), list_context_hosts),
    ):
        with suppress(UnusableHostsError):
            assert [one for one in read(text, "all") if re.fullmatch(HOST, one) is None] == []
