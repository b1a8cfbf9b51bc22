"""JSON-RPC requests as they come over HTTP: read, classified by the SDK's rules, or refused."""

import json
import logging
import re
from collections.abc import Callable, Mapping
from types import NoneType
from typing import Any, Final

import orjson
from mcp.shared.inbound import (
    ERROR_CODE_HTTP_STATUS,
    InboundLadderRejection,
    InboundModernRoute,
    classify_inbound_request,
    validate_mcp_param_headers,
)
from mcp.shared.jsonrpc_dispatcher import handler_exception_to_error_data
from mcp_types import (
    HEADER_MISMATCH,
    INTERNAL_ERROR,
    INVALID_PARAMS,
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
)
from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS

from shared import log
from shared.serve.http import JSON, Head
from shared.serve.json_body import MOST_DEPTH, TooDeep, read_json

UNSTATED_VERSION: Final = "2025-03-26"
"""What a request without MCP-Protocol-Version may be taken for (2025-06-18, transports)."""
_WITHOUT_BATCHES: Final = "2024-11-05"
STREAM: Final = "text/event-stream"
EVENTS: Final = (b"content-type", b"text/event-stream")
Message = dict[str, Any]
Schemas = Callable[[Any], Mapping[str, Any] | None]
"""The input schema of a tool whose arguments are mirrored in headers (SEP-2243), by its name."""
_ROUTING = ("mcp-protocol-version", "mcp-method", "mcp-name")
_ACCEPTED: Final = re.compile(r"application/json|\*/\*|application/\*")


class Rejected(Exception):  # noqa: N818  an answer, not a failure
    """A JSON-RPC error to answer with, and the HTTP status it goes with."""

    def __init__(
        self, code: int, message: str, data: Any = None, *, id_: Any = None, status: int = 400
    ) -> None:
        super().__init__(message)
        self.error = {"code": code, "message": message, **({} if data is None else {"data": data})}
        self.id = id_
        self.status = status

    @property
    def body(self) -> bytes:
        """The answer."""
        return orjson.dumps({"jsonrpc": "2.0", "id": self.id, "error": self.error})


def check_headers(head: Head) -> tuple[bytes, bytes]:
    """The content type to answer with: an event stream's for who reads nothing else, else JSON's.

    Raises Rejected where the body is no JSON, and where neither may be answered.
    """
    content_type = head.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise Rejected(INVALID_REQUEST, "Content-Type must be application/json", status=415)
    accept = head.headers.get("accept")
    if accept is None or _ACCEPTED.search(accept):
        return JSON
    if STREAM not in accept:
        raise Rejected(INVALID_REQUEST, "Accept must allow application/json", status=406)
    return EVENTS


def takes_stream(head: Head) -> bool:
    """Whether the client said that it reads an event stream."""
    return STREAM in head.headers.get("accept", "")


def event(body: bytes) -> bytes:
    """A message as a server-sent event."""
    return b"event: message\ndata: %b\n\n" % body


def agreeable(method: str, params: Any) -> Any:
    """The params of a request, whose revision is one that can be agreed to.

    2025-03-26 demands batches, which we do not take. Who asks for it is offered the one before: a
    client asks for its newest, and does not know those after.
    """
    if method != "initialize" or not isinstance(params, dict):
        return params
    batches = params.get("protocolVersion") == UNSTATED_VERSION
    return {**params, "protocolVersion": _WITHOUT_BATCHES} if batches else params


def parse(raw: bytes) -> Message:
    """One JSON-RPC request or notification. Raises Rejected, with the id where one can be read."""
    try:
        message = read_json(raw)
    except orjson.JSONDecodeError:
        raise Rejected(PARSE_ERROR, "The body is not JSON", id_=_id_of_odd_text(raw)) from None
    except TooDeep:
        message = f"The body nests deeper than {MOST_DEPTH} levels"
        raise Rejected(INVALID_REQUEST, message) from None
    if (
        not isinstance(message, dict)
        or message.get("jsonrpc") != "2.0"
        or not isinstance(message.get("method"), str)
        or ("id" in message and type(message["id"]) not in (int, str))
    ):
        text = "The body must be one JSON-RPC 2.0 request or notification"
        raise Rejected(INVALID_REQUEST, text, id_=_id_of(message))
    if not isinstance(message.get("params"), (dict, NoneType)):
        raise Rejected(INVALID_PARAMS, "params must be an object", id_=message.get("id"))
    return message


def _id_of(message: Any) -> int | str | None:
    """The id of what may be a message."""
    found = message.get("id") if isinstance(message, dict) else None
    return found if type(found) in (int, str) else None


def _id_of_odd_text(raw: bytes) -> int | str | None:
    """The id where only Python's own reader takes the text: it lets lone surrogates through."""
    try:
        found = _id_of(json.loads(raw))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, int) or (found and found.isascii()) else None


def classify(head: Head, message: Message, schema_of: Schemas | None) -> InboundModernRoute:
    """The protocol version of a request, by its header alone, and its envelope.

    Raises Rejected for headers that contradict the body.
    """
    stated = head.headers.get("mcp-protocol-version")
    if stated is None or stated in HANDSHAKE_PROTOCOL_VERSIONS:
        return InboundModernRoute(stated or UNSTATED_VERSION, None, None)
    repeated = head.repeated.intersection(_ROUTING)
    if repeated:
        raise Rejected(
            HEADER_MISMATCH, f"Header {min(repeated)} came more than once", id_=message["id"]
        )
    route = classify_inbound_request(message, headers=head.headers)
    if isinstance(route, InboundLadderRejection):
        raise _rejection(route, message["id"])
    if message["method"] == "tools/call" and schema_of is not None:
        _check_mirrored(head, message, schema_of(message["params"].get("name")))
    return route


def _check_mirrored(head: Head, message: Message, schema: Mapping[str, Any] | None) -> None:
    if schema is None:
        return
    arguments = message["params"].get("arguments") or {}
    refused = validate_mcp_param_headers(schema, arguments, head.headers)
    if refused is not None:
        raise _rejection(refused, message["id"])


def failed(error: Exception, head: Head, version: str, id_: Any) -> Rejected:
    """What a failure is answered with: with an HTTP status of its own in the later era."""
    failure = _failure(error, head)
    legacy = version in HANDSHAKE_PROTOCOL_VERSIONS
    status = 200 if legacy else ERROR_CODE_HTTP_STATUS.get(failure.code, 200)
    return Rejected(failure.code, failure.message, failure.data, id_=id_, status=status)


def _failure(error: Exception, head: Head) -> ErrorData:
    """What the client is told of a failure inside the SDK's serving; ours goes to the log alone."""
    expected = handler_exception_to_error_data(error)
    if expected is not None:
        return expected
    log.crash("mcp", requestId=head.request_id)
    return ErrorData(code=INTERNAL_ERROR, message="Internal server error")


def _rejection(found: InboundLadderRejection, id_: Any) -> Rejected:
    status = ERROR_CODE_HTTP_STATUS.get(found.code, 400)
    return Rejected(found.code, found.message, found.data, id_=id_, status=status)


logging.getLogger("mcp").setLevel(logging.WARNING)
