"""What reading a feed gives, row by row, and how much of a row is taken."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from shared.catalog.products.product import Product

MAX_ROW: Final = 4 * 1024 * 1024
"""Characters of one row: a line, an XML item, a Shopify product. A longer one is rejected."""
MAX_VARIANTS: Final = 2048
"""Variants of one product (Shopify's own limit). Rows beyond are rejected."""

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
_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a feed does not say itself.

    Attributes:
        base_url: the shop's address: relative URLs are resolved against it, Shopify's handles and
            its missing product URLs are built on it.
        currency: ISO 4217 code for prices without one.
        language: BCP 47 tag of texts without one.
        now: the time the feed is read at. Facts that hold for a time are kept as they are; it only
            decides what is said about them.
    """

    base_url: str | None = None
    currency: str | None = None
    language: str | None = None
    now: datetime | None = None


class Note(NamedTuple):
    """Something about a value of a row: why it refuses the row, or what was left out.

    Attributes:
        field: the feed's own name of the field; `row` for all of it.
        what: one sentence for the catalog's owner: what is wrong and what is right, or what was
            done. Never the value itself.
        value: the value as the feed has it, cut; only for a report in a file of the owner's.
    """

    field: str
    what: str
    value: str = ""

    @property
    def text(self) -> str:
        """`field: what`."""
        return f"{self.field}: {self.what}"


class Warned(NamedTuple):
    """Something left out or cut in a row that was taken."""

    line: int
    key: str | None
    note: Note

    @property
    def text(self) -> str:
        """`field: what was done`."""
        return self.note.text


@dataclass(frozen=True, slots=True)
class Accepted:
    """A product, whole.

    Attributes:
        line: its first row's.
        product: the product.
        warnings: what was left out of its rows.
        rows: how many rows of the feed it is made of.
        left_out: a name for every row and column that is not kept, because it is no fact of a
            product.
    """

    line: int
    product: Product
    warnings: tuple[Warned, ...] = ()
    rows: int = 1
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rejected:
    """Rows that were not taken.

    Attributes:
        line: the line of a text feed, from 1 (a header counts); the place of the item, from 1, in
            XML and Shopify feeds.
        key: the product key, or the variant's id, where it could be read.
        notes: everything that refuses it.
        rows: how many rows go with it; most often itself alone.
    """

    line: int
    key: str | None
    notes: tuple[Note, ...]
    rows: int = 1

    @property
    def reasons(self) -> tuple[str, ...]:
        """Sentences, `field: what is wrong and what is right`."""
        return tuple(note.text for note in self.notes)


class Said(NamedTuple):
    """Something about the feed as a whole: how it was read, what may be missing of it.

    Attributes:
        what: a sentence for the catalog's owner.
        warns: whether the owner should do something about it.
        full_page: how many products a single page that is full has.
    """

    what: str
    warns: bool = False
    full_page: int = 0


Row = Accepted | Rejected | Said


def refused(line: int, key: str | None, field: str, what: str, value: object = "") -> Rejected:
    """A row refused for one reason."""
    return Rejected(line, key, (Note(field, what, shown(value)),))


def shown(value: object) -> str:
    """A refused value as a report shows it: one line of at most 200 characters."""
    text = " ".join(str(value)[: 2 * _SHOWN].encode("utf-8", "replace").decode().split())
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
