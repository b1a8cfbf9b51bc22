"""Looking a product up by its page's address, in the catalogs a call can reach."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import orjson

from shared.auth.access import Access
from shared.catalog.heads import Head
from shared.catalog.reach import Reached, heads_of, reached
from shared.catalog.search.within import within
from shared.catalog.segment.reader import Found, Segment
from shared.catalog.urls import NORMALIZED_EXACT, LookupForm, lookup_forms, normalize_url
from shared.errors import Problem
from shared.tool import Call


@dataclass(frozen=True, slots=True)
class Match:
    """The product a URL resolved to."""

    head: Head
    segment: Segment
    found: Found

    def product(self) -> bytes:
        """Its full view as JSON."""
        shared, _ = self.segment.item(self.found.number)
        name = orjson.dumps(self.head.display_name)
        members = b",".join(filter(None, (shared, self.segment.full(self.found.number))))
        return b'{"catalogDisplayName":%b,"displayMatchScore":null,%b}' % (name, members)

    def members(self, url: str) -> bytes:
        """The members of the answer, without its braces."""
        facts = orjson.dumps(
            {
                "catalogKey": self.head.catalog,
                "catalogDisplayName": self.head.display_name,
                "sourceBaseUrl": self.head.source_base_url,
                "requestedUrl": url,
                "normalizedUrl": self.found.form,
                "matchedVia": self.found.via,
            }
        )
        return facts[1:-1] + b',"product":' + self.product()


def covering(access: Access, url: str, names: Iterable[str] | None) -> Iterable[str]:
    """Which heads a lookup of this URL touches. A URL that cannot be read touches none."""
    try:
        host = normalize_url(url).host
    except Problem:
        return ()
    wanted = None if names is None else frozenset(names)
    catalogs = access.by_host.get(host, ())
    return heads_of(access, [name for name in catalogs if wanted is None or name in wanted])


def look_up(call: Call, url: str, *, names: Sequence[str] | None, strict: bool) -> Match | None:
    """The product, or None when no product that this call may see matches.

    The form that is tried first wins; among catalogs, the lower key. Raises `invalid_product_url`.
    """
    forms = [form for form in lookup_forms(url) if not strict or form.via == NORMALIZED_EXACT]
    within_reach = [(each, each.segment(call)) for each in reached(call, names)]
    for form in forms:
        for each, segment in within_reach:
            found = _visible(each, segment, form)
            if found is not None:
                return Match(each.head, segment, found)
    return None


def _visible(each: Reached, segment: Segment, form: LookupForm) -> Found | None:
    found = segment.lookup((form,))
    if found is None or not within(segment, found.number, each.only):
        return None
    return found
