"""A plain load on keep-alive connections; every answer is read whole, its status checked."""

import asyncio
import time


async def _connection(port, request, stop, durations):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        while time.perf_counter() < stop:
            began = time.perf_counter()
            writer.write(request)
            await writer.drain()
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise AssertionError(head.decode())
            length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0])
            await reader.readexactly(length)
            durations.append(time.perf_counter() - began)
    finally:
        writer.close()


def run(port, request, *, seconds, connections=8):
    """The durations of all answers within about `seconds`."""
    durations = []

    async def all_of_them():
        stop = time.perf_counter() + seconds
        await asyncio.gather(
            *(_connection(port, request, stop, durations) for _ in range(connections))
        )

    asyncio.run(all_of_them())
    return durations


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
