"""Files that come and go by an address of their own, at the front of `make dev`.

In the cloud the bucket does this. Uploads speak the part of its protocol that clients use: all
bytes in one PUT, or parts with `Content-Range`; what has arrived so far is asked with `bytes */N`.
https://cloud.google.com/storage/docs/performing-resumable-uploads
"""

import re
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from tempfile import mkdtemp
from typing import Final, NamedTuple
from urllib.parse import quote

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from shared.app import App
from shared.errors import Problem
from shared.indexes.folders import remove
from shared.ports.addresses import Opened

_RANGE: Final = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+|\*)")
_MOST: Final = 1024**3


def file_routes(app: App) -> list[Route]:
    """What the front serves of files."""

    async def serve(request: Request) -> Response:
        opened = app.own_addresses.opened(request.path_params["token"])
        if opened is None or (opened.way == "up") != (request.method == "PUT"):
            return PlainTextResponse("This address has ended, or is none.", 404)
        if opened.way == "down":
            return await run_in_threadpool(_sent, app, opened)
        return await _taken(app, opened, request)

    return [Route("/files/{token}", serve, methods=["GET", "PUT"])]


def _sent(app: App, opened: Opened) -> Response:
    folder = Path(mkdtemp())
    path = folder / "file"
    try:
        app.blobs.fetch(opened.name, path)
    except Problem:
        remove(folder)
        return PlainTextResponse("The file is gone.", 404)
    return FileResponse(
        path,
        media_type="application/octet-stream",
        headers={"content-disposition": f"attachment; filename*=UTF-8''{quote(opened.filename)}"},
        background=BackgroundTask(remove, folder),
    )


class _Range(NamedTuple):
    """Which bytes a request has: from where on, and of how many; both may be unknown."""

    first: int | None
    total: int | None


def _range(request: Request) -> _Range | None:
    given = request.headers.get("content-range")
    if given is None:
        length = request.headers.get("content-length")
        return _Range(0, int(length) if length else None)
    found = _RANGE.fullmatch(given)
    if found is None:
        return None
    first, total = found.groups()
    return _Range(None if first is None else int(first), None if total == "*" else int(total))


async def _taken(app: App, opened: Opened, request: Request) -> Response:
    given = _range(request)
    if given is None or (opened.size and given.total not in (None, opened.size)):
        return PlainTextResponse("This is not the range of bytes that was agreed on.", 400)
    if any(each.name == opened.name for each in app.blobs.list(opened.name)):
        return PlainTextResponse("Uploaded.")
    path = _partial(app, opened)
    there = path.stat().st_size if path.exists() else 0
    if given.first is not None and given.first <= there:
        there = await _written(path, given.first, request)
        whole = there if "content-range" not in request.headers else given.total
    else:
        whole = given.total
    if there != whole:
        return _more(there)
    await run_in_threadpool(app.blobs.put, opened.name, path)
    path.unlink()
    return PlainTextResponse("Uploaded.")


def _partial(app: App, opened: Opened) -> Path:
    """Where the bytes that have arrived are kept."""
    folder = app.settings.data / "uploads"
    folder.mkdir(exist_ok=True)
    return folder / blake2b(opened.name.encode(), digest_size=16).hexdigest()


async def _written(path: Path, first: int, request: Request) -> int:
    """How many bytes there are, after those of this request came behind the first ones."""
    with path.open("a+b") as file:
        file.truncate(first)
        with suppress(ClientDisconnect):
            async for chunk in request.stream():
                if file.tell() + len(chunk) > _MOST:
                    break
                file.write(chunk)
        return file.tell()


def _more(there: int) -> Response:
    kept = {"range": f"bytes=0-{there - 1}"} if there else {}
    return Response(status_code=308, headers=kept)
