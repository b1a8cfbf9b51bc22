"""What reading a feed gives, row by row, and how much of a row is taken."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from shared.catalog.products.product import Product

MAX_ROW: Final = 4 * 1024 * 1024
"""Bytes of one row: a line, an XML item, a Shopify product. A longer one is rejected."""
MAX_VARIANTS: Final = 2048
"""Variants of one product (Shopify's own limit). Rows beyond are rejected."""
MAX_WARNINGS: Final = 50
"""Warnings kept with one product; the last says how many more there were."""

MAX_KEY: Final = 256
"""Characters of a product key or variant id. A longer one is rejected."""
MAX_TITLE: Final = 1_000
MAX_DESCRIPTION: Final = 50_000
MAX_VALUE: Final = 10_000
"""Characters of any other text. Longer text is cut, with a warning, and so are longer lists."""
MAX_VALUES: Final = 200
"""Entries of one list: sizes, tags, reviews, values of one attribute."""
MAX_DEPTH: Final = 10
"""Levels of a category path."""
MAX_IMAGES: Final = 100
MAX_ATTRIBUTES: Final = 1_000


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a feed does not say itself.

    Attributes:
        base_url: the shop's address: relative URLs are resolved against it, Shopify's handles and
            its missing product URLs are built on it.
        currency: ISO 4217 code for prices without one.
        language: BCP 47 tag of texts without one.
        now: the time that sale periods and expiry dates are compared with.
    """

    base_url: str | None = None
    currency: str | None = None
    language: str | None = None
    now: datetime | None = None


class Warned(NamedTuple):
    """Something left out or cut in a row that was taken: `field: what was done`."""

    line: int
    text: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """A product, whole. `line` is its first row's."""

    line: int
    product: Product
    warnings: tuple[Warned, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that was not taken.

    Attributes:
        line: the line of a text feed, from 1 (a header counts); the place of the item, from 1, in
            XML and Shopify feeds.
        key: the product key, where it could be read.
        reasons: sentences for the catalog's owner, `field: what is wrong and what is right`.
            Never the refused value itself.
    """

    line: int
    key: str | None
    reasons: tuple[str, ...]


Row = Accepted | Rejected
