"""The table of REST /v1: method, path, operation, tool."""

from typing import Final

from shared.catalog.tools import agents, api, facet_counts
from shared.identity import me
from shared.serve.rest import Route

_NO_CATALOG: Final = ("catalog_not_found: not granted to you, or not there.", "Error")

ROUTES: Final = (
    Route("GET", "/me", "getMe", me.family["get_me"]),
    Route("GET", "/catalogs", "listCatalogs", agents.family["list_catalogs"]),
    Route(
        "POST",
        "/products/lookup",
        "lookupProduct",
        api.family["lookup_url"],
        show=api.as_markdown,
        other_forms=("text/markdown",),
        errors={"404": ("product_not_found or domain_not_covered.", "Error")},
    ),
    Route(
        "POST",
        "/products/parse",
        "parseProductAlias",
        api.family["lookup_url"],
        show=api.as_markdown,
        other_forms=("text/markdown",),
        errors={"404": ("product_not_found or domain_not_covered.", "Error")},
    ),
    Route(
        "POST",
        "/products/facet-counts",
        "countProductFacets",
        facet_counts.family["count_product_facets"],
        errors={"404": _NO_CATALOG},
    ),
    Route(
        "POST",
        "/products/search",
        "searchProducts",
        api.family["search_catalogs"],
        errors={
            "404": _NO_CATALOG,
            "410": ("cursor_expired: search again without the cursor.", "Error"),
        },
    ),
)
