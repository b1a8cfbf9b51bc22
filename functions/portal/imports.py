"""Importing a file: from this computer or an address, once or again and again.

A file goes to the store first (the upload page), is looked into, and is imported when a person has
seen which column becomes what.
"""

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any, Final, NamedTuple

from functions.portal.forms import given
from functions.portal.refused import NOTHING_REFUSED, Refused
from functions.portal.visit import Visit
from shared.pipeline import own_uploads
from shared.pipeline.drafts import slug
from shared.serve.pages.web import Outgoing, with_query
from shared.studio.tools import drafting, files, sources

TYPES: Final = (
    "Text", "LocalizedText", "List", "LocalizedList", "Boolean", "Integer", "Decimal", "Timestamp",
)  # fmt: skip
PERIODS: Final = (("", "only once"), ("PT1H", "every hour"), ("PT6H", "every 6 hours"),
                  ("P1D", "every day"), ("P7D", "every week"))  # fmt: skip
MOST_FEEDS: Final = 20
_NO_PROPERTY: Final = "?"
"""A part of an id that no id has: what a source's schema says beside its properties is enough."""
_NEW: Final = "new"


class _Row(NamedTuple):
    """What a form says of a column: its name, the property it becomes (empty: none), its type."""

    column: str
    to: str
    type: str
    delimiter: str


def show(visit: Visit, refused: Refused = NOTHING_REFUSED) -> Outgoing:
    """The ways in, and the feeds that are fetched again and again."""
    visit.in_tenant()
    listed = visit.run(sources.family["search_data_sources"], limit=200)["items"]
    describe = sources.family["describe_data_source_schema"]
    few = listed[:MOST_FEEDS]
    asked = [(describe, {"source_id": each["id"], "query": _NO_PROPERTY}) for each in few]
    told = visit.run_each(*asked) if asked else []
    return visit.page(
        "import.html",
        tenant=visit.tenant,
        source=visit.asked("source"),
        sources=listed,
        periods=PERIODS,
        feeds=[(s, its["feed"]) for s, its in zip(few, told, strict=True) if its["feed"]],
        refused=refused,
    )


def file(visit: Visit) -> Outgoing:
    """A place for a file of this computer; the next page sends it there."""
    visit.in_tenant()
    typed = visit.typed("filename")
    made = visit.change(
        files.family["prepare_file_upload"],
        {"filename": typed["filename"] or "a file"},
        typed=typed,
        again=lambda refused: show(visit, refused),
        form="file",
    )
    return visit.go(f"/upload?{made['pageUrl'].partition('?')[2]}")


def address(visit: Visit) -> Outgoing:
    """Import what lies at an address, now or from now on."""
    visit.in_tenant()
    typed = visit.typed("source", "url", "key_column", "every")
    reading = given({"url": typed["url"], "key_column": typed["key_column"]})
    if typed["every"]:
        tool, feed = sources.family["update_data_source"], {**reading, "every": typed["every"]}
        arguments: dict[str, Any] = {"feed": feed}
    else:
        tool, arguments = files.family["import_feed"], reading
    done = visit.change(
        tool,
        {"source_id": typed["source"], **arguments},
        typed=typed,
        again=lambda refused: show(visit, refused),
        form="address",
    )
    if typed["every"]:
        place = with_query("/source", {"tenant": visit.tenant, "id": typed["source"]})
        return visit.go(place, "It is fetched now, and again and again from now on.")
    return visit.go(_job(visit, done["id"], typed["source"]), "The import has begun.")


def draft(visit: Visit, refused: Refused = NOTHING_REFUSED) -> Outgoing:
    """What a file has, and what would become of it, to be corrected."""
    visit.in_tenant()
    transfer = visit.asked("transfer") or visit.typed("transfer")["transfer"]
    proposed, upload, listed = visit.run_each(
        (drafting.family["draft_data_source"], {"transfer_id": transfer}),
        (own_uploads.family["get_own_upload"], {"id": transfer}),
        (sources.family["search_data_sources"], {"limit": 200}),
    )
    reading = proposed["importArguments"]
    return visit.page(
        "import_draft.html",
        tenant=visit.tenant,
        transfer=transfer,
        upload=upload,
        is_read="mapping" in reading or "key_column" in reading,
        columns=list(_columns(upload["columns"], proposed, refused.typed)),
        key_column=refused.typed.get("key_column", reading.get("key_column", "")),
        notes=[each["message"] for each in proposed["issues"] if each["severity"] == "note"],
        sources=[(_NEW, "a new source"), *((each["id"], each["name"]) for each in listed["items"])],
        types=TYPES,
        refused=refused,
    )


def start(visit: Visit) -> Outgoing:
    """Import the file as the form says; into a source that is made first, where it says so."""
    visit.in_tenant()
    typed = _typed(visit)
    rows = list(_rows(typed))

    def again(refused: Refused) -> Outgoing:
        return draft(visit, refused)

    source = typed["source"]
    if source == _NEW:
        source = typed["id"]
        visit.change(
            sources.family["create_data_source"],
            {"id": source, "name": typed["name"] or source, "properties": _properties(rows)},
            typed=typed,
            again=again,
            form="start",
        )
        typed["source"] = source
    done = visit.change(
        files.family["import_feed"],
        {
            "source_id": source,
            "transfer_id": typed["transfer"],
            "key_column": typed["key_column"],
            "mapping": {name: to for name, to, *_ in rows if name != typed["key_column"]},
        },
        typed=typed,
        again=again,
        form="start",
    )
    return visit.go(_job(visit, done["id"], source), "The import has begun.")


def _job(visit: Visit, id_: str, source: str) -> str:
    return with_query("/job", {"tenant": visit.tenant, "id": id_, "source": source})


def _columns(
    columns: list[dict[str, Any]], proposed: Mapping[str, Any], typed: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """The file's columns with examples, and what each becomes: as typed, else as proposed."""
    mapping = proposed["importArguments"].get("mapping", {})
    properties = {each["id"]: each for each in proposed["draft"].get("properties", ())}
    for number, column in enumerate(columns):
        to = mapping.get(column["name"], slug(column["name"]).replace("-", "_"))
        own = properties.get(to.partition(".")[0], {})
        yield {
            **column,
            "to": typed.get(f"to-{number}", to),
            "type": typed.get(f"type-{number}", own.get("type", "Text")),
            "delimiter": typed.get(f"delimiter-{number}", own.get("delimiter") or "|"),
        }


def _typed(visit: Visit) -> dict[str, str]:
    """Everything that the form of a draft sends, however many columns it has."""
    typed = visit.typed("source", "id", "name", "transfer", "key_column")
    for number in count():
        if visit.request.form.get(f"column-{number}") is None:
            return typed
        typed |= visit.typed(*(f"{part}-{number}" for part in _Row._fields))
    return typed


def _rows(typed: Mapping[str, str]) -> Iterator[_Row]:
    for number in count():
        if f"column-{number}" not in typed:
            return
        yield _Row(*(typed[f"{part}-{number}"] for part in _Row._fields))


def _properties(rows: list[_Row]) -> list[dict[str, str]]:
    """The properties of a new source, each once."""
    found: dict[str, dict[str, str]] = {}
    for row in rows:
        id_ = row.to.partition(".")[0].lower()
        split = {"delimiter": row.delimiter} if "List" in row.type else {}
        if id_:
            found.setdefault(id_, {"id": id_, "type": row.type, **split})
    return list(found.values())
