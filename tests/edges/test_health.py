"""A service is asked whether it is healthy, by a real server and by real commands."""

import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from support.waiting import PATIENCE

from common_sync.edges.environments import health
from common_sync.edges.environments.health import Identity, run_command, why_sick


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/gone":
            return
        self.send_response(int(self.path[1:4]))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(autouse=True)
def generous(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give what answers all the time that a busy machine takes."""
    monkeypatch.setattr(health, "_PATIENCE", PATIENCE)


@pytest.fixture
def url() -> Iterator[str]:
    """Return the address of a server that answers what its path says."""
    server = HTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_url(url: str) -> None:
    """A release that answers with errors, or not at all, would be taken for healthy."""
    assert why_sick((), "/", None) == ""
    assert why_sick((f"{url}/200?a=b",), "/", None) == ""
    assert why_sick((f"{url}/302",), "/", None) == ""
    assert why_sick((f"{url}/404",), "/", None) == f"{url}/404 answers 404"
    assert "does not answer: remote end closed" in why_sick((f"{url}/gone",), "/", None)
    assert why_sick(("http://127.0.0.1:1",), "/", None) == "http://127.0.0.1:1 does not answer: connection refused"
    assert "cannot be asked" in why_sick(("http://127.0.0.1:99999/",), "/", None)


def test_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command's answer would not count, or it would run elsewhere, as root, or for ever."""
    assert why_sick(("/bin/sh", "-c", f"test $PWD = {tmp_path}"), str(tmp_path), None) == ""
    said = why_sick(("/bin/sh", "-c", "echo no  database; echo at all >&2; exit 3"), "/", None)
    assert said == "sh has ended with 3: no database at all"
    assert why_sick(("/bin/false",), "/", None) == "false has ended with 1"
    assert why_sick(("/nowhere/x",), "/", None) == "/nowhere/x does not start: No such file or directory"
    with monkeypatch.context() as hasty:
        hasty.setattr(health, "_PATIENCE", 0.1)
        assert why_sick(("/bin/sleep", "600"), "/", None) == "sleep has not ended after 0 s"
    if os.geteuid() == 0:
        identity = Identity(1, 2, (2, 3))
        assert why_sick(("/bin/sh", "-c", 'test "$(id -u) $(id -g) $(id -G)" = "1 2 2 3"'), "/", identity) == ""


@pytest.mark.parametrize("rest", ["wait", "true"])
def test_what_a_command_starts_ends_with_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rest: str) -> None:
    """A check that starts a server would leave it, in a release that is removed."""
    os.mkfifo(tmp_path / "pipe")
    with open(os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK), "rb") as reader:
        monkeypatch.setattr(health, "_PATIENCE", 1)
        said = why_sick(("/bin/sh", "-c", f"exec 3> pipe; sleep 600 & {rest}"), str(tmp_path), None)
        assert said in {"sh has not ended after 1 s", "a process that sh has started has not ended after 1 s"}
        os.set_blocking(reader.fileno(), True)
        assert reader.read() == b""  # comes when nobody has it open any more


def test_what_a_command_leaves_ends(tmp_path: Path) -> None:
    """A check that passes would leave a process that uses the release."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with open(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb") as reader:
        script = "echo x >&3; sleep 600 > /dev/null 2>&1 &"
        assert why_sick(("/bin/sh", "-c", f"exec 3> pipe; {script}"), str(tmp_path), None) == ""
        os.set_blocking(reader.fileno(), True)
        assert reader.read() == b"x\n"


def test_the_last_of_what_it_prints() -> None:
    """A command that prints gigabytes would fill the memory of a small machine; or nobody would see how it ended."""
    script = "dd if=/dev/zero bs=1M count=4 2> /dev/null | tr '\\0' 'x'; echo; echo the last line; exit 3"
    failure = run_command(("/bin/sh", "-c", script), "/", None, PATIENCE)
    assert failure is not None
    assert (failure.reason, failure.said[-15:]) == ("sh has ended with 3", "\nthe last line\n")
    assert len(failure.said) == 64 << 10


@pytest.mark.parametrize("script", ["exec yes", "exec > /dev/null 2>&1; exec sleep 600"])
def test_a_command_without_an_end(script: str) -> None:
    """A command that always has something to print, or nothing any more, would be waited for without an end."""
    failure = run_command(("/bin/sh", "-c", script), "/", None, 0.3)
    assert failure is not None
    assert failure.reason.endswith(" has not ended after 0 s")
    assert len(failure.said) <= 64 << 10
