"""Keys, members, sessions and connecting, as a browser without JavaScript sees and does it."""

import re

import httpx
import pytest

from shared.identity import own_keys
from tests.browser import App, Browser, allowed
from tests.platform import call, product, value
from tests.portal import Served, acting, events

HOSTILE = "<script>alert(1)</script>\"'&<img src=x onerror=alert(1)>{{7*7}}"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with Served(tmp_path_factory.mktemp("portal") / "data") as site:
        site.platform.organization("partner", rate_limit=100_000)
        site.platform.catalog("books", [product(str(n)) for n in range(1, 6)])
        site.platform.grant("partner", "books")
        yield site


@pytest.fixture
def org(site, request):
    """An organization of its own for each test."""
    name = f"o{abs(hash(request.node.name)) % 10**10}"
    site.platform.do("create_organization", id=name, name=f"Organization {name}")
    return name


@pytest.fixture
def ada(site, org):
    return site.person(org, f"ada-{org}")


def test_a_key_is_created_shown_once_and_deactivated(site, ada, org):
    page = ada.send(ada.open("/keys"), "/keys/create", name="Backend")
    assert str(page.response.url) == f"{ada.portal}/keys"
    secret = re.search(r"octo_live_[\w-]{40,}", page.text)[0]
    assert secret not in ada.open("/keys").text
    page = ada.send(ada.open("/keys"), "/keys/deactivate")
    assert "was deactivated" in page.text
    left = [each["event"] for each in events(site.platform, org)]
    assert {"api_key.created", "api_key.deactivated"} <= set(left)


def test_an_owners_key_is_for_one_of_its_tenants(site, org):
    owner = f"owner-{org}"
    site.platform.organization(owner, type="catalog_owner")
    site.platform.do("create_tenant", id=f"t-{org}", name="North", org=owner)
    olga = site.person(owner, f"olga-{org}")
    assert "/v1/sources/" in olga.open("/keys").text
    refused = olga.send(olga.open("/keys"), "/keys/create", name="erp", tenant="elsewhere")
    assert "Name the tenant that the key is for." in refused.text
    olga.send(olga.open("/keys"), "/keys/create", name="erp", tenant=f"t-{org}")
    assert f"t-{org}" in olga.open("/keys").text


def test_a_page_asked_again_shows_what_changed_elsewhere_meanwhile(site, ada, org):
    tools = acting(site.platform, org, f"ada-{org}")
    shown = [ada.open("/keys").text for _ in range(2)]
    assert shown == [shown[0]] * 2
    assert "No keys yet" in shown[0]
    tools(own_keys.family["create_own_api_key"], name="Made by a program")
    assert "Made by a program" in ada.open("/keys").text
    site.platform.member(org, f"ada-{org}", role="member", email=f"ada-{org}@example.com")
    assert "/keys/create" not in ada.open("/keys").response.text


def test_each_person_is_shown_a_page_of_their_own(site, ada, org):
    people = {f"ada-{org}": ada, f"ben-{org}": site.person(org, f"ben-{org}")}
    pages = {name: [each.open("/connect") for _ in range(2)] for name, each in people.items()}
    for name, (first, again) in pages.items():
        assert again.text == first.text
        assert [each for each in pages if f"{each}@example.com" in first.text] == [name]
    proofs = {first.form("/sign-out")["csrf"] for first, _ in pages.values()}
    assert len(proofs) == len(people)


@pytest.mark.parametrize(("more", "outcome"), [({}, "ok"), ({"cursor": "no cursor"}, "invalid")])
def test_a_page_is_one_line_in_the_log(ada, logged, more, outcome):
    logged()
    ada.open("/keys", **more)
    _, lines = logged()
    calls = [(line["tool"], line["outcome"]) for line in lines if line["message"] == "call"]
    assert calls == [("list_own_api_keys", outcome)]


def test_loading_the_page_again_creates_no_second_key(ada):
    page = ada.send(ada.open("/keys"), "/keys/create", name="Backend")
    assert page.response.history[0].status_code == 303
    ada.open("/keys")
    assert ada.open("/keys").response.text.count("Deactivate for good") == 1


@pytest.mark.parametrize(
    ("typed", "field", "says"),
    [
        ({"name": "x" * 101}, "name", "At most 100 characters"),
        ({"name": "x", "expires_at": "2020-01-01"}, "expires_at", "has passed"),
        ({"name": "x", "expires_at": "soon"}, "expires_at", "not a date"),
        ({"name": ""}, "name", "This is needed"),
    ],
)
def test_what_is_wrong_is_said_at_its_field_and_what_was_typed_is_kept(ada, typed, field, says):
    page = ada.send(ada.open("/keys"), "/keys/create", **typed)
    assert page.status == 422
    assert re.search(rf'id="{field}-wrong">[^<]*{says}', page.response.text)
    assert page.form("/keys/create")["name"] == typed["name"]


def test_the_same_change_through_the_portal_and_the_tools_leaves_the_same(site, ada, org):
    ada.send(ada.open("/keys"), "/keys/create", name="Same")
    run = acting(site.platform, org, f"ada-{org}")
    run(own_keys.family["create_own_api_key"], name="Same")
    one, other = [e for e in events(site.platform, org) if e["event"] == "api_key.created"]
    documents = site.platform.app.documents
    kept = [
        {
            name: each
            for name, each in documents.get(f"api_keys/{event['target']}").data.items()
            if name != "digest"
        }
        for event in (one, other)
    ]
    assert kept[0] == kept[1]
    assert {**one, "target": ""} == {**other, "target": ""}


def test_people_are_invited_promoted_and_withdrawn(site, ada, org):
    page = ada.send(ada.open("/members"), "/members/invite", email=f"ben-{org}@example.com")
    assert f"ben-{org}@example.com was invited" in page.text
    ben = next(f["principal"] for _, f in page.forms if f.get("principal", "").startswith("u-"))
    page = ada.send(page, "/members/change", having={"principal": ben, "role": "owner"})
    assert " Owner invited " in page.text
    page = ada.send(page, "/members/change", having={"principal": ben, "state": "removed"})
    assert " removed " in page.text
    page = ada.send(page, "/members/change", having={"principal": ben, "state": "active"})
    assert "has not accepted an invitation" in page.text
    left = [each["event"] for each in events(site.platform, org)]
    assert left.count("membership.removed") == 1
    assert left.count("membership.invited") == 2  # the invitation, and its role
    assert left.count("membership.set") == 1  # herself


def test_people_are_removed_and_let_back_in(site, ada, org):
    site.platform.member(org, f"bea-{org}", email=f"bea-{org}@example.com")
    bea = {"principal": f"bea-{org}"}
    page = ada.send(ada.open("/members"), "/members/change", having={**bea, "state": "removed"})
    assert " removed " in page.text
    page = ada.send(page, "/members/change", having={**bea, "state": "active"})
    assert " removed " not in page.text


def test_the_last_owner_is_told_why_they_stay(ada):
    page = ada.send(ada.open("/members"), "/members/change", having={"role": "member"})
    assert page.status == 409
    assert "keeps at least one owner" in page.text


def test_an_address_that_is_none_is_refused_at_its_field(ada):
    page = ada.send(ada.open("/members"), "/members/invite", email="nobody")
    assert (page.status, page.form("/members/invite")["email"]) == (422, "nobody")
    assert 'id="email-wrong"' in page.response.text


def test_members_see_but_are_offered_no_change(site, org, ada):
    ben = site.person(org, f"ben-{org}", role="member")
    for path in ("/keys", "/members"):
        page = ben.open(path)
        assert page.status == 200
        assert [where for where, _ in page.forms] == ["/portal/sign-out"]
    forged = {"csrf": ben.open("/keys").form("/sign-out")["csrf"], "name": "x"}
    answer = ben.http.post(f"{ben.portal}/keys/create", data=forged)
    assert answer.status_code == 403
    assert "Only owners" in answer.text


def test_sign_ins_are_listed_and_ended(site, ada, org):
    site.platform.token(org, f"ada-{org}")
    page = ada.open("/sessions")
    page = ada.send(page, "/sessions/end")
    assert "That sign-in has ended" in page.text
    assert "/sessions/end" not in [where.removeprefix("/portal") for where, _ in page.forms]
    page = ada.send(page, "/sessions/end-all")
    assert "You are signed out" in page.text


@pytest.mark.anyio
async def test_a_client_is_listed_by_the_name_it_chose_as_text_and_disconnected(site, ada, org):
    auth = f"{site.origin}/auth"
    async with httpx.AsyncClient() as one, httpx.AsyncClient() as other:
        app = await App(other, auth, client_name=HOSTILE[:79]).register()
        person = Browser(one, site.platform.folder / "mail.txt", auth)
        tokens = await allowed(app, person, email=f"ada-{org}@example.com")
        page = ada.open("/sessions")
        assert "&lt;script&gt;alert(1)" in page.response.text
        assert "<script>alert" not in page.response.text
        assert "subscriptions:write" in page.text
        async with site.platform.http(tokens["access_token"]) as client:
            client.base_url = site.origin
            assert (await call(client, "list_catalogs")).status_code == 200
            page = ada.send(page, "/sessions/disconnect")
            assert "The client was disconnected" in page.text
            assert "No client is connected" in page.text
            assert (await call(client, "list_catalogs")).status_code == 401
        assert (await app.refresh(tokens["refresh_token"])).status_code == 400


@pytest.mark.anyio
async def test_connect_says_who_connected_when_and_what_went_wrong(site, ada, org):
    assert "Not yet." in ada.open("/connect").text
    site.platform.grant(org, "books")
    async with site.platform.http(site.platform.token(org, f"ada-{org}")) as client:
        client.base_url = site.origin
        await value(client, "search_products", {"catalog": "books", "limit": 0})
        site.platform.clock.advance(11)
        await value(client, "list_catalogs")
    page = ada.open("/connect")
    assert "invalid_limit" in page.text
    assert "connected" in page.text


@pytest.mark.parametrize(
    "name",
    [
        "Claude Code",
        "Claude Desktop",
        "Codex CLI",
        "Cursor",
        "VS Code",
        "Gemini CLI",
        "opencode",
        "curl",
        "Python",
    ],
)
def test_connect_shows_every_client_with_the_real_addresses(site, ada, name):
    text = ada.open("/connect").text
    assert f" {name} " in text
    assert f"claude mcp add --transport http catalogs {site.platform.settings.mcp_url}" in text
    assert f"{site.platform.settings.api_url}/products/search" in text


@pytest.mark.anyio
async def test_a_client_of_a_sign_in_that_ended_is_not_connected_any_more(site, ada, org):
    auth = f"{site.origin}/auth"
    async with httpx.AsyncClient() as one, httpx.AsyncClient() as other:
        app = await App(other, auth, client_name="Agent").register()
        person = Browser(one, site.platform.folder / "mail.txt", auth)
        await allowed(app, person, email=f"ada-{org}@example.com")
    page = ada.open("/sessions")
    assert " Agent " in page.text
    page = ada.send(page, "/sessions/end")
    assert "No client is connected" in page.text


def test_hostile_names_are_shown_as_text(site, org):
    site.platform.do("create_organization", id=f"{org}x", name=HOSTILE)
    eve = site.person(f"{org}x", f"eve-{org}")
    eve.send(eve.open("/keys"), "/keys/create", name=HOSTILE[:100])
    for path in ("/", "/keys", "/members", "/sessions", "/connect"):
        page = eve.open(path)
        assert page.status == 200, path
        assert "<script>alert" not in page.response.text
        assert "onerror=alert(1)>" not in page.response.text
        assert "&lt;script&gt;alert(1)" in page.response.text


def test_numbers_have_the_separators_of_the_reader(site, org):
    site.platform.catalog(f"c{org}", [product(str(n)) for n in range(1, 1101)])
    site.platform.grant(org, f"c{org}")
    ada = site.person(org, f"ada-{org}")
    for language, shown in (("en-GB", "1,100"), ("de-AT, en", "1.100"), ("fr", "1\u00a0100")):
        ada.http.headers["accept-language"] = language
        assert shown in ada.open("/").response.text


def test_terms_are_shown(site, org):
    site.platform.grant(
        org, "books", surfaces=["mcp"], expires_at="2027-01-01T00:00:00Z",
        only=[{"name": "brand_name", "values": ["Acme"]}],
    )  # fmt: skip
    page = site.person(org, f"ada-{org}").open("/")
    assert "01 Jan 2027, 00:00 UTC" in page.text
    assert "brand_name: Acme" in page.text
    assert "REST" not in page.text
