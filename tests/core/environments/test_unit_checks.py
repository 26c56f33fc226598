"""What is wrong with how a service is to run: tables of what a command, a file, the kernel and folders say."""

import pytest

from common_sync.core.environments.unit_checks import (
    PortLine,
    Step,
    find_barrier,
    find_command_ports,
    find_health_ports,
    find_unkept,
    find_variable_ports,
    limits_memory,
)


@pytest.mark.parametrize(
    ("words", "ports"),
    [
        ("uvicorn main:app --port 8001", ["8001"]),
        ("uvicorn main:app --port=8001", ["8001"]),
        ("gunicorn main:app --bind 0.0.0.0:8001", ["8001"]),
        ("gunicorn main:app --bind=[::]:8001 -b :8002", ["8001", "8002"]),
        ("uvicorn main:app", []),
        ("gateway --broker localhost:1883 -p 1883", []),
        ("uvicorn main:app --port", []),
        ("gunicorn -b unix:/run/x --port x -b 8001", []),
    ],
)
def test_ports_of_a_command(words: str, ports: list[str]) -> None:
    """A service would listen at one port, and be looked for at another."""
    assert list(find_command_ports(words.split())) == ports


def test_ports_of_variables() -> None:
    """A service that reads its port from a file would listen where nobody looks."""
    text = "# PORT=1\nPORT=8001\nexport UVICORN_PORT = '8002' # why\nDB_PORT=5432\nAPP_PORT=\"8003'\nHTTP_PORT=$X\n"
    assert list(find_variable_ports(text)) == [PortLine(2, "PORT", "8001"), PortLine(3, "UVICORN_PORT", "8002")]


@pytest.mark.parametrize(
    ("words", "ports"),
    [
        (("http://127.0.0.1:8001/health",), ["8001"]),
        (("http://localhost:8001",), ["8001"]),
        (("http://127.0.0.1/health",), []),  # what stands before it, at port 80
        (("http://other.example:8001/",), []),
        (("check", "http://127.0.0.1:8001/"), []),
        ((), []),
    ],
)
def test_ports_of_a_health_check(words: tuple[str, ...], ports: list[str]) -> None:
    """A release would be called healthy because another service is, at the port that its check asks."""
    assert list(find_health_ports(words)) == ports


TABLE = "#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t1\t4\t1\n"


@pytest.mark.parametrize(
    ("unified", "table", "limits"),
    [
        ("cpu memory pids\n", None, True),
        ("cpu pids\n", f"{TABLE}memory\t4\t145\t1\n", False),
        (None, f"{TABLE}memory\t4\t145\t1\n", True),
        (None, f"{TABLE}memory\t0\t1\t0\n", False),
        (None, TABLE, False),
        (None, None, None),
    ],
)
def test_limits_of_memory(unified: str | None, table: str | None, limits: bool | None) -> None:
    """A service that leaks would take the whole machine with it, though a limit is written down."""
    assert limits_memory(unified, table) is limits


HOME, PYTHON = Step("/home/pi", 0o40700, 1000, 1000), Step("/home/pi/python", 0o100755, 1000, 1000)
TOP = Step("/", 0o40755, 0, 0)


@pytest.mark.parametrize(
    ("steps", "user", "groups", "barrier"),
    [
        ([TOP, HOME, PYTHON], 1, [1], "/home/pi"),
        ([TOP, HOME, PYTHON], 1000, [1000], ""),
        ([TOP, HOME, PYTHON], 0, [0], ""),
        ([TOP, HOME._replace(listed=True), PYTHON], 1, [1], ""),
        ([TOP, HOME._replace(mode=0o40710), PYTHON], 1, [1, 1000], ""),
        ([TOP, HOME._replace(mode=0o40701), PYTHON], 1, [1, 1000], "/home/pi"),
        ([TOP, HOME._replace(mode=0o40711), PYTHON._replace(mode=0o100744)], 1, [1], "/home/pi/python"),
        ([], 1, [1], ""),
    ],
)
def test_what_a_user_may_not_pass(steps: list[Step], user: int, groups: list[int], barrier: str) -> None:
    """A unit would be installed whose service can never start."""
    assert find_barrier(steps, user, groups) == barrier


def test_data_that_outlives_no_release() -> None:
    """A database would be gone with the next release; or one that is kept would be complained of for ever."""
    files = ["app.db", "data/a.sqlite3", "data.db", "old/app.db"]
    assert find_unkept(files, ["data", "app.db"]) == ("data.db", "old/app.db")
    assert find_unkept(files, []) == tuple(files)
