"""The demo deployment of `make dev`: an organization, a member, a key, catalogs, grants.

Made through the same operations as everything else, and only where it is missing, so that a second
start finds its data as it was left.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from shared.app import App
from shared.auth import keyring
from shared.auth.faces import PARTNER, Face
from shared.catalog import catalogs
from shared.catalog.tools import publishing
from shared.cli import demo_destination, demo_plant, demo_shop
from shared.cli.operations import run
from shared.entities import packaging
from shared.errors import Problem
from shared.identity import grants, keys, organizations, sessions
from shared.pipeline import destination_keys
from shared.settings import Settings
from shared.tool import Tool

ORGANIZATION: Final = "demo"
TENANT: Final = "demo"
OWNER: Final = "demo-owner"
SHOP: Final = "demo-shop"
"""The owner's tenant in the studio."""
OPERATOR: Final = "demo-operator"
GROUP, PLANT = "demo-group", "demo-plant"
"""The operator's tenants: one, and one below it."""
MEMBER: Final = "demo-user"
EMAIL: Final = "demo@localhost"
KEY_FILE: Final = "demo-api-key"
DESTINATION_KEY_FILE: Final = "demo-destination-key"
TOKEN_DAYS: Final = 30
REAL_DATA: Final = Path(__file__).parents[3] / "shared" / "data"


@dataclass(frozen=True)
class Feed:
    """A catalog of the demo: its key, its name, its shop, and its file."""

    key: str
    name: str
    shop: str
    file: Path
    currency: str | None = None


def feeds(data: Path) -> list[Feed]:
    """The real catalogs in a folder, or the built-in one where the folder has none."""
    known = (
        Feed("icecat", "Icecat electronics", "https://icecat.biz", data / "icecat_19k.jsonl.gz"),
        Feed("luma", "Luma fashion", "https://luma.example", data / "luma_variants_2k.jsonl.gz"),
        Feed("books", "Goodbooks", "https://www.goodreads.com", data / "books_10k.jsonl.gz"),
        Feed("bestbuy", "Best Buy", "https://www.bestbuy.com", data / "bestbuy_3k.jsonl.gz"),
    )
    found = [feed for feed in known if feed.file.is_file()]
    return found or [builtin()]


def builtin() -> Feed:
    """The catalog that ships with the product."""
    file = Path(str(files("shared.cli") / "demo_catalog.jsonl"))
    return Feed("demo_shop", "Demo shop", "https://demo-shop.example", file)


def prepare(app: App, data: Path, say: Callable[[str], None]) -> None:
    """Make whatever of the demo is missing."""
    keyring.create_missing(app.secrets)
    _once(app, organizations.family["create_organization"], id=ORGANIZATION, name="Demo partner")
    for id_, name, type_ in (
        (OWNER, "Demo owner", "catalog_owner"),
        (OPERATOR, "Demo operator", "operator"),
    ):
        _once(app, organizations.family["create_organization"], id=id_, name=name, type=type_)
    for id_, name, org, parent in (
        (TENANT, "Demo", OWNER, None),
        (SHOP, "Demo shop", OWNER, None),
        (GROUP, "Demo group", OPERATOR, None),
        (PLANT, "Demo plant", OPERATOR, GROUP),
    ):
        _once(
            app,
            organizations.family["create_tenant"],
            id=id_,
            name=name,
            org=org,
            parent=parent,
        )
    run(app, packaging.family["install_package"], {"tenant": PLANT, "package": "Demo-1.0.0"})
    for org in (ORGANIZATION, OWNER, OPERATOR):
        if app.documents.get(f"memberships/{org}:{MEMBER}") is None:
            run(
                app,
                organizations.family["set_member"],
                {"org": org, "subject": MEMBER, "role": "owner", "email": EMAIL},
            )
    demo_plant.prepare(app, PLANT, MEMBER, OPERATOR)
    demo_shop.prepare(app, SHOP, MEMBER, OWNER, builtin().file)
    demo_destination.prepare(app, SHOP, MEMBER, OWNER, demo_shop.SOURCE)
    for feed in feeds(data):
        _publish(app, feed, say)


def api_key(app: App) -> str:
    """The demo organization's API key; made once and kept beside the other secrets."""
    tool = keys.family["create_api_key"]
    return _kept_key(app, KEY_FILE, tool, {"org": ORGANIZATION, "name": "make dev"})


def destination_key(app: App) -> str:
    """The key of the demo shop's published version, likewise."""
    asked = {
        "tenant": SHOP,
        "destination": demo_destination.DESTINATION,
        "version": demo_destination.VERSION,
        "name": "make dev",
    }
    tool = destination_keys.family["create_destination_key"]
    return _kept_key(app, DESTINATION_KEY_FILE, tool, asked)


def destination_url(settings: Settings) -> str:
    """Where that version stands."""
    version = f"{demo_destination.DESTINATION}/{demo_destination.VERSION}"
    return f"{settings.destinations_url}/{SHOP}/{version}"


def _kept_key(app: App, file: str, tool: Tool[Any], arguments: dict[str, Any]) -> str:
    try:
        return app.secrets.read(file).decode()
    except Problem as problem:
        if problem.code != "not_found":
            raise
    created = run(app, tool, arguments)
    app.secrets.write(file, created["secret"].encode())
    return str(created["secret"])


def token(
    app: App, organization: str, subject: str, face: Face = PARTNER, *, days: int = TOKEN_DAYS
) -> str:
    """A development token of a member, with a session of its own. Refused in the cloud."""
    if app.settings.cloud or app.settings.backend != "local":
        raise Problem("forbidden", "Development tokens are only made on a local backend.")
    if app.documents.get(f"memberships/{organization}:{subject}") is None:
        raise Problem(
            "not_found",
            "There is no such member. Add one with `catalog-mcp set-member`.",
            kind="membership",
        )
    session = secrets.token_hex(8)
    run(
        app,
        sessions.family["start_session"],
        {"subject": subject, "session": session, "days": days},
    )
    return app.tokens.mint(
        subject=subject,
        org=organization,
        client="development",
        session=session,
        scopes=tuple(face.scopes),
        audience=app.settings.addresses[face.name],
        lifetime=days * 86_400,
    )


def _publish(app: App, feed: Feed, say: Callable[[str], None]) -> None:
    if app.documents.get(f"heads/{feed.key}") is None:
        say(f"publishing {feed.name} from {feed.file.name}")
        _once(
            app,
            catalogs.family["create_catalog"],
            catalog=feed.key,
            tenant=TENANT,
            display_name=feed.name,
            source_base_url=feed.shop,
        )
        report = run(
            app,
            publishing.family["publish_catalog"],
            {"catalog": feed.key, "source": str(feed.file), "currency": feed.currency},
        )
        say(f"  {report['productCount']} products, {report['rejected']} rows rejected")
    if app.documents.get(f"grants/{ORGANIZATION}:{feed.key}") is None:
        run(app, grants.family["grant_catalog"], {"org": ORGANIZATION, "catalog": feed.key})


def _once(app: App, tool: Any, **arguments: Any) -> None:
    """Run a creation; that it exists already is what was wanted."""
    try:
        run(app, tool, arguments)
    except Problem as problem:
        if problem.code != "conflict":
            raise
