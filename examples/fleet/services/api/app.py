"""The API of the shop: `/health` says whether its settings are there, all else who it is."""

import os
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from shop_common.settings import find_missing

VERSION = "1"


class Handler(BaseHTTPRequestHandler):
    """Answers a request."""

    def do_GET(self) -> None:
        """Answer."""
        missing = find_missing() if self.path == "/health" else []
        self.send_response(503 if missing else 200)
        self.end_headers()
        text = f"missing: {', '.join(missing)}" if missing else f"{os.environ['SHOP_NAME']}, version {VERSION}"
        self.wfile.write(f"{text}\n".encode())


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
