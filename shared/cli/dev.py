"""What a dev deployment is, and its start: functions first, since they take longest to begin.

This module imports little: whatever serves and fills the deployment (`shared.cli.serving`) is
imported while the first functions start.
"""

import sys
from importlib import import_module
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Any, Final

import click

from shared.cli.processes import Functions
from shared.errors import Problem
from shared.settings import Settings, machine_environment

SETTINGS_FILE: Final = "settings.json"
"""Where the last dev of a data folder left its settings, for the other commands."""

LOOPBACK: Final = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
"""The portal asks the authorization server for tokens, and here that is on this machine."""

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


FIRST: Final = ("partner", "api")
"""What must answer before anybody is told how to connect; the others start behind these."""


def serve(*, port: int, data: Path, catalogs: Path | None, as_json: bool, **changes: Any) -> None:
    """Start, say how to connect, and serve until told to stop.

    `changes` are settings that differ from a dev deployment's own.
    """
    settings = settings_for(f"http://localhost:{port}", data, **changes)
    data.mkdir(parents=True, exist_ok=True)
    (data / SETTINGS_FILE).write_text(settings.model_dump_json(exclude={"service"}))
    log = data / "functions.log"
    environment = {**machine_environment(), **settings.environment()}
    names = sorted({name for _, name in ROUTES})
    try:
        with Functions(names, environment, log) as functions:
            functions.start(*FIRST)
            import_module("shared.cli.serving").serve(
                functions, settings, port=port, catalogs=catalogs, as_json=as_json
            )
    except KeyboardInterrupt:
        pass
    except Problem as problem:
        click.echo(f"{problem.message}\n{log}", err=True)
        sys.exit(1)
