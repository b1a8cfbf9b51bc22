"""Categories, their attributes and the values of those, for programs: in pages by offset."""

from collections.abc import Iterable, Sequence
from typing import Annotated, Any, Final, Generic, NamedTuple, TypeVar

from pydantic import Field

from shared.auth.access import Access
from shared.catalog import taxonomy
from shared.catalog.healing import healing
from shared.catalog.reach import heads_of, reached
from shared.catalog.search.counting import MANY_VALUES, count_values, fields_among
from shared.catalog.search.search import Question
from shared.catalog.search.shelf import Shelf
from shared.catalog.taxonomy import Category
from shared.errors import Problem
from shared.facets import ATTRIBUTE, Facet, field_of, folded
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("taxonomy", org_types=frozenset({"catalog_partner"}))

_NO_ATTRIBUTES: Final = ("category_path.", "brand_", f"{ATTRIBUTE}mpn", f"{ATTRIBUTE}availability")
"""Beginnings of facets that say which product it is or whether it can be had, not what it is."""
_CATEGORY: Final = "A path such as `Clothing > Dresses`, a root's handle, or an id."
Offset = Annotated[int, Field(ge=0, description="nextOffset of the page before.")]


class CategoryView(Result):
    """A category of the granted catalogs."""

    id: Annotated[str, Field(description="Made of its path: the same in every catalog.")]
    name: str
    path: Annotated[str, Field(description="From its root, separated by ` > `.")]
    depth: Annotated[int, Field(description="0 for a root.")]
    child_count: int
    facets: Annotated[tuple[Facet, ...], Field(description="What selects it in a search.")]


class AttributeView(Result):
    """An attribute of products."""

    handle: Annotated[str, Field(description="What it is called here.")]
    name: Annotated[str, Field(description="What it is called for people.")]
    description: None = None
    facet_name: Annotated[str, Field(description="The facet to search by.")]
    matching: Annotated[str, Field(description="exact: letter case and spacing do not matter.")]
    value_count: int


class ValueView(Result):
    """A value of an attribute."""

    handle: Annotated[str, Field(description="What to search by.")]
    name: str


class CategoryPage(Result):
    """Categories below one, or the roots."""

    parent: CategoryView | None
    categories: list[CategoryView]
    total: int
    next_offset: int | None
    taxonomy_version: Annotated[str, Field(description="Differs when a catalog was published.")]


class AttributePage(Result):
    """The attributes that products of a category have."""

    category: CategoryView
    attributes: list[AttributeView]
    total: int
    next_offset: int | None
    taxonomy_version: str


class ValuePage(Result):
    """The values of an attribute."""

    attribute: AttributeView
    values: list[ValueView]
    total: int
    next_offset: int | None
    taxonomy_version: str


class CategoriesAsked(Args):
    """Below which category."""

    parent: Annotated[str | None, Field(max_length=1000, description=_CATEGORY)] = None
    offset: Offset = 0
    limit: Annotated[int, Field(ge=1, le=50, description="Categories a page.")] = 25


class AttributesAsked(Args):
    """Of which category."""

    category: Annotated[str, Field(max_length=1000, description=_CATEGORY)]
    offset: Offset = 0
    limit: Annotated[int, Field(ge=1, le=100, description="Attributes a page.")] = 50


class ValuesAsked(Args):
    """Of which attribute."""

    handle: Annotated[str, Field(max_length=256, description="The attribute's handle.")]
    offset: Offset = 0
    limit: Annotated[int, Field(ge=1, le=100, description="Values a page.")] = 50


def _every_head(_: Any, access: Access) -> Iterable[str]:
    return heads_of(access)


@family.tool(
    scope="catalog:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="List categories",
    returns=CategoryPage,
    reads=_every_head,
)
@healing
def list_categories(call: Call, args: CategoriesAsked) -> CategoryPage:
    """List the root categories of the granted catalogs, or those right below one.

    Each says the facets that select it in a search.
    """
    shelves = _shelves(call)
    parent = taxonomy.category(shelves, args.parent) if args.parent else None
    page = _page(taxonomy.children(shelves, parent), args.offset, args.limit)
    return CategoryPage(
        parent=_category(shelves, parent) if parent else None,
        categories=[_category(shelves, each) for each in page.items],
        total=page.total,
        next_offset=page.next_offset,
        taxonomy_version=taxonomy.version(shelves),
    )


@family.tool(
    scope="catalog:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="List a category's attributes",
    returns=AttributePage,
    reads=_every_head,
)
@healing
def list_attributes(call: Call, args: AttributesAsked) -> AttributePage:
    """List the attributes that products of a category have, the most frequent first.

    They are read from up to 200 of its products in each catalog.
    """
    shelves = _shelves(call)
    asked = taxonomy.category(shelves, args.category)
    question = Question(facets=asked.facets)
    fields = [
        field
        for field, _ in fields_among(shelves, question).most_common()
        if not field.startswith(_NO_ATTRIBUTES)
    ]
    page = _page(fields, args.offset, args.limit)
    return AttributePage(
        category=_category(shelves, asked),
        attributes=[
            _attribute(field, count_values(shelves, question, field, most=0).distinct)
            for field in page.items
        ],
        total=page.total,
        next_offset=page.next_offset,
        taxonomy_version=taxonomy.version(shelves),
    )


@family.tool(
    scope="catalog:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="List an attribute's values",
    returns=ValuePage,
    reads=_every_head,
)
@healing
def list_attribute_values(call: Call, args: ValuesAsked) -> ValuePage:
    """List the values of an attribute in the granted catalogs, the most frequent first."""
    shelves = _shelves(call)
    try:
        field = field_of(args.handle)
    except ValueError:
        raise _no_attribute() from None
    most = min(args.offset + args.limit, MANY_VALUES)
    found = count_values(shelves, Question(), field, most=most)
    if not found.distinct:
        raise _no_attribute()
    total = min(found.distinct, MANY_VALUES)
    after = args.offset + args.limit
    return ValuePage(
        attribute=_attribute(field, found.distinct),
        values=[
            ValueView(handle=folded(value), name=value) for value, _ in found.values[args.offset :]
        ],
        total=total,
        next_offset=after if after < total else None,
        taxonomy_version=taxonomy.version(shelves),
    )


def _shelves(call: Call) -> list[Shelf]:
    return [each.shelf(call) for each in reached(call)]


T = TypeVar("T")


class _Page(NamedTuple, Generic[T]):
    items: Sequence[T]
    total: int
    next_offset: int | None


def _page(every: Sequence[T], offset: int, limit: int) -> _Page[T]:
    after = offset + limit
    more = after if after < len(every) else None
    return _Page(every[offset:after], len(every), more)


def _category(shelves: Sequence[Shelf], each: Category) -> CategoryView:
    return CategoryView(
        id=str(each.id),
        name=each.names[-1],
        path=each.path,
        depth=len(each.names) - 1,
        child_count=len(taxonomy.children(shelves, each)),
        facets=each.facets,
    )


def _attribute(field: str, values: int) -> AttributeView:
    handle = field.removeprefix(ATTRIBUTE)
    return AttributeView(
        handle=handle,
        name=handle.replace("_", " ").capitalize(),
        facet_name=field,
        matching="exact",
        value_count=values,
    )


def _no_attribute() -> Problem:
    message = "No product has such an attribute. GET /taxonomy/attributes lists a category's."
    return Problem("not_found", message)
