"""Documents in Firestore."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from google.api_core import exceptions, retry
from google.cloud.firestore_v1.types import (
    CommitRequest,
    RunQueryRequest,
    RunQueryResponse,
    StructuredQuery,
)

from shared import log
from shared.documents import Decoded, checked_path, checked_query, checked_writes, cursor_after
from shared.errors import Conflict, Problem
from shared.gcp.firestore_channel import READ_RETRY, SECONDS, connect
from shared.gcp.firestore_wire import (
    decode_data,
    decode_snapshot,
    encode_query,
    encode_write,
    path_of,
    version_of,
)
from shared.per_process import PerProcess
from shared.ports.documents import ABSENT, Add, Page, Query, Snapshot, Write

_UNAVAILABLE: Final = (exceptions.ServerError, exceptions.TooManyRequests, exceptions.RetryError)
_MISCONFIGURED: Final = (exceptions.Forbidden, exceptions.NotFound, exceptions.Unauthorized)
"""No such database, credentials that ended, a role that is missing: people have to look."""
_REFUSED: Final = (
    exceptions.AlreadyExists,
    exceptions.FailedPrecondition,
    exceptions.NotFound,
    exceptions.RetryError,  # contention that did not end
)
_COMMIT_RETRY: Final = retry.Retry(
    predicate=retry.if_exception_type(exceptions.Aborted),  # contention: surely not applied
    initial=0.02,
    maximum=0.5,
    timeout=SECONDS,
)


class FirestoreDocuments:
    """`Documents` in a Firestore database, or in the emulator at FIRESTORE_EMULATOR_HOST.

    A read is one BatchGetDocuments or RunQuery, retried for up to 5 seconds. Before it is asked, a
    BatchGetDocuments may have to wait for those on their way, with all their retries. A commit is
    one Commit with preconditions, never a read-write transaction. It is retried only where
    Firestore says that nothing was applied. A version is the document's update time,
    `seconds.nanoseconds`.
    """

    def __init__(self, project: str, database: str) -> None:
        self._root = f"projects/{project}/databases/{database}"
        self._connection = PerProcess(lambda: connect(project, database))
        self._decoded = Decoded(decode_data)

    def get(self, path: str) -> Snapshot | None:
        """The document, or None. Raises `unavailable`."""
        return self.get_many([path]).get(path)

    def get_many(self, paths: Sequence[str]) -> dict[str, Snapshot]:
        """The documents that exist, by path, in one round trip. Raises `unavailable`."""
        names = {f"{self._root}/documents/{checked_path(path)}" for path in paths}
        if not names:
            return {}
        with _answered():
            found = self._connection.get().read(names)
        snapshots = map(self._snapshot, found.values())
        return {snapshot.path: snapshot for snapshot in snapshots}

    def _snapshot(self, document: Any) -> Snapshot:
        return self._decoded.snapshot(
            path_of(document), version_of(document), document, document.ByteSize()
        )

    def commit(self, writes: Sequence[Write]) -> None:
        """Apply all writes or none in one round trip. Raises Conflict or `unavailable`."""
        checked_writes(writes)
        if not writes:
            return
        api, metadata, _ = self._connection.get()
        encoded = [encode_write(self._root, write) for write in writes]
        request = CommitRequest(database=self._root, writes=encoded)
        with _answered():
            try:
                api.commit(request, retry=_COMMIT_RETRY, timeout=SECONDS, metadata=metadata)
            except _REFUSED as error:
                if not any(map(_condition, writes)):
                    raise
                raise Conflict(self._refused_path(writes)) from error

    def query(self, query: Query) -> Page:
        """One page of a declared shape. Raises ValueError for any other, `unavailable`."""
        checked_query(query)
        api, metadata, _ = self._connection.get()
        parent, question = encode_query(self._root, query)
        request = RunQueryRequest(parent=parent, structured_query=StructuredQuery.wrap(question))
        with _answered():
            stream = api.run_query(request, retry=READ_RETRY, timeout=SECONDS, metadata=metadata)
            answers = [RunQueryResponse.pb(response) for response in stream]
        found = [
            decode_snapshot(answer.document) for answer in answers if answer.HasField("document")
        ]
        items = tuple(found[: query.limit])
        more = len(found) > query.limit
        return Page(items, cursor_after(query, items[-1]) if more else None)

    def close(self) -> None:
        """Close this process's channel. The object opens a new one when it is used again."""
        connection = self._connection.take()
        if connection is not None:
            connection.api.transport.close()

    def _refused_path(self, writes: Sequence[Write]) -> str:
        """Which precondition failed: Firestore does not say, so look where there is a choice."""
        conditions = {write.path: _condition(write) for write in writes if _condition(write)}
        first, *others = conditions
        if others:
            found = self.get_many(list(conditions))
            for path, version in conditions.items():
                if version != (found[path].version if path in found else ABSENT):
                    return path
        return first


def _condition(write: Write) -> str | None:
    return None if isinstance(write, Add) else write.if_version


@contextmanager
def _answered() -> Iterator[None]:
    try:
        yield
    except _MISCONFIGURED as error:
        status = type(error).__name__
        log.line("documents refused", level=logging.ERROR, status=status, reason=error.reason)
        raise Problem("unavailable", "The database refused us. Try again in a moment.") from error
    except _UNAVAILABLE as error:
        raise Problem(
            "unavailable", "The database did not answer in time. Try again in a moment."
        ) from error
