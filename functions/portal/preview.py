"""Looking inside one granted catalog, with the same search and lookup as agents and backends."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from functions.portal.forms import given
from functions.portal.visit import NOTHING_REFUSED, Refused, Visit
from shared.catalog import api, granted, terms
from shared.errors import Problem
from shared.serve.pages.web import Outgoing, with_query

A_PAGE: Final = 24
MOST_SUGGESTED: Final = 6
_ASKED: Final = ("q", "price_min", "price_max")


def search(visit: Visit) -> Outgoing:
    """What a search finds, and how to narrow it."""
    catalog = visit.asked("catalog")
    typed = {name: visit.asked(name) for name in _ASKED}
    chosen = _chosen(visit.request.query.every("facet"))
    refused, found = NOTHING_REFUSED, None
    try:
        found = visit.run(
            api.family["search_catalogs"],
            catalog=catalog,
            limit=A_PAGE,
            facets=[{"name": name, "values": [value]} for name, value in chosen],
            **given({"q": typed["q"], "cursor": visit.asked("cursor")}),
            **{name: _amount(typed[name]) for name in _ASKED[1:] if typed[name]},
        )
    except Problem as problem:
        if problem.code not in ("invalid", "cursor_expired"):
            raise
        refused = Refused.because("search", typed, problem)
    items = found["items"] if found else []
    here = _Here(visit, catalog, typed, chosen)
    return visit.page(
        "preview.html",
        422 if refused.form else 200,
        catalog=_named(visit.run(terms.family["list_own_catalogs"]), catalog),
        typed=typed,
        items=items,
        chosen=[(name, value, here.without(name, value)) for name, value in chosen],
        suggested=_suggested(items, chosen, here),
        more=here.after(found["nextCursor"]) if found and found["nextCursor"] else None,
        refused=Refused(refused.form, typed, refused.fields, refused.message),
        facets=chosen,
    )


def product(visit: Visit) -> Outgoing:
    """One product, as a card and as the record programs get."""
    catalog = visit.asked("catalog")
    asked = {"canonical_url": visit.asked("url"), "catalogs": [catalog]}
    found, catalogs = visit.run_each(
        (granted.family["lookup_product"], asked), (terms.family["list_own_catalogs"], {})
    )
    of = _named(catalogs, catalog)
    return visit.page("product.html", catalog=of, record=found, item=found["product"])


class _Here:
    """This search's address, and those one step away."""

    def __init__(
        self,
        visit: Visit,
        catalog: str,
        typed: Mapping[str, str],
        chosen: Sequence[tuple[str, str]],
    ) -> None:
        self._base = f"{visit.portal.base}/preview"
        self._asked = {"catalog": catalog, **given(typed)}
        self._chosen = list(chosen)

    def _at(self, chosen: Iterable[tuple[str, str]], **more: str) -> str:
        place = with_query(self._base, {**self._asked, **more})
        for name, value in chosen:
            place = with_query(place, {"facet": f"{name}:{value}"})
        return place

    def without(self, name: str, value: str) -> str:
        """The same without one facet."""
        return self._at(each for each in self._chosen if each != (name, value))

    def narrowed(self, name: str, value: str) -> str:
        """The same with one facet more."""
        return self._at([*self._chosen, (name, value)])

    def after(self, cursor: str) -> str:
        """The next page of the same."""
        return self._at(self._chosen, cursor=cursor)


def _chosen(texts: Iterable[str]) -> list[tuple[str, str]]:
    """Facets in the address, `name:value`."""
    pairs = (text.partition(":") for text in texts)
    return [(name.strip(), value.strip()) for name, colon, value in pairs if colon]


def _suggested(
    items: Sequence[Mapping[str, Any]], chosen: Sequence[tuple[str, str]], here: _Here
) -> list[tuple[str, list[tuple[str, int, str]]]]:
    """Facets of what this page shows: a title, and values with how many products and an address."""
    values: dict[str, Counter[str]] = {
        "Brand": Counter(item["brand"]["name"] for item in items if item["brand"]),
        "Category": Counter(item["categoryPath"][0] for item in items if item["categoryPath"]),
        "Color": Counter(color for item in items for color in set(item["colors"])),
    }
    names = {"Brand": "brand_name", "Category": "category_path.depth_0", "Color": "color"}
    taken = {name for name, _ in chosen}
    return [
        (
            title,
            [
                (value, count, here.narrowed(names[title], value))
                for value, count in counts.most_common(MOST_SUGGESTED)
            ],
        )
        for title, counts in values.items()
        if counts and names[title] not in taken
    ]


def _named(catalogs: Iterable[Mapping[str, Any]], key: str) -> Mapping[str, Any]:
    """The catalog's name and counts. Raises `catalog_not_found`."""
    for each in catalogs:
        if each["catalog"] == key:
            return each
    raise granted.no_grant("catalog_not_found")


def _amount(text: str) -> float | str:
    """A price as the tool takes it; what is no number stays for the tool to refuse."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text
