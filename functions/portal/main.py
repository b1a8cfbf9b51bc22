"""The portal: where a person of an organization sees and manages its access."""

from typing import Any

import functions_framework.aio

from functions.portal.host import PortalHost
from shared.serve.deployed import deployed

_host = deployed(PortalHost)


@functions_framework.aio.http
async def portal(request: Any) -> Any:
    """The function: every request goes to the host."""
    del request
    return _host
