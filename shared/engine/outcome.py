"""What a call came to, so that the same call again comes to the same: keys callers repeat with.

An idempotency key names one call: its repeat is answered with the first one's answer. A correlation
id is the caller's own name for an import: it names one import for as long as its log is kept.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

import orjson

from shared.engine.log import KEPT
from shared.errors import Problem
from shared.ports.documents import ABSENT, Put, Snapshot
from shared.records import Found, Record, Records

REPEATED_FOR: Final = timedelta(hours=24)


class Expiring(Record):
    """A record that counts until a time, and is removed some time after."""

    expires_at: datetime


E = TypeVar("E", bound=Expiring)


class Answered(Expiring):
    """The first answer to a call: `idempotency/{tenant}:{digest}`."""

    arguments: bytes
    answer: bytes


class Correlation(Expiring):
    """Which import a caller's id stands for: `correlations/{tenant}:{digest}`."""

    import_id: str
    collection: str
    at: datetime
    by: str


ANSWERED: Final = Records("idempotency", Answered, "call")
CORRELATIONS: Final = Records("correlations", Correlation, "import")


@dataclass(frozen=True, slots=True)
class Idempotency:
    """A call that may come again.

    Attributes:
        id: of its record: the tenant, and a digest of who calls what with which key.
        arguments: a digest of what it is called with.
    """

    id: str
    arguments: bytes

    @classmethod
    def of(
        cls, tenant: str, principal: str, tool: str, key: str, arguments: Mapping[str, object]
    ) -> "Idempotency":
        """The call of a tool by somebody, with a key and arguments (JSON values)."""
        named = hashlib.sha256(orjson.dumps([principal, tool, key])).hexdigest()
        given = orjson.dumps(arguments, option=orjson.OPT_SORT_KEYS)
        return cls(f"{tenant}:{named}", hashlib.sha256(given).digest())

    @property
    def path(self) -> str:
        """Where its answer is kept."""
        return ANSWERED.path(self.id)

    def first_answer(self, snapshot: Snapshot | None, now: datetime) -> bytes | None:
        """The answer the call got before. Raises `conflict` for the key of another call."""
        found = _alive(ANSWERED, snapshot, now)
        if found is None:
            return None
        if found.value.arguments != self.arguments:
            raise Problem(
                "conflict",
                "This idempotency key was used with other arguments. Take a new key for a new "
                "call, or repeat the call exactly.",
                field="idempotency_key",
            )
        return found.value.answer

    def keep(self, answer: bytes, snapshot: Snapshot | None, now: datetime) -> Put:
        """The write that keeps the answer. Conflicts where the same call was faster."""
        record = Answered(arguments=self.arguments, answer=answer, expires_at=now + REPEATED_FOR)
        return ANSWERED.put(self.id, record, if_version=_version(snapshot))


def correlation_id(tenant: str, given: str) -> str:
    """The id of the record that says which import a caller's id stands for."""
    return f"{tenant}:{hashlib.sha256(given.encode()).hexdigest()}"


def check_correlation(snapshot: Snapshot | None, import_id: str, now: datetime) -> bool:
    """Whether the caller's id stands for this import already.

    Raises `conflict`, naming the other import it stands for.
    """
    found = _alive(CORRELATIONS, snapshot, now)
    if found is None:
        return False
    if found.value.import_id != import_id:
        earlier = found.value
        raise Problem(
            "conflict",
            f"This correlation id stands for the import {earlier.import_id} of "
            f"{earlier.at:%Y-%m-%d %H:%M} UTC. Take another one.",
            field="correlation_id",
            import_id=earlier.import_id,
        )
    return True


def keep_correlation(
    id_: str, snapshot: Snapshot | None, *, import_id: str, collection: str, at: datetime, by: str
) -> Put:
    """The write that says so, over one that has run out at most."""
    record = Correlation(
        import_id=import_id, collection=collection, at=at, by=by, expires_at=at + KEPT
    )
    return CORRELATIONS.put(id_, record, if_version=_version(snapshot))


def _alive(records: Records[E], snapshot: Snapshot | None, now: datetime) -> Found[E] | None:
    """The record, unless its time is over."""
    found = None if snapshot is None else records.read(snapshot)
    return found if found is not None and found.value.expires_at > now else None


def _version(snapshot: Snapshot | None) -> str:
    """Expired records are removed late: one may be written over."""
    return ABSENT if snapshot is None else snapshot.version
