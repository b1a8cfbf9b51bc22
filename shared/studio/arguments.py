"""What arguments of the studio's tools have in common."""

from collections.abc import Iterable
from typing import Annotated, Any, Generic, Literal, TypeVar

from pydantic import AwareDatetime, Field, WithJsonSchema

from shared.pipeline import workspace
from shared.pipeline.managed_tags import values_of
from shared.pipeline.sources import SOURCE_ID, entries_of
from shared.tool import Args, Result

T = TypeVar("T")
SourceId = Annotated[str, Field(pattern=SOURCE_ID, description="The data source's id.")]
CardId = Annotated[str, Field(pattern=SOURCE_ID, description="The card definition's id.")]
EntryId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,256}$", description="The entry's id.")]

Time = Annotated[AwareDatetime | None, WithJsonSchema({"type": "string", "format": "date-time"})]
"""A time with its offset, or none given."""


class StudioArgs(Args):
    """What a tool of the studio takes."""

    def touches(self) -> Iterable[str]:
        """Collections, beside the configuration, whose heads the gate reads along."""
        return ()


class OfSource(StudioArgs):
    """What is about one source."""

    source_id: SourceId

    def touches(self) -> Iterable[str]:
        """The source's entries."""
        return (entries_of(self.source_id),)


class OfTag(StudioArgs):
    """What is about one managed tag."""

    managed_tag_id: Annotated[str, Field(pattern=SOURCE_ID, description="The managed tag's id.")]

    def touches(self) -> Iterable[str]:
        """The tag's values."""
        return (values_of(self.managed_tag_id),)


class OfCard(StudioArgs):
    """What is about one card definition."""

    card_definition_id: CardId


class Written(StudioArgs):
    """What changes something, and can be tried before."""

    dry_run: Annotated[bool, Field(description="Change nothing; say what it would do.")] = False


class Waits(StudioArgs):
    """What starts or watches a job, and may wait for its end."""

    wait: Annotated[int, Field(ge=0, le=20, description="Seconds to wait for its end.")] = 0


TransferId = Annotated[str, Field(pattern=r"^([0-9a-f]{24})?$")]
PropertyPlace = Annotated[str, Field(pattern=r"^([A-Za-z0-9_-]{1,100}(\.[A-Za-z0-9-]{2,20})?)?$")]


class FileRead(StudioArgs):
    """How a file is read, as far as it does not say so itself."""

    key_column: Annotated[str, Field(max_length=200, description="Whose values are ids.")] = "id"
    mapping: Annotated[
        dict[str, PropertyPlace],
        Field(
            description="Property by column: title, title.en for one language, empty to leave it "
            "out. Others get a property of their own name."
        ),
    ] = {}  # noqa: RUF012  pydantic copies defaults
    sheet: Annotated[str, Field(max_length=100, description="Of a workbook; else the first.")] = ""
    kind: Annotated[
        Literal["", "jsonl", "merchant_xml", "merchant_tsv", "shopify"],
        Field(description="Read as a product feed. XML and Shopify JSON are in any case."),
    ] = ""
    variants_source_id: Annotated[
        str, Field(pattern=f"{SOURCE_ID}|^$", description="Where variants of products go.")
    ] = ""
    base_url: Annotated[str, Field(max_length=2048, description="The shop's, of a feed.")] = ""
    currency: Annotated[
        str, Field(pattern=r"^([A-Z]{3})?$", description="Of prices that name none.")
    ] = ""


class Paged(StudioArgs):
    """How many at once, and where to go on."""

    limit: Annotated[int, Field(ge=0, le=200, description="Most items; 0 for the count alone.")] = (
        50
    )
    cursor: Annotated[str, Field(description="The last next_cursor.")] = ""


class PageOf(Result, Generic[T]):
    """One page of a list."""

    items: list[T]
    next_cursor: str | None
    has_more: bool


def touched(args: Any, tenant: str) -> Iterable[str]:
    """The documents that the gate reads along for a call about a tenant."""
    named = args.touches() if isinstance(args, StudioArgs) else ()
    return workspace.touched(tenant, *named)


def page(items: list[T], cursor: str | None) -> "PageOf[T]":
    """The page."""
    return PageOf(items=items, next_cursor=cursor, has_more=cursor is not None)
