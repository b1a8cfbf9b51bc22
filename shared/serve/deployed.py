"""What a deployed process does before it serves: read its settings, set up logs and traces."""

import ctypes
import gc
import os
import signal
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Final

from shared import log
from shared.app import App
from shared.serve.http import OWS, Scope
from shared.settings import Settings
from shared.tracing import Trace, Tracer, given

Host = Callable[[Scope, Any, Any], Awaitable[None]]
_M_ARENA_MAX: Final = -8
"""mallopt(3)'s number for it."""
_TRACE_HEADERS: Final = frozenset({b"traceparent", b"x-cloud-trace-context"})


def deployed(make: Callable[[App], Host]) -> Host:
    """The host of this process, from its environment. Raises ValueError for one that does not fit.

    `make` makes it from the app.
    """
    settings = Settings.read()
    _trust_no_forwarded_headers()
    log.configure(settings.project)
    app = App(settings)
    host = traced(make(app), app)
    _settle()
    _share_one_arena()
    return host


def _trust_no_forwarded_headers() -> None:
    """Keep the server that this process starts from replacing callers' addresses itself.

    uvicorn and gunicorn believe X-Forwarded-For of a peer on this machine, whatever it says. Ours
    is read by `trusted_proxies` alone: the address that they believe is nobody's.
    """
    os.environ["FORWARDED_ALLOW_IPS"] = "255.255.255.255"  # noqa: TID251  read by the server


def _settle() -> None:
    """Leave what was imported out of every later garbage collection, and collect less often.

    The server forks after this: frozen objects stay in pages that its processes share. Collecting
    first would find little, and takes as long as a tenth of the imports.
    """
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def _share_one_arena() -> None:
    """Have all threads allocate from one arena. Does nothing where malloc is not glibc's.

    By default each thread gets its own, up to 8 for each core, and keeps there what it freed:
    memory that grows for hours, for the sake of threads that mostly wait for the interpreter.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)


def traced(host: Host, app: App) -> Host:
    """The host, with a span for every request where spans are recorded; else as it is."""
    return _TracedHost(host, app) if app.settings.traces else host


class _TracedHost:
    """Serves each request inside a span that continues the caller's trace.

    Log lines and everything inside name this span, since the host is handed it as the caller's.
    """

    def __init__(self, host: Host, app: App) -> None:
        self._host = host
        self._app = app
        self._tracer: Tracer | None = None

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        """Serve one HTTP request."""
        tracer = self._tracer = self._tracer or self._started()
        with tracer.request(scope["method"], given(_names(scope))) as span:

            async def sending(message: Any) -> None:
                if message["type"] == "http.response.start":
                    span.answered(message["status"], scope["path"])
                await send(message)

            await self._host(_within(scope, span.trace), receive, sending)

    def _started(self) -> Tracer:
        """The tracer, once the process has forked and serves."""
        tracer = self._app.tracer
        if tracer is None:
            raise TypeError("spans are not recorded here")
        flush_before_the_end(tracer)
        return tracer


def flush_before_the_end(tracer: Tracer) -> None:
    """Have SIGTERM send what is still to be sent before it ends this process.

    The server (uvicorn) answers what it is answering and then raises the signal anew, which ends
    Python without its exit handlers. So its handler is put off until the spans are gone, while a
    thread sends them and requests go on; a second SIGTERM is not put off. Does nothing where no
    server handles the signal.
    """
    served = signal.getsignal(signal.SIGTERM)
    if not callable(served):
        return

    def first_flush(*_: object) -> None:
        signal.signal(signal.SIGTERM, served)
        threading.Thread(target=flush).start()

    def flush() -> None:
        try:
            tracer.flush()
        finally:
            os.kill(os.getpid(), signal.SIGTERM)

    signal.signal(signal.SIGTERM, first_flush)


def _names(scope: Scope) -> dict[str, str]:
    """The headers that name a trace."""
    return {
        name.decode(): value.decode("latin-1").strip(OWS)
        for name, value in scope["headers"]
        if name in _TRACE_HEADERS
    }


def _within(scope: Scope, trace: Trace) -> Scope:
    """The request as the span's own server would get it."""
    others = [each for each in scope["headers"] if each[0] not in _TRACE_HEADERS]
    return {**scope, "headers": [*others, (b"traceparent", trace.header.encode())]}
