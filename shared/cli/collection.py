"""`catalog-mcp collection`: look into a tenant's collections, and change them, as the engine does.

Properties are written as the engine holds them, with the kind in front (`s.brand`, `n.price`;
`shared/query/kinds.py`), because a collection has no schema. In a file a name without a kind gets
the one its value shows; numbers are decimals then.
"""

import getpass
import re
import secrets
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import click
import orjson

from shared.app import App
from shared.cli.operations import acting, show
from shared.engine import history
from shared.engine.collections import Collections, collections
from shared.engine.heads import CollectionName
from shared.engine.prepare import MOST_EDITS, Edit, check_key
from shared.engine.verify import verify
from shared.engine.wanted import Author, Part, Wanted
from shared.errors import Problem
from shared.query.ast import All, Compare, Facet, Node, Operator, Question, Sort, Words
from shared.query.kinds import Kind, parsed_key
from shared.settings import Settings

_CONDITION: Final = re.compile(r"([a-z]{1,2}\.[^=<>~]+)(<=|>=|[=<>~])(.*)", re.DOTALL)
_OPERATORS: Final[dict[str, Operator]] = {
    "=": "eq", "<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "~": "contains",
}  # fmt: skip
_KEY: Final = re.compile(r"(s|n|i|b|t|l|m|ml)\..+")


def group(settings: Callable[[], Settings]) -> click.Group:
    """The commands, acting on the deployment that `settings` finds."""

    @click.group("collection")
    def collection() -> None:
        """Look into a tenant's collections, change them, and check that they are whole."""

    about = (click.argument("tenant"), click.argument("collection"))

    def command(name: str, act: Callable[..., Any], *params: Any) -> None:
        def callback(tenant: str, collection: str, **given: Any) -> None:
            with acting(settings) as app:
                show(act(app, CollectionName(tenant, collection), **given))

        for param in reversed((*about, *params)):
            callback = param(callback)
        collection.command(name, help=act.__doc__)(callback)

    file = click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
    keys = click.argument("keys", nargs=-1, required=True)
    command("import", import_file, file)
    command(
        "search",
        search,
        click.option("--words", default="", help="Words the records have."),
        click.option("--where", multiple=True, help="s.brand=HP, n.price<10, s.title~laser."),
        click.option("--sort", help="A property such as n.price; -n.price for falling."),
        click.option("--facet", multiple=True, help="A property whose values are counted."),
        click.option("--limit", default=10, show_default=True),
        click.option("--cursor", help="Where the page before ended."),
    )
    command("get", get, keys)
    command("history", of_record, click.argument("key"))
    command("revert", revert, click.argument("import_id"))
    command("verify", verified)
    return collection


def import_file(app: App, name: CollectionName, file: Path) -> Any:
    """Put the rows of FILE (JSON lines with an `id`) into a collection, under one import id.

    What a row does not name stays as it was. A file with a row that cannot be read changes nothing.
    """
    import_id, counted = secrets.token_hex(12), {"changed": 0, "unchanged": 0}
    for edit in _edits(file):
        check_key(edit.key)
    edits = _edits(file)
    while chunk := tuple(islice(edits, MOST_EDITS)):
        for part in _fitting(app, name, chunk, import_id):
            counted["changed"] += len(part.changed)
            counted["unchanged"] += len(part.unchanged)
    return {"import_id": import_id, **counted, "revision": collections(app).head(name).seq}


def search(
    app: App,
    name: CollectionName,
    *,
    words: str,
    where: tuple[str, ...],
    sort: str | None,
    facet: tuple[str, ...],
    limit: int,
    cursor: str | None,
) -> Any:
    """Ask a collection: conditions, words, an order, counts."""
    conditions: list[Node] = [_condition(text) for text in where]
    question = Question(
        where=All((*conditions, *([Words(words)] if words else []))),
        order=(_sort(sort),) if sort else (),
        facets=tuple(Facet(property_, kind) for kind, property_ in map(_property, facet)),
        limit=limit,
        cursor=cursor,
    )
    answer, freshness = collections(app).ask(name, question)
    return {
        "total": answer.total,
        "items": [{"id": each.key, **each.body} for each in answer.items],
        "facets": [
            {"property": asked, "values": {str(each.value): each.count for each in counted}}
            for asked, counted in zip(facet, answer.facets, strict=True)
        ],
        "revision": freshness.revision,
        "behind": freshness.behind,
        "cursor": answer.cursor,
    }


def get(app: App, name: CollectionName, keys: tuple[str, ...]) -> Any:
    """Show the records KEYS as they are now, deleted ones as well."""
    return {
        key: {"version": record.version, "deleted": record.deleted, "body": record.body}
        for key, record in collections(app).get(name, keys).items()
    }


def of_record(app: App, name: CollectionName, key: str) -> Any:
    """Show what happened to the record KEY, newest first."""
    record = collections(app).get(name, [key]).get(key)
    if record is None:
        raise Problem("not_found", f"There never was a record {key!r}.")
    return [
        {
            "revision": event.seq,
            "version": event.row.version,
            "change": event.row.kind,
            "at": event.entry.at,
            "by": event.entry.by,
            "import_id": event.entry.import_id,
            "before": [[at, language, *was] for at, language, was in event.row.changes],
        }
        for event in history.of_record(app.bulk_documents, name, key, record)
    ]


def revert(app: App, name: CollectionName, import_id: str) -> Any:
    """Undo what IMPORT_ID did; records that something else changed since stay, and are named."""
    of, documents = collections(app), app.bulk_documents
    seqs = history.commits_of_import(documents, name, import_id)
    if not seqs:
        raise Problem("not_found", "There is no import with that id, or its log is gone.")
    events = list(history.of_range(documents, name, seqs))
    undo = history.undo(events, of.get(name, {event.row.key for event in events}))
    reverting, changed = secrets.token_hex(12), 0
    for at in range(0, len(undo.edits), MOST_EDITS):
        for part in _fitting(app, name, undo.edits[at : at + MOST_EDITS], reverting):
            changed += len(part.changed)
    return {"import_id": reverting, "changed": changed, "conflicts": undo.conflicts}


def verified(app: App, name: CollectionName) -> Any:
    """Compare a collection's log, its records and a fresh replica; say the first difference."""
    found = verify(collections(app), app.bulk_documents, name)
    if found.difference is not None:
        raise Problem("internal", found.difference, revision=found.revision)
    return {
        "whole": True,
        "revision": found.revision,
        "commits": found.commits,
        "records": found.records,
    }


def _fitting(
    app: App, name: CollectionName, edits: tuple[Edit, ...], import_id: str
) -> Iterator[Any]:
    """Commit edits, in as many commits as their size asks for; what each prepared."""
    of: Collections = collections(app)
    author = Author(getpass.getuser(), "cli", "command-line")
    while edits:
        most = len(edits)
        try:
            done = of.commit(Wanted((Part(name, edits),), author, import_id))
        except Problem as problem:
            most = problem.details.get("fits", 0)
            if problem.code != "too_large" or not most:
                raise
            done = of.commit(Wanted((Part(name, edits[:most]),), author, import_id))
        yield done.prepared[name]
        edits = edits[most:]


def _edits(file: Path) -> Iterator[Edit]:
    with file.open("rb") as lines:
        yield from (_edit(number, line) for number, line in enumerate(lines, 1) if line.strip())


def _edit(number: int, line: bytes) -> Edit:
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Problem("invalid", f"Line {number} is not JSON: {error}.", line=number) from None
    if not isinstance(row, dict) or not isinstance(row.get("id"), str):
        raise Problem("invalid", f"Line {number} is not an object with an `id`.", line=number)
    key = row.pop("id")
    try:
        return Edit(key, dict(_typed(name, value) for name, value in row.items()))
    except ValueError as error:
        raise Problem("invalid", f"Line {number}: {error}.", line=number) from None


def _typed(name: str, value: Any) -> tuple[str, Any]:
    if _KEY.fullmatch(name):
        return name, value
    if isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    for kind, type_ in _SHOWN:
        if isinstance(value, type_):
            return f"{kind.value}.{name.lower()}", value
    raise ValueError(f"{name!r} holds a value of no kind")


_SHOWN: Final[tuple[tuple[Kind, type], ...]] = (
    (Kind.TEXT, str),
    (Kind.BOOLEAN, bool),
    (Kind.DECIMAL, float),
    (Kind.LIST, list),
    (Kind.LOCALIZED_TEXT, dict),
)


def _condition(text: str) -> Compare:
    match = _CONDITION.fullmatch(text)
    if match is None:
        raise click.BadParameter(f"{text!r} is no condition such as s.brand=HP or n.price<10")
    written, operator, given = match.groups()
    kind, property_ = _property(written)
    value = given if kind.is_text else _plain(given)
    return Compare(property_, kind, _OPERATORS[operator], (value,))


def _plain(given: str) -> Any:
    try:
        return orjson.loads(given)
    except orjson.JSONDecodeError:
        raise click.BadParameter(f"{given!r} is neither a number nor true or false") from None


def _sort(text: str) -> Sort:
    kind, property_ = _property(text.removeprefix("-"))
    return Sort("property", property_, kind, descending=text.startswith("-"))


def _property(text: str) -> tuple[Kind, str]:
    try:
        return parsed_key(text)
    except ValueError:
        raise click.BadParameter(f"{text!r} is no property such as s.brand or n.price") from None
