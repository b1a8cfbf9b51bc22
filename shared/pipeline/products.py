"""From an endpoint's entries to products: each is read as a row of our own feed.

So a catalog that an endpoint feeds has the checks, the words and the reports of one that a feed
feeds, and the same products.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

from shared.catalog.feeds.grouping import Item as FeedItem
from shared.catalog.feeds.grouping import product_of
from shared.catalog.feeds.json_item import json_text, read_row
from shared.catalog.feeds.money import is_currency
from shared.catalog.feeds.rows import Accepted, Defaults, Rejected
from shared.catalog.products.product import Product
from shared.errors import Problem
from shared.pipeline.cards import CardProperty
from shared.pipeline.catalog_block import CURRENCY, ROLES, CatalogBlock, Takes
from shared.pipeline.configuration import Configuration
from shared.pipeline.destinations import Destination, Endpoint
from shared.pipeline.endpoint_content import ID, Shape, content_of, languages_of
from shared.query.kinds import Body, Kind, body_key

Value = Any
Read = Callable[[Body], Value]


class Made(NamedTuple):
    """What an entry came to: a product, or None with the reasons why there is none.

    `reasons` of a product are those of variants that it goes without.
    """

    key: str
    product: Product | None
    reasons: tuple[str, ...]


class Products:
    """Makes products of the entries of one endpoint, by the configuration of one moment."""

    def __init__(
        self,
        configuration: Configuration,
        endpoint: Endpoint,
        destination: Destination,
        now: datetime,
    ) -> None:
        if endpoint.catalog is None:
            raise Problem("invalid", f"{endpoint.id!r} has no catalog.", field="catalog")
        block = endpoint.catalog
        languages = languages_of(destination)
        self.language = block.language if block.language in languages.every else languages.default
        content = content_of(configuration, endpoint.card, endpoint.revision)
        own = Shape(content, endpoint.properties, languages).properties
        self._roles = self._read(block.roles, own)
        self._attributes = self._read_attributes(block, own)
        self._related: str | None = None
        self._variants: dict[str, Read] = {}
        self._options: dict[str, Read] = {}
        if block.variants:
            self._related = body_key(Kind.RECORDS, block.variants.relation)
            of = next(e for e in endpoint.relations if e.relation == block.variants.relation)
            far = Shape(
                content_of(configuration, of.card, of.revision), of.properties, languages
            ).properties
            self._variants = self._read(block.variants.roles, far)
            self._options = {
                name: self._reading(_named(far, each), Takes.TEXT)
                for name, each in block.variants.options.items()
            }
        self._defaults = Defaults(block.source_base_url, None, self.language, now)

    def of(self, key: str, body: Body) -> Made:
        """What one entry comes to."""
        found = [self._row(key, body), *self._variant_rows(key, body)]
        reasons = [each for row in found if isinstance(row, Rejected) for each in row.reasons]
        if isinstance(found[0], Rejected):
            return Made(key, None, tuple(reasons))
        items = [row for row in found if isinstance(row, FeedItem)]
        product = None
        for row in product_of(key, items):
            if isinstance(row, Accepted):
                product = row.product
            elif isinstance(row, Rejected):
                reasons += row.reasons
        return Made(key, product, tuple(reasons))

    def every(self, entries: Iterable[tuple[str, Body]]) -> Iterator[Made]:
        """What several come to."""
        return (self.of(key, body) for key, body in entries)

    def _row(self, key: str, body: Body) -> FeedItem | Rejected:
        attributes = _values(self._attributes, body)
        row = {"id": key, **_values(self._roles, body), "attributes": attributes}
        return read_row(1, row, self._defaults)

    def _variant_rows(self, key: str, body: Body) -> Iterator[FeedItem | Rejected]:
        if self._related is None:
            return
        currency = {each: self._roles[each] for each in (CURRENCY,) if each in self._roles}
        for number, variant in enumerate(body.get(self._related, ()), 2):
            row = {
                **_values(currency, body),
                **_values(self._variants, variant),
                "id": variant[ID],
                "parent_id": key,
                "options": _values(self._options, variant),
            }
            yield read_row(number, row, self._defaults)

    def _read(self, roles: Mapping[str, str], own: Sequence[CardProperty]) -> dict[str, Read]:
        made: dict[str, Read] = {}
        for name, property_ in roles.items():
            role = ROLES[name]
            if name == CURRENCY and is_currency(property_):
                made[role.field] = _always(property_)
            else:
                made[role.field] = self._reading(_named(own, property_), role.takes)
        return made

    def _read_attributes(self, block: CatalogBlock, own: Sequence[CardProperty]) -> dict[str, Read]:
        named = block.attributes
        taken = set(block.roles.values())
        return {
            each.name or each.id: self._reading(each, None)
            for each in own
            if (each.id in named if named is not None else each.id not in taken)
        }

    def _reading(self, property_: CardProperty, takes: Takes | None) -> Read:
        key, kind, language = body_key(property_.kind, property_.id), property_.kind, self.language
        shown = _TAKEN[takes]

        def read(body: Body) -> Value:
            value = body.get(key)
            if value is not None and kind.is_localized:
                value = value.get(language)
            return None if value is None else shown(value)

        return read


def _named(properties: Sequence[CardProperty], id_: str) -> CardProperty:
    return next(each for each in properties if each.id == id_)


def _always(value: str) -> Read:
    return lambda _: value


def _values(reading: Mapping[str, Read], body: Body) -> dict[str, Value]:
    """What a body has, by field."""
    found = ((field, read(body)) for field, read in reading.items())
    return {field: value for field, value in found if value is not None}


def _exact(value: Value) -> Value:
    """Numbers as they are written."""
    return Decimal(repr(value)) if isinstance(value, float) else value


def _one(value: Value) -> Value:
    return value[0] if isinstance(value, list) and value else value


def _text(value: Value) -> str:
    return json_text(_exact(_one(value)))


def _texts(value: Value) -> list[str]:
    return [_text(each) for each in (value if isinstance(value, list) else [value])]


def _any(value: Value) -> Value:
    return [_exact(each) for each in value] if isinstance(value, list) else _exact(value)


_TAKEN: Final[Mapping[Takes | None, Callable[[Value], Value]]] = {
    Takes.TEXT: _text,
    Takes.TEXTS: _texts,
    Takes.NUMBER: lambda value: _exact(_one(value)),
    None: _any,
}
