"""A source: what its properties hold, its entries found by words and values, and one entry."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from functions.portal.forms import given
from functions.portal.portal import plain
from functions.portal.refused import NOTHING_FOUND, NOTHING_REFUSED, Refused
from functions.portal.visit import Visit
from shared.errors import Problem
from shared.serve.pages.web import Outgoing, Pair, with_query
from shared.studio.tools import entries as entry_tools
from shared.studio.tools import history, sources

A_PAGE: Final = 50
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
    schema = visit.run(sources.family["describe_data_source_schema"], source_id=id_)
    here = _here(visit, id_, [each["id"] for each in sorted(schema["items"], key=_weight)])
    counted = _counted(schema["items"], here.chosen)
    found, refused, status = {**NOTHING_FOUND, "facets": (), "total": 0}, NOTHING_REFUSED, 200
    try:
        found = visit.run(
            entry_tools.family["search_entries"],
            source_id=id_,
            limit=A_PAGE,
            properties=list(here.columns),
            facets=[{"property": each, "size": VALUES} for each in counted],
            filters=[_filter(schema["items"], *each) for each in here.chosen],
            **given({"query": here.words, "cursor": visit.asked("cursor")}),
        )
    except Problem as problem:
        if problem.code not in ("invalid", "cursor_expired"):
            raise
        refused = Refused.because("search", {"query": here.words}, problem)
        status = problem.status
    return visit.page(
        "entries.html",
        status,
        tenant=visit.tenant,
        source=id_,
        here=here,
        total=found["total"],
        rows=[(each["id"], _cells(each, here.columns), each) for each in found["items"]],
        suggested=[
            (each["property"], [(v["value"], v["count"]) for v in each["values"]])
            for each in found["facets"]
            if any(v["count"] > 1 for v in each["values"])
        ],
        more=here.at(cursor=found["nextCursor"]) if found["nextCursor"] else None,
        properties=[each["id"] for each in schema["items"]],
        refused=Refused(refused.form, {"query": here.words}, refused.fields, refused.message),
    )


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


class _Here(NamedTuple):
    """What is asked for, and the addresses one step away."""

    place: str
    tenant: str
    source: str
    words: str
    columns: tuple[str, ...]
    chosen: tuple[Pair, ...]

    def at(self, *, chosen: Iterable[Pair] | None = None, cursor: str = "") -> str:
        """The same with other values, or its next page."""
        asked = {"tenant": self.tenant, "source": self.source, "q": self.words, "cursor": cursor}
        place = with_query(self.place, given(asked))
        for column in self.columns:
            place = with_query(place, {"column": column})
        for name, value in self.chosen if chosen is None else chosen:
            place = with_query(place, {"value": f"{name}:{value}"})
        return place

    def without(self, name: str, value: str) -> str:
        """The same without one value."""
        return self.at(chosen=[each for each in self.chosen if each != (name, value)])

    def narrowed(self, name: str, value: Any) -> str:
        """The same with one value more."""
        return self.at(chosen=[*self.chosen, (name, plain(value))])


def _here(visit: Visit, source_id: str, known: Sequence[str]) -> _Here:
    asked = visit.request.query.every("column")
    pairs = (text.partition(":") for text in visit.request.query.every("value"))
    return _Here(
        place=f"{visit.portal.base}/entries",
        tenant=visit.tenant,
        source=source_id,
        words=visit.asked("q"),
        columns=tuple(each for each in asked if each in known) or tuple(known[:MOST_COLUMNS]),
        chosen=tuple((name, value) for name, colon, value in pairs if colon and name in known),
    )


def _weight(shown: Mapping[str, Any]) -> tuple[bool, float]:
    """What people look for first: what a thing is called, then what most entries have."""
    return shown["id"] not in ("title", "name"), -shown["fillRate"]


def _filter(schema: Iterable[Mapping[str, Any]], name: str, value: str) -> dict[str, Any]:
    """That a property has a value, which an address has as text."""
    kind = next(each["filterType"] for each in schema if each["id"] == name)
    op, typed = _HAS[kind]
    return {"type": kind, "property": name, "op": op, "value": typed(value)}


def _counted(schema: Iterable[Mapping[str, Any]], chosen: Iterable[Pair]) -> list[str]:
    """Properties whose values are worth counting: those that some entries share."""
    taken = {name for name, _ in chosen}
    worth = [
        each["id"]
        for each in schema
        if each["filterType"] in _HAS
        and each["fillRate"] > 0
        and each["id"] not in taken
        and all(len(str(value)) <= MOST_LETTERS for value in each["sampleValues"])
    ]
    return worth[:MOST_COUNTED]


def _cells(shown: Mapping[str, Any], columns: Iterable[str]) -> list[str]:
    """An entry's values by column; localized ones one after another."""
    texts: dict[str, list[str]] = {}
    for each in shown["properties"]:
        own = texts.setdefault(each["id"], [])
        text = plain(each["value"])
        own.append(f"{each['language']}: {text}" if each["language"] else text)
    return [" · ".join(texts.get(column, ())) for column in columns]
