"""Firestore's generated client and its cheapest read, on one channel of one process.

The library's client cannot replace a document under a precondition, and its read costs three times
what the call costs underneath: a thread for every answer, and three layers of wrappers (`make
bench`). So the channel is told to read streams on the calling thread, and the one call on every
request's path is made on it directly, with the library's own messages, headers and retries.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

import grpc
from google.api_core import exceptions, retry
from google.api_core.gapic_v1 import client_info, routing_header
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.firestore_v1.types import BatchGetDocumentsRequest, BatchGetDocumentsResponse
from grpc.experimental import ChannelOptions

from shared.gcp.gathering import Gathering

SECONDS: Final = 5.0
_RETRIED: Final = (exceptions.ServiceUnavailable, exceptions.InternalServerError)
_CUT_OFF: Final = "Stream removed"
"""What gRPC says, as UNKNOWN, of a call whose connection was closed beneath it."""


def _passes(error: Exception) -> bool:
    """Whether a read that failed so is worth another try."""
    cut_off = isinstance(error, exceptions.Unknown) and _CUT_OFF in error.message
    return cut_off or isinstance(error, _RETRIED)


READ_RETRY: Final = retry.Retry(
    predicate=_passes,
    initial=0.05,
    maximum=1.0,
    timeout=SECONDS,
)
_OPTIONS: Final = (
    ("grpc.keepalive_time_ms", 30_000),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    (ChannelOptions.SingleThreadedUnaryStream, 1),
)
_Request: Final = BatchGetDocumentsRequest.pb()
_Response: Final = BatchGetDocumentsResponse.pb()


class Connection(NamedTuple):
    """What a process holds open.

    Attributes:
        api: the generated client.
        metadata: what each of its calls carries.
        read: the raw documents of these names that exist, by name, in one BatchGetDocuments that
            other threads' reads may share; raises what the client raises
            (`google.api_core.exceptions`).
    """

    api: FirestoreClient
    metadata: Sequence[tuple[str, str]]
    read: Callable[[Iterable[str]], dict[str, Any]]


def connect(project: str, database: str) -> Connection:
    """Open a channel to the database, or to the emulator at FIRESTORE_EMULATOR_HOST."""
    client = firestore.Client(project=project, database=database)
    target = client._target  # noqa: SLF001  only the public client knows credentials and emulator
    if client._emulator_host is None:  # noqa: SLF001  the same
        channel = FirestoreGrpcTransport.create_channel(
            target,
            credentials=client._credentials,  # noqa: SLF001  the same
            options=_OPTIONS,
        )
    else:
        channel = grpc.insecure_channel(target, options=_OPTIONS)
    api = FirestoreClient(transport=FirestoreGrpcTransport(host=target, channel=channel))
    metadata = client._rpc_metadata  # noqa: SLF001  the same
    reader = _reader(channel, f"projects/{project}/databases/{database}")
    return Connection(api, metadata, Gathering(reader))


def _reader(channel: grpc.Channel, root: str) -> Callable[[set[str]], dict[str, Any]]:
    call = channel.unary_stream(
        "/google.firestore.v1.Firestore/BatchGetDocuments",
        request_serializer=_Request.SerializeToString,
        response_deserializer=_Response.FromString,
    )
    metadata = (
        ("google-cloud-resource-prefix", root),
        routing_header.to_grpc_metadata((("database", root),)),
        client_info.ClientInfo().to_grpc_metadata(),
    )

    def once(names: set[str]) -> dict[str, Any]:
        request = _Request(database=root, documents=names)
        try:
            return {
                answer.found.name: answer.found
                for answer in call(request, timeout=SECONDS, metadata=metadata)
                if answer.HasField("found")
            }
        except grpc.RpcError as error:
            raise exceptions.from_grpc_error(error) from error

    again = READ_RETRY(once)

    def read(names: set[str]) -> dict[str, Any]:
        try:
            return once(names)
        except exceptions.GoogleAPICallError as error:
            if not _passes(error):
                raise
            return again(names)

    return read
