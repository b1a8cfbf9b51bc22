"""A real gRPC server over a service's own published types, that can be told to misbehave."""

import re
import threading
import time
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar

import grpc


class GrpcServer:
    """Serves `methods` of `service` at `address`.

    A subclass names its methods in `METHODS`: name to (request class, response class), and has a
    Python method of that name in snake case. `fail` makes the next calls of a method end otherwise.
    """

    SERVICE = ""
    METHODS: ClassVar = {}

    def __init__(self, tls=None):
        self.tls = tls
        self.lock = threading.RLock()
        self.calls = Counter()
        self.faults = {}

    def __enter__(self):
        handlers = {
            name: grpc.unary_unary_rpc_method_handler(
                self._serve(name),
                request_deserializer=getattr(asked, "deserialize", None) or asked.FromString,
                response_serializer=getattr(answered, "serialize", None)
                or answered.SerializeToString,
            )
            for name, (asked, answered) in self.METHODS.items()
        }
        self.server = grpc.server(ThreadPoolExecutor(8))
        self.server.add_generic_rpc_handlers(
            [grpc.method_handlers_generic_handler(self.SERVICE, handlers)]
        )
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        if self.tls:
            credentials = grpc.ssl_server_credentials([self.tls])
            self.secure_port = self.server.add_secure_port("127.0.0.1:0", credentials)
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.stop(grace=None).wait()

    def fail(self, method, *codes, after=False, wait=0.0):
        """Let the next calls of a method end with these codes, one each.

        `after`: only after their work was done, as when an answer is lost.
        """
        self.faults.setdefault(method, deque()).extend((code, after, wait) for code in codes)

    def _serve(self, name):
        method = getattr(self, re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower())

        def serve(request, context):
            with self.lock:
                self.calls[name] += 1
                planned = self.faults.get(name)
                code, after, wait = planned.popleft() if planned else (None, False, 0.0)
            time.sleep(wait)
            if code is not None and not after:
                context.abort(getattr(grpc.StatusCode, code), "injected")
            with self.lock:
                answer = method(request, context)
            if code is not None:
                context.abort(getattr(grpc.StatusCode, code), "injected")
            return answer

        return serve


def abort(context, code, message):
    """End the call with a status."""
    context.abort(getattr(grpc.StatusCode, code), message)
