"""What runs, as `/proc` tells it: this process is looked at, with a socket that it listens on."""

import os
import pwd
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from common_sync.edges.environments import processes


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    """Yield a socket that waits for connections, at a port of its own."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_who_listens_at_a_port(listening: socket.socket) -> None:
    """A person would be told that nobody has the port, or somebody else, where a service cannot start."""
    port = listening.getsockname()[1]
    (found,) = [one for one in processes.read_listeners() if one.port == port]
    assert found.owner == os.getuid()
    assert processes.find_owners({found.inode}) == {found.inode: [os.getpid()]}
    assert processes.find_owners(()) == {}
    holder = processes.describe_process(os.getpid())
    assert holder.process == os.getpid()
    assert Path("/proc/self/comm").read_text().strip() in holder.what


def test_a_holder_that_may_not_be_looked_at_is_named_by_its_user() -> None:
    """A port that another user's process holds would be nobody's."""
    assert processes.describe_owner(0).what == pwd.getpwuid(0).pw_name
    assert processes.describe_owner(2_000_000_001).what == "user 2000000001"


def test_a_process_and_what_it_takes() -> None:
    """`ps` would show no memory, or that of a process that has ended."""
    found = processes.look_at_process(os.getpid(), os.getcwd())
    assert found is not None
    assert found.number == os.getpid()
    assert found.memory > 1_000_000
    assert processes.look_at_process(4_194_305, "/") is None, "above the largest number that Linux gives"
    assert processes.list_processes("") == processes.list_processes("/no.slice/such.service") == []


def test_a_user_by_name_and_by_number() -> None:
    """A deploy would give files to nobody, or check what somebody else may execute."""
    root = pwd.getpwuid(0).pw_name
    assert processes.find_identity(root)[0] == processes.find_identity("0")[0] == 0
    assert 0 in processes.find_identity(root)[1]
    assert processes.find_identity("2000000001") == (2_000_000_001, frozenset())
    assert processes.find_account(root) == processes.find_account("0") == (0, 0)
    assert processes.find_account("2000000001") == (2_000_000_001, 2_000_000_001)


def test_the_folders_on_the_way_to_a_file(tmp_path: Path) -> None:
    """A folder that a service's user may not enter would not be named."""
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "program").write_text("x")
    steps = processes.list_steps(str(tmp_path / "inside" / "program"))
    assert [step.path for step in steps][-2:] == [str(tmp_path.resolve() / one) for one in ("inside", "inside/program")]
    assert processes.list_steps(str(tmp_path / "nothing")) == []
