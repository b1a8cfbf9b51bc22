"""Cards that segments name one by one, and those that they leave out: `members.{card}`."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from shared.engine.prepare import MOST_EDITS, Edit, Stale, Stored
from shared.engine.wanted import Part, Wanted
from shared.pipeline.cards import members_of
from shared.pipeline.segments import IN, MOST_NAMED, OUT
from shared.pipeline.sources import invalid
from shared.pipeline.workspace import Workspace
from shared.query.ast import Compare, Question
from shared.query.kinds import Kind

_TRIES: Final = 5


class Named(NamedTuple):
    """The cards that a segment names, and those that it leaves out."""

    members: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()


def named_by(space: Workspace, card: str, segment: str) -> Named:
    """Those of a segment, as they are stored now."""
    return Named(*(frozenset(_keys(space, card, segment, key)) for key in ("in", "out")))


def _keys(space: Workspace, card: str, segment: str, property_: str) -> Iterator[str]:
    name, cursor = space.name(members_of(card)), None
    where = Compare(property_, Kind.LIST, "eq", (segment,), case_sensitive=True)
    while True:
        asked = Question(where, limit=200, cursor=cursor)
        answer = space.collections.ask(name, asked, budget=None).answer
        yield from (item.key for item in answer.items)
        cursor = answer.cursor
        if cursor is None:
            return


def check_amount(keys: Iterable[str], path: str) -> None:
    """Raises `invalid` for more cards than a segment may name."""
    if len(set(keys)) > MOST_NAMED:
        raise invalid(path, f"A segment names at most {MOST_NAMED} cards.")


def name_cards(
    space: Workspace, card: str, segment: str, before: Named, after: Named, import_id: str
) -> None:
    """Store which cards a segment names, in as many commits as that takes, under one import id.

    Who is killed in between repeats the whole call: it comes to the same.
    """
    changed = sorted(
        {
            *(before.members ^ after.members),
            *(before.excluded ^ after.excluded),
        }
    )
    for at in range(0, len(changed), MOST_EDITS):
        _store(space, card, segment, after, changed[at : at + MOST_EDITS], import_id)


def _store(
    space: Workspace, card: str, segment: str, after: Named, keys: list[str], import_id: str
) -> None:
    name = space.name(members_of(card))
    for number in range(_TRIES):
        stored = space.collections.get(name, keys)
        edits = tuple(_edit(key, stored.get(key), segment, after) for key in keys)
        try:
            space.commit(Wanted((Part(name, edits),), space.author, import_id))
        except Stale:
            if number == _TRIES - 1:
                raise
        else:
            return


def _edit(key: str, stored: Stored | None, segment: str, after: Named) -> Edit:
    living = stored is not None and not stored.deleted
    body: Mapping[str, list[str]] = stored.body if stored is not None and living else {}
    values = {
        at: sorted({*body.get(at, ())} - {segment} | ({segment} if key in keys else set()))
        for at, keys in ((IN, after.members), (OUT, after.excluded))
    }
    values = {at: ids for at, ids in values.items() if ids}
    version = stored.version if stored is not None and living else 0
    if not values:
        return Edit(key, combine="delete", expected=version)
    return Edit(key, values, combine="replace", expected=version)
