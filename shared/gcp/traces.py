"""Spans to Google's Telemetry API, or to any other OTLP receiver, by OpenTelemetry.

Google recommends OTLP over its own exporters (docs: Cloud Trace, "Migrate from the Trace exporter
to the OTLP endpoint"). Nobody waits for it: ended spans go to a bounded queue that a thread
empties; when it is full, or the receiver does not take them, they are dropped and a warning says
so.
"""

import logging
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import urlsplit

import google.auth
import requests
from google.auth.transport.requests import Request
from opentelemetry import trace as otel
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import (
    ALWAYS_ON,
    Decision,
    ParentBased,
    Sampler,
    SamplingResult,
)

from shared import log
from shared.errors import Problem
from shared.tracing import Trace

_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"
_SECONDS: Final = 5.0
"""For one attempt to hand spans over, its repetitions included; half of what SIGTERM leaves us."""
_MOST: Final = 2048
_BATCH: Final = 256
_EVERY_MS: Final = 2000
"""An idle instance has no CPU (Cloud Run), so a span may wait for the next request, or SIGTERM."""
_SELDOM: Final = 10.0
"""As often as Cloud Run records requests by itself (docs: Cloud Run, "Trace sampling rate")."""
_ELSEWHERE: Final = frozenset({404, 421})
"""Statuses of requests whose path is not ours, and so may be anything."""
_OUR_FAULT: Final = 500


class OtlpSpan:
    """`tracing.Span` over OpenTelemetry's."""

    __slots__ = ("_method", "_span")

    def __init__(self, span: otel.Span, method: str = "") -> None:
        self._span = span
        self._method = method

    @property
    def trace(self) -> Trace:
        """Where it is."""
        found = self._span.get_span_context()
        return Trace(f"{found.trace_id:032x}", f"{found.span_id:016x}", found.trace_flags.sampled)

    def answered(self, status: int, path: str) -> None:
        """Name the span after its route, and mark our own failures."""
        self._span.set_attribute("http.response.status_code", status)
        if status not in _ELSEWHERE:
            self._span.update_name(f"{self._method} {path}")
            self._span.set_attribute("url.path", path)
        if status >= _OUR_FAULT:
            self._span.set_status(otel.StatusCode.ERROR)

    def note(self, name: str, value: str) -> None:
        """Add an attribute."""
        self._span.set_attribute(name, value)


class OtlpTracer:
    """`tracing.Tracer`, to an OTLP receiver over HTTP.

    A request is recorded when its `traceparent` says so, and when it has none. Of those that say no
    one in _SELDOM seconds is: the load balancer says no for whoever does not say anything.

    Args:
        endpoint: the receiver's full URL. One of googleapis.com gets our credentials' token.
        project: the Google project the spans belong to; none elsewhere.
        service: what they are recorded as coming from.
    """

    def __init__(self, endpoint: str, *, project: str, service: str) -> None:
        logger = logging.getLogger("opentelemetry")
        logger.handlers[:] = [_Warning()]
        logger.propagate = False
        session = requests.Session()
        if (urlsplit(endpoint).hostname or "").endswith(".googleapis.com"):
            session.auth = _GoogleToken()
        about = {"service.name": service, "service.instance.id": os.urandom(8).hex()}
        if project:
            about["gcp.project_id"] = project
        sampler = ParentBased(ALWAYS_ON, remote_parent_not_sampled=_Seldom())
        self._provider = TracerProvider(sampler=sampler, resource=Resource(about))
        exporter = OTLPSpanExporter(endpoint=endpoint, timeout=_SECONDS, session=session)
        self._provider.add_span_processor(
            BatchSpanProcessor(
                exporter,
                max_queue_size=_MOST,
                max_export_batch_size=_BATCH,
                schedule_delay_millis=_EVERY_MS,
            )
        )
        self._tracer = self._provider.get_tracer("catalog-mcp")

    @contextmanager
    def request(self, method: str, trace: Trace | None) -> Iterator[OtlpSpan]:
        """A request that is being served."""
        with self._tracer.start_as_current_span(
            method,
            context=otel.set_span_in_context(_remote(trace)),
            kind=otel.SpanKind.SERVER,
            attributes={"http.request.method": method},
            record_exception=False,
            set_status_on_exception=False,
        ) as span:
            yield OtlpSpan(span, method)

    @contextmanager
    def inside(self, name: str) -> Iterator[OtlpSpan]:
        """A part of one. Of a failure only its code or class is told, never its words."""
        around = otel.get_current_span()
        if not around.is_recording():
            yield OtlpSpan(around)
            return
        with self._tracer.start_as_current_span(
            name, record_exception=False, set_status_on_exception=False
        ) as span:
            try:
                yield OtlpSpan(span)
            except BaseException as error:
                kind = error.code if isinstance(error, Problem) else type(error).__name__
                span.set_attribute("error.type", kind)
                span.set_status(otel.StatusCode.ERROR)
                raise

    def flush(self) -> None:
        """Send what is still to be sent, or give it up, for up to _SECONDS a batch."""
        self._provider.force_flush()

    def close(self) -> None:
        """The same, for the last time. Also done when Python ends in order."""
        self._provider.shutdown()


def _remote(trace: Trace | None) -> otel.Span:
    """The caller's span, for ours to have as parent."""
    if trace is None:
        return otel.INVALID_SPAN
    flags = otel.TraceFlags(otel.TraceFlags.SAMPLED if trace.sampled else otel.TraceFlags.DEFAULT)
    context = otel.SpanContext(
        int(trace.id, 16), int(trace.span, 16), is_remote=True, trace_flags=flags
    )
    return otel.NonRecordingSpan(context)


class _Seldom(Sampler):
    """Records one request in _SELDOM seconds. Asked by the event loop alone."""

    def __init__(self) -> None:
        self._next = 0.0

    def should_sample(self, *_: Any, **given: Any) -> SamplingResult:
        """Whether this one is."""
        now = time.monotonic()
        if now < self._next:
            return SamplingResult(Decision.DROP)
        self._next = now + _SELDOM
        return SamplingResult(Decision.RECORD_AND_SAMPLE, given.get("attributes"))

    def get_description(self) -> str:
        """What the SDK calls it."""
        return "Seldom"


class _GoogleToken(requests.auth.AuthBase):
    """Signs a request with our own credentials, found by the thread that first needs them."""

    def __init__(self) -> None:
        self._credentials: Any = None

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._credentials is None:
            self._credentials, _ = google.auth.default(scopes=[_SCOPE])
        self._credentials.before_request(Request(), request.method, request.url, request.headers)
        return request


class _Warning(logging.Handler):
    """Tells what OpenTelemetry complains of as a warning: a span that is lost is no failure."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line."""
        log.line("traces", level=logging.WARNING, complaint=record.getMessage())
