"""The example of a Raspberry Pi is what a newcomer runs services with first: what its README says must be so."""

import json
import os
import re
import shutil
import socketserver
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from support.depth import deep, skip
from support.monorepo import Monorepo, environment, run
from support.waiting import wait_for

PROJECT = Path(__file__).parents[1]
EXAMPLE = PROJECT / "examples/raspberry"


@pytest.fixture
def example(tmp_path: Path) -> Monorepo:
    """Return a copy of the example, distributed as its README says."""
    shutil.copytree(EXAMPLE, tmp_path / "greenhouse", ignore=shutil.ignore_patterns("__pycache__", ".venv"))
    repo = Monorepo(tmp_path / "greenhouse")
    repo.git("init", "-q")
    repo.commit("before")
    assert repo.run("distribute").code == 0
    return repo


def test_it_is_in_order(example: Monorepo) -> None:
    """A newcomer would meet findings of our own making, or a setting that is refused."""
    done = example.run("doctor")
    assert (done.code, "CS" in done.out) == (0, False), done
    text = example.read("common-sync.toml").replace("prefix", 'user = "daemon"\nprefix')
    example.write("common-sync.toml", text)
    units = example.json("units", code=0)["units"]
    assert [one["unit"] for one in units] == ["greenhouse-backend.service", "greenhouse-gateway.service"]
    assert "MemoryMax=200M" in units[0]["text"]
    words = re.findall(
        r"^ {4}(?:sudo )?common-sync (\w+(?: \w+)?)", (EXAMPLE / "README.md").read_text("utf-8"), re.MULTILINE
    )
    assert {"distribute", "env sync", "deploy backend", "rollback backend", "units", "env clean"} <= set(words)


@deep("runs of the whole program that take long")
def test_the_backend_answers(example: Monorepo) -> None:
    """The first service that a newcomer runs would not be healthy."""
    ask = (
        "from fastapi.testclient import TestClient; from main import app; client = TestClient(app)\n"
        "print(client.post('/readings', json={'sensor': 'bed', 'value': 21}).status_code, client.get('/health').json())\n"
        "print(client.get('/readings').json())"
    )
    service = example.root / "services/backend"
    done = run(sys.executable, "-c", ask, cwd=service, env={"PYTHONPATH": f"{service}:{service}/common"})
    health = "201 {'version': '1', 'sensors': 1}\n"
    assert done.out == f"{health}[{{'sensor': 'bed', 'value': 21.0, 'unit': '°C'}}]\n", done
    target = example.root / "backup.db"
    words = ("services/database/backup.py", "services/backend/data/readings.db", str(target))
    done = run(sys.executable, *words, cwd=example.root, env={"PYTHONPATH": str(service / "common")})
    assert done.out == f"{target}: the last readings of 1 sensors\n", done


class Broker(socketserver.BaseRequestHandler):
    """Lets a client in, and publishes one message that is no reading, and one that is one."""

    def handle(self) -> None:
        """Talk MQTT, as far as the gateway does."""
        assert self.request.recv(100).startswith(b"\x10")
        self.request.sendall(b"\x20\x02\0\0")
        assert b"greenhouse/#" in self.request.recv(100)
        self.request.sendall(b"\x90\x03\0\1\0")
        for payload in (b"warm", b'{"value": 21.5}'):
            body = b"\0\x0egreenhouse/bed" + payload + b" " * 120  # longer than one byte can say
            self.request.sendall(bytes([0x30, len(body) & 0x7F | 0x80, len(body) >> 7]) + body)
        self.request.recv(100)


class Backend(BaseHTTPRequestHandler):
    """Keeps what is posted."""

    def do_POST(self) -> None:
        """Keep it."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.__dict__.setdefault("posted", []).append(json.loads(body))
        self.send_response(201)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _served(server: socketserver.TCPServer) -> Iterator[str]:
    """Serve in a thread; yield the port."""
    with server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield str(server.server_address[1])
        finally:
            server.shutdown()
            thread.join()


def test_the_gateway_passes_readings_on(example: Monorepo) -> None:
    """A message that is no reading would end the gateway, or a reading would not arrive."""
    service, server = example.root / "services/gateway", HTTPServer(("127.0.0.1", 0), Backend)
    with _served(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Broker)) as broker, _served(server) as backend:
        variables = {"MQTT_PORT": broker, "BACKEND": f"127.0.0.1:{backend}", "PYTHONPATH": str(service / "common")}
        with subprocess.Popen(
            [sys.executable, service / "main.py"],
            env=environment(**variables),
            stdout=subprocess.PIPE,
            encoding="utf-8",
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline().startswith("greenhouse/bed: Expecting value")
            wait_for(lambda: "posted" in server.__dict__)
            process.kill()
    assert server.__dict__["posted"] == [{"sensor": "bed", "value": 21.5, "unit": "°C"}]


@deep("the demo of environments, with a real systemd where there can be one")
def test_the_demo() -> None:
    """`make demo-environments` would fail, or show a backend that does not answer."""
    done = run("scripts/demo-environments", os.path.dirname(sys.executable), cwd=PROJECT)
    if "cannot resolve the requirements" in done.err:
        skip(f"NOT TESTED: no index is reached from here: {done.err}")
    assert done.code == 0, done
    assert ("it was undone: release 1 is current again" in done.out) is ("NO SYSTEMD HERE" not in done.out)
    assert ("(CS305); nothing was switched" in done.err) is ("NO SYSTEMD HERE" not in done.out)
