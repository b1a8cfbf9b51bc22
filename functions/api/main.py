"""REST /v1: the same operations for partners' backends, with API keys."""

from typing import Any

import functions_framework.aio

from functions.api.routes import ROUTES
from shared.app import App
from shared.serve.deployed import deployed
from shared.serve.openapi import document
from shared.serve.rest import RestHost
from shared.serve.run import Runner

DESCRIPTION = "Look up and search the product catalogs granted to your organization."


def host(app: App) -> RestHost:
    """The API's host."""
    described = document(
        ROUTES,
        title="Catalog API",
        version="1",
        server=app.settings.api_url,
        description=DESCRIPTION,
    )
    return RestHost(ROUTES, Runner(app), base="/v1", document=described)


_host = deployed(host)


@functions_framework.aio.http
async def api(request: Any) -> Any:
    """The function: every request goes to the host."""
    del request
    return _host
