"""What one commit did to one record: a row of the log."""

from dataclasses import dataclass
from typing import Any, Literal

Change = tuple[str, str | None, tuple[Any, ...]]
"""What changed: the body's key, the language or None, and the value before: empty for absent."""

RowKind = Literal["created", "updated", "cleared", "deleted", "restored", "retyped"]


@dataclass(frozen=True, slots=True)
class Row:
    """A record's change.

    Attributes:
        key: the record's.
        version: of the record after it: its number of changes; in a derived collection, the
            commit's sequence number.
        kind: what happened.
        previous: the sequence number of the commit that changed the record before; 0 for none.
        changes: the old values, which make history and undo.
        body: the record after it, which makes replicas independent of record documents. Of a
            deleted record, the whole body that was deleted.
    """

    key: str
    version: int
    kind: RowKind
    previous: int
    changes: tuple[Change, ...]
    body: dict[str, Any]

    @property
    def deletes(self) -> bool:
        """Whether the record is gone after it."""
        return self.kind == "deleted"
