"""How to connect each client, with the organization's real addresses; and whether one has."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from functions.portal.visit import Visit
from shared.auth.faces import PARTNER, STUDIO, connected_by
from shared.identity import own_usage
from shared.serve.pages.web import Outgoing
from shared.studio.tools import discovery

NAMES: Final = {PARTNER.name: "catalogs"}
"""What a face's server is called in a client's configuration, if not by the face's name."""


@dataclass(frozen=True)
class Step:
    """One thing to do: in words, and what to copy; `where` names the file it goes into."""

    text: str
    copy: str = ""
    where: str = ""


@dataclass(frozen=True)
class Way:
    """How one client is connected."""

    id: str
    name: str
    steps: tuple[Step, ...]


def show(visit: Visit) -> Outgoing:
    """Every way, and who was seen when."""
    settings = visit.portal.settings
    seen = visit.run(own_usage.family["get_own_activity"])  # which asks along who this is
    face = connected_by(settings, visit.account["organizationType"])
    name, url, tenants = NAMES.get(face.name, face.name), settings.addresses[face.name], ()
    if face is STUDIO:
        tenants = visit.run(discovery.family["whoami"])["tenants"]
        chosen = _chosen(tenants, visit.asked("tenant"))
        if chosen:
            name, url = f"{name}-{chosen['id']}", chosen["address"]
    backends = _backends(settings.api_url) if face is PARTNER else ()
    return visit.page(
        "connect.html",
        seen=seen,
        ways=(*ways(name, url), *backends),
        tenants=tenants,
        url=url,
        narrowed=narrowed(url) if face is STUDIO else (),
    )


def _chosen(tenants: Sequence[Mapping[str, Any]], asked: str) -> Mapping[str, Any] | None:
    """The tenant that is asked for, else the first; None where there is none."""
    return next((each for each in tenants if each["id"] == asked), tenants[0] if tenants else None)


def narrowed(url: str) -> tuple[Step, ...]:
    """Addresses that serve a client less than everything: fewer tools to read, less to go wrong."""
    return (
        Step("Only tools that read:", f"{url}?mode=read"),
        Step("Only what is about sources and entries:", f"{url}?toolsets=sources,entries"),
        Step("Only what is about cards and destinations:", f"{url}?toolsets=cards,destinations"),
    )


def ways(name: str, url: str) -> tuple[Way, ...]:
    """How each client is connected that we know: what it calls the server, and its address."""
    return (*_claude(name, url), *_terminals(name, url), *_editors(name, url))


def _claude(name: str, url: str) -> Iterator[Way]:
    yield Way(
        "claude-code",
        "Claude Code",
        (
            Step("Add the server:", f"claude mcp add --transport http {name} {url}"),
            Step("Sign in: your browser opens.", f"claude mcp login {name}"),
        ),
    )
    yield Way(
        "claude-desktop",
        "Claude Desktop",
        (
            Step("Settings, Connectors, Add custom connector. Paste this address:", url),
            Step("Press Connect and sign in."),
        ),
    )
    remote = {"command": "npx", "args": ["-y", "mcp-remote", url]}
    yield Way(
        "claude-desktop-remote",
        "Claude Desktop through mcp-remote",
        (
            Step(
                "Without custom connectors; needs Node. Settings, Developer, Edit Config:",
                _json({"mcpServers": {name: remote}}),
                "claude_desktop_config.json",
            ),
            Step("Start Claude Desktop again: your browser opens to sign in."),
        ),
    )


def _terminals(name: str, url: str) -> Iterator[Way]:
    yield Way(
        "codex",
        "Codex CLI",
        (
            Step("Add the server: your browser opens.", f"codex mcp add {name} --url {url}"),
            Step("To sign in again later:", f"codex mcp login {name}"),
        ),
    )
    yield Way(
        "gemini",
        "Gemini CLI",
        (
            Step("Add the server:", f"gemini mcp add --transport http {name} {url}"),
            Step("Start gemini, and sign in:", f"/mcp auth {name}"),
        ),
    )
    yield Way(
        "opencode",
        "opencode",
        (
            Step(
                "Add the server:",
                _json({"mcp": {name: {"type": "remote", "url": url, "enabled": True}}}),
                "opencode.json",
            ),
            Step("Sign in:", f"opencode mcp auth {name}"),
        ),
    )


def _editors(name: str, url: str) -> Iterator[Way]:
    yield Way(
        "cursor",
        "Cursor",
        (
            Step(
                "Add the server, then sign in under Settings, MCP:",
                _json({"mcpServers": {name: {"url": url}}}),
                "~/.cursor/mcp.json",
            ),
        ),
    )
    yield Way(
        "vscode",
        "VS Code",
        (
            Step(
                "Add the server; VS Code asks you to sign in when it starts it:",
                _json({"servers": {name: {"type": "http", "url": url}}}),
                ".vscode/mcp.json",
            ),
        ),
    )


def _backends(api: str) -> Iterator[Way]:
    key = Step("Create an API key under API keys, and keep it in CATALOG_API_KEY.")
    header = '-H "Authorization: Bearer $CATALOG_API_KEY"'
    yield Way(
        "curl",
        "curl",
        (
            key,
            Step("List your catalogs:", f"curl {header} {api}/catalogs"),
            Step(
                "Search them:",
                f"curl {header} -H 'Content-Type: application/json' \\\n"
                f'  -d \'{{"q": "shoes", "limit": 5}}\' {api}/products/search',
            ),
        ),
    )
    program = f"""import os

import httpx

catalogs = httpx.Client(
    base_url="{api}",
    headers={{"Authorization": f"Bearer {{os.environ['CATALOG_API_KEY']}}"}},
)
answer = catalogs.post("/products/search", json={{"q": "shoes", "limit": 5}})
for product in answer.raise_for_status().json()["items"]:
    print(product["title"], product["currentPrice"], product["productUrl"])
"""
    yield Way("python", "Python", (key, Step("With httpx:", program, "search.py")))


def _json(value: dict[str, object]) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()
