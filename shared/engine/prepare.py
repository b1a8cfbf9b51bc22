"""From what is wanted to what is written: pure, so that it can be done again when a commit loses.

An edit holds body keys with their kinds; who made it has checked them by the collection's types.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any, Final, Literal, NamedTuple

from shared.engine.rows import Change, Row, RowKind
from shared.engine.values import packed
from shared.errors import Problem
from shared.query.kinds import MOST_KEYS, Kind, body_key, parsed_key

MOST_BYTES: Final = 900 * 1024
"""Of one record, packed."""
MOST_PROPERTIES: Final = 10_000
"""Of one record."""
MOST_KEY: Final = 256
MOST_EDITS: Final = 500
"""Records that one commit touches."""
MOST_COMMITTED: Final = 8 * 1024 * 1024
"""Bytes of records and log that one commit writes: the store takes 9 MiB with all around them."""
SEQS: Final = 16
"""How many of its commits a record names."""


@dataclass(frozen=True, slots=True)
class Edit:
    """What one record is to become.

    Attributes:
        key: the record's.
        values: body keys and values; of a localized property, values by language, where None
            clears that language. A value of None under any other key clears the property.
        combine: `merge` leaves what is not named; `replace` removes it; `delete` removes all.
        kind: what history calls it, where that does not follow from the change.
        keeps: with `replace`, properties, and what is in them (`state`, `state.since`), that stay
            as they are where the record has them.
        touch: the record is written, as its next version, also where nothing changes.
        expected: the version the record must have; 0 for a record that must not be there.
        seen: the commit that changed it last, as this was decided; 0 where there was none.
    """

    key: str
    values: Mapping[str, Any] = field(default_factory=dict)
    combine: Literal["merge", "replace", "delete"] = "merge"
    kind: RowKind | None = None
    keeps: frozenset[str] = frozenset()
    touch: bool = False
    expected: int | None = None
    seen: int | None = None


class Outdated(Problem):
    """What a change was decided by is no longer so: it is to be decided anew."""

    def __init__(self, what: str) -> None:
        super().__init__(
            "conflict",
            "Somebody else changed the same, several times over. Nothing was written; try again.",
            changed=what,
        )


class Stale(Problem):
    """A record is not of the version that a change expected; it is `record` now, None for gone."""

    def __init__(self, edit: "Edit", record: "Stored | None") -> None:
        version = record.version if record else 0
        now = f"has version {version}" if record else "is not there"
        super().__init__(
            "conflict",
            f"The record {edit.key!r} {now}, not version {edit.expected}. Read it, then decide "
            "anew.",
            key=edit.key,
            version=version,
        )
        self.record = record


class Stored(NamedTuple):
    """A record as its document holds it: `deleted` ones are kept for a while."""

    version: int
    seqs: tuple[int, ...]
    body: dict[str, Any]
    deleted: bool = False


class Changed(NamedTuple):
    """A record that a commit writes: its row, and what its document holds afterwards."""

    row: Row
    record: Stored
    packed: bytes


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a commit is to write.

    `changed` holds no record that stays as it is; `unchanged` names those. `added` is how many
    more records there are afterwards; it may be negative.
    """

    changed: tuple[Changed, ...]
    unchanged: tuple[str, ...]
    added: int


def prepare(edits: Iterable[Edit], before: Mapping[str, Stored], seq: int) -> Prepared:
    """Apply edits to the records as they were read, for the commit `seq`. Keys come once.

    Raises `too_large` for a record past MOST_BYTES and for more than one commit holds, saying how
    many edits do fit; `invalid` for a record past MOST_PROPERTIES; `conflict` for a record that is
    not of the expected version, Outdated for one that is not as it was seen. Nothing is written
    then.
    """
    changed: list[Changed] = []
    unchanged: list[str] = []
    added = size = 0
    for number, edit in enumerate(edits):
        old = before.get(edit.key)
        made = _changed(edit, old, seq)
        size += 0 if made is None else 2 * len(made.packed)
        if number == MOST_EDITS or size > MOST_COMMITTED:
            raise _too_much(number)
        if made is None:
            unchanged.append(edit.key)
            continue
        changed.append(made)
        lived = old is not None and not old.deleted
        added += int(not made.record.deleted) - int(lived)
    return Prepared(tuple(changed), tuple(unchanged), added)


def _too_much(fits: int) -> Problem:
    return Problem(
        "too_large",
        f"This is more than one commit holds. The first {fits} fit: send them, then the rest.",
        fits=fits,
        most=MOST_EDITS,
        bytes=MOST_COMMITTED,
    )


def at_seq(prepared: Prepared, seq: int) -> Prepared:
    """The same for another place in the order: nobody touched these records meanwhile."""
    return replace(
        prepared,
        changed=tuple(
            each._replace(record=each.record._replace(seqs=(seq, *each.record.seqs[1:])))
            for each in prepared.changed
        ),
    )


def check_key(key: str) -> None:
    """Raises `invalid` for what cannot be a record's key."""
    if not 0 < len(key) <= MOST_KEY or "/" in key or not key.isprintable() or key != key.strip():
        raise Problem(
            "invalid",
            f"A key has 1 to {MOST_KEY} printable characters, no slash and no space at its ends.",
            key=key[:MOST_KEY],
        )


def _changed(edit: Edit, old: Stored | None, seq: int) -> Changed | None:
    lived = old is not None and not old.deleted
    version = old.version if old is not None and lived else 0
    if edit.expected is not None and edit.expected != version:
        raise Stale(edit, old if lived else None)
    if edit.seen is not None and edit.seen != (old.seqs[0] if old is not None and lived else 0):
        raise Outdated(edit.key)
    before = old.body if old is not None and lived else {}
    if edit.combine == "delete":
        return _deleted(edit, old, seq) if old is not None and lived else None
    after = _combined(edit, before)
    changes = differences(before, after)
    if lived and not changes and not edit.touch:
        return None
    version = old.version + 1 if old else 1
    row = Row(
        key=edit.key,
        version=version,
        kind=edit.kind or _kind(changes, after, lived=lived),
        previous=old.seqs[0] if old else 0,
        changes=tuple(changes),
        body=after,
    )
    seqs = (seq, *(old.seqs if old else ()))[:SEQS]
    return Changed(row, Stored(version, seqs, after), _checked(edit.key, after))


def _deleted(edit: Edit, old: Stored, seq: int) -> Changed:
    version, seqs = old.version + 1, (seq, *old.seqs)[:SEQS]
    row = Row(edit.key, version, "deleted", old.seqs[0], (), old.body)
    return Changed(row, Stored(version, seqs, {}, deleted=True), packed({}))


def _combined(edit: Edit, before: Mapping[str, Any]) -> dict[str, Any]:
    """The body after the edit. A property has one kind at a time."""
    named = {_owner(key) for key in edit.values}
    kept = {each for each in map(_owner, before) if _is_kept(each, edit.keeps)}
    after = {
        key: value
        for key, value in before.items()
        if (edit.combine == "merge" and _owner(key) not in named) or _owner(key) in kept
    }
    for key, value in edit.values.items():
        kind, property_ = parsed_key(key)
        if _owner(key) in kept:
            continue
        if kind.is_localized:
            others = before.get(key) if edit.combine == "merge" else None
            _put_localized(after, key, property_, {**(others or {}), **value})
        elif value is None:
            after[body_key(Kind.CLEARED, property_)] = None
        else:
            after[key] = value
    return after


@lru_cache(maxsize=MOST_KEYS)
def _owner(key: str) -> str:
    """The property that a key is of. The engine's keys are each for itself, and no property's."""
    kind, property_ = parsed_key(key)
    return key if kind is Kind.ENGINE else property_


def _is_kept(property_: str, keeps: frozenset[str]) -> bool:
    return any(property_ == each or property_.startswith(f"{each}.") for each in keeps)


def _put_localized(
    after: dict[str, Any], key: str, property_: str, values: Mapping[str, Any]
) -> None:
    given = {language: value for language, value in sorted(values.items()) if value is not None}
    if given:
        after[key] = given
    else:
        after[body_key(Kind.CLEARED, property_)] = None


def _checked(key: str, body: dict[str, Any]) -> bytes:
    if len(body) > MOST_PROPERTIES:
        raise Problem(
            "invalid",
            f"The record {key!r} would have {len(body)} properties; {MOST_PROPERTIES} are the "
            "most. Leave some out.",
            key=key,
            properties=len(body),
            limit=MOST_PROPERTIES,
        )
    data = packed(body)
    if len(data) > MOST_BYTES:
        raise Problem(
            "too_large",
            f"The record {key!r} would have {len(data)} bytes; {MOST_BYTES} are the most. "
            "Make its values shorter.",
            key=key,
            bytes=len(data),
            limit=MOST_BYTES,
        )
    return data


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What is not the same in two bodies, with the values before; a retyped property is two."""
    found: list[Change] = []
    for key in sorted({*before, *after}):
        if parsed_key(key)[0].is_localized:
            old, new = before.get(key, {}), after.get(key, {})
            for language in sorted({*old, *new}):
                if not same(old.get(language), new.get(language)):
                    was = (old[language],) if language in old else ()
                    found.append((key, language, was))
        elif key not in before:
            found.append((key, None, ()))
        elif key not in after or not same(before[key], after[key]):
            found.append((key, None, (before[key],)))
    return found


def same(one: Any, other: Any) -> bool:
    """Whether two values of a body are the same: 1 is neither 1.0 nor true."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def _kind(changes: list[Change], after: Mapping[str, Any], *, lived: bool) -> RowKind:
    if not lived:
        return "created"
    touched = {parsed_key(key)[1] for key, _, _ in changes}
    cleared = {parsed_key(key)[1] for key in after if parsed_key(key)[0] is Kind.CLEARED}
    return "cleared" if touched and touched <= cleared else "updated"
