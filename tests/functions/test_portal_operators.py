"""The operators' view, and each organization's own history."""

import re

import pytest

from shared.auth.caller import Caller
from shared.identity.making_tenants import ask_to_delete
from shared.ports.documents import Add
from tests.platform import product
from tests.portal import Served, events

HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with Served(tmp_path_factory.mktemp("portal") / "data") as site:
        site.platform.organization("operators", type="operator")
        site.platform.organization("partner")
        site.platform.catalog("books", [product(str(n)) for n in range(1, 6)])
        site.opal = site.person("operators", "opal")
        yield site


@pytest.fixture
def opal(site):
    return site.opal


def test_operators_begin_with_the_organizations(opal):
    page = opal.open("/")
    assert str(page.response.url).endswith("/portal/organizations")
    assert "Partner" in page.text


def test_an_organization_is_created_limited_disabled_and_enabled(site, opal):
    page = opal.send(
        opal.open("/organizations"), "/organizations/create", name="Acme", id="acme",
        rate_limit="50",
    )  # fmt: skip
    assert "Add its first owner" in page.text
    page = opal.send(page, "/organization/member", email="owner@acme.example", role="owner")
    assert "owner@acme.example can sign in now" in page.text
    page = opal.send(page, "/organization/change", having={"rate_limit": "50"}, rate_limit="70")
    assert site.platform.app.documents.get("access/acme").data["rate"] == 70
    page = opal.send(page, "/organization/change", having={"state": "disabled"})
    assert site.platform.app.documents.get("access/acme").data["state"] == "disabled"
    opal.send(page, "/organization/change", having={"state": "active"})
    left = sorted(each["event"] for each in events(site.platform, "acme"))
    assert left == ["membership.set", *["organization.changed"] * 3, "organization.created"]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"id": "Not an id", "name": "x"}, "id"),
        ({"id": "partner", "name": "x"}, "id"),
        ({"id": "fine", "name": "x", "rate_limit": "many"}, "rate_limit"),
    ],
)
def test_what_is_wrong_with_a_new_organization_is_said_at_its_field(opal, typed, field):
    page = opal.send(opal.open("/organizations"), "/organizations/create", **typed)
    assert page.status in (409, 422)
    assert f'id="{field}-wrong"' in page.response.text
    assert "Lower case, digits, hyphens." in page.text
    assert page.form("/organizations/create")["id"] == typed["id"]


def test_a_catalog_is_granted_on_terms_regranted_and_withdrawn(site, opal):
    page = opal.open("/organization", id="partner")
    page = opal.send(
        page, "/organization/grant", catalog="books", surface="mcp", expires_at="2030-01-31",
        only="brand_name: Acme, Bolt",
    )  # fmt: skip
    (grant,) = site.platform.do("list_grants", org="partner")["items"]
    assert grant["surfaces"] == ["mcp"]
    assert grant["only"] == [{"name": "brand_name", "values": ["Acme", "Bolt"]}]
    assert grant["expiresAt"] == "2030-01-31T23:59:59Z"
    opal.http.post(
        f"{opal.portal}/organization/grant",
        data={
            "csrf": page.form("/sign-out")["csrf"], "org": "partner", "catalog": "books",
            "surface": ["mcp", "rest", "bigquery"],
        },
    )  # fmt: skip
    (grant,) = site.platform.do("list_grants", org="partner")["items"]
    assert (grant["surfaces"], grant["only"], grant["expiresAt"]) == (None, None, None)
    page = opal.send(opal.open("/organization", id="partner"), "/organization/withdraw")
    assert "The grant was withdrawn" in page.text
    assert site.platform.do("list_grants", org="partner")["items"] == []


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"catalog": "nowhere"}, "no catalog with that key"),
        ({"catalog": "Not a key"}, "does not have the right form"),
        ({"catalog": "books", "expires_at": "2020-01-01"}, "has passed"),
        ({"catalog": "books", "only": "category_path.depth_9: x"}, "no such facet"),
    ],
)
def test_a_grant_that_cannot_be_is_refused_with_what_was_typed(opal, typed, says):
    page = opal.send(opal.open("/organization", id="partner"), "/organization/grant", **typed)
    assert page.status in (404, 422)
    assert says in page.text
    assert page.form("/organization/grant")["catalog"] == typed["catalog"]


def test_an_earlier_version_is_served_again(site, opal):
    site.platform.catalog("rolled", [product("1")])
    site.platform.publish("rolled", [product("1"), product("2")])
    page = opal.open("/catalog", key="rolled")
    page = opal.send(page, "/catalog/roll-back")
    assert "Version 1 is served now" in page.text
    assert site.platform.app.documents.get("heads/rolled").data["number"] == 1


def test_the_audit_trail_is_filtered(opal):
    page = opal.open("/audit", event="organization.created", org="partner")
    found = re.findall(r"<code>([a-z_]+\.[a-z_]+)</code>", page.response.text)
    assert found == ["organization.created"]
    assert "Nothing happened" in opal.open("/audit", by="nobody").text
    page = opal.open("/audit", org="partner", by="opal")
    assert (page.status, 'id="by-wrong"' in page.response.text) == (422, True)


def test_owners_see_their_own_history(site):
    ada = site.person()
    page = ada.send(ada.open("/keys"), "/keys/create", name="Backend")
    page = ada.open("/history")
    assert "api_key.created" in page.text
    assert "operators" not in page.text
    assert site.person(subject="ben", role="member").open("/history").status == 403


def test_members_of_the_operating_organization_only_look(site):
    max_ = site.person("operators", "max", role="member")
    for path in ("/organizations", "/organization?id=partner", "/catalogs", "/catalog?key=books"):
        page = max_.open(path)
        assert page.status == 200
        assert [where for where, _ in page.forms] == ["/portal/sign-out"], path
    forged = {"csrf": page.form("/sign-out")["csrf"], "id": "mine", "name": "Mine"}
    answer = max_.http.post(f"{max_.portal}/organizations/create", data=forged)
    assert answer.status_code == 403


def test_partners_have_no_operators_pages(site):
    ada = site.person()
    for path in ("/organizations", "/organization?id=partner", "/catalogs", "/audit"):
        page = ada.open(path)
        assert page.status == 403
        assert "cannot use this operation" in page.text


def test_operators_have_no_partners_pages(opal):
    for path in ("/preview?catalog=books", "/bigquery", "/keys"):
        assert opal.open(path).status == 403


def test_hostile_names_are_text(site, opal):
    site.platform.do("create_organization", id="hostile", name=HOSTILE)
    site.platform.catalog("evil", [product("1")], name=HOSTILE)
    for path in (
        "/organizations", "/organization?id=hostile", "/catalogs", "/catalog?key=evil", "/audit",
    ):  # fmt: skip
        page = opal.open(path)
        assert page.status == 200
        assert HOSTILE not in page.response.text


def test_tenants_are_a_tree_with_states_and_a_tenants_jobs_are_listed(site, opal):
    platform = site.platform
    platform.organization("plants", type="operator")
    for id_, parent in (("group", None), ("alpha", "group"), ("line", "alpha")):
        platform.do("create_tenant", id=id_, name=HOSTILE, org="plants", parent=parent)
    caller = Caller("admin", "ops", "plants", "operator", "owner", None, None)
    call = platform.operator()._replace(caller=caller)
    job = ask_to_delete(call, "alpha", "line")
    page = opal.open("/tenants")
    places = [page.response.text.index(f"/tenant?id={id_}") for id_ in ("group", "alpha", "line")]
    assert places == sorted(places)
    assert "— — line" in page.text
    assert "being deleted" not in page.text
    assert "deleting" in page.text
    assert HOSTILE not in page.response.text
    page = opal.open("/tenant", id="alpha")
    assert (job in page.text, "delete_tenant" in page.text, "queued" in page.text) == (True,) * 3
    assert "No jobs" in opal.open("/tenant", id="group").text


def test_operators_see_which_tools_they_called_and_what_failed(site, opal):
    counts = {"admin__query_entities__ok": 7, "admin__query_entities__invalid": 2}
    counts["us__admin__query_entities"] = 12_345
    day = f"{site.platform.clock.now():%Y%m%d}"
    site.platform.app.documents.commit(
        [Add(f"usage/operators:{day}", counts, {"org": "operators"})]
    )
    page = opal.open("/usage")
    assert "query_entities" in page.text
    assert "12345" not in page.text
