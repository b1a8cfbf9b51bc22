"""Destinations: what applications read of a tenant's published endpoints."""

from typing import Any

import functions_framework.aio

from functions.destinations.host import DestinationsHost
from shared.serve.deployed import deployed

_host = deployed(DestinationsHost)


@functions_framework.aio.http
async def destinations(request: Any) -> Any:
    """The function: every request goes to the host."""
    del request
    return _host
