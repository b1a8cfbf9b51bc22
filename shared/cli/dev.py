"""The start of a dev deployment: functions first, since they take longest to begin.

This module imports little: whatever serves and fills the deployment (`shared.cli.serving`) is
imported while the first functions start.
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from shared.cli.deployment import FIRST, ROUTES, SETTINGS_FILE, settings_for
from shared.cli.processes import Functions
from shared.errors import Problem
from shared.settings import Settings, machine_environment


def serve(*, port: int, data: Path, catalogs: Path | None, as_json: bool, **changes: Any) -> None:
    """Start, say how to connect, and serve until told to stop.

    `changes` are settings that differ from a dev deployment's own.
    """
    origins = Settings.read().origins
    settings = settings_for(f"http://localhost:{port}", data, origins=origins, **changes)
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
