"""Cards as a projection: which depend on an entry, what they are read from, how one is computed."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from shared.app import App
from shared.engine.collections import Collections, collections
from shared.engine.deriving import Compute
from shared.engine.heads import CollectionName, Head
from shared.engine.prepare import MOST_KEY
from shared.engine.projections import Projection, Seen
from shared.pipeline.card_filters import sources_of
from shared.pipeline.card_values import CardValues
from shared.pipeline.cards import CARDS, PREFIX, Content, inputs_of, members_of
from shared.pipeline.segments import Segmenting
from shared.pipeline.sources import Source, entries_of
from shared.pipeline.workspace import configuration_at
from shared.query.answers import Item
from shared.query.ast import MOST_ITEMS, MOST_VALUES, Compare, Question
from shared.query.kinds import SEGMENTS, Body, Kind, body_key

_JOINS: Final = (Kind.TEXT, Kind.INTEGER)
"""What a property that names a card may hold."""


def projection_of(app: App, name: CollectionName, head: Head) -> Projection | None:
    """What a collection of cards holds, by the configuration at a head or later."""
    prefix, _, rest = name.id.partition(".")
    card, _, revision = rest.partition(".")
    if prefix != PREFIX:
        return None
    configuration = configuration_at(app, name.tenant, head)
    found = configuration.find(CARDS, card)
    content = found.value.of_revision(int(revision)) if found else None
    if content is None:
        return None
    cards = _Cards(
        collections(app),
        CollectionName(name.tenant, members_of(card)),
        content,
        sources_of(configuration, content),
        Segmenting(configuration, card, content, app.clock.now()),
    )
    return Projection(
        tuple(inputs_of(card, content)),
        cards.keys,
        cards.gathered,
        label=card,
        counted=("cards.projected", "card_definition"),
    )


class _Cards:
    """The cards of one revision."""

    def __init__(
        self,
        of: Collections,
        members: CollectionName,
        content: Content,
        sources: Mapping[str, Source],
        segments: Segmenting,
    ) -> None:
        self._collections = of
        self._members = members
        self._segments = segments
        self._values = CardValues(content, sources)
        self._joins = {entries_of(each.source_id): each.join_property for each in content.sources}
        self._sources = [entries_of(each.source_id) for each in content.sources]

    def keys(self, input_: str, records: Sequence[tuple[str, Body]]) -> Iterable[str]:
        """The cards that records of an input belong to."""
        property_ = self._joins.get(input_)
        if not property_:
            return [key for key, _ in records]
        return [key for _, body in records for key in joined(property_, body)]

    def gathered(self, heads: Mapping[str, Head], keys: list[str], seen: Seen) -> Compute:
        """Reads the entries of these cards; gives what computes each."""
        entries: dict[str, dict[str, list[Body]]] = {}
        for input_ in self._sources:
            name = CollectionName(self._members.tenant, input_)
            property_ = self._joins[input_]
            if not property_:
                living = dict(seen.get(input_, {}))
                rest = [key for key in keys if key not in living]
                living |= self._collections.living(name, rest) if rest else {}
                entries[input_] = {key: [item.body] for key, item in living.items()}
                continue
            grouped: dict[str, list[Body]] = defaultdict(list)
            for item in self._linked(name, heads[input_], property_, keys):
                for key in joined(property_, item.body):
                    grouped[key].append(item.body)
            entries[input_] = grouped

        now = max(head.at for head in heads.values())
        some = self._segments and heads[self._members.id].count
        named = self._collections.living(self._members, keys) if some else {}

        def compute(key: str) -> Mapping[str, Any] | None:
            of = {
                input_.partition(".")[2]: found[key]
                for input_, found in entries.items()
                if key in found
            }
            if not of:
                return None
            body = self._values.body(of)
            members = named[key].body if key in named else {}
            found = self._segments.of(key, body, members, now)
            return body | {SEGMENTS: found} if found else body

        return compute

    def _linked(
        self, name: CollectionName, head: Head, property_: str, keys: list[str]
    ) -> Iterator[Item]:
        """The entries whose join property names one of these cards, in order of key."""
        for at in range(0, len(keys), MOST_VALUES):
            some = keys[at : at + MOST_VALUES]
            whole = [int(key) for key in some if _is_whole(key)]
            for where in (
                Compare(property_, Kind.TEXT, "in", tuple(some), case_sensitive=True),
                *([Compare(property_, Kind.INTEGER, "in", tuple(whole))] if whole else ()),
            ):
                yield from self._every(name, head, Question(where, limit=MOST_ITEMS))

    def _every(self, name: CollectionName, head: Head, question: Question) -> Iterator[Item]:
        cursor = None
        while True:
            asked = Question(question.where, limit=question.limit, cursor=cursor)
            answer = self._collections.ask(name, asked, head, budget=None).answer
            yield from answer.items
            cursor = answer.cursor
            if cursor is None:
                return


def joined(property_: str, body: Body) -> tuple[str, ...]:
    """The card that an entry names in a property; none where it names nothing that is a key."""
    for kind in _JOINS:
        value = body.get(body_key(kind, property_))
        if value is not None:
            key = str(value)
            fits = 0 < len(key) <= MOST_KEY and "/" not in key and key.isprintable()
            return (key,) if fits and key == key.strip() else ()
    return ()


def _is_whole(key: str) -> bool:
    return key.removeprefix("-").isdecimal() and key == str(int(key))


def check_join(source: Source, property_: str) -> str | None:
    """What is wrong with a property that is to name the card; None for nothing."""
    known = source.properties.get(property_)
    if known is None:
        return f"The source {source.id!r} has no property {property_!r}."
    if known.kind not in _JOINS:
        return f"{property_!r} holds no single text or whole number, so it names no card."
    return None
