"""One writer per catalog: a document held for a while, taken over when its holder died."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from shared.errors import Conflict, Problem
from shared.ports.clock import Clock
from shared.ports.documents import ABSENT, Delete, Documents, Put

SECONDS: Final = 120.0
"""How long a lease holds without being renewed: what a killed writer makes the next one wait."""


class Lease:
    """The right to write one catalog. Call `renew` during long work; it is cheap."""

    def __init__(self, documents: Documents, clock: Clock, catalog: str) -> None:
        self._documents = documents
        self._clock = clock
        self._path = f"leases/{catalog}"
        self._holder = secrets.token_hex(8)
        self._until = 0.0
        self._version = ABSENT

    def take(self) -> None:
        """Take the lease. Raises `publish_conflict` while somebody else holds it."""
        held = self._documents.get(self._path)
        now = self._clock.time()
        if held is not None and held.data["until"] > now:
            seconds = int(held.data["until"] - now) + 1
            raise Problem(
                "publish_conflict",
                "Somebody else is writing this catalog now. Wait until they are done; a writer "
                f"that died is given up in {seconds} s.",
                retry_after=seconds,
            )
        self._write(ABSENT if held is None else held.version)

    def renew(self) -> None:
        """Hold it for longer, when half of the time is over. Raises `publish_conflict` if lost."""
        if self._clock.time() > self._until - SECONDS / 2:
            self._write(self._version)

    def release(self) -> None:
        """Let go. A lease that was lost stays with its new holder."""
        with suppress(Conflict):
            self._documents.commit([Delete(self._path, if_version=self._version)])

    def _write(self, version: str) -> None:
        until = self._clock.time() + SECONDS
        held = {"holder": self._holder, "until": until}
        try:
            self._documents.commit([Put(self._path, held, if_version=version)])
        except Conflict:
            raise Problem(
                "publish_conflict", "Somebody else began to write this catalog. Try again later."
            ) from None
        written = self._documents.get(self._path)
        if written is None or written.data["holder"] != self._holder:
            raise Problem("publish_conflict", "The right to write this catalog was lost.")
        self._until, self._version = until, written.version


@contextmanager
def leased(documents: Documents, clock: Clock, catalog: str) -> Iterator[Lease]:
    """Hold a catalog's lease for a block of work."""
    lease = Lease(documents, clock, catalog)
    lease.take()
    try:
        yield lease
    finally:
        lease.release()
