"""Snapshots: a replica's files in the store, so that nobody has to replay a whole log.

A turn makes one: it catches a replica up, stores the files that are not stored yet, names them in a
document, and forgets what is old. Files are kept by content; those that no document names are
removed. The heads are not touched, so that a snapshot never makes a writer lose.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from shared.engine.heads import CollectionName, Head
from shared.engine.later import SNAPSHOT_WORK, work_id
from shared.engine.manifest import Manifest, fetch
from shared.engine.replica import Replica
from shared.engine.values import packed, unpacked
from shared.errors import Problem
from shared.indexes.files import File
from shared.indexes.folders import emptied
from shared.ports.blobs import Blobs
from shared.ports.documents import Delete, Documents, Query
from shared.queries import SNAPSHOTS
from shared.records import Found, Record, Records

LAST: Final = 2
"""How many are kept, however old."""
KEPT: Final = timedelta(days=1)
STORED_AT_ONCE: Final = 8
ATTEMPTS: Final = 3
"""A snapshot may be forgotten while it is fetched; then there is a newer one."""


class StoredReplica(Record):
    """A snapshot: `tenants/{tenant}/collections/{collection}/snapshots/{seq, 12 digits}`.

    Attributes:
        manifest: which files it consists of, packed.
        epoch, count, changes: the head's, at its commit or later.
    """

    manifest: bytes
    epoch: int
    count: int
    changes: int
    created_at: datetime

    def opened(self) -> Manifest | None:
        """The manifest; None of a format that is no longer read."""
        try:
            return Manifest.model_validate(unpacked(self.manifest))
        except ValidationError:
            return None


def of(name: CollectionName) -> Records[StoredReplica]:
    """A collection's snapshots."""
    return Records(f"{name.path}/snapshots", StoredReplica, "snapshot")


def snapshot_id(seq: int) -> str:
    """What the snapshot of a commit is called."""
    return f"{seq:012d}"


def newest(documents: Documents, name: CollectionName) -> int:
    """The commit that the newest snapshot includes; 0 while there is none."""
    found = SNAPSHOT_WORK.find(documents, work_id(name))
    return 0 if found is None else found.value.seq


def open_newest(
    documents: Documents, blobs: Blobs, name: CollectionName, epoch: int, folder: Path
) -> Replica | None:
    """The newest snapshot, in a folder of its own; None where there is none that can be read."""
    for _ in range(ATTEMPTS):
        found = of(name).find(documents, snapshot_id(newest(documents, name)))
        if found is None or found.value.epoch != epoch:
            return None
        manifest = found.value.opened()
        if manifest is None:
            return None
        try:
            fetch(manifest, blobs, lambda file: file_name(name, file), folder)
        except Problem as problem:
            if problem.code != "not_found":
                raise
            emptied(folder)
        else:
            return Replica.open(folder, manifest)
    return None


def store(
    blobs: Blobs, name: CollectionName, folder: Path, files: Iterable[File]
) -> Iterator[None]:
    """Store the files that are in a folder, several at once; one step for each."""
    with ThreadPoolExecutor(STORED_AT_ONCE) as threads:
        for stored in [
            threads.submit(copy_context().run, blobs.put, file_name(name, file), folder / file.name)
            for file in files
        ]:
            stored.result()
            yield


def record(
    documents: Documents, name: CollectionName, manifest: Manifest, head: Head, now: datetime
) -> None:
    """Name a snapshot whose files are stored."""
    made = StoredReplica(
        manifest=packed(manifest.model_dump(mode="json", by_alias=True)),
        epoch=head.epoch,
        count=head.count,
        changes=head.changes,
        created_at=now,
    )
    documents.commit([of(name).put(snapshot_id(manifest.seq), made)])


def forget_old(
    documents: Documents, blobs: Blobs, name: CollectionName, named: int, now: datetime
) -> Iterator[None]:
    """Forget old snapshots and the files that only they had; one step for each file.

    `named`: the one that instances open now, which stays.
    """
    found = list(of(name).every(documents, Query(SNAPSHOTS, tuple(name), limit=100)))
    kept = {each.id for each in found[-LAST:]} | {snapshot_id(named)}
    kept |= {each.id for each in found if each.value.created_at > now - KEPT}
    gone = [Delete(of(name).path(each.id)) for each in found if each.id not in kept]
    if gone:
        documents.commit(gone)
    files = set(_names(name, (each for each in found if each.id in kept)))
    for blob in blobs.list(f"{name.path}/files/"):
        if blob.name not in files:
            blobs.delete(blob.name)
            yield


def file_name(name: CollectionName, file: File) -> str:
    """Where a file is stored: under its content."""
    return f"{name.path}/files/{file.sha256}"


def _names(name: CollectionName, kept: Iterable[Found[StoredReplica]]) -> Iterator[str]:
    for each in kept:
        manifest = each.value.opened()
        for file in manifest.files if manifest else ():
            yield file_name(name, file)
