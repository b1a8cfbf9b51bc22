"""Which trace a request belongs to, and the port its spans are recorded through.

Header forms: `traceparent` (W3C Trace Context 3.2), which Cloud Run puts on every request, and
`X-Cloud-Trace-Context`, the load balancer's older one. Nothing here knows OpenTelemetry, so that
nothing of it is loaded where no spans are recorded.
"""

import inspect
import re
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from contextvars import ContextVar
from functools import wraps
from typing import Any, Final, NamedTuple, Protocol

_TRACEPARENT: Final = re.compile(
    r"(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?"
)
_CLOUD: Final = re.compile(r"(?!0{32})([0-9a-f]{32})/([0-9]{1,20})(?:;o=([0-9]))?", re.IGNORECASE)


class Trace(NamedTuple):
    """A place in a trace: its id (32 hex digits), the span's (16), whether it is being recorded."""

    id: str
    span: str
    sampled: bool

    @property
    def header(self) -> str:
        """As `traceparent`."""
        return f"00-{self.id}-{self.span}-{'01' if self.sampled else '00'}"


current: Final[ContextVar[Trace | None]] = ContextVar("trace", default=None)
"""Where the request that is being served is in its trace. Each request has a context of its own."""


def given(headers: Mapping[str, str]) -> Trace | None:
    """The trace that a request's headers name; None for none, and for what is not well-formed."""
    text = headers.get("traceparent")
    if text is not None:
        found = _TRACEPARENT.fullmatch(text)
        if found is not None and not (found[1] == "00" and found[5]):
            return Trace(found[2], found[3], bool(int(found[4], 16) & 1))
    text = headers.get("x-cloud-trace-context")
    if text is not None:
        found = _CLOUD.fullmatch(text)
        if found is not None and 0 < int(found[2]) < 1 << 64:
            return Trace(found[1].lower(), f"{int(found[2]):016x}", found[3] == "1")
    return None


class Span(Protocol):
    """Something that takes time and is being recorded, or would be."""

    @property
    def trace(self) -> Trace:
        """Where it is; what happens inside it has it as parent."""

    def answered(self, status: int, path: str) -> None:
        """Say what the request came to: the HTTP status, and a path that is one of ours."""

    def note(self, name: str, value: str) -> None:
        """Add an attribute. Never a credential, an argument or a product's text."""


class Tracer(Protocol):
    """Records spans. What is recorded never waits for anything, and never fails."""

    def request(self, method: str, trace: Trace | None) -> AbstractContextManager[Span]:
        """A request that is being served; it continues the trace, and is sampled like it."""

    def inside(self, name: str) -> AbstractContextManager[Span]:
        """A part of the request that is being served in this context; nothing outside of one."""

    def flush(self) -> None:
        """Send what is still to be sent, or give it up. May take some seconds."""

    def close(self) -> None:
        """The same, for the last time."""


class Traced:
    """An adapter, each of whose calls is a span `port.method`; otherwise as it was.

    Iterators are left alone: their time is that of whoever walks them.
    """

    def __init__(self, adapter: object, port: str, tracer: Tracer) -> None:
        self._adapter = adapter
        for name, function in inspect.getmembers(type(adapter), inspect.isfunction):
            public = not name.startswith("_") and name != "close"
            if public and not inspect.isgeneratorfunction(function):
                setattr(self, name, _timed(getattr(adapter, name), f"{port}.{name}", tracer))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._adapter, name)


def _timed(method: Callable[..., Any], name: str, tracer: Tracer) -> Callable[..., Any]:
    @wraps(method)
    def timed(*args: Any, **kwargs: Any) -> Any:
        with tracer.inside(name):
            return method(*args, **kwargs)

    return timed
