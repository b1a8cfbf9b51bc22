"""A source: what its properties hold, its entries found by words and values, and one entry."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

from functions.portal.forms import given
from functions.portal.portal import plain
from functions.portal.refused import NOTHING_FOUND, NOTHING_REFUSED, Refused
from functions.portal.visit import Visit
from shared.errors import Problem
from shared.serve.pages.web import Outgoing, Pair, with_query
from shared.studio.tools import entries as entry_tools
from shared.studio.tools import history, sources

A_PAGE: Final = 20
MOST_COLUMNS: Final = 6
"""How many properties are shown where nobody has chosen."""
MOST_COUNTED: Final = 4
"""How many properties' values one can narrow by."""
VALUES: Final = 8
"""Of each of those."""
MOST_LETTERS: Final = 40
"""Longer values are texts, which hardly two entries share."""
_HAS: Final[Mapping[str, tuple[str, Callable[[str], Any]]]] = {
    "text": ("eq", str),
    "boolean": ("eq", lambda text: text == "true"),
    "list": ("any_of", lambda text: [text]),
}
"""How properties are asked for a value that an address has as text, by the type of filter."""


def source(visit: Visit) -> Outgoing:
    """What comes in: its properties with types, how often they are filled, and examples."""
    visit.in_tenant()
    id_ = visit.asked("id")
    schema, listed = visit.run_each(
        (
            sources.family["describe_data_source_schema"],
            {"source_id": id_, **given({"cursor": visit.asked("cursor")})},
        ),
        (sources.family["search_data_sources"], {"query": id_, "limit": 200}),
    )
    return visit.page(
        "source.html",
        tenant=visit.tenant,
        source=next(each for each in listed["items"] if each["id"] == id_),
        schema=schema,
        more=schema["nextCursor"],
    )


def show(visit: Visit) -> Outgoing:
    """Entries by words and values, with the columns that were chosen."""
    visit.in_tenant()
    id_ = visit.asked("source")
    listed = visit.run(sources.family["search_data_sources"], query=id_, limit=200)["items"]
    known = _kinds(listed, id_)
    here = _here(visit, id_, known)
    found, refused, status = {**NOTHING_FOUND, "total": 0}, NOTHING_REFUSED, 200
    asked = {
        "source_id": id_,
        "filters": [_filter(known, *each) for each in here.chosen],
        **given({"query": here.words}),
    }
    search = entry_tools.family["search_entries"]
    try:
        found = visit.run(search, **asked, limit=A_PAGE, **given({"cursor": visit.asked("cursor")}))
    except Problem as problem:
        if problem.code not in ("invalid", "cursor_expired"):
            raise
        refused = Refused.because("search", {"query": here.words}, problem)
        status = problem.status
    shown = [(each, _cells(each)) for each in found["items"]]
    columns = here.columns or tuple(_often([cells for _, cells in shown])[:MOST_COLUMNS])
    return visit.page(
        "entries.html",
        status,
        tenant=visit.tenant,
        source=id_,
        here=here,
        columns=columns,
        total=found["total"],
        rows=[(each, [cells.get(name, "") for name in columns]) for each, cells in shown],
        suggested=_suggested(visit, asked, _shared([cells for _, cells in shown], known, here)),
        more=here.at(cursor=found["nextCursor"]) if found["nextCursor"] else None,
        properties=sorted(known),
        refused=Refused(refused.form, {"query": here.words}, refused.fields, refused.message),
    )


def _kinds(listed: Iterable[Mapping[str, Any]], id_: str) -> dict[str, str]:
    """The types of filters of a source's properties. Raises `not_found`."""
    for each in listed:
        if each["id"] == id_:
            return {one["id"]: one["filterType"] for one in each["properties"]}
    raise Problem("not_found", f"There is no data source {id_!r}.")


def _suggested(
    visit: Visit, asked: Mapping[str, Any], counted: Sequence[str]
) -> list[tuple[str, list[tuple[Any, int]]]]:
    """The values to narrow by: of properties whose values entries of this page share."""
    if not counted:
        return []
    facets = [{"property": each, "size": VALUES} for each in counted]
    found = visit.run(entry_tools.family["search_entries"], **asked, limit=0, facets=facets)
    return [
        (each["property"], [(value["value"], value["count"]) for value in each["values"]])
        for each in found["facets"]
    ]


def entry(visit: Visit) -> Outgoing:
    """One entry: its values as they are stored, and everything that happened to it."""
    visit.in_tenant()
    of = {"source_id": visit.asked("source")}
    id_ = visit.asked("id")
    found, told, past = visit.run_each(
        (entry_tools.family["get_entries"], {**of, "ids": [id_]}),
        (entry_tools.family["list_source_entries"], {**of, "ids": [id_]}),
        (
            history.family["get_entry_history"],
            {**of, "entry_id": id_, **given({"cursor": visit.asked("cursor")})},
        ),
    )
    return visit.page(
        "entry.html",
        tenant=visit.tenant,
        source=of["source_id"],
        id=id_,
        entry=next(iter(found["items"]), None),
        stored=next(iter(told["items"]), None),
        past=past,
        more=past["nextCursor"],
    )


def restore(visit: Visit) -> Outgoing:
    """An entry is again what it was at one of its versions."""
    visit.in_tenant()
    typed = visit.typed("source", "id", "version")
    done = visit.run(
        history.family["restore_entry_version"],
        source_id=typed["source"],
        entry_id=typed["id"],
        version=typed["version"],
    )
    place = with_query(
        "/entry", {"tenant": visit.tenant, "source": typed["source"], "id": typed["id"]}
    )
    return visit.go(
        place,
        f"The entry is what it was at version {typed['version']}, as version {done['version']}.",
    )


@dataclass(frozen=True)
class _Here:
    """What is asked for, and the addresses one step away."""

    place: str
    tenant: str
    source: str
    words: str
    columns: tuple[str, ...]
    chosen: tuple[Pair, ...]

    def at(self, *, chosen: Iterable[Pair] | None = None, cursor: str = "") -> str:
        """The same with other values, or its next page."""
        values = self.chosen if chosen is None else chosen
        more = [("value", f"{name}:{value}") for name, value in values]
        if cursor:
            more.append(("cursor", cursor))
        return f"{self._without_values}&{urlencode(more)}" if more else self._without_values

    @cached_property
    def _without_values(self) -> str:
        """What all these addresses begin with: there is one for each value to narrow by."""
        asked = given({"tenant": self.tenant, "source": self.source, "q": self.words})
        columns = [("column", column) for column in self.columns]
        return f"{self.place}?{urlencode([*asked.items(), *columns])}"

    def without(self, name: str, value: str) -> str:
        """The same without one value."""
        return self.at(chosen=[each for each in self.chosen if each != (name, value)])

    def narrowed(self, name: str, value: Any) -> str:
        """The same with one value more."""
        return self.at(chosen=[*self.chosen, (name, plain(value))])


def _here(visit: Visit, source_id: str, known: Mapping[str, str]) -> _Here:
    asked = visit.request.query.every("column")
    pairs = (text.partition(":") for text in visit.request.query.every("value"))
    return _Here(
        place=f"{visit.portal.base}/entries",
        tenant=visit.tenant,
        source=source_id,
        words=visit.asked("q"),
        columns=tuple(each for each in asked if each in known),
        chosen=tuple(
            (name, value) for name, colon, value in pairs if colon and known.get(name) in _HAS
        ),
    )


def _filter(known: Mapping[str, str], name: str, value: str) -> dict[str, Any]:
    """That a property has a value, which an address has as text."""
    op, typed = _HAS[known[name]]
    return {"type": known[name], "property": name, "op": op, "value": typed(value)}


def _cells(shown: Mapping[str, Any]) -> dict[str, str]:
    """An entry's values by property; localized ones one after another."""
    texts: dict[str, str] = {}
    for each in shown["properties"]:
        name, value, language = each["id"], each["value"], each["language"]
        text = value if isinstance(value, str) else plain(value)
        if language:
            text = f"{language}: {text}"
        texts[name] = f"{texts[name]} · {text}" if name in texts else text
    return texts


def _often(rows: Sequence[Mapping[str, str]]) -> list[str]:
    """The properties of some entries: what a thing is called first, then what most of them have."""
    counted = Counter(name for cells in rows for name in cells)
    return sorted(counted, key=lambda name: (name not in ("title", "name"), -counted[name], name))


def _shared(rows: Sequence[Mapping[str, str]], known: Mapping[str, str], here: _Here) -> list[str]:
    """Properties to narrow by: two entries of the page have the same short value."""
    taken = {name for name, _ in here.chosen}
    values = Counter((name, text) for cells in rows for name, text in cells.items())
    repeated = Counter(
        name for (name, text), count in values.items() if count > 1 and len(text) <= MOST_LETTERS
    )
    worth = [name for name in repeated if known.get(name) in _HAS and name not in taken]
    return worth[:MOST_COUNTED]
