"""`catalog-mcp dev` once its first functions start: the demo, the front, how to connect."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import click
import httpx
import orjson

from shared.app import App
from shared.auth.faces import ADMIN, ENDPOINT, STUDIO
from shared.cli import demo
from shared.cli.deployment import FIRST, ROUTES
from shared.cli.drain import drain
from shared.cli.front import Front
from shared.cli.front_files import file_routes
from shared.cli.processes import Functions
from shared.errors import Problem
from shared.settings import Settings

MAIL_FILE: Final = "mail.txt"


def serve(
    functions: Functions, settings: Settings, *, port: int, catalogs: Path | None, as_json: bool
) -> None:
    """Fill the deployment, start the other functions, and pass requests on until told to stop.

    Raises `unavailable` when a function does not start, or not answer.
    """
    app = App(settings)
    table = [(prefix, f"http://127.0.0.1:{functions.ports[name]}") for prefix, name in ROUTES]
    with Front(table, port, file_routes(app)) as server, drain(app):
        demo.prepare(app, catalogs or demo.REAL_DATA, lambda line: click.echo(line, err=True))
        functions.wait(*FIRST)
        facts = _facts(app, settings, server.port)
        _check(facts)
        mail = Mail(settings.data / MAIL_FILE, as_json=as_json)
        click.echo(orjson.dumps(facts).decode() if as_json else _how_to(facts, functions.log))
        sys.stdout.flush()
        others = functions.ports.keys() - FIRST
        functions.start(*others)
        functions.wait(*others)
        while server.serves(0.3):
            mail.show()
            for name in functions.revive():
                click.echo(f"{name} ended, and was started again: {functions.log}", err=True)


class Mail:
    """The mail of a dev deployment, which nobody delivers: shown on the console instead.

    With `as_json` the console is a program's, which can read the file itself.
    """

    def __init__(self, file: Path, *, as_json: bool) -> None:
        self._file = file
        self._shown = file.stat().st_size if file.exists() else 0
        self._silent = as_json

    def show(self) -> None:
        """Print what arrived since the last time."""
        if self._silent or not self._file.exists():
            return
        with self._file.open("rb") as file:
            file.seek(self._shown)
            new = file.read()
        self._shown += len(new)
        if new:
            click.echo(f"\n{new.decode()}", nl=False)


def _facts(app: App, settings: Settings, port: int) -> dict[str, Any]:
    return {
        "mcp_url": settings.mcp_url,
        "api_url": settings.api_url,
        "docs_url": f"{settings.api_url}/openapi.json",
        "api_key": demo.api_key(app),
        "token": demo.token(app, demo.ORGANIZATION, demo.MEMBER),
        "organization": demo.ORGANIZATION,
        "member": demo.MEMBER,
        "email": demo.EMAIL,
        "auth_url": settings.auth_url,
        "portal_url": settings.portal_url,
        "studio_url": f"{STUDIO.base(settings)}/{demo.SHOP}{ENDPOINT}",
        "studio_token": demo.token(app, demo.OWNER, demo.MEMBER, STUDIO),
        "tenant": demo.SHOP,
        "destinations_url": demo.destination_url(settings),
        "destinations_key": demo.destination_key(app),
        "admin_url": settings.addresses[ADMIN.name],
        "admin_token": demo.token(app, demo.OPERATOR, demo.MEMBER, ADMIN),
        "mail": str(settings.data / MAIL_FILE),
        "port": port,
        "data": str(settings.data),
    }


def _check(facts: Mapping[str, Any]) -> None:
    """What is needed first answers before anybody is told that it does."""
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    answers = (
        httpx.post(facts["mcp_url"], json=ping, headers=_bearer(facts["token"]), timeout=30),
        httpx.get(f"{facts['api_url']}/catalogs", headers=_bearer(facts["api_key"]), timeout=30),
    )
    if any(not answer.is_success for answer in answers):
        raise Problem("unavailable", "A function started but does not answer. See the log file.")


def _bearer(text: str) -> dict[str, str]:
    return {"authorization": f"Bearer {text}"}


def _how_to(facts: Mapping[str, Any], log: Path) -> str:
    return f"""
Portal        {facts["portal_url"]}   sign in as {facts["email"]}: the code that would be
              mailed is shown here
Claude Code   claude mcp add --transport http catalogs {facts["mcp_url"]}
              then /mcp, or claude mcp login catalogs; sign in in the same way
Without one   claude mcp add --transport http catalogs {facts["mcp_url"]} \
--header "Authorization: Bearer {facts["token"]}"
Studio        claude mcp add --transport http studio {facts["studio_url"]}
              for the owner of the demo shop's data: sign in as {facts["email"]} too
Destination   curl -H "Authorization: Bearer {facts["destinations_key"]}" \
{facts["destinations_url"]}/products
Admin         claude mcp add --transport http admin {facts["admin_url"]}
              for who operates the platform: sign in as {facts["email"]} too
REST          curl -H "Authorization: Bearer {facts["api_key"]}" {facts["api_url"]}/catalogs
Docs          {facts["docs_url"]}
BigQuery      catalog-mcp story   plays a partner: register, subscribe, stale, fresh

Data in {facts["data"]}, output of the functions in {log}. Stop with Ctrl-C."""
