"""What of a product goes into the segment: its record, its words, its facets, its place.

Field weights are by repetition inside one field. One field scored once beats four summed scores by
7 points of NDCG@10. The weights were tried beside others on human judgments (docs/search.md).
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from shared.catalog.products.offers import Stretch, stretches
from shared.catalog.products.options import is_color, is_size
from shared.catalog.products.product import Product, Variant
from shared.catalog.products.urls import Claim, IndexForm, index_forms, normalize_url, page_host
from shared.catalog.products.views import plain_description
from shared.catalog.segment.analysis import compact, facet_term, gtin14
from shared.catalog.segment.index import FOREVER
from shared.catalog.segment.rank import browse_rank
from shared.catalog.segment.records import Record, with_variant
from shared.catalog.segment.times import record_of, seconds
from shared.facets import attribute_facet

TITLE_WEIGHT: Final = 5
BRAND_WEIGHT: Final = 3
KIND_WEIGHT: Final = 3
DESCRIPTION_WEIGHT: Final = 2
DEPTHS: Final = 7
_AVAILABILITY: Final = attribute_facet("availability")
_SHORTEST_NUMBER: Final = 6
_NUMBER: Final = re.compile(r"[\d.,\s]+")
_ORIGIN: Final = re.compile(r"https?://[a-z0-9.-]+(?::\d+)?(?=[/?#]|$)")
_NOT_WORDS: Final = frozenset({"true", "false", "yes", "no", "none", "n/a"})


class Place(NamedTuple):
    """A product's place in the index during a stretch of time.

    Attributes:
        since: its first second since 1970; 0 for a product's first place.
        until: the first second after it.
        price: in the product's currency.
        facets: terms of `facet_term`.
        rank: in the browse order; higher comes first.
    """

    since: int
    until: int
    price: float | None
    facets: frozenset[str]
    rank: int


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
        places: where it stands in the index, one for each stretch of time with an offer.
        hosts: hosts of its URLs.
        pictures: origins of the pictures that are shown first, of itself and of its variants.
    """

    record: Record
    active: bool
    title: str
    kind: str
    texts: tuple[str, ...]
    identifiers: frozenset[str]
    places: tuple[Place, ...]
    hosts: frozenset[str]
    pictures: frozenset[str]


def names(product: Product) -> tuple[str, str]:
    """A product's title; and its kind: brand, product type and categories, narrowest first."""
    brand = product.brand.name if product.brand else ""
    return product.title, f"{brand} {' '.join(_kind(product))}"


def entry(product: Product, catalog: str, since: datetime | None = None) -> Entry:
    """The entry of a product of this catalog. Offers that ended before `since` are left out."""
    found = stretches(product, since)
    title, kind = names(product)
    urls = list(dict.fromkeys(url for url, _ in _pages(product)))
    return Entry(
        record=record_of(product, catalog, found, _claims(product)),
        active=product.is_active,
        title=title,
        kind=kind,
        texts=tuple(_texts(product)),
        identifiers=frozenset(filter(None, _identifiers(product))),
        places=_places(product, found),
        hosts=frozenset(map(page_host, urls)),
        pictures=_pictures(product),
    )


def _pictures(product: Product) -> frozenset[str]:
    """Origins; an address that has none as a browser writes it is left out."""
    owners: tuple[Product | Variant, ...] = (product, *product.variants)
    first = [each.images[0].url for each in owners if each.images]
    return frozenset(found[0] for url in first if (found := _ORIGIN.match(url)))


def _places(product: Product, found: list[Stretch]) -> tuple[Place, ...]:
    facets = frozenset(facet_term(name, value) for name, value in _facets(product))
    active = [stretch for stretch in found if stretch.offer.active]
    return tuple(
        Place(
            since=0 if not at else seconds(stretch.begins),
            until=FOREVER if stretch.until is None else seconds(stretch.until),
            price=float(stretch.offer.price.amount) if stretch.offer.price else None,
            facets=facets | {facet_term(_AVAILABILITY, stretch.offer.availability)},
            rank=browse_rank(product, stretch.offer),
        )
        for at, stretch in enumerate(active)
    )


def _pages(product: Product) -> Iterator[tuple[str, Claim]]:
    """Every address of the product, and how strongly it stands behind each."""
    yield product.url, Claim.OWN
    for variant in product.variants:
        if variant.url:
            yield variant.url, Claim.OWN
    for owner in (product, *product.variants):
        for url in (owner.mobile_url, *owner.addresses):
            if url:
                yield url, Claim.PAGE


def _claims(product: Product) -> dict[str, int]:
    """The forms it is looked up by; with the variant a form tells from the others.

    An inactive product is not looked up.
    """
    if not product.is_active:
        return {}
    pages = list(_pages(product))
    forms = {url: index_forms(url) for url in dict.fromkeys(url for url, _ in pages)}
    claims: dict[str, Claim] = {}
    for url, weakest in pages:
        for form, claim in forms[url]:
            claims[form] = min(max(claim, weakest), claims.get(form, Claim.LOOSE))
    variants = _told_apart(product, forms)
    return {form: with_variant(claim, variants.get(form)) for form, claim in claims.items()}


def _told_apart(product: Product, forms: Mapping[str, Iterable[IndexForm]]) -> dict[str, int]:
    """Which variant a form leads to: where only one has it, and it is not the product's page."""
    if not product.variants:
        return {}
    owners: dict[str, set[int]] = {}
    own: set[str] = set()
    for at, variant in enumerate(product.variants):
        for url in (variant.url, variant.mobile_url, *variant.addresses):
            for form, claim in forms[url] if url else ():
                owners.setdefault(form, set()).add(at)
                if claim is Claim.OWN:
                    own.add(form)
    page = normalize_url(product.url).exact
    return {
        form: next(iter(found))
        for form, found in owners.items()
        if len(found) == 1 and (form != page or form in own)
    }


def _kind(product: Product) -> Iterator[str]:
    if product.product_type:
        yield product.product_type
    named = [*reversed(product.category_path), *(each.name for each in product.categories)]
    yield from dict.fromkeys(named)


def _texts(product: Product) -> Iterator[str]:
    for _ in range(TITLE_WEIGHT):
        yield product.title
    if product.brand:
        for _ in range(BRAND_WEIGHT):
            yield product.brand.name
    described = list(filter(None, (plain_description(product), product.mpn, product.dimensions)))
    yield from [*_kind(product)] * KIND_WEIGHT
    yield from described * DESCRIPTION_WEIGHT
    yield from product.sizes  # a bare number is one, too
    for values in (
        product.tags,
        product.genders,
        product.age_groups,
        tuple(color.label for color in product.colors),
        product.color_families,
        product.materials,
        product.fit,
        product.patterns,
        product.highlights,
        tuple(spec.value for spec in product.specifications),
        tuple(one.name for one in product.certifications),
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
        (attribute_facet("size"), (*product.sizes, *_sizes_by_system(product))),
        (attribute_facet("mpn"), _each((product.mpn, *(one.mpn for one in product.variants)))),
        (
            attribute_facet("condition"),
            _each((product.condition, *(one.condition for one in product.variants))),
        ),
        (attribute_facet("energy_class"), _each((product.energy_class,))),
        (attribute_facet("multipack"), _each((product.multipack,))),
        (attribute_facet("is_bundle"), _each((product.is_bundle,))),
        (attribute_facet("adult"), _each((product.adult,))),
        *((attribute_facet(one.name), (one.value,)) for one in product.specifications),
        *((attribute_facet(name), values) for name, values in product.attributes.items()),
        *((attribute_facet(axis), (value,)) for axis, value in _options(product)),
    ):
        for value in values:
            yield name, value


def _sizes_by_system(product: Product) -> Iterator[str]:
    """`EU 42` beside `42`, where the product says in which one system its sizes are."""
    systems = product.attributes.get("size_system", ())
    if len(systems) == 1:
        yield from (f"{systems[0]} {size}" for size in product.sizes)


def _each(values: Iterable[str | bool | int | None]) -> tuple[str, ...]:
    """Values as facets have them, each once: yes is `true`."""
    known = (json.dumps(value) if isinstance(value, bool) else value for value in values)
    return tuple(dict.fromkeys(str(value) for value in known if value is not None))
