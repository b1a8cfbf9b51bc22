"""The table of REST /v1: method, path, operation, tool."""

from typing import Final

from shared.catalog.tools import agents, api, domains, facet_counts, more_like_this, taxonomy
from shared.identity import me
from shared.serve.rest import Route

_NO_CATEGORY: Final = ("not_found: there is no such category.", "Error")
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
    Route(
        "POST",
        "/products/more-like-this",
        "moreLikeThisProducts",
        more_like_this.family["find_products_like"],
        errors={
            "404": ("product_not_found or catalog_not_found.", "Error"),
            "410": ("cursor_expired: ask again without the cursor.", "Error"),
        },
    ),
    Route(
        "GET",
        "/domains/{host}",
        "getDomain",
        domains.family["get_domain"],
        errors={"404": ("domain_not_covered: no granted catalog has the host.", "Error")},
    ),
    Route(
        "GET",
        "/taxonomy/categories",
        "listTaxonomyCategories",
        taxonomy.family["list_categories"],
        query=frozenset({"parent", "offset", "limit"}),
        errors={"404": _NO_CATEGORY},
    ),
    Route(
        "GET",
        "/taxonomy/attributes",
        "listTaxonomyAttributes",
        taxonomy.family["list_attributes"],
        query=frozenset({"category", "offset", "limit"}),
        errors={"404": _NO_CATEGORY},
    ),
    Route(
        "GET",
        "/taxonomy/attributes/{handle}/values",
        "listTaxonomyAttributeValues",
        taxonomy.family["list_attribute_values"],
        query=frozenset({"offset", "limit"}),
        errors={"404": ("not_found: no product has such an attribute.", "Error")},
    ),
)
