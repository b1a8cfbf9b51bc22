"""`catalog-mcp dev`: every function that exists behind one local front, on embedded adapters."""

import signal
import sys
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Final

import click
import httpx
import orjson

from shared.app import App
from shared.cli import demo
from shared.cli.drain import Drain
from shared.cli.front import Front
from shared.cli.processes import Functions
from shared.errors import Problem
from shared.settings import Settings, machine_environment

SETTINGS_FILE: Final = "settings.json"
"""Where the last dev of a data folder left its settings, for the other commands."""

LOOPBACK: Final = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
"""The portal asks the authorization server for tokens, and here that is on this machine."""

MAIL_FILE: Final = "mail.txt"

ROUTES: Final = (
    ("/v1", "api"),
    ("/mcp", "partner"),
    ("/.well-known/oauth-protected-resource", "partner"),
    ("/auth", "auth"),
    ("/portal", "portal"),
    ("/.well-known/oauth-authorization-server", "auth"),
    ("/.well-known/openid-configuration", "auth"),
    ("/jobs", "tasks"),
)
"""Which function serves which path, first match first; the load balancer has the same table."""


def settings_for(origin: str, data: Path, **changes: Any) -> Settings:
    """The settings of a dev deployment at one origin. Its other loopback spelling works too."""
    port = origin.rpartition(":")[2]
    return Settings(
        backend="local",
        data=data,
        cache=data / "segments",
        mcp_url=f"{origin}/mcp",
        api_url=f"{origin}/v1",
        auth_url=f"{origin}/auth",
        portal_url=f"{origin}/portal",
        fetch_networks=LOOPBACK,
        sign_in=True,
        tasks_url=origin,
        tasks_account="work-queue@localhost",
        export_every=1,
        hosts=(f"localhost:{port}", f"127.0.0.1:{port}"),
        origins=(f"http://localhost:{port}", f"http://127.0.0.1:{port}"),
        **changes,
    )


def last_settings(data: Path) -> Settings:
    """The settings the dev deployment of a data folder was last started with."""
    file = data / SETTINGS_FILE
    if file.is_file():
        return Settings.model_validate_json(file.read_bytes())
    return settings_for("http://localhost:8080", data)


def serve(*, port: int, data: Path, catalogs: Path, as_json: bool, **changes: Any) -> None:
    """Start, say how to connect, and serve until told to stop.

    `changes` are settings that differ from a dev deployment's own.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    settings = settings_for(f"http://localhost:{port}", data, **changes)
    data.mkdir(parents=True, exist_ok=True)
    (data / SETTINGS_FILE).write_text(settings.model_dump_json(exclude={"service"}))
    log = data / "functions.log"
    names = sorted({name for _, name in ROUTES})
    try:
        with Functions(
            names, {**machine_environment(), **settings.environment()}, log
        ) as functions:
            app = App(settings)
            demo.prepare(app, catalogs, lambda line: click.echo(line, err=True))
            functions.wait()
            table = [(prefix, functions.running[name].address) for prefix, name in ROUTES]
            with Front(table, port) as server, Drain(app):
                facts = _facts(app, settings, server.port)
                _check(facts)
                click.echo(orjson.dumps(facts).decode() if as_json else _how_to(facts, log))
                sys.stdout.flush()
                mail = Mail(data / MAIL_FILE, as_json=as_json)
                while server.serves(0.3):
                    mail.show()
    except KeyboardInterrupt:
        pass
    except Problem as problem:
        click.echo(f"{problem.message}\n{log}", err=True)
        sys.exit(1)


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
        "mail": str(settings.data / MAIL_FILE),
        "port": port,
        "data": str(settings.data),
    }


def _check(facts: Mapping[str, Any]) -> None:
    """Every function answers before anybody is told that they do."""
    ping = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
    answers = (
        httpx.post(facts["mcp_url"], json=ping, headers=_bearer(facts["token"]), timeout=30),
        httpx.get(f"{facts['api_url']}/catalogs", headers=_bearer(facts["api_key"]), timeout=30),
        httpx.get(f"{facts['auth_url']}/.well-known/oauth-authorization-server", timeout=30),
    )
    portal = httpx.get(facts["portal_url"], timeout=30)
    if not portal.is_redirect or any(not answer.is_success for answer in answers):
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
REST          curl -H "Authorization: Bearer {facts["api_key"]}" {facts["api_url"]}/catalogs
Docs          {facts["docs_url"]}
BigQuery      catalog-mcp story   plays a partner: register, subscribe, stale, fresh

Data in {facts["data"]}, output of the functions in {log}. Stop with Ctrl-C."""


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt
