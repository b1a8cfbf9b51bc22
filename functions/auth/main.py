"""The authorization server: how people and programs come by the tokens every face asks for."""

from typing import Any

import functions_framework.aio

from functions.auth.host import AuthHost
from shared import log
from shared.app import App
from shared.settings import Settings

log.configure()
_host = AuthHost(App(Settings.read()))


@functions_framework.aio.http
async def auth(request: Any) -> Any:
    """The function: every request goes to the host."""
    del request
    return _host
