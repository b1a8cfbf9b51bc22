"""Lookup: the product whose page a URL is, among the catalogs a caller sees."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from shared.catalog.products.urls import LookupForm
from shared.catalog.search.facets import within
from shared.catalog.search.shelf import Shelf
from shared.catalog.segment.reader import Found
from shared.indexes.guard import guarded


class Located(NamedTuple):
    """A product found by URL: the catalog it is in, and what is known of the match."""

    shelf: Shelf
    found: Found

    def product(self) -> bytes:
        """The full view, as JSON."""
        return self.shelf.full(self.found.number)


@guarded
def lookup(shelves: Iterable[Shelf], forms: Sequence[LookupForm]) -> Located | None:
    """The product these forms lead to, or None.

    The form that comes first wins, whatever the catalog; among catalogs that have it, the lower
    key. A product outside the caller's restriction is not there.
    """
    located = []
    for shelf in shelves:
        found = shelf.current.lookup(forms, shelf.at)
        if found is not None and within(shelf.current, found.number, shelf.only, shelf.at):
            located.append(Located(shelf, found))
    asked = [form for form, _ in forms]
    return min(
        located,
        key=lambda each: (asked.index(each.found.form), each.shelf.catalog),
        default=None,
    )
