"""What of a product goes into the segment: its record, its words, its facets, its place.

Field weights are by repetition inside one field: title three times, brand twice. One field scored
once beats four summed scores by 7 points of NDCG@10 (design/search.md, section 2).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from shared.catalog.products.options import is_color, is_size
from shared.catalog.products.product import Product, Variant
from shared.catalog.products.urls import Claim, index_forms, normalize_url
from shared.catalog.products.views import full_view, list_item
from shared.catalog.segment.analysis import compact, facet_term, gtin14
from shared.catalog.segment.rank import browse_rank
from shared.catalog.segment.records import Record
from shared.facets import attribute_facet

TITLE_WEIGHT: Final = 3
BRAND_WEIGHT: Final = 2
DEPTHS: Final = 7
_SHORTEST_NUMBER: Final = 6
_NUMBER: Final = re.compile(r"[\d.,\s]+")
_NOT_WORDS: Final = frozenset({"true", "false", "yes", "no", "none", "n/a"})


@dataclass(frozen=True, slots=True)
class Entry:
    """A product, ready to be written.

    Attributes:
        record: what is stored.
        active: whether it can be found; an inactive product is only kept.
        title: the title.
        kind: see `names`.
        texts: strings of the weighted field, repeated by weight.
        identifiers: compact forms it is found by exactly.
        facets: terms of `facet_term`.
        price: in the product's currency.
        rank: its place in the browse order; higher comes first.
        hosts: hosts of its URLs.
    """

    record: Record
    active: bool
    title: str
    kind: str
    texts: tuple[str, ...]
    identifiers: frozenset[str]
    facets: frozenset[str]
    price: float | None
    rank: int
    hosts: frozenset[str]


def names(product: Product) -> tuple[str, str]:
    """A product's title; and its kind: brand, product type and categories, narrowest first."""
    brand = product.brand.name if product.brand else ""
    return product.title, f"{brand} {' '.join(_kind(product))}"


def entry(product: Product, catalog: str) -> Entry:
    """The entry of a product of this catalog."""
    urls = [product.url, *(variant.url for variant in product.variants if variant.url)]
    title, kind = names(product)
    item, full = list_item(product, catalog), full_view(product, catalog)
    return Entry(
        record=_record(product, item, full, urls),
        active=product.is_active,
        title=title,
        kind=kind,
        texts=tuple(_texts(product, full["description"])),
        identifiers=frozenset(filter(None, _identifiers(product))),
        facets=frozenset(facet_term(name, value) for name, value in _facets(product)),
        price=float(product.price.amount) if product.price else None,
        rank=browse_rank(product),
        hosts=frozenset(normalize_url(url).host for url in urls),
    )


def _record(
    product: Product, item: dict[str, Any], full: dict[str, Any], urls: list[str]
) -> Record:
    shared = {name: value for name, value in item.items() if full.get(name, ...) == value}
    claims: dict[str, Claim] = {}
    for url in urls if product.is_active else ():
        for form, claim in index_forms(url):
            claims[form] = min(claim, claims.get(form, claim))
    return Record(
        shared=_members(shared),
        item=_members({name: item[name] for name in item if name not in shared}),
        full=_members({name: full[name] for name in full if name not in shared}),
        key=product.key,
        claims=claims,
        source=product.model_dump_json(by_alias=True, exclude_defaults=True).encode(),
    )


def _members(value: dict[str, Any]) -> bytes:
    return orjson.dumps(value)[1:-1]


def _kind(product: Product) -> Iterator[str]:
    if product.product_type:
        yield product.product_type
    named = [*reversed(product.category_path), *(each.name for each in product.categories)]
    yield from dict.fromkeys(named)


def _texts(product: Product, description: str | None) -> Iterator[str]:
    for _ in range(TITLE_WEIGHT):
        yield product.title
    if product.brand:
        for _ in range(BRAND_WEIGHT):
            yield product.brand.name
    yield from _kind(product)
    yield from filter(None, (description, product.mpn, product.dimensions))
    for values in (
        product.tags,
        product.genders,
        product.age_groups,
        product.sizes,
        tuple(color.label for color in product.colors),
        product.color_families,
        product.materials,
        product.fit,
        product.patterns,
        *product.attributes.values(),
        tuple(dict.fromkeys(value for _, value in _options(product))),
    ):
        yield from filter(_says_something, values)


def _options(product: Product) -> Iterator[tuple[str, str]]:
    """Option axes of the variants that are not shown as colours or sizes already."""
    for variant in product.variants:
        for axis, value in variant.options.items():
            if not (is_color(axis) or is_size(axis)):
                yield axis, value


def _says_something(value: str) -> bool:
    """False for yes and no, and for bare numbers: noise that would match everywhere."""
    return value.casefold() not in _NOT_WORDS and not _NUMBER.fullmatch(value)


def _identifiers(product: Product) -> Iterator[str]:
    """Compact forms; GTINs as 14 digits, so that leading zeros do not matter.

    A feed's own short row number is none: who asks for `1984` means the book.
    """
    owners: tuple[Product | Variant, ...] = (product, *product.variants)
    for owner in owners:
        yield from (gtin14(gtin) or compact(gtin) for gtin in owner.gtins)
        yield compact(owner.mpn or "")
    yield compact(product.product_group_id or "")
    for number in (product.key, *(variant.id for variant in product.variants)):
        if not (number.isdigit() and len(number) < _SHORTEST_NUMBER):
            yield compact(number)
    for variant in product.variants:
        yield compact(variant.sku or "")


def _facets(product: Product) -> Iterator[tuple[str, str]]:
    if product.brand:
        yield "brand_name", product.brand.name
        yield "brand_slug", product.brand.slug
    if product.product_type:
        yield "product_type", product.product_type
    for depth, category in enumerate(product.category_path[:DEPTHS]):
        yield f"category_path.depth_{depth}", category
    for name, values in (
        ("gender", product.genders),
        ("age_groups", product.age_groups),
        ("color", tuple(color.label for color in product.colors)),
        ("color_family", product.color_families),
        (attribute_facet("fit"), product.fit),
        (attribute_facet("material"), product.materials),
        (attribute_facet("pattern"), product.patterns),
        (attribute_facet("size"), product.sizes),
        *((attribute_facet(name), values) for name, values in product.attributes.items()),
        *((attribute_facet(axis), (value,)) for axis, value in _options(product)),
    ):
        yield from ((name, value) for value in values)
