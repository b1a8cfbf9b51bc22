"""What Python libraries make of our endpoint: connect, list, convert for their models, call.

Runs in an environment of its own, `.venv-clients`: `python libraries.py NAME ADDRESS KEY` prints
one line of JSON.
"""

import asyncio
import json
import sys
from contextlib import asynccontextmanager
from importlib.metadata import version

CALLED = "search_products"
ARGUMENTS = {"query": "tent under $500", "limit": 2, "in_stock": None}


@asynccontextmanager
async def session(address, headers):
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async with (
        streamablehttp_client(address, headers=headers) as (read, write, _),
        ClientSession(read, write) as opened,
    ):
        await opened.initialize()
        yield opened


async def google_genai(address, headers):
    from google.genai import types
    from google.genai._adapters import McpToGenAiToolAdapter

    async with session(address, headers) as opened:
        listed = await opened.list_tools()
        adapter = McpToGenAiToolAdapter(opened, listed)
        names = [each.name for tool in adapter.tools for each in tool.function_declarations]
        asked = types.FunctionCall(name=CALLED, args=ARGUMENTS)
        answer = await adapter.call_tool(asked)
        return names, answer.content[0].text


async def langchain(address, headers):
    from langchain_core.utils.function_calling import convert_to_openai_tool
    from langchain_mcp_adapters.client import MultiServerMCPClient

    place = {"transport": "streamable_http", "url": address, "headers": headers}
    tools = await MultiServerMCPClient({"catalogs": place}).get_tools()
    names = [convert_to_openai_tool(each, strict=True)["function"]["name"] for each in tools]
    (tool,) = [each for each in tools if each.name == CALLED]
    answer = await tool.ainvoke(ARGUMENTS)
    return names, answer[0]["text"] if isinstance(answer, list) else answer


async def openai_agents(address, headers):
    from agents.mcp import MCPServerStreamableHttp, MCPUtil

    place = {"url": address, "headers": headers}
    async with MCPServerStreamableHttp(params=place) as server:
        tools = [
            MCPUtil.to_function_tool(each, server, convert_schemas_to_strict=True)
            for each in await server.list_tools()
        ]
        answer = await server.call_tool(CALLED, ARGUMENTS)
        strict = [
            each.name
            for each in tools
            if each.strict_json_schema or not each.params_json_schema["properties"]
        ]
        return strict, answer.content[0].text


async def pydantic_ai(address, headers):
    from pydantic_ai.profiles.google import GoogleJsonSchemaTransformer
    from pydantic_ai.profiles.openai import OpenAIJsonSchemaTransformer

    async with session(address, headers) as opened:
        tools = (await opened.list_tools()).tools
        for each in tools:
            GoogleJsonSchemaTransformer(each.inputSchema).walk()
            OpenAIJsonSchemaTransformer(each.inputSchema, strict=True).walk()
        answer = await opened.call_tool(CALLED, ARGUMENTS)
        return [each.name for each in tools], answer.content[0].text


async def google_adk(address, headers):
    from google.adk.tools.mcp_tool.mcp_session_manager import StreamableHTTPConnectionParams
    from google.adk.tools.mcp_tool.mcp_toolset import McpToolset

    place = StreamableHTTPConnectionParams(url=address, headers=headers)
    tools = McpToolset(connection_params=place)
    found = await tools.get_tools()
    names = [each._get_declaration().name for each in found]
    await tools.close()
    async with session(address, headers) as opened:
        answer = await opened.call_tool(CALLED, ARGUMENTS)
    return names, answer.content[0].text


LIBRARIES = {
    "google-genai": google_genai,
    "langchain-mcp-adapters": langchain,
    "openai-agents": openai_agents,
    "pydantic-ai-slim": pydantic_ai,
    "google-adk": google_adk,
}


def main(name, address, key):
    headers = {"Authorization": f"Bearer {key}"}
    names, text = asyncio.run(LIBRARIES[name](address, headers))
    said = {"version": version(name), "tools": sorted(names), "answer": json.loads(text)}
    print(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
