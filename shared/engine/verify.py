"""Looking a collection over: whether its log, its records and its replica say the same.

What is compared: the log is without a gap from where it is kept on, versions rise by one, what it
leaves of a record is the record; as many records live as the head says; a replica made from nothing
but what is stored holds exactly the records. Others may write meanwhile: it is said up to where.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from shared.engine.collections import Collections
from shared.engine.heads import CollectionName, Head
from shared.engine.history import of_range
from shared.engine.log import entry_path
from shared.engine.replica import Replica
from shared.engine.rows import Row
from shared.engine.searchable import Sealing
from shared.ports.documents import Documents
from shared.query.answers import Item
from shared.query.ast import MOST_ITEMS, Question

_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Verified:
    """What a look came to.

    Attributes:
        revision: the newest commit that was looked at.
        commits: how many of them the log still has.
        records: how many live.
        difference: the first thing that is not as it should be, in a sentence; None for a
            collection that is whole.
    """

    revision: int
    commits: int
    records: int
    difference: str | None


def verify(of: Collections, documents: Documents, name: CollectionName) -> Verified:
    """Compare a collection's log, records and replica. Nobody should write to it meanwhile."""
    head = of.head(name)
    first = _first_kept(documents, name, head)
    records = {item.key: item for item in of.every(name)}
    difference = _in_the_log(of, documents, name, head, first) or (
        f"The head counts {head.count} records, and {len(records)} are there."
        if head.count != len(records)
        else _in_the_replica(of, name, head, records)
    )
    return Verified(head.seq, max(0, head.seq + 1 - first), len(records), difference)


def _first_kept(documents: Documents, name: CollectionName, head: Head) -> int:
    """The oldest commit that is kept. Only old ones go, so the search may halve."""
    low, high = 1, head.seq + 1
    while low < high:
        middle = (low + high) // 2
        if documents.get(entry_path(name, middle)) is None:
            low = middle + 1
        else:
            high = middle
    return low


def _in_the_log(
    of: Collections, documents: Documents, name: CollectionName, head: Head, first: int
) -> str | None:
    newest: dict[str, tuple[int, Row]] = {}
    met = first - 1
    for seq, _, row in of_range(documents, name, range(first, head.seq + 1)):
        if seq > met + 1:
            return f"The log has no commit {met + 1}."
        met = seq
        before = newest.get(row.key)
        if before is not None and (row.version, row.previous) != (before[1].version + 1, before[0]):
            return f"Commit {seq} says that {row.key!r} was changed by commit {row.previous}."
        newest[row.key] = (seq, row)
    if met != head.seq:
        return f"The log ends with commit {met}, the head says {head.seq}."
    keys = list(newest)
    for at in range(0, len(keys), _AT_ONCE):
        found = of.get(name, keys[at : at + _AT_ONCE])
        for key in keys[at : at + _AT_ONCE]:
            seq, row = newest[key]
            record = found.get(key)
            if record is None:
                return f"{key!r} is in the log (commit {seq}), and there is no record of it."
            body = {} if row.deletes else row.body
            if (record.seqs[0], record.version, record.body, record.deleted) != (
                seq,
                row.version,
                body,
                row.deletes,
            ):
                return f"The record {key!r} is not what commit {seq} left."
    return None


def _in_the_replica(
    of: Collections, name: CollectionName, head: Head, records: dict[str, Item]
) -> str | None:
    with of.fresh(name, head) as replica:
        for mine, stored in zip_longest(
            _walk(replica), sorted(records.values(), key=lambda item: item.key.encode())
        ):
            if mine != stored:
                key = (stored or mine).key
                return f"A fresh replica does not hold {key!r} as its record does."
    return None


def _walk(replica: Replica) -> Iterator[Item]:
    sealing = Sealing("", 1, (bytes(32),))
    cursor = None
    while True:
        answer = replica.answer(Question(limit=MOST_ITEMS, cursor=cursor), sealing)
        yield from answer.items
        cursor = answer.cursor
        if cursor is None:
            return
