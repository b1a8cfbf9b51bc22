"""Calls of tools over MCP, as an assistant makes them: for stories played on a deployment."""

import time
from pathlib import Path
from typing import Any, Final

import httpx

from shared.errors import Problem

AGAIN_SECONDS: Final = 30.0
"""For how long a call is made again that an instance did not answer, since it was killed."""
_PAUSE_SECONDS: Final = 0.2
_GONE: Final = (502, 503, 504)


class Assistant:
    """Calls tools of one address, as an assistant does. `wraps`: values come under `result`."""

    def __init__(self, url: str, token: str, *, wraps: bool = False) -> None:
        headers = {"authorization": f"Bearer {token}", "mcp-protocol-version": "2025-06-18"}
        self._http = httpx.Client(headers=headers, timeout=60, trust_env=False)
        self._url = url
        self._wraps = wraps

    def call(self, tool: str, **arguments: Any) -> Any:
        """A tool's value. Raises what it answers with in place of one."""
        answer = self._answer(tool, arguments)
        body = answer.json()
        if answer.is_error or "error" in body:
            told = body.get("detail") or body.get("error") or body
            raise Problem("unavailable", f"{tool}: {str(told)[:500]}")
        value = body["result"]["structuredContent"]
        if body["result"].get("isError"):
            raise Problem("invalid", f"{tool}: {str(value)[:800]}", **_details(value))
        return value["result"] if self._wraps else value

    def _answer(self, tool: str, arguments: dict[str, Any]) -> httpx.Response:
        params = {"name": tool, "arguments": arguments}
        request = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
        until = time.monotonic() + AGAIN_SECONDS
        while True:
            try:
                answer = self._http.post(self._url, json=request)
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise Problem("unavailable", "No deployment answers. Start one.") from None
            else:
                if answer.status_code not in _GONE or time.monotonic() > until:
                    return answer
            time.sleep(_PAUSE_SECONDS)

    def close(self) -> None:
        """End its connections."""
        self._http.close()

    def send(self, url: str, file: Path) -> None:
        """Hand a file in."""
        self._http.put(url, content=file.read_bytes()).raise_for_status()


def _details(value: Any) -> dict[str, Any]:
    return {"answer": value} if isinstance(value, dict) else {}
