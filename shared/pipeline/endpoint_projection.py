"""Entries of endpoints as a projection: which depend on a card, and what they are read from."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple

from shared.app import App
from shared.engine.collections import Collections, collections
from shared.engine.deriving import Compute
from shared.engine.heads import CollectionName, Head
from shared.engine.projections import Projection, Seen
from shared.pipeline.cards import collection_of
from shared.pipeline.configuration import Configuration
from shared.pipeline.destinations import (
    DESTINATIONS,
    ENDPOINTS,
    PREFIX,
    VERSIONS,
    Destination,
    Embedded,
    Endpoint,
)
from shared.pipeline.endpoint_content import Entries, content_of
from shared.pipeline.relations import KEY, RELATIONS
from shared.pipeline.workspace import configuration_at
from shared.query.answers import Item
from shared.query.ast import MOST_ITEMS, Linked, Question, Value
from shared.query.kinds import Body, Kind, folded
from shared.query.predicate import linked_values
from shared.query.values import values_of

_AT_ONCE: Final = 5_000
"""Values that one question asks for."""


def projection_of(app: App, name: CollectionName, head: Head) -> Projection | None:
    """What a collection of entries holds, by the configuration at a head or later."""
    prefix, _, id_ = name.id.partition(".")
    if prefix != PREFIX:
        return None
    configuration = configuration_at(app, name.tenant, head)
    found = configuration.find(ENDPOINTS, id_)
    version = configuration.find(VERSIONS, found.value.version) if found else None
    if found is None or version is None or not version.value.follows:
        return None
    destination = configuration.get(DESTINATIONS, version.value.destination).value
    made = entries_of(app, name.tenant, configuration, found.value, destination)
    return Projection(
        tuple(found.value.inputs),
        made.keys,
        made.gathered,
        walked=(found.value.inputs[0],),
        label=id_,
        counted=("entries.projected", "endpoint"),
    )


def entries_of(
    app: App,
    tenant: str,
    configuration: Configuration,
    endpoint: Endpoint,
    destination: Destination,
) -> "EntriesOf":
    """What computes the entries of an endpoint whose cards' revisions are known."""
    entries = Entries(configuration, endpoint, destination, app.clock.now())
    return EntriesOf(collections(app), tenant, endpoint, configuration, entries)


class _Side(NamedTuple):
    """A side of a relation: in which collection, and where its values are; empty for the key."""

    collection: str
    property: str
    kind: Kind

    def texts(self, key: str, body: Body) -> list[str]:
        """The values of one record, as what links it."""
        if not self.property:
            return [key]
        return [_canonical(each) for each in values_of(body, self.property, self.kind)]

    def meets(self, texts: Sequence[str]) -> set[Value]:
        """What records on this side have that are linked by one of these."""
        if not self.property:
            return {*texts}
        return {_plain(each) for each in linked_values(Linked(self.property, self.kind, (*texts,)))}

    def has(self, item: Item) -> set[Value]:
        """What a record on this side is met by."""
        if not self.property:
            return {item.key}
        return {_plain(each) for each in values_of(item.body, self.property, self.kind)}


class _Relation(NamedTuple):
    """A relation of an endpoint: its own side, and the other one."""

    id: str
    near: _Side
    far: _Side


class EntriesOf:
    """The entries of one endpoint: which a card is in, and what each of them is."""

    def __init__(
        self,
        of: Collections,
        tenant: str,
        endpoint: Endpoint,
        configuration: Configuration,
        entries: Entries,
    ) -> None:
        self._collections = of
        self._tenant = tenant
        self._cards = endpoint.inputs[0]
        self._entries = entries
        self._relations = [
            _relation(configuration, endpoint, each)
            for each in endpoint.relations
            if configuration.find(RELATIONS, each.relation)
        ]

    def keys(self, input_: str, records: Sequence[tuple[str, Body]]) -> Iterable[str]:
        """The entries that cards of an input belong to, or are shown in."""
        if input_ == self._cards:
            yield from (key for key, _ in records)
        for each in self._relations:
            if each.far.collection == input_ and records:
                texts = [text for key, body in records for text in each.far.texts(key, body)]
                head = self._collections.head(CollectionName(self._tenant, self._cards))
                yield from (item.key for item in self._linked(each.near, head, texts))

    def gathered(self, heads: Mapping[str, Head], keys: list[str], seen: Seen) -> Compute:
        """Reads these cards and what is related to them; gives what computes each entry."""
        items = {key: seen[self._cards][key] for key in keys if key in seen.get(self._cards, {})}
        rest = [key for key in keys if key not in items]
        name = CollectionName(self._tenant, self._cards)
        if rest:
            items |= self._collections.found(name, rest, heads[self._cards], budget=None)
        related = {each.id: self._related(each, heads, items) for each in self._relations}

        def compute(key: str) -> Mapping[str, Any] | None:
            item = items.get(key)
            if item is None:
                return None
            return self._entries.body(item, {id_: of[key] for id_, of in related.items()})

        return compute

    def _related(
        self, relation: _Relation, heads: Mapping[str, Head], items: Mapping[str, Item]
    ) -> Mapping[str, list[Item]]:
        """By card, the cards it is related to, in order of key."""
        near, far = relation.near, relation.far
        wanted: defaultdict[Value, list[str]] = defaultdict(list)
        asked: dict[str, None] = {}
        for key, item in items.items():
            texts = near.texts(key, item.body)
            asked |= dict.fromkeys(texts)
            for value in far.meets(texts):
                wanted[value].append(key)
        found: defaultdict[str, dict[str, Item]] = defaultdict(dict)
        for item in self._linked(far, heads[far.collection], list(asked)):
            for value in far.has(item):
                for key in wanted.get(value, ()):
                    found[key][item.key] = item
        return defaultdict(
            list, {key: [of[each] for each in sorted(of)] for key, of in found.items()}
        )

    def _linked(self, side: _Side, head: Head, texts: Sequence[str]) -> Iterator[Item]:
        """The records of a side that one of these links."""
        name = CollectionName(self._tenant, side.collection)
        for at in range(0, len(texts), _AT_ONCE):
            where = Linked(side.property, side.kind, tuple(texts[at : at + _AT_ONCE]))
            cursor = None
            while True:
                question = Question(where, limit=MOST_ITEMS, cursor=cursor)
                answer = self._collections.ask(name, question, head, budget=None).answer
                yield from answer.items
                cursor = answer.cursor
                if cursor is None:
                    break


def _relation(configuration: Configuration, endpoint: Endpoint, embedded: Embedded) -> _Relation:
    relation = configuration.get(RELATIONS, embedded.relation).value
    source, target = relation.sides()
    own, other = (source, target) if source[0] == endpoint.card else (target, source)
    near = _side(configuration, own[1], endpoint.card, endpoint.revision)
    return _Relation(
        relation.id, near, _side(configuration, other[1], embedded.card, embedded.revision)
    )


def _side(configuration: Configuration, property_: str, card: str, revision: int) -> _Side:
    found = content_of(configuration, card, revision).find(property_)
    collection = collection_of(card, revision)
    if found is None and property_ == KEY:
        return _Side(collection, "", Kind.TEXT)
    return _Side(collection, property_, found.kind if found else Kind.TEXT)


def _canonical(value: Value) -> str:
    """A value as what links it, whatever it is held as."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _plain(value: Value) -> Value:
    return folded(value) if isinstance(value, str) else value
