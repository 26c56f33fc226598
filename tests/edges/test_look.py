"""What is asked of a service on its machine: whether it is healthy, what its clone holds, what its deploys came to."""

import contextlib
import fcntl
import http.server
import json
import os
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.monorepo import Monorepo

from common_sync.core.fleet.answers import Reply, Trouble
from common_sync.core.fleet.looks import read_looks
from common_sync.remote import look

SERVICE = "services/api"


class Handler(http.server.BaseHTTPRequestHandler):
    """Answer with the number that is the path; with none, close the connection."""

    def do_GET(self) -> None:
        """Answer."""
        if self.path[1:]:
            self.send_response(int(self.path[1:]))
            self.send_header("Location", "/200")
            self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """Return the address of a service whose health is what is asked for."""
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_an_answer_that_does_not_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that answers a byte a second would hold up the deploys of its machine for ever."""
    monkeypatch.setattr(look, "_SECONDS", 0.2)
    for said, told in ((b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nx", 200), (b"HTTP/1.1 200", None)):
        with socket.create_server(("127.0.0.1", 0)) as server:
            ended = threading.Event()
            thread = threading.Thread(target=drip, args=(server, said, ended))
            thread.start()
            answer = look.ask(f"http://127.0.0.1:{server.getsockname()[1]}/")
            ended.set()
            thread.join()
        assert answer.get("status") == told
        assert told or answer == {"error": "timed out"}


def drip(server: socket.socket, said: bytes, ended: threading.Event) -> None:
    """Answer a part, and then a byte now and then."""
    connection, _ = server.accept()
    with connection, contextlib.suppress(OSError):
        connection.recv(1 << 16)
        connection.sendall(said)
        while not ended.wait(0.02):
            connection.sendall(b"x")


@pytest.mark.parametrize("status", [200, 204, 302, 404, 503])
def test_the_status_of_an_answer(url: str, status: int) -> None:
    """A service that fails, or that sends people elsewhere, would be called healthy."""
    told = look.ask(f"{url}{status}")
    assert (told["status"], type(told["ms"])) == (status, int)


def test_no_answer(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that is down would be asked by way of a proxy, whose answer would count."""
    monkeypatch.setenv("http_proxy", url)
    assert look.ask(url)["error"]
    assert look.ask("http://127.0.0.1:1/200") == {"error": "connection refused"}
    assert "error" in look.ask("http://[::1/")
    assert look.explain(FileNotFoundError(2, "No such file or directory", b"a")) == "no such file or directory: a"
    assert [look.explain(one) for one in (ValueError("x"), KeyError(), OSError())] == ["x", "KeyError", "OSError"]


def test_a_clone(committed: Monorepo, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """A clone that somebody works in would be taken for one that nobody touches."""
    monkeypatch.setenv("HOME", str(committed.root / "nobody"))
    committed.write(f"{SERVICE}/extra.txt", "not git's\n")
    index = (committed.root / ".git/index").stat().st_mtime_ns
    target = {"health": "", "path": str(committed.root), "service": SERVICE}
    assert look.answer("mark", 0, [target]) == 0
    out = capsys.readouterr().out.encode()
    told_all = read_looks(Reply(0, out, b""), "mark", 1, "local", 60)
    assert not isinstance(told_all, Trouble)
    (told,) = told_all
    commit, tree = (committed.git("rev-parse", name).strip() for name in ("HEAD", f"HEAD:{SERVICE}"))
    branch = committed.git("branch", "--show-current").strip()
    assert told.checkout is not None
    assert (told.health, told.journal, told.running) == (None, None, ())
    assert told.checkout == (commit, branch, tree, (), "")
    assert (committed.root / ".git/index").stat().st_mtime_ns == index, "nothing is written"
    committed.write("common/other.py", "x = 1\n")
    committed.git("add", "common/other.py")
    committed.git("checkout", "-q", "--detach")
    told_again = look.look(target)["checkout"]
    assert told_again == {"commit": commit, "branch": "", "edits": ["common/other.py"], "tree": tree}


def test_no_clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without a repository would end the question for all services of that machine."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    told = look.look({"health": "", "path": str(tmp_path), "service": SERVICE})
    assert "not a git repository" in str(told["checkout"])


def test_what_a_program_complains_of() -> None:
    """A person would read a hint about file systems, and not that there is no repository."""
    git = b"fatal: not a git repository (or any parent up to mount point /dev)\nStopping at filesystem boundary\n"
    for said, line in {
        git: "fatal: not a git repository (or any parent up to mount point /dev)",
        b"warning: slow\nCannot connect to the Docker daemon\n": "Cannot connect to the Docker daemon",
        b" \n": "",
    }.items():
        assert look.find_complaint(said) == line


def test_a_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A deploy that is at work would be called interrupted, or an interrupted one done."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))  # there is no Docker, and no git
    target = {"health": "", "path": str(tmp_path), "service": SERVICE}
    state = Path(look.find_state(str(tmp_path), SERVICE))
    assert state.parent == tmp_path / ".local/state/common-sync/fleet"
    assert look.look(target)["journal"] is None
    state.mkdir(parents=True)
    for text in ("{", "[]", "\udcff"):
        (state / "journal.json").write_text(text, errors="surrogateescape")
        told = look.look(target)["journal"]
        assert isinstance(told, dict)
        assert (told["step"], str(told["why"]).partition(": ")[0]) == ("unreadable", f"{state}/journal.json")
    kept = {"step": "switching", "run": "r", "commit": "c", "history": [{"tree": "t"}, {"tree": "s"}]}
    (state / "journal.json").write_text(json.dumps(kept))
    with open(state / "lock", "wb") as lock:
        told = look.look(target)["journal"]
        assert told == {
            **{key: kept.get(key) for key in ("step", "run", "commit", "why", "project")},
            "release": {"tree": "t"},
            "earlier": 1,
            "busy": False,
        }
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert look.is_busy(os.fspath(state))
    assert not look.is_busy(os.fspath(state))


CONTAINERS = [
    {
        "Id": "1",
        "Name": "/shop-api-1",
        "Image": "sha256:1",
        "RestartCount": 2,
        "State": {"Status": "running", "StartedAt": "T", "Health": {"Status": "healthy"}},
        "Config": {"Labels": {"com.docker.compose.service": "api"}},
    },
    {
        "Id": "2",
        "Image": "sha256:1",
        "RestartCount": 0,
        "State": {"Status": "exited", "StartedAt": "T"},
        "Config": {"Labels": {"com.docker.compose.service": "api", "com.docker.compose.oneoff": "True"}},
    },
]


def test_containers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A container that somebody has started by hand, once, would be taken for the service."""
    program = tmp_path / "docker"
    program.write_text(f"#!/bin/sh\n[ $1 = ps ] && echo 1 2 || echo '{json.dumps(CONTAINERS)}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (only,) = look.list_running("shop")
    assert only == {
        "unit": "api",
        "id": "1",
        "name": "shop-api-1",
        "image": "sha256:1",
        "started": "T",
        "state": "running",
        "restarts": 2,
        "stops": 10,
        "health": "healthy",
    }
    first = f"#!/bin/sh\n[ $1 = inspect ] && mkdir {tmp_path}/gone 2>/dev/null && exit 1\n"
    program.write_text(program.read_text().replace("#!/bin/sh\n", first))
    assert look.list_running("shop") == [only], "one was gone between the two questions"
    program.write_text("#!/bin/sh\necho no >&2\nexit 1\n")
    with pytest.raises(OSError, match="docker ps has ended with 1: no"):
        look.list_running("shop")
    assert look.look({"health": "", "path": str(tmp_path), "service": SERVICE, "project": "shop"})["silent"]


def test_a_program_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Docker or a git that hangs would hold up the deploys of its machine for ever."""
    for name in ("docker", "git"):
        (tmp_path / name).write_text("#!/bin/sh\nsleep 60 &\nwait\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(look, "LIMIT", 0.1)
    told = look.look({"health": "", "path": str(tmp_path), "service": SERVICE, "project": "shop"})
    assert (told["checkout"], told["silent"]) == (
        {"error": "git took more than 0.1 s"},
        "docker ps took more than 0.1 s",
    )
