"""The studio's demo: one source of the owner's tenant, with the products of the demo catalog."""

from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

import orjson

from shared.app import App
from shared.auth.caller import Caller
from shared.auth.tenancy import Role
from shared.engine.prepare import MOST_EDITS
from shared.engine.typed import Entry, Given
from shared.pipeline.configuration import put
from shared.pipeline.drafts import slug
from shared.pipeline.ingest import Import, ingest
from shared.pipeline.sources import SOURCES, Source
from shared.pipeline.workspace import Workspace
from shared.tool import Call

SOURCE: Final = "products"


def prepare(app: App, tenant: str, subject: str, org: str, file: Path) -> None:
    """Make the source and import the file's rows, where the tenant has no such source yet."""
    caller = Caller("studio", subject, org, "catalog_owner", "owner", None, None)
    now = app.clock.now()
    call = Call(app, caller, "studio", "dev", now, {}, None, tenant=tenant, role=Role.OWNER)
    space = Workspace(call)
    if space.configuration.find(SOURCES, SOURCE) is not None:
        return
    source = Source(id=SOURCE, name="Products", description="The demo catalog.", created_at=now)
    space.configure(put(SOURCES, source, None))
    entries = _entries(file)
    while chunk := tuple(islice(entries, MOST_EDITS)):
        space.forget_heads()
        ingest(space, Import(SOURCE, chunk))


def _entries(file: Path) -> Iterator[Entry]:
    for line in file.read_bytes().splitlines():
        row = orjson.loads(line)
        yield Entry(slug(str(row.pop("id"))), tuple(_values(row)))


def _values(row: Mapping[str, Any]) -> Iterator[Given]:
    """A row's members that are plain values or lists of texts; numbers are decimals."""
    for name, value in {**row, **row.get("attributes", {})}.items():
        id_ = slug(name).replace("-", "_")
        if isinstance(value, int | float) and not isinstance(value, bool):
            yield Given(id_, float(value))
        elif isinstance(value, str | bool):
            yield Given(id_, value)
        elif isinstance(value, list) and all(isinstance(each, str) for each in value):
            yield Given(id_, [each.replace(",", ";") for each in value])
