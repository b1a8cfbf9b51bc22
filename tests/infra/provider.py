"""A Terraform provider that knows schemas and nothing else, served from this process.

Terraform talks to a running provider named in TF_REATTACH_PROVIDERS over gRPC (protocol 6.x,
https://github.com/hashicorp/terraform/blob/main/docs/plugin-protocol/tfplugin6.proto). What
`validate` and a mocked `test` ask of it is its schemas, so those are all it answers with, in
messages written field by field: they have few numbers, and their compiler would be a dependency.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor

import grpc

NESTING = {"single": 1, "list": 2, "set": 3, "map": 4}
CALLS = 64
"""Threads. Every run of a test keeps some calls open; with too few, Terraform waits for ever."""

AGREED = {
    "ConfigureProvider",
    "GetFunctions",
    "Stop",
    "StopProvider",
    "ValidateDataResourceConfig",
    "ValidateProviderConfig",
    "ValidateResourceConfig",
}


def varint(number):
    """Protobuf's variable-length integer."""
    encoded = b""
    while number > 127:
        encoded += bytes([number & 127 | 128])
        number >>= 7
    return encoded + bytes([number])


def text(field, value):
    """A string, bytes or message field."""
    data = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(data)) + data


def number(field, value):
    """An integer, enum or boolean field; absent where zero."""
    return varint(field << 3) + varint(int(value)) if value else b""


def attribute(name, found):
    """Schema.Attribute"""
    given = "required" in found
    return (
        text(1, name)
        + text(2, json.dumps(found["type"]))
        + number(4, given and found["required"])
        + number(5, given and not found["required"])
        + number(6, found.get("computed", False))
    )


def nested(name, found):
    """Schema.NestedBlock"""
    bounded = found["nesting"] != "single"
    return (
        text(1, name)
        + text(2, block(found["block"]))
        + number(3, NESTING[found["nesting"]])
        + number(4, bounded and found["required"])
        + number(5, bounded and not found["many"])
    )


def block(fields):
    """Schema.Block"""
    return b"".join(
        text(3, nested(name, found)) if "block" in found else text(2, attribute(name, found))
        for name, found in sorted(fields.items())
    )


def schema(fields):
    """Schema"""
    return text(2, block(fields))


def provider_schema(schemas):
    """GetProviderSchema.Response, with the capability that lets Terraform ask once."""
    message = text(1, schema(schemas["provider"])) + text(6, number(2, 1))
    for name, fields in schemas.items():
        if name != "provider":
            entry = text(1, name.removeprefix("data.")) + text(2, schema(fields))
            message += text(3 if name.startswith("data.") else 2, entry)
    return message


class Provider(grpc.GenericRpcHandler):
    """Serves at a Unix socket while used as a context manager; `plugin` is for Terraform's
    TF_REATTACH_PROVIDERS."""

    def __init__(self, schemas, socket):
        self._schema = provider_schema(schemas)
        self._server = grpc.server(ThreadPoolExecutor(CALLS))
        self._server.add_generic_rpc_handlers((self,))
        self._server.add_insecure_port(f"unix:{socket}")
        address = {"Network": "unix", "String": str(socket)}
        self.plugin = {
            "Protocol": "grpc",
            "ProtocolVersion": 6,
            "Pid": os.getpid(),
            "Test": True,
            "Addr": address,
        }

    def __enter__(self):
        self._server.start()
        return self

    def __exit__(self, *error):
        self._server.stop(None).wait()

    def service(self, details):
        method = details.method.rpartition("/")[2]
        if method == "StreamStdio":
            return grpc.unary_stream_rpc_method_handler(lambda _, __: iter(()))
        return grpc.unary_unary_rpc_method_handler(lambda _, context: self._answer(method, context))

    def _answer(self, method, context):
        if method == "GetProviderSchema":
            return self._schema
        if method not in AGREED:
            context.abort(grpc.StatusCode.UNIMPLEMENTED, f"{method} needs the real provider")
        return b""
