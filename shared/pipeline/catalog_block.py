"""The catalog block of an endpoint: which of its properties are what of a partner's product.

A role is a field of our own feed, so an entry is read as a row of that feed is, by the same checks.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Final, NamedTuple

from shared.exact import Exact


class Takes(Enum):
    """What a role takes of a property's values."""

    TEXT = "a text"
    TEXTS = "texts"
    NUMBER = "a number"


class Role(NamedTuple):
    """A field of a product: its name in our feed, and what it takes."""

    field: str
    takes: Takes


ROLES: Final[Mapping[str, Role]] = {
    **{
        name: Role(name, Takes.TEXT)
        for name in (
            *("title", "url", "description", "brand", "mpn", "currency", "availability"),
            *("condition", "product_type", "released"),
        )
    },
    **{name: Role(name, Takes.NUMBER) for name in ("price", "list_price", "sale_price")},
    "images": Role("images", Takes.TEXTS),
    "gtin": Role("gtin", Takes.TEXTS),
    "category_path": Role("categories", Takes.TEXTS),
    "color": Role("colors", Takes.TEXTS),
    **{name: Role(name, Takes.TEXTS) for name in ("sizes", "gender", "materials", "tags")},
}
"""What a property of an endpoint can be of a product."""
NEEDED: Final = ("title", "url")
"""A product without a page cannot be looked up."""
CURRENCY: Final = "currency"
"""The role that may be a code for all, such as SEK, in place of a property."""


class _Block(Exact):
    roles: dict[str, str]
    """Properties by role."""


class VariantBlock(_Block):
    """Related cards as variants; `options`: properties by what tells the variants apart."""

    relation: str
    options: dict[str, str]


class CatalogBlock(_Block):
    """The catalog that an endpoint's entries become.

    `language`: of the texts, the destination's default where it is empty. `attributes`: properties
    that are further attributes; None: all that have no role.
    """

    key: str
    display_name: str
    source_base_url: str
    language: str = ""
    attributes: tuple[str, ...] | None = None
    variants: VariantBlock | None = None


# NOIMPORT
