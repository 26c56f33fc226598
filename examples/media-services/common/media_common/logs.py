"""Logs as JSON, one object a line."""

import json
import logging
import sys
from datetime import UTC, datetime

from .middleware import current_request_id

# Whatever a record has beyond these was passed as ``extra`` by the code that logged.
# Uvicorn's color_message repeats the message with terminal colours.
_STANDARD = {*vars(logging.makeLogRecord({})), "message", "asctime", "color_message"}


class JsonFormatter(logging.Formatter):
    """Write a log record as one JSON object."""

    def __init__(self, service: str) -> None:
        """Remember the service that every line is marked with."""
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "service": self._service,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": current_request_id(),
        }
        line |= {k: v for k, v in vars(record).items() if k not in _STANDARD}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure_logging(service: str, level: str) -> None:
    """Send every log record to standard output as JSON."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(service))
    logging.basicConfig(level=level, handlers=[handler], force=True)

    # Uvicorn brings handlers of its own, which do not write JSON.
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers.clear()
        logging.getLogger(name).propagate = True
    # RequestIdMiddleware already logs each request, with its id and duration.
    logging.getLogger("uvicorn.access").propagate = False
