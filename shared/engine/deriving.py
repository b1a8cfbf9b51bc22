"""From what a projection computes to what is written: pure, as `prepare` is for edits.

A derived collection keeps no record documents: its log and its replica are what it has. A row's
version is the commit's sequence number, because a rebuild cannot count what it no longer knows.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from shared import log
from shared.engine.jobs import RETRIED
from shared.engine.prepare import MOST_BYTES, differences
from shared.engine.rows import Row
from shared.engine.values import packed
from shared.errors import Problem
from shared.query.answers import Item
from shared.query.kinds import Kind, body_key

MOST_COMMITTED: Final = 4 * 1024 * 1024
"""Bytes of records in one commit, before they are packed."""
FAILED: Final = body_key(Kind.ENGINE, "failed")
"""Marks a record that stays as it was because it could not be computed: by which change."""

Compute = Callable[[str], Mapping[str, Any] | None]
"""A record's body by its key; None where there is to be no record."""


@dataclass
class Derived:
    """What one commit of a derived collection is to write.

    Attributes:
        rows: of records that change.
        failures: keys that could not be computed, and why.
        done: the keys it came to; where some are missing, they have to come with another commit.
    """

    rows: list[Row] = field(default_factory=list)
    failures: dict[str, str] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)

    @property
    def added(self) -> int:
        """How many more records there are afterwards."""
        signs = {"created": 1, "deleted": -1}
        return sum(signs.get(row.kind, 0) for row in self.rows)


def derive(
    causes: Mapping[str, str], compute: Compute, before: Mapping[str, Item], seq: int
) -> Derived:
    """Compute records, each by itself: one that cannot be computed does not stop the others.

    Args:
        causes: their keys, and which change made each necessary.
        compute: raises a Problem where it cannot.
        before: the records that are there.
        seq: of the commit.
    Raises `unavailable` and the like: those are nobody's fault, and gone the next time.
    """
    made, size = Derived(), 0
    for key, cause in causes.items():
        if size >= MOST_COMMITTED:
            return made
        made.done.append(key)
        old = before.get(key)
        body, error = _computed(compute, key)
        if error is not None:
            made.failures[key] = error
            body = old and {**old.body, FAILED: cause}
        row = _row(key, old, body, seq)
        if row is not None:
            made.rows.append(row)
            size += len(orjson.dumps(row.body))
    return made


def _computed(compute: Compute, key: str) -> tuple[Mapping[str, Any] | None, str | None]:
    """A record's body, or why there is none."""
    try:
        body = compute(key)
        _check_size(body)
    except Problem as problem:
        if problem.code in RETRIED:
            raise
        return None, problem.message
    except Exception:  # noqa: BLE001  a mistake of ours with one record must not stop the others
        log.crash("derived record")
        return None, "This record shows a mistake of ours; it is in the log."
    return body, None


def _check_size(body: Mapping[str, Any] | None) -> None:
    size = len(orjson.dumps(body))
    if size > MOST_BYTES and (size := len(packed(body))) > MOST_BYTES:
        raise Problem(
            "too_large", f"It would have {size} bytes; {MOST_BYTES} are the most.", bytes=size
        )


def _row(key: str, old: Item | None, body: Mapping[str, Any] | None, seq: int) -> Row | None:
    """What happens to a record; None for nothing."""
    if old is None:
        return None if body is None else Row(key, seq, "created", 0, (), dict(body))
    if body is None:
        return Row(key, seq, "deleted", old.seq, (), dict(old.body))
    if body == old.body:  # a key names the kind of its value, so 1 and true are never compared
        return None
    changes = tuple(differences(old.body, body))
    return Row(key, seq, "updated", old.seq, changes, dict(body))
