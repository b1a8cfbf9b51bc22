"""`catalog-mcp`: run the platform on a laptop, and operate it."""

import signal
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from shared.cli import dev
from shared.settings import state_folder


class _Commands(click.Group):
    """Imports the other commands when one is wanted: `dev` starts functions before that."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Every command."""
        self.load()
        return super().list_commands(ctx)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name."""
        if cmd_name not in self.commands:
            self.load()
        return super().get_command(ctx, cmd_name)

    def load(self) -> None:
        """Have every command in `commands`."""
        self.commands.update(import_module("shared.cli.commands").acts.commands)


@click.group(cls=_Commands)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    default=state_folder,
    help="The data folder of the local deployment.",
)
@click.pass_context
def main(context: click.Context, data: Path) -> None:
    """Run catalog-mcp on this machine, and operate it wherever it runs.

    Commands act on the deployment the environment describes (docs/operations.md); without any
    CATALOG_MCP_ variable, on the one that `catalog-mcp dev` started last in the data folder.
    """
    context.obj = data.resolve()


@main.command("dev")
@click.option("--port", default=8080, show_default=True, help="Where the local front listens.")
@click.option("--data", type=click.Path(path_type=Path), help="Where data is kept.")
@click.pass_obj
@click.option(
    "--catalogs",
    type=click.Path(path_type=Path),
    help="A folder of real catalogs; the built-in one is used where it has none.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one line of JSON and nothing else.")
@click.option(
    "--fresh-for",
    "export_fresh_for",
    default=172_800,
    show_default=True,
    help="Seconds an exported table is promised to be fresh; few of them show `source_stale`.",
)
@click.option("--analytics-hub", default="", help="host:port of an Analytics Hub, for tests.")
def dev_command(default: Path, /, data: Path | None, **given: Any) -> None:
    """Start every function behind one local address, with a demo organization and catalogs."""
    signal.signal(signal.SIGTERM, _interrupt)
    dev.serve(data=data.resolve() if data else default, **given)


def _interrupt(*_: Any) -> None:
    raise KeyboardInterrupt
