"""How long a service does not answer while it is switched."""

import http.server
import threading
from collections.abc import Iterator, Sequence

import pytest
from support.waiting import wait_for

from common_sync.remote.waiting import Watch, find_gap

ROWS = [
    ([], 0),
    ([(1, True), (9, True)], 0),
    ([(1, True), (2, False), (3, True)], 2),
    ([(1, True), (2, False), (3, False), (6, True), (7, False), (8, True)], 5),
    ([(2, False), (3, True)], 3),
    ([(1, True), (2, False)], 9),
]


@pytest.mark.parametrize(("answers", "gap"), ROWS)
def test_the_longest_gap(answers: Sequence[tuple[float, bool]], gap: float) -> None:
    """A service that was away for ten seconds would be called away for one, or a slow answer be called none."""
    assert find_gap(0, answers, 10) == gap


class Handler(http.server.BaseHTTPRequestHandler):
    """Answer with the next of the server's statuses; with the last one for ever."""

    def do_GET(self) -> None:
        """Answer."""
        left: list[int] = self.server.left  # type: ignore[attr-defined] # ours
        self.send_response(left.pop(0) if len(left) > 1 else left[0])
        self.end_headers()

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[http.server.HTTPServer]:
    """Return a server that is ill twice, and then well."""
    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as made:
        made.left = [200, 503, 503, 200, 200]  # type: ignore[attr-defined] # ours
        threading.Thread(target=made.serve_forever, daemon=True).start()
        yield made
        made.shutdown()


def test_a_service_that_is_away(server: http.server.HTTPServer) -> None:
    """A switch would seem to cost nothing, since nobody has asked the service meanwhile."""
    watch, other = Watch(f"http://127.0.0.1:{server.server_port}/"), Watch("")
    for one in (watch, other):
        one.begin()
    wait_for(lambda: len(server.left) == 1)  # type: ignore[attr-defined] # ours
    for one in (watch, other):
        one.end()
    assert ((watch.gap or 0) > 0, other.gap) == (True, None), "of the other there is nothing to ask"
