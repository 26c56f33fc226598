"""What runs: what systemd and `/proc` say, as the kernel and systemd write it."""

import pytest

from common_sync.core.environments.running import (
    Holder,
    Listener,
    Process,
    Shown,
    find_environment_trouble,
    find_environments,
    find_port_trouble,
    is_late,
    parse_listeners,
    parse_share,
    parse_shown,
)

SHOW = """\
MainPID=103
Result=success
NRestarts=2
ExecMainStartTimestampMonotonic=26685630053
ControlGroup=/system.slice/auto-api.service
MemoryMax=67108864
Id=auto-api.service
LoadState=loaded
ActiveState=active
SubState=running
NeedDaemonReload=yes
StateChangeTimestampMonotonic=26686808923

Id=auto-gone.service
LoadState=not-found
MemoryMax=infinity
NRestarts=[not set]

nothing of a unit
"""
RUNNING = Shown(
    *("loaded", "active", "running", "success", 2, 103, "/system.slice/auto-api.service", 64 << 20, True),
    *(26685630053, 26686808923),
)


def test_what_systemd_says() -> None:
    """A service that is down would be shown as one that runs."""
    assert parse_shown(SHOW) == {
        "auto-api.service": RUNNING,
        "auto-gone.service": Shown("not-found", "", "", ""),
    }


@pytest.mark.parametrize(
    ("shown", "words"),
    [
        (RUNNING, "running"),
        (Shown(), "not installed"),
        (Shown("masked"), "masked"),
        (Shown("loaded"), "inactive"),
        (Shown("loaded", "failed", "failed", "oom-kill"), "failed (oom-kill)"),
        (Shown("loaded", "activating", "auto-restart", "exit-code"), "restarting (exit-code)"),
        (Shown("loaded", "active", "exited"), "active (exited)"),
    ],
)
def test_a_state_in_words(shown: Shown, words: str) -> None:
    """Nobody would see why a service does not run."""
    assert shown.described == words


def test_a_share_of_memory() -> None:
    """Pages that all services share would be counted for each of them."""
    assert parse_share("559e-7ffd ---p 00000000 00:00 0 [rollup]\nRss:  9000 kB\nPss:  1234 kB\n") == 1234 * 1024
    assert parse_share("") is None


def test_environments_of_a_process() -> None:
    """A process that runs from a former environment would not be told from the others."""
    maps = (
        b"7f00-7f01 r-xp 00000000 fe:01 5  /srv/a b/services/api/.venv/envs/0123456789ab/lib/x.so\n"
        b"7f01-7f02 r-xp 00000000 fe:01 6  /srv/a b/services/api/.venv/envs/0123456789ab.2/lib/y.so (deleted)\n"
        b"7f02-7f03 r-xp 00000000 fe:01 7  /elsewhere/.venv/envs/0123456789ab/lib/z.so\n"
        b"7f03-7f04 r-xp 00000000 fe:01 8  /srv/a b/services/api/.venv/envs/no-digest/lib/z.so\n"
    )
    above = "/srv/a b/services/api/.venv/envs"
    assert find_environments(maps, "/srv/a b") == {f"{above}/0123456789ab", f"{above}/0123456789ab.2"}
    assert find_environments(b"python\0/srv/x/.venv/envs/0123456789ab/bin/serve\0", "/srv/x") == {
        "/srv/x/.venv/envs/0123456789ab"
    }


def test_listeners() -> None:
    """A port that is taken would be said to be free."""
    table = (
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:1F40 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 77 1 0 100 0 0 10 0\n"
        "   1: 0100007F:1F41 00000000:0000 01 00000000:00000000 00:00000000 00000000  1000        0 78 1 0 100 0 0 10 0\n"
    )
    assert list(parse_listeners(table)) == [Listener(8000, 1000, 77)]
    assert list(parse_listeners("")) == []


def test_who_holds_a_port() -> None:
    """A service would fail again and again, and nobody know who is in its way."""
    other, unseen = Holder(7, "python3, auto-old.service"), Holder(0, "daemon")
    message, _ = find_port_trouble("auto-api", "8000", [other, unseen], own=False) or ("", "")
    assert message == ("port 8000 of auto-api is held by process 7 (python3, auto-old.service), a process of daemon")
    assert find_port_trouble("auto-api", "8000", [other], own=True) is None, "at another address"
    assert find_port_trouble("auto-api", "8000", [], own=False) is None


HERE = "/srv/services/api/.venv/envs"
NOW = f"{HERE}/0123456789ab"


@pytest.mark.parametrize(
    ("used", "late", "said"),
    [
        ({NOW}, True, ""),
        (set(), False, ""),
        (set(), True, "auto-api was started before 0123456789ab became its environment, and was not restarted since"),
        ({NOW, f"{HERE}/ba9876543210"}, False, "process 7 of auto-api runs from the environment ba9876543210; the current one is 0123456789ab"),
        ({"/srv/services/old/.venv/envs/ba9876543210"}, False, "process 7 of auto-api runs from the environment /srv/services/old/.venv/envs/ba9876543210; the current one is 0123456789ab"),
    ],
)  # fmt: skip
def test_another_environment(used: set[str], late: bool, said: str) -> None:
    """A service would go on with last week's packages after an update, and everybody believe the update was in use."""
    processes = [Process(7, 0, is_share=True, environments=frozenset(used))]
    trouble = find_environment_trouble("auto-api", NOW, processes, late=late)
    assert trouble == ((said, "systemctl restart auto-api") if said else None)


@pytest.mark.parametrize(
    ("shown", "switched", "late"),
    [
        (Shown(process=7, started=5_000_000), 1008.0, True),
        (Shown(process=7, started=5_000_000), 1005.5, False),
        (Shown(process=7, started=5_000_000), 900.0, False),
        (Shown(process=0, started=5_000_000), 1008.0, False),
        (Shown(process=7), 1008.0, False),
    ],
)
def test_switched_since_the_start(shown: Shown, switched: float, late: bool) -> None:
    """A service that was not restarted would be taken for one that was, or the other way round."""
    assert is_late(shown, switched, now=1010.0, ticks=10_000_000) is late
