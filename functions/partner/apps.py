"""The page that shows products beside the answers of tools that find some."""

from pathlib import Path
from typing import Final

from shared.catalog.tools import pictures
from shared.serve.apps.page import AppPage

PRODUCTS: Final = AppPage(
    uri="ui://catalog-mcp/products",
    name="products",
    title="Products",
    description="Products as cards: picture, title, price, availability, variants, a link.",
    tools=("search_products", "lookup_product", "find_similar_products"),
    folder=Path(__file__).parent / "app",
    stem="products",
    origins=pictures.family["list_picture_origins"],
)
