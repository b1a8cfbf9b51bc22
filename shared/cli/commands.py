"""The commands that act on a deployment; `catalog-mcp` imports them when one is wanted."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click

from shared.auth import keyring
from shared.catalog.tools import publishing, versions
from shared.cli import collection, demo, story, studio_story
from shared.cli.deployment import last_settings
from shared.cli.operations import acting, command_of, commands, run, show
from shared.identity import pauses, signing_keys
from shared.settings import Settings, is_described
from shared.tool import Progress, Tool

acts = click.Group()
"""Every command that acts on a deployment."""


@acts.command("story")
@click.option("--catalog", help="One of the demo's; the smallest if left out.")
def story_command(catalog: str | None) -> None:
    """Play a partner of the running dev deployment, from registering to a fresh linked dataset."""
    with acting(_settings) as app:
        story.tell(app, catalog, click.echo)


@acts.command("studio-story")
@click.option(
    "--feed",
    type=click.Path(exists=True, path_type=Path),
    help="JSON lines of our own form with a `kind`; if left out, icecat where it was fetched.",
)
@click.option("--catalogs", type=click.Path(path_type=Path), default=demo.REAL_DATA)
def studio_story_command(feed: Path | None, catalogs: Path) -> None:
    """Play a shop of the running dev deployment, from a file to what a partner's agent finds."""
    with acting(_settings) as app:
        studio_story.tell(app, click.echo, feed, catalogs)


@acts.command("subscribe")
@click.argument("catalog")
@click.option("--project", required=True, help="The subscriber's Google project.")
@click.option("--principal", required=True, help="As registered.")
def subscribe_command(catalog: str, project: str, principal: str) -> None:
    """Play a partner on the local exchange: subscribe to the listing of CATALOG."""
    with acting(_settings) as app:
        click.echo(app.own_listings.subscribe(catalog, principal, project))


@acts.command("token")
@click.option("--organization", default=demo.ORGANIZATION, show_default=True)
@click.option("--subject", default=demo.MEMBER, show_default=True, help="A member's subject.")
@click.option("--days", default=demo.TOKEN_DAYS, show_default=True)
def token_command(organization: str, subject: str, days: int) -> None:
    """Mint a development token for the local deployment."""
    with acting(_settings) as app:
        click.echo(demo.token(app, organization, subject, days=days))


_FEED: Final = (
    click.option("--kind", help="jsonl, merchant_xml, merchant_tsv or shopify; else found out."),
    click.option("--base-url", help="The shop's address, for feeds with relative URLs."),
    click.option("--currency", help="ISO 4217 code of prices that name none, such as USD."),
    click.option("--language", help="Of texts that name none."),
    click.option("--rejected-share", type=float, help="Above this nothing is changed."),
    click.option(
        "--report",
        type=click.Path(path_type=Path),
        help="Write every rejection and warning to this file: CSV if it ends in .csv, else JSON "
        "lines.",
    ),
)


def _about_a_feed(command: Any) -> Any:
    """The options of commands that read a feed."""
    for option in reversed(_FEED):
        command = option(command)
    return command


@acts.command("publish")
@click.argument("catalog")
@click.argument("source", required=False)
@_about_a_feed
@click.option(
    "--check", is_flag=True, help="Only read SOURCE and report; needs no CATALOG, changes nothing."
)
@click.option(
    "--yes", "confirm", is_flag=True, help="Also when the catalog shrinks much, or to one page."
)
def publish_command(*, check: bool, **given: Any) -> None:
    """Make the feed SOURCE (a file or an https address) the whole content of CATALOG."""
    if given["source"] is None and check:
        given |= {"catalog": None, "source": given["catalog"]}
    elif given["source"] is None:
        raise click.UsageError("Missing argument 'SOURCE'.")
    _published("check_feed" if check else "publish_catalog", given)


@acts.command("upsert")
@click.argument("catalog")
@click.argument("source")
@_about_a_feed
def upsert_command(**given: Any) -> None:
    """Add or replace the products in SOURCE, leaving the rest of CATALOG as it is."""
    _published("upsert_products", given)


@acts.command("delete-product")
@click.argument("catalog")
@click.argument("keys", nargs=-1, required=True)
def delete_command(catalog: str, keys: tuple[str, ...]) -> None:
    """Take the products KEYS out of CATALOG."""
    _operated(versions.family["delete_products"], {"catalog": catalog, "keys": keys})


@acts.command("versions")
@click.argument("catalog")
def versions_command(catalog: str) -> None:
    """List the versions of CATALOG that are kept."""
    _operated(versions.family["list_versions"], {"catalog": catalog})


@acts.command("rollback")
@click.argument("catalog")
@click.argument("version", type=int)
def rollback_command(catalog: str, version: int) -> None:
    """Serve an earlier VERSION of CATALOG again."""
    _operated(versions.family["roll_back_catalog"], {"catalog": catalog, "version": version})


@acts.command("resume")
@click.argument("catalog")
def resume_command(catalog: str) -> None:
    """Have CATALOG, which was rolled back, follow the endpoint that feeds it again."""
    _operated(versions.family["resume_catalog"], {"catalog": catalog})


def _published(tool: str, given: dict[str, Any]) -> None:
    arguments = {
        name: str(value) if isinstance(value, Path) else value
        for name, value in given.items()
        if value is not None
    }
    _operated(publishing.family[tool], arguments)


def _operated(tool: Tool[Any], arguments: dict[str, Any]) -> None:
    with acting(_settings) as app:
        with _line_of_progress() as told:
            result = run(app, tool, arguments, progress=told)
        show(result)


@contextmanager
def _line_of_progress() -> Iterator[Progress]:
    """One line of stderr that says how far it is; ended before anything else is said."""
    said = False

    def told(doing: str, done: int, total: int | None = None) -> None:
        nonlocal said
        said = True
        of = "" if not total else f" of {total} ({done / total:.0%})"
        click.echo(f"\r{doing}: {done}{of}\033[K", err=True, nl=False)

    try:
        yield told
    finally:
        if said:
            click.echo(err=True)


def _settings() -> Settings:
    if is_described():
        try:
            return Settings.read()
        except ValueError as error:
            raise click.ClickException(str(error)) from None
    return last_settings(click.get_current_context().find_root().obj)


@acts.group("keys")
def keys_group() -> None:
    """Create a deployment's keys, and rotate them: prepare, wait, promote, wait, retire."""


@keys_group.command("create")
def create_keys_command() -> None:
    """Create the keys that a deployment does not have yet; existing ones stay."""
    with acting(_settings) as app:
        keyring.create_missing(app.secrets)


for _name, _tool in (
    ("show", "list_signing_keys"),
    ("prepare", "create_next_signing_key"),
    ("promote", "promote_signing_key"),
    ("retire", "retire_signing_key"),
    ("revoke", "revoke_signing_key"),
    ("seal", "rotate_sealing_key"),
):
    keys_group.add_command(command_of(signing_keys.family[_tool], _settings), _name)


@acts.group("work")
def work_group() -> None:
    """Pause queues of work for later, and let them go on."""


for _name, _tool in (("show", "list_queues"), ("pause", "pause_work"), ("resume", "resume_work")):
    work_group.add_command(command_of(pauses.family[_tool], _settings), _name)

acts.add_command(collection.group(_settings))
for command in commands(_settings):
    acts.add_command(command)
