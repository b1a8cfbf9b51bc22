"""Structured logs: one JSON object a line, in the fields Cloud Logging understands."""

import logging
import sys
import traceback
from typing import Any, Final

import orjson

from shared import tracing

_LOGGER: Final = logging.getLogger("catalog_mcp")
_SEVERITY: Final = {"WARNING": "WARNING", "ERROR": "ERROR", "CRITICAL": "CRITICAL"}


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON. `extra={"fields": {...}}` adds fields.

    A line that is written while a request is served names its trace, so that Cloud Logging shows
    it beneath the request (docs: Cloud Logging, "Special JSON fields in messages").

    Args:
        project: the Google project that traces belong to; none elsewhere.
    """

    def __init__(self, project: str = "") -> None:
        super().__init__()
        self._traces = f"projects/{project}/traces/" if project else ""

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, Any] = {
            "severity": _SEVERITY.get(record.levelname, "INFO"),
            "time": int(record.created * 1000) / 1000,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        trace = tracing.current.get()
        if trace is not None:
            line["logging.googleapis.com/trace"] = self._traces + trace.id
            line["logging.googleapis.com/spanId"] = trace.span
            line["logging.googleapis.com/trace_sampled"] = trace.sampled
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def configure(project: str = "") -> None:
    """Send the platform's lines to stdout as JSON, and libraries' warnings with them."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter(project))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    _LOGGER.setLevel(logging.INFO)
    # What no line says need not be found out for each (Logging HOWTO, "Optimization").
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False


def line(message: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Write one line. Never hand it a credential, an argument or a product's text."""
    if _LOGGER.isEnabledFor(level):
        # Not `log`: it walks the stack to find out who called, which no line says.
        extra = {"fields": fields}
        _LOGGER.handle(_LOGGER.makeRecord("", level, "", 0, message, (), None, extra=extra))


def crash(what: str, **fields: Any) -> None:
    """Write a line about the failure being handled, with where it came from.

    The exception's own text is left out: it may quote what a caller sent.
    """
    error = sys.exc_info()[1]
    chain = []
    while error is not None:
        frames = "".join(traceback.format_tb(error.__traceback__))
        chain.append(f"{type(error).__module__}.{type(error).__qualname__}\n{frames}")
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    line("crash", level=logging.ERROR, what=what, exception="caused by\n".join(chain), **fields)


def refused(surface: str, outcome: str, request_id: str) -> None:
    """Write a line about a request that was refused before any operation ran."""
    line("refused", surface=surface, outcome=outcome, requestId=request_id)
