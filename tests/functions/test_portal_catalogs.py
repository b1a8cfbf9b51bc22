"""Preview, usage and BigQuery in the portal."""

import re
from datetime import date

import pytest

from functions.portal.chart import rounded_up, stacked
from tests.platform import product, value
from tests.portal import Served, acting, events

HOSTILE = "<script>alert(1)</script>\"'&<iframe src=x onerror=alert(1)>"
ROWS = [
    product(
        str(n),
        title=f"Running shoe {n}",
        brand="Acme" if n % 2 else "Bolt",
        price=float(n),
        categories=["Shoes", "Running"] if n < 20 else ["Boots"],
    )
    for n in range(1, 40)
]


PARKA = [
    {**product("parka", title="Parka"), "kind": "configurable", "price": None},
    *(
        {
            "id": f"p-{size}",
            "parent_id": "parka",
            "url": f"https://books.example/parka?size={size}",
            "price": price,
            "currency": "EUR",
            "options": {"Size": size},
            "availability": stock,
        }
        for size, price, stock in (("M", "80", "in_stock"), ("L", "95", "preorder"))
    ),
]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with Served(tmp_path_factory.mktemp("portal") / "data") as site:
        site.platform.organization("partner", rate_limit=100_000)
        site.platform.catalog("shoes", ROWS)
        site.platform.catalog("odd", [product("1", title=HOSTILE, brand=HOSTILE)])
        site.platform.catalog("parkas", PARKA)
        for catalog in ("shoes", "odd", "parkas"):
            site.platform.grant("partner", catalog)
        site.ada = site.person()
        yield site


@pytest.fixture
def ada(site):
    return site.ada


def titles(page):
    return re.findall(r"url=[^\"]+\">([^<]+)</a></h2>", page.response.text)


def test_a_catalog_is_searched_narrowed_by_what_is_there_and_paged(ada):
    page = ada.open("/preview", catalog="shoes", q="running shoe")
    assert len(titles(page)) == 24
    narrowed = re.search(r'href="([^"]+facet=brand_name%3AAcme[^"]*)"', page.response.text)[1]
    page = ada.open(ada.site.origin + narrowed.replace("&amp;", "&"))
    assert len(titles(page)) == 20
    assert "brand_name: Acme" in page.text
    page = ada.open("/preview", catalog="shoes")
    more = re.search(r'href="([^"]+cursor=[^"]+)"', page.response.text)[1].replace("&amp;", "&")
    assert len(titles(ada.open(ada.site.origin + more))) == 39 - 24


def test_prices_bound_a_search_and_what_is_no_price_is_refused_at_its_field(ada):
    page = ada.open("/preview", catalog="shoes", price_min="10", price_max="12.5")
    assert sorted(titles(page)) == ["Running shoe 10", "Running shoe 11", "Running shoe 12"]
    page = ada.open("/preview", catalog="shoes", price_min="cheap")
    assert page.status == 422
    assert 'id="price_min-wrong"' in page.response.text
    assert page.form("/preview")["price_min"] == "cheap"


@pytest.mark.anyio
async def test_a_product_is_shown_as_card_and_as_the_record_programs_get(site, ada):
    url = "https://books.example/p/7"
    page = ada.open("/product", catalog="shoes", url=url)
    assert "Running shoe 7" in page.text
    async with site.platform.http(site.platform.token()) as client:
        client.base_url = site.origin
        asked = {"canonical_url": url, "catalogs": ["shoes"]}
        record = await value(client, "lookup_product", asked)
    assert f'"uuid": "{record["product"]["uuid"]}"' in page.text


def test_a_variants_address_shows_the_variants_price_and_stock_on_top(ada):
    found = {}
    for url in ("/p/parka", "/parka?size=M", "/parka?size=L"):
        page = ada.open("/product", catalog="parkas", url=f"https://books.example{url}")
        card = re.search(r'aria-label="Product".*?</section>', page.response.text, re.DOTALL)[0]
        found[url] = [
            re.search(r"<strong>([\d.]+) EUR", card)[1],
            re.search(r'class="tag[^"]*">([a-z ]+)', card)[1],
            *re.findall(r"variant at this address: (\w+)", card),
        ]
    assert found == {
        "/p/parka": ["80", "in stock"],
        "/parka?size=M": ["80", "in stock", "M"],
        "/parka?size=L": ["95", "preorder", "L"],
    }


@pytest.mark.parametrize("catalog", ["nobody", "", "<b>"])
def test_a_catalog_that_is_not_granted_cannot_be_looked_into(ada, catalog):
    for path in ("/preview", "/product"):
        page = ada.open(path, catalog=catalog, url="https://books.example/p/1")
        assert page.status in (404, 422), path
        assert "That did not work" in page.text


def test_a_search_that_is_refused_says_of_a_catalog_not_granted_what_any_search_says(ada):
    refused = ada.open("/preview", catalog="nobody", price_min="cheap")
    plain = ada.open("/preview", catalog="nobody")
    assert (refused.status, refused.text) == (plain.status, plain.text)
    assert plain.status == 404


def test_a_grant_for_bigquery_alone_opens_no_preview(site):
    site.platform.organization("lake")
    site.platform.grant("lake", "shoes", surfaces=["bigquery"])
    page = site.person("lake", "lea").open("/preview", catalog="shoes")
    assert page.status == 404


def test_a_search_counts_like_any_other_and_pages_do_not(site):
    site.platform.organization("small", rate_limit=1)
    site.platform.grant("small", "shoes")
    eva = site.person("small", "eva")
    assert eva.open("/preview", catalog="shoes").status == 200
    assert eva.open("/preview", catalog="shoes").status == 429
    assert eva.open("/").status == 200
    assert "0 of 1 a minute" in eva.open("/usage").text


def test_hostile_titles_are_text(ada):
    for page in (
        ada.open("/preview", catalog="odd"),
        ada.open("/product", catalog="odd", url="https://books.example/p/1"),
    ):
        assert page.status == 200
        assert "<script>alert" not in page.response.text
        assert "<iframe src=x" not in page.response.text
        assert "&lt;script&gt;alert(1)" in page.response.text


@pytest.mark.anyio
async def test_usage_is_drawn_and_listed(site):
    site.platform.organization("busy")
    site.platform.grant("busy", "shoes")
    async with site.platform.http(site.platform.token("busy", "ben")) as client:
        client.base_url = site.origin
        for _ in range(2):
            await value(client, "list_catalogs")
            await value(client, "search_products", {"catalog": "shoes", "limit": 0})
            site.platform.clock.advance(11)
        await value(client, "list_catalogs")
    page = site.person("busy", "bea").open("/usage")
    assert page.response.text.count("<rect") >= 4
    assert "21 Nov: 2 x list_catalogs (MCP)" in page.text
    assert "invalid_limit" in page.text
    assert "style=" not in page.response.text


@pytest.mark.parametrize(
    ("most", "top"), [(0, 4), (4, 4), (5, 8), (9, 12), (41, 60), (525, 600), (999, 1000)]
)
def test_a_scale_ends_at_a_round_number(most, top):
    assert rounded_up(most) == top


def test_bars_stand_upon_each_other_within_the_chart():
    chart = stacked([date(2026, 1, 1), date(2026, 1, 2)], [("<a>", [1, 2]), ("b", [3, 0])])
    bars = [
        (float(y), float(height), title)
        for y, height, title in re.findall(
            r' y="([\d.]+)" width="[\d.]+" height="([\d.]+)"><title>([^<]*)</title>', chart.drawing
        )
    ]
    (y, _, _), (upper, height, _), _ = bars
    assert y == pytest.approx(upper + height)
    assert min(y for y, _, _ in bars) >= 0
    titles = ["01 Jan: 1 x &lt;a&gt;", "01 Jan: 3 x b", "02 Jan: 2 x &lt;a&gt;"]
    assert [title for _, _, title in bars] == titles


def test_a_reader_is_registered_refreshed_and_disabled(site):
    site.platform.organization("lab")
    site.platform.grant("lab", "shoes")
    lab = site.person("lab", "lou")
    who = "serviceAccount:reader@my-lab.iam.gserviceaccount.com"
    page = lab.send(
        lab.open("/bigquery"), "/bigquery/register",
        subscriberProjectId="my-lab", subscriberPrincipal=who,
    )  # fmt: skip
    assert "The reader is registered" in page.text
    assert f"--subscriber-project-id my-lab \\ --subscriber-principal {who} --apply" in page.text
    page = lab.send(page, "/bigquery/refresh")
    assert "shoes is pending" in page.text
    site.platform.work(5)
    assert "awaiting subscription" in lab.open("/bigquery").text
    site.platform.app.own_listings.subscribe("shoes", who, "my-lab")
    lab.send(lab.open("/bigquery"), "/bigquery/refresh")
    page = lab.open("/bigquery")
    assert "SELECT * FROM" in page.text
    page = lab.send(page, "/bigquery/disable")
    assert "disabled" in page.text
    done = [each["event"] for each in events(site.platform, "lab") if "subscriber" in each["event"]]
    assert done == ["subscriber.registered", "subscriber.disabled"]


@pytest.mark.parametrize(
    ("project", "principal", "field"),
    [("X", "user:a@b.example", "subscriberProjectId"), ("my-lab", "me", "subscriberPrincipal")],
)
def test_a_reader_that_cannot_be_is_refused_at_its_field(ada, project, principal, field):
    page = ada.send(
        ada.open("/bigquery"), "/bigquery/register",
        subscriberProjectId=project, subscriberPrincipal=principal,
    )  # fmt: skip
    assert page.status == 422
    assert f'id="{field}-wrong"' in page.response.text
    assert page.form("/bigquery/register")["subscriberProjectId"] == project


@pytest.mark.anyio
async def test_registering_here_and_over_mcp_leaves_the_same(site):
    from shared.subscriptions import readers

    for org in ("here", "there"):
        site.platform.organization(org)
        site.platform.grant(org, "shoes")
    typed = {"subscriberProjectId": "my-lab", "subscriberPrincipal": "user:a@b.example"}
    here = site.person("here", "ann")
    here.send(here.open("/bigquery"), "/bigquery/register", **typed)
    run = acting(site.platform, "there", "ann")
    run(readers.family["register_bigquery_subscriber"], request=typed)
    left = []
    for org in ("here", "there"):
        (event,) = [e for e in events(site.platform, org) if e["event"].startswith("subscriber")]
        kept = site.platform.app.documents.get(f"subscribers/{event['target']}").data
        left.append(({**event, "target": "", "org": ""}, {**kept, "org": ""}))
    assert left[0] == left[1]
