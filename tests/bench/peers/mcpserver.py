"""One empty tool on the official SDK's default server, stateless and answering JSON.

`empty` is it as a function under functions-framework; `app` is it for plain uvicorn.
"""

import asyncio

import functions_framework.aio
from mcp.server import MCPServer
from starlette.responses import Response

server = MCPServer("peer", log_level="WARNING")


@server.tool()
async def empty() -> str:
    return "ok"


app = server.streamable_http_app(stateless_http=True, json_response=True)


class Delegated(Response):
    """A framework's response that is the SDK's application, whose lifespan runs in a task."""

    running = None

    def __init__(self):
        self.background = None

    async def __call__(self, scope, receive, send):
        if Delegated.running is None:
            ready = asyncio.get_running_loop().create_future()
            Delegated.running = asyncio.create_task(live(ready)), ready
        await Delegated.running[1]
        await app(scope, receive, send)


async def live(ready):
    async with server.session_manager.run():
        ready.set_result(None)
        await asyncio.Event().wait()


@functions_framework.aio.http
async def function(request):
    return Delegated()
