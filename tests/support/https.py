"""A real git server on this machine: `git http-backend` behind HTTPS, which can be told to fail."""

import gzip
import os
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import pytest

from support.monorepo import environment, run

ADDRESS = "127.0.0.1"


class Answer(NamedTuple):
    """What a server says: a status, headers and bytes, of which the connection may carry only some."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    cut: int | None = None


class Asked(NamedTuple):
    """What a server was asked: a path with its query, and the bytes that were sent with it."""

    path: str
    body: bytes


class GitServer(ThreadingHTTPServer):
    """A server of all repositories in a folder.

    Args:
        folder: The folder.
        certificate: A file with its key and its certificate.
    """

    daemon_threads = True

    def __init__(self, folder: Path, certificate: Path) -> None:
        self.folder, self.asked, self.sent = folder, list[Asked](), 0
        self.wrong: dict[str, Answer | int] = {}
        """End of a path → what is said in the stead of the answer, or where the answer is cut off."""
        self.spared = 0
        """How many more requests are answered rightly before `wrong` counts."""
        self.speaks_v2 = True
        super().__init__((ADDRESS, 0), _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        self.socket = context.wrap_socket(self.socket, server_side=True)

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"https://{ADDRESS}:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing where a client goes away: that is what some tests are about."""

    def answer(self, method: str, asked: Asked, headers: dict[str, str]) -> Answer:
        """Return what is to be said."""
        self.asked.append(asked)
        wrong = next((what for end, what in self.wrong.items() if asked.path.partition("?")[0].endswith(end)), None)
        if wrong is not None and self.spared:
            self.spared, wrong = self.spared - 1, None
        if isinstance(wrong, Answer):
            return wrong
        answer = self._ask_git(method, asked, headers)
        return answer if wrong is None else answer._replace(cut=wrong)

    def _ask_git(self, method: str, asked: Asked, headers: dict[str, str]) -> Answer:
        path, _, query = asked.path.partition("?")
        variables = {
            "GIT_PROJECT_ROOT": str(self.folder),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": headers.get("content-type", ""),
            "CONTENT_LENGTH": str(len(asked.body)),
            "REMOTE_ADDR": ADDRESS,
        }
        if self.speaks_v2:
            variables["HTTP_GIT_PROTOCOL"] = headers.get("git-protocol", "")
        command = ["git", "http-backend"]
        done = subprocess.run(command, input=asked.body, env=environment(**variables), capture_output=True, check=False)
        head, _, body = done.stdout.partition(b"\r\n\r\n")
        rows = [tuple(row.split(": ", 1)) for row in head.decode().split("\r\n")]
        status = next((int(row[1][:3]) for row in rows if row[0] == "Status"), 200)
        return Answer(status, tuple((row[0], row[1]) for row in rows if row[0] != "Status"), body)


class _Handler(BaseHTTPRequestHandler):
    """Hands each request on to git."""

    server: GitServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._handle("GET", b"")

    def do_POST(self) -> None:
        self._handle("POST", self._read())

    def _read(self) -> bytes:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        return gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body

    def _handle(self, method: str, body: bytes) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.answer(method, Asked(self.path, body), headers)
        self.send_response(answer.status)
        for name, value in (*answer.headers, ("Content-Length", str(len(answer.body)))):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(answer.body[: answer.cut])
        self.wfile.flush()
        self.server.sent += len(answer.body[: answer.cut])
        self.close_connection = answer.cut is not None

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - so the class names it
        """Say nothing."""


def make_certificate(folder: Path) -> Path:
    """Return a file with a new key and a certificate for it that nobody has signed but itself."""
    if shutil.which("openssl") is None:
        pytest.skip("NOT TESTED: openssl is not here, which makes the server's certificate")
    file = folder / "server.pem"
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout", str(file))
    names = ("-subj", "/CN=localhost", "-addext", f"subjectAltName=IP:{ADDRESS}", "-days", "3650")
    done = run("openssl", "req", "-x509", *key, *names, "-out", f"{file}.crt", cwd=folder)
    assert done.code == 0, done
    with file.open("a") as stream:
        stream.write(Path(f"{file}.crt").read_text())
    os.unlink(f"{file}.crt")
    return file


@contextmanager
def served(folder: Path, certificate: Path) -> Iterator[GitServer]:
    """Serve all repositories in a folder until the end."""
    with GitServer(folder, certificate) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
