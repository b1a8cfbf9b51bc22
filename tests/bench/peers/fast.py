"""One empty tool on fastmcp, stateless and answering JSON, for uvicorn in fastmcp's environment."""

from fastmcp import FastMCP

server = FastMCP("peer")


@server.tool
async def empty() -> str:
    return "ok"


app = server.http_app(stateless_http=True, json_response=True)
