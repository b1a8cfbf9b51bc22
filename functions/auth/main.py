"""The authorization server: how people and programs come by the tokens every face asks for."""

from typing import Any

import functions_framework.aio

from functions.auth.host import AuthHost
from shared.serve.deployed import deployed

_host = deployed(AuthHost)


@functions_framework.aio.http
async def auth(request: Any) -> Any:
    """The function: every request goes to the host."""
    del request
    return _host
