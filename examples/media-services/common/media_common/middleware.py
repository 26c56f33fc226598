"""A request id for every request, in the logs and in the response."""

import logging
import re
import time
from contextvars import ContextVar

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .ids import new_id

HEADER = "X-Request-ID"

# A caller's id goes into our logs, so it may not hold line breaks or be endless.
_ACCEPTABLE = re.compile(r"[A-Za-z0-9._-]{1,64}")

_logger = logging.getLogger(__name__)
_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def current_request_id() -> str | None:
    """Return the id of the request being handled, or None outside of one."""
    return _current.get()


class RequestIdMiddleware:
    """Take the caller's request id or make one, and log each request once."""

    def __init__(self, app: ASGIApp) -> None:
        """Wrap the application that handles the request."""
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection; anything but HTTP passes through untouched."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        given = Headers(scope=scope).get(HEADER, "")
        request_id = given if _ACCEPTABLE.fullmatch(given) else new_id("req")
        record: dict[str, object] = {"method": scope["method"], "path": scope["path"]}

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[HEADER] = request_id
                record["status"] = message["status"]
            await send(message)

        token = _current.set(request_id)
        started = time.perf_counter()
        try:
            await self.app(scope, receive, send_with_id)
        finally:
            record["milliseconds"] = round((time.perf_counter() - started) * 1000, 1)
            _logger.info("request", extra=record)
            _current.reset(token)
