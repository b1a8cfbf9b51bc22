"""A shop's way from a file to a partner's agent, on two instances of each function."""

import re
from contextlib import closing

import httpx
import pytest

from shared.cli.drain import drain
from shared.cli.studio_story import Site, Story, made_up
from tests.e2e.instances import deployment
from tests.e2e.on_google import on_google
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


@pytest.fixture(params=["embedded", "google"])
def deployed(request, tmp_path):
    """Two instances of each function, on SQLite and folders or on what stands for Google's."""
    if request.param == "google":
        stores = request.getfixturevalue("google_stores")
        with on_google(tmp_path, stores, FUNCTIONS, sign_in=True) as deployed:
            yield deployed
    else:
        with (
            deployment(tmp_path / "data", FUNCTIONS, sign_in=True) as deployed,
            drain(deployed.platform.app),
        ):
            yield deployed


async def site_of(platform):
    """An owner organization, a tenant and a partner; one person of each has signed in."""
    platform.organization("shop", type="catalog_owner")
    platform.do("create_tenant", id="north-shop", name="North", org="shop")
    platform.member("shop", "olga", role="owner", email="olga@example.com")
    platform.organization("partner", rate_limit=6_000)
    platform.member(email="ada@example.com")
    studio = f"{platform.settings.faces['studio'].removesuffix('/mcp')}/north-shop/mcp"
    partner = platform.settings.mcp_url
    return Site(
        studio_url=studio,
        studio_token=await signed_in(platform, studio, "olga@example.com"),
        partner_url=partner,
        partner_token=await signed_in(platform, partner, "ada@example.com"),
        partner="partner",
    )


async def test_a_file_becomes_what_a_partners_agent_finds_while_instances_are_killed(
    deployed, tmp_path
):
    site = await site_of(deployed.platform)
    told, killed = [], []

    def interrupt(during):
        killed.append(during)
        number = len(killed) % 2
        deployed.restart(
            *(place for place, name in enumerate(deployed.names)
              if name in ("engine", "studio") and place % 2 == number)
        )  # fmt: skip

    feed = made_up(tmp_path / "feed.jsonl", 1_200)
    with closing(Story(site, told.append, feed, interrupt)) as story:
        story.play()
    lines = [re.sub(r"^ *[\d.]+ s  +\d+\. ", "", line) for line in told]
    print("\n".join(told))
    assert len(lines) == len(STEPS)
    assert all(step in line for step, line in zip(STEPS, lines, strict=True)), lines
    assert killed == ["import", "publish", "undo"]
