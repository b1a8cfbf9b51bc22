"""Collections that nobody reads any more, removed piece by piece."""

from collections.abc import Iterator
from itertools import chain
from typing import Final

from shared.engine.heads import CollectionName
from shared.engine.later import PROJECTIONS, SNAPSHOT_WORK, work_id
from shared.ports.documents import Documents, Query
from shared.queries import FAILURES, LOG, RECORDS, SNAPSHOTS

AT_ONCE: Final = 100
"""Documents of each kind that are named at once: some may have nearly a megabyte."""


def stored_of(documents: Documents, name: CollectionName) -> Iterator[str]:
    """Some of a collection's documents; its head, and its work, once all below it is gone."""
    below = chain.from_iterable(
        documents.query(Query(shape, parents=tuple(name), limit=AT_ONCE)).items
        for shape in (RECORDS, LOG, SNAPSHOTS, FAILURES)
    )
    paths = [each.path for each in below]
    yield from paths
    if not paths:
        id_ = work_id(name)
        yield from (name.path, SNAPSHOT_WORK.path(id_), PROJECTIONS.path(id_))
