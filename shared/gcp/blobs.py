"""Blobs in a Cloud Storage bucket."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC
from pathlib import Path
from typing import Any, Final

import requests
from google.api_core import exceptions
from google.api_core.retry import Retry
from google.cloud import storage
from google.cloud.storage.exceptions import DataCorruption
from google.cloud.storage.retry import DEFAULT_RETRY

from shared.errors import Problem
from shared.names import checked_blob_name
from shared.per_process import PerProcess
from shared.ports.blobs import BlobInfo

_new_client: Final[Any] = storage.Client  # the library is untyped
RETRY: Final = DEFAULT_RETRY.with_timeout(60.0)
TIMEOUT: Final = (5.0, 30.0)
_UNAVAILABLE: Final = (
    exceptions.ServerError,
    exceptions.TooManyRequests,
    exceptions.RetryError,
    requests.RequestException,
    ConnectionError,
    DataCorruption,
)


class StorageBlobs:
    """`Blobs` in a bucket, or in the server at STORAGE_EMULATOR_HOST.

    A file is created under the condition that its name is free, so every call may be repeated: the
    library does so for up to a minute, then `unavailable` is raised. Downloads are compared with
    the checksum that the store keeps.

    Args:
        bucket: its name.
        retry: how often and how long a call is repeated.
    """

    def __init__(self, bucket: str, retry: Retry = RETRY) -> None:
        self._bucket = bucket
        self._retry = retry
        self._client = PerProcess(connect)

    def put(self, name: str, source: Path) -> None:
        """Store a file whole or not at all. A name that is already stored stays as it is."""
        with answered(), suppress(exceptions.PreconditionFailed):
            self._blob(name).upload_from_filename(
                source,
                content_type="application/octet-stream",
                if_generation_match=0,
                checksum="crc32c",
                timeout=TIMEOUT,
                retry=self._retry,
            )

    def fetch(self, name: str, target: Path) -> None:
        """Write the file's bytes to `target`, whole or not at all. Raises `not_found`."""
        blob = self._blob(name)
        with tempfile.TemporaryDirectory(prefix="=", dir=target.parent) as folder:
            draft = Path(folder, "draft")
            try:
                with answered():
                    blob.download_to_filename(
                        draft,
                        raw_download=True,
                        checksum="crc32c",
                        timeout=TIMEOUT,
                        retry=self._retry,
                    )
            except exceptions.NotFound as error:
                raise Problem("not_found", "There is no stored file of this name.") from error
            draft.replace(target)

    def list(self, prefix: str) -> Iterator[BlobInfo]:
        """Every stored file whose name begins with the prefix, in order of name (UTF-8 bytes)."""
        with answered():
            for blob in self._client.get().list_blobs(
                self._bucket,
                prefix=prefix,
                fields="items(name,size,timeCreated),nextPageToken",
                timeout=TIMEOUT,
                retry=self._retry,
            ):
                yield BlobInfo(blob.name, blob.size, blob.time_created.astimezone(UTC))

    def delete(self, name: str) -> None:
        """Remove the file; a missing one is fine."""
        with answered(), suppress(exceptions.NotFound):
            self._blob(name).delete(timeout=TIMEOUT, retry=self._retry)

    def close(self) -> None:
        """Close this process's connections. The object opens new ones when it is used again."""
        client = self._client.take()
        if client is not None:
            client.close()

    def _blob(self, name: str) -> Any:
        return self._client.get().bucket(self._bucket).blob(checked_blob_name(name))


def connect() -> Any:
    """A client of Cloud Storage, or of the server at STORAGE_EMULATOR_HOST."""
    client = _new_client(project="unused")  # no call needs one; without one the client looks for it
    client._bucket_metadata_cache = None  # noqa: SLF001  else a thread of its own reads the bucket
    return client


@contextmanager
def answered() -> Iterator[None]:
    """What the store does not answer in time is `unavailable`."""
    try:
        yield
    except _UNAVAILABLE as error:
        raise Problem(
            "unavailable", "The file store did not answer in time. Try again in a moment."
        ) from error
