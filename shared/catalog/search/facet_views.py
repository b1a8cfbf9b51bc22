"""The facets that a product's full view says: by their names in the index, as they are written."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from shared.facets import attribute_facet


def facets_of(view: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The facets of a product's full view: names as the index has them, and values."""
    enrichment = view.get("enrichment") or {}
    brand = view.get("brand") or {}
    details = view.get("details") or {}
    for depth, category in enumerate(view["categoryPath"]):
        yield f"category_path.depth_{depth}", category
    one = (
        ("brand_name", brand.get("name")),
        ("brand_slug", brand.get("slug")),
        ("product_type", enrichment.get("type")),
        (attribute_facet("availability"), view.get("availability")),
        (attribute_facet("condition"), view.get("condition")),
        (attribute_facet("energy_class"), details.get("energyClass")),
    )
    yield from ((name, value) for name, value in one if value)
    several: tuple[tuple[str, Iterable[str]], ...] = (
        ("gender", view["audience"]["genders"]),
        ("age_groups", view["audience"]["ageGroups"]),
        ("color", [color["label"] for color in view["colors"]]),
        ("color_family", enrichment.get("color_family", ())),
        (attribute_facet("fit"), details.get("fit", ())),
        (attribute_facet("material"), details.get("materials", ())),
        (attribute_facet("pattern"), details.get("patterns", ())),
        (attribute_facet("size"), view["sizes"]),
        *((attribute_facet(name), each) for name, each in enrichment.get("attributes", {}).items()),
        *(
            (attribute_facet(each["name"]), (each["value"],))
            for each in details.get("specifications", ())
        ),
        *(
            (attribute_facet(axis), (value,))
            for variant in view["variants"]
            for axis, value in variant["options"].items()
        ),
    )
    yield from ((name, value) for name, values in several for value in values)
