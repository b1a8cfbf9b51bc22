"""Facets: the one filter syntax of search, of REST's `facets`, and of a grant's `only`.

Facets are joined by AND, values of one facet by OR; letter case and spacing do not matter.
"""

import re
from functools import lru_cache
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from shared.exact import Exact

RESERVED: Final = frozenset(
    {"brand_name", "brand_slug", "product_type", "gender", "age_groups", "color", "color_family"}
)
_DEPTH: Final = re.compile(r"category_path\.depth_[0-6]")
ATTRIBUTE: Final = "attribute_facets."
"""What the name of an attribute's facet begins with."""


@lru_cache(maxsize=2048)
def attribute_facet(name: str) -> str:
    """The facet of a product's attribute of this name."""
    return f"{ATTRIBUTE}{folded(name)}"


@lru_cache(maxsize=2048)  # names and values of a catalog come again and again
def folded(text: str) -> str:
    """A name or value as facets compare it: letter case and spacing do not matter."""
    return " ".join(text.casefold().split())


def field_of(name: str) -> str:
    """The indexed name of a facet.

    Raises ValueError for a name that looks like one of ours and is none, such as
    `category_path.depth_9`. An attribute that no product has is fine: it matches nothing.
    """
    asked = folded(name)
    if asked in RESERVED or _DEPTH.fullmatch(asked):
        return asked
    attribute = asked.removeprefix(ATTRIBUTE).strip()
    if not attribute or asked.startswith("category_path"):
        raise ValueError(
            "there is no such facet: categories are category_path.depth_0 to "
            "category_path.depth_6, attributes are named as in attribute_facets.fit"
        )
    return attribute_facet(attribute)


def _known(name: str) -> str:
    field_of(name)
    return name


FacetName = Annotated[
    str,
    Field(
        min_length=1,
        max_length=128,
        description="brand_name, brand_slug, product_type, gender, age_groups, color, "
        "color_family, category_path.depth_0 to category_path.depth_6, or any product "
        "attribute, such as fit or attribute_facets.fit.",
    ),
    AfterValidator(_known),
]


class Facet(Exact):
    """Products that have at least one of the values."""

    name: FacetName
    values: Annotated[
        tuple[Annotated[str, Field(max_length=256)], ...],
        Field(min_length=1, max_length=100, description="Any of these; letter case is ignored."),
    ]
