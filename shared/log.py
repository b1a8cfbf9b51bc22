"""Structured logs: one JSON object a line, in the fields Cloud Logging understands."""

import logging
import sys
from contextvars import ContextVar
from typing import Any, Final

import orjson

request_fields: ContextVar[dict[str, str] | None] = ContextVar("request_fields", default=None)
"""Fields every line of the current request carries: request id, trace."""

_SEVERITY: Final = {"WARNING": "WARNING", "ERROR": "ERROR", "CRITICAL": "CRITICAL"}


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON. `extra={"fields": {...}}` adds fields."""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, Any] = {
            "severity": _SEVERITY.get(record.levelname, "INFO"),
            "time": int(record.created * 1000) / 1000,
            "message": record.getMessage(),
            **(request_fields.get() or {}),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def configure() -> None:
    """Send the platform's lines to stdout as JSON, and libraries' warnings with them."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("catalog_mcp").setLevel(logging.INFO)


def line(message: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Write one line. Never hand it a credential, an argument or a product's text."""
    logging.getLogger("catalog_mcp").log(level, message, extra={"fields": fields})
