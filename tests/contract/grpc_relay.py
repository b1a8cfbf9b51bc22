"""A gRPC relay: passes every call on, remembers it, and fails calls when told to."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain

import grpc

_OWN = ("user-agent", "grpc-", ":")


@dataclass
class Relay(grpc.GenericRpcHandler):
    """Stands in front of the gRPC server at `target`. What it passes on are raw bytes.

    Attributes:
        calls: the methods that were called, in order, without their service.
        requests: what each was called with, the bytes of its first message.
        seconds: how long each caller was going to wait.
        failures: statuses to answer the next calls with; `before` they are passed on, or after.
        details: what comes with them.
    """

    target: str
    calls: list = field(default_factory=list)
    requests: list = field(default_factory=list)
    seconds: list = field(default_factory=list)
    failures: list = field(default_factory=list)
    before: bool = True
    details: str = "told to fail"

    def __enter__(self):
        self.upstream = grpc.insecure_channel(self.target)
        any_size = [("grpc.max_receive_message_length", -1)]
        self.server = grpc.server(ThreadPoolExecutor(8), handlers=[self], options=any_size)
        self.address = f"127.0.0.1:{self.server.add_insecure_port('127.0.0.1:0')}"
        self.server.start()
        return self

    def __exit__(self, *_):
        self.server.stop(grace=None).wait()
        self.upstream.close()

    def service(self, handler_call_details):
        method = handler_call_details.method
        metadata = [
            (key, value)
            for key, value in handler_call_details.invocation_metadata
            if not key.startswith(_OWN)
        ]

        def relay(requests, context):
            first = next(requests)
            self.requests.append(first)
            self.calls.append(method.rpartition("/")[2])
            self.seconds.append(context.time_remaining())
            failure = self.failures.pop(0) if self.failures else None
            if failure and self.before:
                context.abort(failure, self.details)
            call = self.upstream.stream_stream(method)(chain([first], requests), metadata=metadata)
            try:
                answers = list(call)
            except grpc.RpcError as error:
                context.abort(error.code(), error.details())
            if failure:
                context.abort(failure, self.details)
            yield from answers

        return grpc.stream_stream_rpc_method_handler(relay)
