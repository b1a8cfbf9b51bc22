"""Structured logs: one JSON object a line, in the fields Cloud Logging understands.

Our lines go straight to their output. `logging` is anybody's to configure, and functions-framework
does so after our import where LOG_EXECUTION_ID is set: handlers are replaced, loggers disabled.
"""

import logging
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO, Final

import orjson

from shared import tracing

_LOGGER: Final = logging.getLogger("catalog_mcp")
_OUTPUTS: Final[list["JsonLines"]] = []
"""Where our lines go: nowhere but to `logging` until `configure` was called."""
_SEVERITY: Final = {
    logging.WARNING: "WARNING",
    logging.ERROR: "ERROR",
    logging.CRITICAL: "CRITICAL",
}
_UNWRITABLE: Final = (OSError, TypeError, ValueError, LookupError)
"""A closed output, a value that is no JSON, a message that does not fit its arguments."""


class JsonLines(logging.Handler):
    """Writes each record as one line of JSON, and our own lines without making records of them.

    A line that is written while a request is served names its trace, so that Cloud Logging shows
    it beneath the request (docs: Cloud Logging, "Special JSON fields in messages").

    Args:
        stream: where to; whole lines, each flushed.
        project: the Google project that traces belong to; none elsewhere.
    """

    def __init__(self, stream: BinaryIO, project: str = "") -> None:
        super().__init__()
        self._stream = stream
        self._traces = f"projects/{project}/traces/" if project else ""

    def emit(self, record: logging.LogRecord) -> None:
        """Write what a library has to say. One that cannot be written ends nothing either."""
        try:
            fields = {}
            if record.exc_info:
                fields["exception"] = logging.Formatter().formatException(record.exc_info)
            self._write(record.levelno, record.getMessage(), fields)
        except _UNWRITABLE:
            self.handleError(record)

    def write(self, level: int, message: str, fields: Mapping[str, Any]) -> None:
        """Write a line of ours. One that cannot be written ends nothing that it is about."""
        try:
            self._write(level, message, fields)
        except _UNWRITABLE:
            self.handleError(logging.makeLogRecord({"levelno": level, "msg": message}))

    def _write(self, level: int, message: str, fields: Mapping[str, Any]) -> None:
        line: dict[str, Any] = {
            "severity": _SEVERITY.get(level, "INFO"),
            "time": int(time.time() * 1000) / 1000,
            "message": message,
            **fields,
        }
        trace = tracing.current.get()
        if trace is not None:
            line["logging.googleapis.com/trace"] = self._traces + trace.id
            line["logging.googleapis.com/spanId"] = trace.span
            line["logging.googleapis.com/trace_sampled"] = trace.sampled
        self._stream.write(orjson.dumps(line, default=str, option=orjson.OPT_APPEND_NEWLINE))
        self._stream.flush()


def configure(project: str = "") -> Callable[[], None]:
    """Send the platform's lines to stdout as JSON, and libraries' warnings with them.

    Gives what takes that back.
    """
    root = logging.getLogger()
    before = root.handlers[:], root.level, _OUTPUTS[:]
    _OUTPUTS[:] = [JsonLines(sys.stdout.buffer, project)]
    root.handlers[:] = _OUTPUTS
    root.setLevel(logging.WARNING)

    def undo() -> None:
        root.handlers[:], _OUTPUTS[:] = before[0], before[2]
        root.setLevel(before[1])

    return undo


def line(message: str, *, level: int = logging.INFO, **fields: Any) -> None:
    """Write one line. Never hand it a credential, an argument or a product's text."""
    for output in _OUTPUTS:
        output.write(level, message, fields)
    if not _OUTPUTS:
        _LOGGER.log(level, message, extra={"fields": fields})


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
