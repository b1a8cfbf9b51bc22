"""Lists that come in pages: what every such tool takes, and what it answers with."""

from typing import Annotated, Any, Generic, TypeVar

from pydantic import Field

from shared.ports.documents import Query, Shape
from shared.tool import Args, Result

T = TypeVar("T")


class Paged(Args):
    """How many at once, and where to go on."""

    limit: Annotated[int, Field(ge=1, le=200, description="Most items at once.")] = 100
    cursor: Annotated[
        str | None, Field(description="The next cursor of the page before, asked the same way.")
    ] = None

    def of(self, shape: Shape, **equal: Any) -> Query:
        """The question for this page of a declared shape."""
        return Query(shape, equal=equal, limit=self.limit, cursor=self.cursor)


class PageOf(Result, Generic[T]):
    """One page of a list; `next_cursor` continues it, None at the end."""

    items: list[T]
    next_cursor: str | None
