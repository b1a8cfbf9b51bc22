"""Looking inside one granted catalog, with the same search and lookup as agents and backends."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from functions.portal.forms import given
from functions.portal.refused import NOTHING_FOUND, NOTHING_REFUSED, Refused
from functions.portal.visit import Visit
from shared.catalog.tools import agents, api, own
from shared.errors import Problem
from shared.serve.pages.web import Outgoing, Pair, with_query

A_PAGE: Final = 24
MOST_SUGGESTED: Final = 6
_ASKED: Final = ("q", "price_min", "price_max")


def search(visit: Visit) -> Outgoing:
    """What a search finds, and how to narrow it."""
    catalog = visit.asked("catalog")
    typed = {name: visit.asked(name) for name in _ASKED}
    chosen = _chosen(visit.request.query.every("facet"))
    found, refused, status = NOTHING_FOUND, NOTHING_REFUSED, 200
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
        refused, status = Refused.because("search", typed, problem), 422
    catalogs = visit.run(own.family["list_own_catalogs"])
    here = _Here(f"{visit.portal.base}/preview", catalog, typed, chosen)
    return visit.page(
        "preview.html",
        status,
        catalog=_named(catalogs, catalog),
        items=found["items"],
        chosen=[(name, value, here.without(name, value)) for name, value in chosen],
        suggested=_suggested(found["items"], here),
        more=here.after(found["nextCursor"]) if found["nextCursor"] else None,
        refused=Refused(refused.form, typed, refused.fields, refused.message),
        facets=chosen,
    )


def product(visit: Visit) -> Outgoing:
    """One product, as a card and as the record programs get."""
    catalog = visit.asked("catalog")
    asked = {"url": visit.asked("url"), "catalog": catalog}
    found, catalogs = visit.run_each(
        (api.family["lookup_record"], asked), (own.family["list_own_catalogs"], {})
    )
    shown = _named(catalogs, catalog)
    return visit.page("product.html", catalog=shown, record=found, item=found["product"])


class _Here(NamedTuple):
    """A search's address, and those one step away."""

    place: str
    catalog: str
    typed: Mapping[str, str]
    chosen: tuple[Pair, ...]

    def _at(self, chosen: Iterable[Pair], **more: str) -> str:
        asked = {"catalog": self.catalog, **given(self.typed), **more}
        place = with_query(self.place, asked)
        for name, value in chosen:
            place = with_query(place, {"facet": f"{name}:{value}"})
        return place

    def without(self, name: str, value: str) -> str:
        """The same without one facet."""
        return self._at(each for each in self.chosen if each != (name, value))

    def narrowed(self, name: str, value: str) -> str:
        """The same with one facet more."""
        return self._at((*self.chosen, (name, value)))

    def after(self, cursor: str) -> str:
        """The next page of the same."""
        return self._at(self.chosen, cursor=cursor)


def _chosen(texts: Iterable[str]) -> tuple[Pair, ...]:
    """Facets in the address, `name:value`."""
    pairs = (text.partition(":") for text in texts)
    return tuple((name.strip(), value.strip()) for name, colon, value in pairs if colon)


def _suggested(
    items: Sequence[Mapping[str, Any]], here: _Here
) -> list[tuple[str, list[tuple[str, int, str]]]]:
    """Facets of what this page shows: a title, and values with how many products and an address."""
    values: dict[str, Counter[str]] = {
        "Brand": Counter(item["brand"]["name"] for item in items if item["brand"]),
        "Category": Counter(item["categoryPath"][0] for item in items if item["categoryPath"]),
        "Color": Counter(color for item in items for color in set(item["colors"])),
    }
    names = {"Brand": "brand_name", "Category": "category_path.depth_0", "Color": "color"}
    taken = {name for name, _ in here.chosen}
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
    raise agents.no_grant("catalog_not_found")


def _amount(text: str) -> float | str:
    """A price as the tool takes it; what is no number stays for the tool to refuse."""
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return text
