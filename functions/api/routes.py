"""The table of REST /v1: method, path, operation, tool."""

from typing import Final

from shared.catalog import granted
from shared.serve.rest import Route

ROUTES: Final = (Route("GET", "/catalogs", "listCatalogs", granted.family["list_catalogs"]),)
