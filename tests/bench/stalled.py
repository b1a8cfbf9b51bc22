"""What a refresh costs while somebody else has the server wait for a host that does not answer.

python -m tests.bench.stalled [--times N] [--json]

One process, embedded: refreshes alone, and refreshes while one caller asks for ever more documents
of a host that takes the whole timeout, in turns. The medians' ratio is to stay below two.
"""

import argparse
import json
import statistics
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path

import anyio
import httpx

from tests.browser import App, signed_in
from tests.platform import Platform
from tests.web_server import WebServer


async def refreshes(app, token, times):
    """Milliseconds of each, and the last refresh token."""
    found = []
    for _ in range(times):
        began = time.perf_counter()
        answer = await app.refresh(token)
        found.append((time.perf_counter() - began) * 1000)
        token = answer.json()["refresh_token"]
    return found, token


async def stalling(client, web, ended):
    """One caller, whose every request names a document that does not come: eight a second."""

    async def ask(number):
        asking = App(client)
        asking.id = f"{web.origin}/{number}.json"
        with suppress(httpx.HTTPError):
            await client.get(asking.request())

    async with anyio.create_task_group() as group:
        for number in range(10_000):
            if ended.is_set():
                break
            group.start_soon(ask, number)
            await anyio.sleep(0.125)


async def turns(platform, web, times):
    """The medians of a quiet turn and of a stalled one after the other."""
    app, tokens, _ = await signed_in(platform)
    token, quiet, stalled = tokens["refresh_token"], [], []
    client = app.client
    for _ in range(3):
        found, token = await refreshes(app, token, times)
        quiet += found
        ended = threading.Event()
        async with anyio.create_task_group() as group:
            group.start_soon(stalling, client, web, ended)
            await anyio.sleep(1)
            found, token = await refreshes(app, token, times)
            stalled += found
            ended.set()
            web.go_on.set()
        web.go_on.clear()
        platform.clock.advance(61)
    return {
        "quiet_ms": round(statistics.median(quiet), 2),
        "stalled_ms": round(statistics.median(stalled), 2),
        "ratio": round(statistics.median(stalled) / statistics.median(quiet), 2),
    }


def measure(times):
    with (
        tempfile.TemporaryDirectory() as folder,
        WebServer(Path(folder) / "tls", "client.test") as web,
    ):
        web.go_on = threading.Event()
        for number in range(1_000):
            web.answers[f"/{number}.json"] = lambda _: (web.go_on.wait(3), (404, b"", {}))[1]
        data = Path(folder) / "data"
        platform = Platform(data, sign_in=True, client_documents=True, **web.settings)
        platform.organization("partner")
        platform.member(email="ada@example.com")
        found = anyio.run(turns, platform, web, times)
        platform.close()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=150, help="refreshes a turn")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse_args()
    found = measure(options.times)
    print(json.dumps(found) if options.json else found)


if __name__ == "__main__":
    main()
