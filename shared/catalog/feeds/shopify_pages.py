"""The products of Shopify's pages, decoded one at a time.

Pages are `{"products": […]}`: one, several one after the other, or an array of them, as programs
that fetch them page by page write them; or an array of the products themselves.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from shared.catalog.feeds.json_row import JSON
from shared.catalog.feeds.reading import Json
from shared.catalog.feeds.rows import MAX_ROW
from shared.catalog.feeds.source import Source, is_text
from shared.errors import Problem

FULL: Final = (30, 50, 250)
"""Products of a page that is full: as a shop, the Admin API, and `limit=250` give them."""
_CHUNK: Final = 64 * 1024
_SPACE: Final = re.compile(r"[\ufeff \t\r\n]*")
_PAGE: Final = re.compile(r'\{\s*"products"')


class Pages:
    """The products of a feed, read once.

    Attributes:
        sizes: how many products each page had; one entry for an array of products.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = ""
        self._at = 0
        self._count = 0
        self.sizes: list[int] = []

    def __iter__(self) -> Iterator[Json]:
        while follows := self._next():
            if follows == "[":
                yield from self._array(self._element)
            else:
                yield from self._page()

    def _element(self) -> Iterator[Json]:
        """What an array holds: a page, or a product."""
        while len(self._text) - self._at < _CHUNK and self._more():
            pass
        if _PAGE.match(self._text, self._at):
            yield from self._page()
        else:
            yield self._object()

    def _page(self) -> Iterator[Json]:
        for token in ("{", '"products"', ":"):
            self._take(token)
        before = self._count
        yield from self._array(lambda: iter((self._object(),)))
        self._take("}")
        self.sizes.append(self._count - before)

    def _array(self, element: Callable[[], Iterator[Json]]) -> Iterator[Json]:
        self._take("[")
        while self._next() != "]":
            yield from element()
            if self._next() != "]":
                self._take(",")
        self._take("]")

    def _next(self) -> str:
        """The next character that is not white space; none at the end."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def _take(self, token: str) -> None:
        self._next()
        while len(self._text) - self._at < len(token) and self._more():
            pass
        if not self._text.startswith(token, self._at):
            raise self._broken()
        self._at += len(token)

    def _object(self) -> Json:
        self._count += 1
        if self._next() != "{":
            raise self._broken()
        while True:
            try:
                value, self._at = JSON.raw_decode(self._text, self._at)
            except (ValueError, RecursionError):
                if len(self._text) - self._at > MAX_ROW or not self._more():
                    raise self._broken() from None
            else:
                return dict(value)

    def _more(self) -> bool:
        left = self._text[self._at :]
        read = self._source.read(max(_CHUNK, len(left)))
        if not is_text(read):
            raise self._broken()
        self._text, self._at = left + read, 0
        return bool(read)

    def _broken(self) -> Problem:
        return Problem(
            "invalid",
            f"The feed is not pages of Shopify products in JSON: it breaks off at or after product "
            f"{self._count}. Nothing of it was read; mend it and upload again.",
            product=self._count,
        )
