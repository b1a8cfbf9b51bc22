"""Typed records over documents, instead of a repository per entity."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from shared.errors import Problem
from shared.ports.documents import Documents, Page, Put, Query, Snapshot


class Record(BaseModel):
    """What one document holds, in camelCase. Fields that are None are not stored."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True
    )


R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Found(Generic[R]):
    """A record as it was read: its id, its value, and the version for compare-and-set."""

    id: str
    value: R
    version: str


@dataclass(frozen=True, slots=True)
class Records(Generic[R]):
    """The records of one collection.

    Attributes:
        collection: its path, with the ids of parents where it is nested: `catalogs/b/versions`.
        model: what a document holds.
        noun: what a person calls one, for messages.
    """

    collection: str
    model: type[R]
    noun: str

    def path(self, id_: str) -> str:
        """Where a record is kept."""
        return f"{self.collection}/{id_}"

    def read(self, snapshot: Snapshot) -> Found[R]:
        """A snapshot of this collection, typed."""
        return Found(snapshot.id, self.model.model_validate(snapshot.data), snapshot.version)

    def find(self, documents: Documents, id_: str) -> Found[R] | None:
        """The record, or None."""
        snapshot = documents.get(self.path(id_))
        return None if snapshot is None else self.read(snapshot)

    def get(self, documents: Documents, id_: str) -> Found[R]:
        """The record. Raises `not_found` in words for a person."""
        return self.there(documents.get(self.path(id_)))

    def there(self, snapshot: Snapshot | None) -> Found[R]:
        """A snapshot that was read with others, typed. Raises `not_found` as `get` does."""
        if snapshot is None:
            raise Problem("not_found", f"There is no {self.noun} with that name.", kind=self.noun)
        return self.read(snapshot)

    def page(self, documents: Documents, query: Query) -> tuple[list[Found[R]], str | None]:
        """One page of a query over this collection, and the cursor that continues it."""
        page: Page = documents.query(query)
        return [self.read(snapshot) for snapshot in page.items], page.cursor

    def every(self, documents: Documents, query: Query) -> Iterator[Found[R]]:
        """All of a query over this collection, in pages of `query.limit`, read when needed."""
        return map(self.read, every(documents, query))

    def put(self, id_: str, value: R, *, if_version: str | None = None) -> Put:
        """The write that stores the record."""
        return Put(self.path(id_), stored(value), if_version=if_version)


def every(documents: Documents, query: Query) -> Iterator[Snapshot]:
    """All documents of a query, in pages of `query.limit`, read when needed."""
    while True:
        page = documents.query(query)
        yield from page.items
        if page.cursor is None:
            return
        query = replace(query, cursor=page.cursor)


def stored(value: Record) -> dict[str, Any]:
    """The record as document data: camelCase names, no None, times as times."""
    return value.model_dump(by_alias=True, exclude_none=True)
