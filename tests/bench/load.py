"""A plain load on keep-alive connections; every answer is read whole, its status checked."""

import asyncio
import random
import socket
import time
from itertools import cycle

import orjson
import uvloop


async def _answer(reader):
    """The body of one answer that must be a 200."""
    return await _body(reader, await _head(reader))


async def _head(reader):
    head = await reader.readuntil(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.1 200"):
        raise AssertionError(head.decode())
    return head


async def _body(reader, head):
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    if length:
        return await reader.readexactly(int(length))
    parts = []
    while size := int(await reader.readuntil(b"\r\n"), 16):
        parts.append((await reader.readexactly(size + 2))[:-2])
    await reader.readexactly(2)
    return b"".join(parts)


async def _connection(port, requests, stop, pause, durations, *, first_byte):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
    due = time.perf_counter() + random.uniform(0, pause)
    try:
        while time.perf_counter() < stop:
            if pause:
                await asyncio.sleep(due - time.perf_counter())
                due += pause
            request = next(requests)
            began = time.perf_counter()
            writer.write(request)
            head = await _head(reader)
            came = time.perf_counter()
            await _body(reader, head)
            durations.append((came if first_byte else time.perf_counter()) - began)
    finally:
        writer.close()


def run(port, requests, *, seconds, connections=8, rate=None, first_byte=False):
    """The durations of all answers within about `seconds`, to these requests in turn.

    Without a `rate` (calls a second over all connections) each connection asks again as soon as it
    is answered. With `first_byte`, durations end with an answer's head.
    """
    durations = []
    pause = connections / rate if rate else 0

    async def all_of_them():
        stop = time.perf_counter() + seconds
        turn = cycle(requests)
        await asyncio.gather(
            *(
                _connection(port, turn, stop, pause, durations, first_byte=first_byte)
                for _ in range(connections)
            )
        )

    uvloop.run(all_of_them())
    return durations


def once(port, requests, *, connections=8):
    """Ask each of these requests once, several at the same time."""
    left = iter(requests)

    async def some():
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
        for request in left:
            writer.write(request)
            await _answer(reader)
        writer.close()

    async def all_of_them():
        await asyncio.gather(*(some() for _ in range(connections)))

    uvloop.run(all_of_them())


def answers(port, requests):
    """What each request is answered with: JSON, also where it comes as one server-sent event; or
    the text of a page.
    """

    async def ask():
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**24)
        found = []
        for request in requests:
            writer.write(request)
            found.append(_value(await _answer(reader)))
        writer.close()
        return found

    return uvloop.run(ask())


def _value(body):
    if body.startswith((b"event:", b"data:", b"id:")):
        body = next(line[5:] for line in body.splitlines() if line.startswith(b"data: {"))
    return body.decode() if body.startswith(b"<") else orjson.loads(body)


def listens(port):
    """Whether somebody does at a loopback port."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.1).close()
    except OSError:
        return False
    return True


def post(path, body, headers):
    """The bytes of a POST request."""
    head = {
        "Host": "localhost:8080",
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        "Content-Length": str(len(body)),
        **headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
    return f"POST {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def get(path, headers):
    """The bytes of a GET request."""
    lines = "".join(
        f"{name}: {value}\r\n" for name, value in {"Host": "localhost:8080", **headers}.items()
    )
    return f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode()
