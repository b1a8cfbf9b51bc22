"""How much of a request is read: the limit to the byte, however the body is sent.

The number is a row of the both-eras checklist (docs/requests.md, "MCP").
"""

import orjson
import pytest

from functions.partner.main import endpoint
from tests.platform import LEGACY, message

pytestmark = pytest.mark.anyio


async def test_a_body_past_the_limit_is_413_however_it_is_sent(stocked):  # 21
    async def in_parts():
        for _ in range(20):
            yield b" " * 100_000

    async with stocked.http(stocked.token()) as client:
        for content in (b" " * 2_000_000, in_parts()):
            headers = {"content-type": "application/json"}
            response = await client.post("/mcp", content=content, headers=headers)
            assert response.status_code == 413


async def status_of(platform, parts):
    """The status of a request whose body comes in these parts, as a server hands them on."""
    headers = {
        **LEGACY,
        "authorization": f"Bearer {platform.token()}",
        "content-type": "application/json",
        "host": "localhost:8080",
    }
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/mcp",
        "query_string": b"",
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "headers": [(name.encode(), text.encode()) for name, text in headers.items()],
    }
    events = [{"type": "http.request", "body": part, "more_body": True} for part in parts]
    events[-1]["more_body"] = False
    sent = []

    async def receive():
        return events.pop(0)

    async def send(event):
        sent.append(event)

    await endpoint(platform.app)(scope, receive, send)
    return sent[0]["status"]


@pytest.mark.parametrize("parts", [1, 3])
async def test_a_body_of_exactly_the_limit_is_read_and_one_byte_more_is_not(platform, parts):
    asked = orjson.dumps(message("ping"))
    codes = []
    for size in (platform.settings.max_body, platform.settings.max_body + 1):
        body = asked + b" " * (size - len(asked))
        step = -(-size // parts)
        cut = [body[begin : begin + step] for begin in range(0, size, step)]
        codes.append(await status_of(platform, cut))
    assert codes == [200, 413]
