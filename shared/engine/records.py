"""Record documents: the strong copy of a primary collection, one document a record."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from shared.engine.heads import CollectionName
from shared.engine.prepare import Changed, Stored
from shared.engine.values import unpacked
from shared.ports.documents import ABSENT, Documents, Put, Query, Snapshot
from shared.queries import RECORDS
from shared.query.answers import Item
from shared.records import every

TOMBSTONES_KEPT: Final = timedelta(days=90)
_SCANNED: Final = 500


class Held(NamedTuple):
    """A record as it was read, and the version for compare-and-set; ABSENT where there is none."""

    record: Stored | None
    version: str


def record_path(name: CollectionName, key: str) -> str:
    """Where a record is kept. The sign in front is there because keys may begin with `__`."""
    return f"{name.path}/records/={key}"


def record_key(snapshot: Snapshot) -> str:
    """The key of a record's document."""
    return snapshot.id[1:]


def item(snapshot: Snapshot) -> Item | None:
    """The record as it is searched; None of a deleted one."""
    data = snapshot.data
    if data["state"] == "deleted":
        return None
    body = unpacked(data["body"])
    return Item(record_key(snapshot), body, data["at"], data["seqs"][0], data["version"])


def held(snapshot: Snapshot | None) -> Held:
    """What a record's document holds."""
    if snapshot is None:
        return Held(None, ABSENT)
    data = snapshot.data
    stored = Stored(
        version=data["version"],
        seqs=tuple(data["seqs"]),
        body=unpacked(data["body"]),
        deleted=data["state"] == "deleted",
    )
    return Held(stored, snapshot.version)


def read_records(
    documents: Documents, name: CollectionName, keys: Iterable[str]
) -> dict[str, Stored]:
    """The records of these keys that exist, deleted ones as well, in one round trip."""
    paths = {record_path(name, key): key for key in keys}
    found = documents.get_many(list(paths))
    records = {paths[path]: held(snapshot).record for path, snapshot in found.items()}
    return {key: record for key, record in records.items() if record is not None}


def living_records(
    documents: Documents, name: CollectionName, keys: Iterable[str]
) -> dict[str, Item]:
    """The records of these keys that are not deleted, in one round trip."""
    found = documents.get_many([record_path(name, key) for key in keys])
    items = filter(None, map(item, found.values()))
    return {each.key: each for each in items}


def every_record(documents: Documents, name: CollectionName) -> Iterator[Item]:
    """All living records in order of key, each as it is when it is read."""
    asked = Query(RECORDS, tuple(name), limit=_SCANNED)
    return (found for each in every(documents, asked) if (found := item(each)))


def records_after(documents: Documents, name: CollectionName, key: str, most: int) -> list[Item]:
    """The next living records in order of key, as they are now; less than `most` at the end."""
    start = f"={key}" if key else None
    found: list[Item] = []
    for snapshot in every(documents, Query(RECORDS, tuple(name), start=start, limit=most + 1)):
        if record_key(snapshot) > key and (living := item(snapshot)) is not None:
            found.append(living)
        if len(found) == most:
            break
    return found


def put_record(name: CollectionName, changed: Changed, before: Held, at: datetime) -> Put:
    """The write that stores a changed record, if nobody else changed it meanwhile."""
    record = changed.record
    expires = {"expiresAt": at + TOMBSTONES_KEPT} if record.deleted else {}
    data: Mapping[str, object] = {
        "body": changed.packed,
        "version": record.version,
        "seqs": list(record.seqs),
        "state": "deleted" if record.deleted else "live",
        "at": at,
        **expires,
    }
    return Put(record_path(name, changed.row.key), data, if_version=before.version)
