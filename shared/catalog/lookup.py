"""Looking a product up by its page's address, in the catalogs a call can reach."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import orjson

from shared.auth.access import Access
from shared.catalog.heads import Head
from shared.catalog.products.compact import summary as summary_of
from shared.catalog.products.compact import without_empty
from shared.catalog.products.terms_view import with_own
from shared.catalog.products.urls import NORMALIZED_EXACT, lookup_forms, page_host
from shared.catalog.reach import heads_of, reached
from shared.catalog.search.lookup import Located, lookup
from shared.errors import Problem
from shared.tool import Call

_PRICE: Final = ("currentPrice", "originalPrice", "currency")
_STOCK: Final = ("inStock", "availability", "availabilityDate")


@dataclass(frozen=True, slots=True)
class Match:
    """The product a URL resolved to, and the head of its catalog."""

    head: Head
    located: Located

    def members(self, url: str) -> bytes:
        """The members of the answer as JSON, without its braces."""
        product, variant = self._product()
        return self._facts(url) + b',"matchedVariant":' + variant + b',"product":' + product

    def bare(self, url: str, *, summary: bool = False) -> bytes:
        """The answer as JSON without members that are null or empty; with the product's summary."""
        found, shelf = self.located.found, self.located.shelf
        product, variant = shelf.bare(found.number), b""
        if found.variant is not None:
            whole = [without_empty(orjson.loads(each)) for each in self._product()]
            product, variant = map(orjson.dumps, whole)
            variant = b',"matchedVariant":' + variant
        if summary:
            product = orjson.dumps(summary_of(orjson.loads(product)))
        return b"{%b%b,%b}" % (self._facts(url), variant, b'"product":' + product)

    def _facts(self, url: str) -> bytes:
        found = self.located.found
        facts = {
            "catalogKey": self.head.catalog,
            "catalogDisplayName": self.head.display_name,
            "sourceBaseUrl": self.head.source_base_url,
            "requestedUrl": url,
            "normalizedUrl": found.form,
            "matchedVia": found.via,
        }
        return orjson.dumps(facts)[1:-1]

    def _product(self) -> tuple[bytes, bytes]:
        """The product, and the variant that was asked for or null.

        A variant's price and stock, where it has its own, stand on top of the product.
        """
        found = self.located.found
        full = self.located.shelf.full(found.number)
        if found.variant is None:
            return full, b"null"
        product = orjson.loads(full)
        variant = product["variants"][found.variant]
        if variant["currency"] is not None:
            product |= {name: variant[name] for name in _PRICE}
            product["offer"] = with_own(product["offer"], variant)
        if variant["availability"] != "unknown":
            product |= {name: variant[name] for name in _STOCK}
        for name in ("condition", "imageUrl", "mobileUrl"):
            product[name] = variant.get(name) or product.get(name)  # older records have fewer
        return orjson.dumps(product), orjson.dumps(variant)


def covering(access: Access, url: str, names: Iterable[str] | None) -> Iterable[str]:
    """Which heads a lookup of this URL touches. A URL that cannot be read touches none."""
    try:
        host = page_host(url)
    except Problem:
        return ()
    wanted = None if names is None else frozenset(names)
    catalogs = access.by_host.get(host, ())
    return heads_of(access, [name for name in catalogs if wanted is None or name in wanted])


def look_up(call: Call, url: str, *, names: Sequence[str] | None, strict: bool) -> Match | None:
    """The product, or None when no product that this call may see matches.

    Raises `invalid_product_url`.
    """
    forms = [form for form in lookup_forms(url) if not strict or form.via == NORMALIZED_EXACT]
    heads = {each.head.catalog: each for each in reached(call, names)}
    located = lookup([each.shelf(call) for each in heads.values()], forms)
    if located is None:
        return None
    call.app.demand.count(call.caller.org, (located.shelf.catalog,))
    return Match(heads[located.shelf.catalog].head, located)
