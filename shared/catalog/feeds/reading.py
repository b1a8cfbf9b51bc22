"""Reading one row: each value is cleaned and checked, and what is wrong is written down.

The values a `Reading` gives are JSON values in the shape of `Product`'s fields. A value that the
product cannot do without or that would mislead (a price, its own URL) refuses the row; anything
else that is wrong is left out with a warning, so one bad picture does not cost a sale.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from shared.catalog.feeds.addresses import address, addresses
from shared.catalog.feeds.rows import (
    MAX_ATTRIBUTES,
    MAX_DEPTH,
    MAX_DESCRIPTION,
    MAX_IMAGES,
    MAX_KEY,
    MAX_VALUE,
    MAX_VALUES,
    Defaults,
    Note,
    shown,
)
from shared.catalog.products.text import (
    clean,
    clean_block,
    clean_html,
    has_markup,
    plain,
    slug,
    unescaped,
)
from shared.errors import Problem

Json = dict[str, Any]
T = TypeVar("T")

_NAMELESS: Final = re.compile(r"/\.[A-Za-z]{2,5}(?:[?#].*)?$")
_DATE: Final = re.compile(r"\d{4}-?\d\d-?\d\d|\d{4}-?W\d\d-?\d")
_GTIN_LENGTHS: Final = (8, 12, 13, 14)
_DAY: Final = timedelta(days=1)
_NOTHING: Final = frozenset({"null", "undefined", "nan", "n/a", "#n/a", "n.a."})
"""What programs write where they have no value. `None` and `NA` may be names."""
_LONGEST_NOTHING: Final = max(map(len, _NOTHING))


class Reading:
    """One row while it is read: what refuses it, what was left out, which columns are not kept.

    Relative links are resolved against the product's own page once `product_url` was read.
    """

    def __init__(self, defaults: Defaults) -> None:
        self.defaults = defaults
        self.base = defaults.base_url
        self.reasons: list[Note] = []
        self.warnings: list[Note] = []
        self.left_out: list[str] = []

    def refuse(self, field: str, why: str, value: object = "") -> None:
        """The row cannot be taken."""
        self.reasons.append(Note(field, why, shown(value)))

    def warn(self, field: str, what: str, value: object = "") -> None:
        """The row is taken with something left out or cut; said once of a value."""
        note = Note(field, what, shown(value))
        if note not in self.warnings:
            self.warnings.append(note)

    def leave_out(self, column: str) -> None:
        """The column is no fact of a product; the report counts it."""
        self.left_out.append(shown(column))

    def identifier(self, field: str, value: object) -> str | None:
        """A key or id: text or whole number, exactly as given but for invisible characters."""
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value)
        text = clean(value) if isinstance(value, str) else ""
        if not text:
            self.refuse(field, "missing. Every row needs one.")
        elif len(text) > MAX_KEY:
            self.refuse(field, f"longer than {MAX_KEY} characters.", value)
        else:
            return text
        return None

    def text(self, field: str, value: str | None, limit: int = MAX_VALUE) -> str | None:
        """One line of text as a reader sees it, cut at the limit; None when empty."""
        return self._cut(field, plain(value), limit) or None if value else None

    def description(self, value: str | None, *, declared: str | None = None) -> Json:
        """`description` and its format, `html` where it is declared or has common markup."""
        if not value:
            return {}
        if declared is None and not has_markup(value):
            value = unescaped(value)
        if declared == "html" or (declared is None and has_markup(value)):
            text = self._cut("description", clean_html(value), MAX_DESCRIPTION)
            if len(text) == MAX_DESCRIPTION and text.rfind("<") > text.rfind(">"):
                text = text[: text.rfind("<")]
            return {"description": text, "description_format": "html"} if text else {}
        text = self._cut("description", clean_block(value), MAX_DESCRIPTION)
        return {"description": text, "description_format": "plain"} if text else {}

    def fact(self, field: str, value: str | None) -> str | None:
        """One line of text that is a name or a number; a word for nothing is left out."""
        if not value:
            return None
        text = self.text(field, value)
        if text and len(text) <= _LONGEST_NOTHING and text.casefold() in _NOTHING:
            self.warn(field, "left out, being a word for nothing. Leave it empty.", value)
            return None
        return text

    def texts(self, field: str, values: Iterable[str]) -> list[str]:
        """Facts, each once, without empty ones."""
        if not values:
            return []
        kept = dict.fromkeys(text for value in values if (text := self.fact(field, value)))
        return list(self.limit(field, tuple(kept), MAX_VALUES))

    def product_url(self, field: str, value: str | None, *, required: bool) -> str | None:
        """The address of a product's page; refused, or only left out, when it is none."""
        if not value or not value.strip():
            if required:
                self.refuse(field, "missing. Give the address of the product's page.")
            return None
        try:
            self.base = url = address(value, self.base)
            why = "names no page." if _NAMELESS.search(url) else None
        except Problem as problem:
            url, why = "", problem.message
        if why is None:
            return url
        if required:
            self.refuse(field, why, value)
        else:
            self.warn(field, f"left out: {why}", value)
        return None

    def page(self, field: str, value: str | None) -> str | None:
        """A further address of the product's page; left out when it is none."""
        if not value:
            return None
        base = self.base
        found = self.product_url(field, value, required=False)
        self.base = base
        return found

    def link(self, field: str, value: str | None) -> str | None:
        """A web address that the product can do without, resolved; left out when it is none."""
        if not value or not value.strip():
            return None
        try:
            return address(value, self.base)
        except Problem as problem:
            self.warn(field, f"one left out: {problem.message}", value)
            return None

    def images(self, field: str, values: Iterable[Json]) -> list[Json]:
        """Pictures with resolved addresses, each address once. Several in one value are several."""
        kept: dict[str, Json] = {}
        for value in values:
            for one in addresses(value["url"]):
                if url := self.link(field, one):
                    kept.setdefault(url, {**value, "url": url})
        return list(self.limit(field, tuple(kept.values()), MAX_IMAGES))

    def path(self, field: str, names: Iterable[str]) -> list[str]:
        """A category path: names from broad to narrow, without empty ones."""
        names = tuple(text for name in names if (text := self.text(field, name)))
        return list(self.limit(field, names, MAX_DEPTH))

    def gtins(self, field: str, values: Iterable[str]) -> list[str]:
        """GTINs of 8, 12, 13 or 14 digits with a right check digit; others are left out.

        A wrong barcode is worse than none and no reason to lose the product. Source: GS1 General
        Specifications 7.9.
        """
        kept: dict[str, None] = {}
        for value in values:
            digits = re.sub(r"[\s-]+", "", clean(value))
            if _is_gtin(digits):
                kept[digits] = None
            elif digits:
                self.warn(field, "one left out. Its length or check digit is wrong.", value)
        return list(self.limit(field, tuple(kept), MAX_VALUES))

    def whole(self, field: str, value: str | None, least: int = 0) -> int | None:
        """A whole number; left out when it is none."""
        text = clean(value) if value else ""
        if not text:
            return None
        if text.isascii() and text.isdigit() and least <= int(text[:10]) and len(text) < 10:  # noqa: PLR2004  a count
            return int(text)
        self.warn(field, f"left out. Not a whole number from {least}.", value)
        return None

    def yes(self, field: str, value: str | None) -> bool | None:
        """Yes or no, true or false; left out when it is neither."""
        text = clean(value).casefold() if value else ""
        if text in ("yes", "true", "1", "y", "no", "false", "0", "n"):
            return text in ("yes", "true", "1", "y")
        if text:
            self.warn(field, "left out. Not yes or no.", value)
        return None

    def time(self, field: str, value: str | None, *, ends: bool = False) -> str | None:
        """An ISO 8601 date or time as UTC; without an offset it is taken as UTC.

        `ends`: when something is over. A date alone counts its day, so that is the day after.
        """
        text = value.strip() if value else ""
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=UTC)
            if ends and _DATE.fullmatch(text):
                moment += _DAY
            return moment.astimezone(UTC).isoformat()
        except (ValueError, OverflowError):
            self.warn(field, "left out. Not an ISO 8601 date, such as 2026-11-21.", value)
            return None

    def attributes(self, values: Mapping[str, Sequence[str]], field: str = "attributes") -> Json:
        """Further attributes by name, each with its values."""
        kept = {}
        for name, listed in values.items():
            key = self.text(field, name, MAX_KEY)
            found = self.texts(f"{field}.{key}", listed)
            if key and found:
                kept[key] = found
        return dict(self.limit(field, tuple(kept.items()), MAX_ATTRIBUTES))

    def brand(self, name: str | None, url: str | None = None, about: str | None = None) -> Json:
        """`brand`, when it has a name."""
        text = self.fact("brand", name)
        if not text:
            return {}
        brand = {"name": text, "slug": slug(text), "url": self.link("brand.url", url)}
        return {"brand": {**brand, "description": self.text("brand.description", about)}}

    def limit(self, field: str, values: Sequence[T], limit: int) -> Sequence[T]:
        """The first so many of a list, with a warning where there are more."""
        if len(values) > limit:
            self.warn(field, f"only the first {limit} kept.")
        return values[:limit]

    def _cut(self, field: str, text: str, limit: int) -> str:
        if len(text) <= limit:
            return text
        self.warn(field, f"cut at {limit} characters.", text)
        return text[:limit].rstrip()


def _is_gtin(digits: str) -> bool:
    if len(digits) not in _GTIN_LENGTHS or not (digits.isascii() and digits.isdigit()):
        return False
    weighted = sum(
        int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(reversed(digits))
    )
    return weighted % 10 == 0 and digits.strip("0") != ""
