"""Secrets in Secret Manager."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

import google_crc32c
from google.api_core import exceptions, retry

from shared.errors import Conflict, Problem
from shared.names import checked_secret_name, checked_secret_value
from shared.per_process import PerProcess

if TYPE_CHECKING:
    from google.cloud.secretmanager_v1 import SecretManagerServiceClient

_SECONDS: Final = 5.0
_READ_RETRY: Final = retry.Retry(
    predicate=retry.if_exception_type(exceptions.ServiceUnavailable),
    initial=0.1,
    maximum=1.0,
    timeout=_SECONDS,
)


class SecretManagerSecrets:
    """`Secrets` in a project's Secret Manager, read from where the platform mounts them.

    A function reads `<mount>/<name>/<name>`: Cloud Run gives every mounted secret a folder of its
    own, in it a file named after the secret, and looks the newest version up whenever that is read.
    A secret that is not mounted, as on an operator's machine, is asked of the API.

    Args:
        project: the project's id.
        mount: the folder under which secrets are mounted.
        connect: makes the client, once something has to be asked of the API.
    """

    def __init__(
        self,
        project: str,
        mount: Path,
        connect: "Callable[[], SecretManagerServiceClient]",
    ) -> None:
        self._project = f"projects/{project}"
        self._mount = mount
        self._client = PerProcess(connect)

    def read(self, name: str) -> bytes:
        """The newest version. Raises `not_found`, `unavailable`."""
        with _answered():
            try:
                return (self._mount / checked_secret_name(name) / name).read_bytes()
            except FileNotFoundError:
                return self._access(name)

    def write(self, name: str, value: bytes, *, if_absent: bool = False) -> None:
        """Add a version, creating the secret when missing. Raises Conflict, `unavailable`.

        With `if_absent` the creation of the secret itself decides, which Secret Manager does
        atomically: so a secret that exists without a version, as Terraform makes them, conflicts.
        """
        secret = f"{self._project}/secrets/{checked_secret_name(name)}"
        checked_secret_value(value)
        with _answered():
            if if_absent:
                try:
                    self._create(name)
                except exceptions.AlreadyExists as error:
                    raise Conflict(name) from error
            try:
                self._add(secret, value)
            except exceptions.NotFound:
                with suppress(exceptions.AlreadyExists):
                    self._create(name)
                self._add(secret, value)

    def close(self) -> None:
        """Close this process's channel. The object opens a new one when it is used again."""
        client = self._client.take()
        if client is not None:
            client.transport.close()

    def _access(self, name: str) -> bytes:
        version = f"{self._project}/secrets/{name}/versions/latest"
        try:
            answer = self._client.get().access_secret_version(
                name=version, retry=_READ_RETRY, timeout=_SECONDS
            )
        except (exceptions.NotFound, exceptions.FailedPrecondition) as error:
            raise Problem(
                "not_found", "There is no secret of this name. Write it first."
            ) from error
        value = bytes(answer.payload.data)
        if google_crc32c.value(value) != answer.payload.data_crc32c:
            raise Problem("unavailable", "The secret did not arrive whole. Try again in a moment.")
        return value

    def _create(self, name: str) -> None:
        self._client.get().create_secret(
            {
                "parent": self._project,
                "secret_id": name,
                "secret": {"replication": {"automatic": {}}},
            },
            timeout=_SECONDS,
        )

    def _add(self, secret: str, value: bytes) -> None:
        self._client.get().add_secret_version(
            {
                "parent": secret,
                "payload": {"data": value, "data_crc32c": google_crc32c.value(value)},
            },
            timeout=_SECONDS,
        )


@contextmanager
def _answered() -> Iterator[None]:
    try:
        yield
    except (
        exceptions.ServerError,
        exceptions.TooManyRequests,
        exceptions.RetryError,
        OSError,
    ) as error:
        raise Problem(
            "unavailable", "The secret store did not answer in time. Try again in a moment."
        ) from error
