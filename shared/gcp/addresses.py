"""Addresses of single files in a Cloud Storage bucket.

Downloads are V4 signed URLs. An instance has no key of its own to sign with: IAM signs for its
account (`iam.serviceAccounts.signBlob`), which it must be allowed to have done.
https://cloud.google.com/storage/docs/access-control/signed-urls

Uploads are resumable sessions. Their address needs no signature: whoever has it may send the bytes
of that one object, as many as were announced, for a week.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import google.auth
from google.auth import iam
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from shared.errors import Problem
from shared.gcp.blobs import RETRY, TIMEOUT, answered, connect
from shared.names import checked_blob_name
from shared.per_process import PerProcess

_TOKENS: Final = "https://oauth2.googleapis.com/token"
_SCOPE: Final = "https://www.googleapis.com/auth/cloud-platform"


def signing() -> Any:
    """Credentials that can sign: a key's own, or this instance's account by way of IAM."""
    source: Any = google.auth.default(scopes=[_SCOPE])[0]
    return source if hasattr(source, "sign_bytes") else signing_by_iam(source, Request())


def signing_by_iam(source: Any, request: Any) -> Any:
    """Credentials that have IAM sign for the account that `source` speaks for.

    Args:
        source: an instance's own credentials, which have no key.
        request: what sends google-auth's requests.
    """
    source.refresh(request)  # only then does it know its own name
    email = source.service_account_email
    signer = iam.Signer(request, source, email)
    return service_account.Credentials(signer, email, _TOKENS)


class StorageAddresses:
    """`Addresses` of a bucket, or of the server at STORAGE_EMULATOR_HOST.

    Args:
        bucket: whose.
        credentials: what signs.
    """

    def __init__(self, bucket: str, credentials: Callable[[], Any] = signing) -> None:
        self._bucket = bucket
        self._client = PerProcess(connect)
        self._credentials = PerProcess(credentials)

    @property
    def origin(self) -> str:
        """The store's."""
        return str(self._client.get().api_endpoint)

    def to_download(self, name: str, filename: str, until: datetime) -> str:
        """Where the blob can be fetched until then."""
        try:
            return str(
                self._blob(name).generate_signed_url(
                    version="v4",
                    method="GET",
                    expiration=until,
                    credentials=self._credentials.get(),
                    response_disposition=f"attachment; filename*=UTF-8''{quote(filename)}",
                    response_type="application/octet-stream",
                )
            )
        except GoogleAuthError as error:
            raise Problem(
                "unavailable", "The address could not be signed. Try again in a moment."
            ) from error

    def to_upload(self, name: str, size: int, origin: str) -> str:
        """Where the blob's bytes can be put, once."""
        with answered():
            return str(
                self._blob(name).create_resumable_upload_session(
                    content_type="application/octet-stream",
                    size=size or None,
                    origin=origin or None,
                    if_generation_match=0,
                    timeout=TIMEOUT,
                    retry=RETRY,
                )
            )

    def close(self) -> None:
        """Close this process's connections. The object opens new ones when it is used again."""
        client = self._client.take()
        if client is not None:
            client.close()

    def _blob(self, name: str) -> Any:
        return self._client.get().bucket(self._bucket).blob(checked_blob_name(name))
