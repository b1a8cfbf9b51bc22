"""A shop's way from a file to a partner's agent, on two instances of each function."""

import re
from contextlib import closing

import httpx
import pytest

from shared.cli.drain import Drain
from shared.cli.studio_story import Site, Story, made_up
from tests.e2e.instances import deployment
from tests.e2e.signing_in import Client

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
FUNCTIONS = ("auth", "engine", "partner", "studio", "tasks")
STEPS = [
    "signed in to north-shop",
    "the file shows 7 properties",
    "imported 1200 rows, 0 of them rejected",
    "HP below 200:",
    "the segments printers (960) and recalled (1)",
    "published: 959 printers as the catalog north_shop_printers",
    "partner finds",
    "the partner sees a new price after",
    "missing, because: The catalog refuses it: url:",
    "wrong changes, taken back",
    "1200 entries, 959 products: nothing lost or doubled",
    "withdrawn",
]


async def signed_in(platform, url, email):
    """The token of a person who signs in from an address alone, in the browser."""
    site = {"mcp_url": url, "mail": str(platform.folder / "mail.txt"), "email": email}
    client = Client(site, lambda: httpx.AsyncClient(trust_env=False, timeout=30))
    await client.discover()
    _, tokens = await client.sign_in()
    await client.close()
    return tokens["access_token"]


async def test_a_file_becomes_what_a_partners_agent_finds_while_instances_are_killed(tmp_path):
    with deployment(tmp_path / "data", FUNCTIONS, 2, sign_in=True) as deployed:
        platform = deployed.platform
        platform.organization("shop", type="catalog_owner")
        platform.do("create_tenant", id="north-shop", name="North", org="shop")
        platform.member("shop", "olga", role="owner", email="olga@example.com")
        platform.organization("partner", rate_limit=6_000)
        platform.member(email="ada@example.com")
        studio = f"{platform.settings.faces['studio'].removesuffix('/mcp')}/north-shop/mcp"
        site = Site(
            studio_url=studio,
            studio_token=await signed_in(platform, studio, "olga@example.com"),
            partner_url=platform.settings.mcp_url,
            partner_token=await signed_in(platform, platform.settings.mcp_url, "ada@example.com"),
            partner="partner",
        )
        told, killed = [], []

        def interrupt(during):
            killed.append(during)
            number = len(killed) % 2
            deployed.restart(
                *(place for place, name in enumerate(deployed.names)
                  if name in ("engine", "studio") and place % 2 == number)
            )  # fmt: skip

        with Drain(platform.app):
            feed = made_up(tmp_path / "feed.jsonl", 1_200)
            with closing(Story(site, told.append, feed, interrupt)) as story:
                story.play()
    lines = [re.sub(r"^ *[\d.]+ s  +\d+\. ", "", line) for line in told]
    print("\n".join(told))
    assert len(lines) == len(STEPS)
    assert all(step in line for step, line in zip(STEPS, lines, strict=True)), lines
    assert killed == ["import", "publish", "undo"]
