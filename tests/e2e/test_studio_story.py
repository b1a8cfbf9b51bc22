"""A shop's way from a file to a partner's agent, on two instances of each function."""

import re
from contextlib import closing

import httpx
import pytest

from shared.cli.drain import drain
from shared.cli.story_feed import REAL, feed_of, made_up
from shared.cli.studio_story import Site, Story
from tests.e2e.instances import deployment
from tests.e2e.on_google import on_google
from tests.e2e.signing_in import Client

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
FUNCTIONS = ("auth", "engine", "partner", "studio", "tasks")


def steps(rows, properties, printers):
    """What each step says."""
    return [
        "signed in to north-shop",
        f"the file shows {properties} properties",
        f"imported {rows} rows, 0 of them rejected",
        "HP below 200:",
        f"the segments printers ({printers}) and recalled (1)",
        f"published: {printers - 1} printers as the catalog north_shop_printers",
        "partner finds",
        "the partner sees a new price after",
        "missing, because: The catalog refuses it: url:",
        "wrong changes, taken back",
        f"{rows} entries, {printers - 1} products: nothing lost or doubled",
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


def played(deployed, site, feed):
    """What each step said, while in three an instance of the engine and of the studio is killed."""
    told, killed = [], []

    def interrupt(during):
        killed.append(during)
        number = len(killed) % 2
        deployed.restart(
            *(place for place, name in enumerate(deployed.names)
              if name in ("engine", "studio") and place % 2 == number)
        )  # fmt: skip

    with closing(Story(site, told.append, feed, interrupt)) as story:
        try:
            story.play()
        finally:
            print("\n".join(told))
    assert killed == ["import", "publish", "undo"]
    return [re.sub(r"^ *[\d.]+ s  +\d+\. ", "", line) for line in told]


def check(lines, expected):
    assert len(lines) == len(expected)
    assert all(step in line for step, line in zip(expected, lines, strict=True)), lines


async def test_a_file_becomes_what_a_partners_agent_finds_while_instances_are_killed(
    deployed, tmp_path
):
    site = await site_of(deployed.platform)
    feed = made_up(tmp_path / "feed.jsonl", 1_200)
    check(played(deployed, site, feed), steps(rows=1_200, properties=7, printers=960))


@pytest.mark.parametrize("deployed", ["embedded"], indirect=True)
async def test_a_real_catalog_becomes_it_too(deployed, tmp_path, catalog_data):
    assert (catalog_data / REAL).is_file()
    site = await site_of(deployed.platform)
    feed = feed_of(catalog_data, tmp_path / "feed.jsonl")
    check(played(deployed, site, feed), steps(rows=19_406, properties=13, printers=664))
