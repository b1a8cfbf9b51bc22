"""An owner lets partners see the tenant's catalogs and gives its people roles."""

import pytest

from shared.catalog.tools import own
from shared.studio.tools import access
from tests.functions.portal_owner import in_role, owners, run
from tests.platform import product
from tests.portal import acting

ROWS = [product(str(n), title=f"Lamp {n}", brand="Acme" if n % 2 else "Bolt") for n in range(4)]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with owners(tmp_path_factory.mktemp("portal") / "data") as site:
        for catalog, tenant in (("lamps", "north"), ("theirs", "east")):
            address = f"https://{catalog}.example"
            named = {"catalog": catalog, "tenant": tenant, "display_name": catalog}
            site.platform.do("create_catalog", **named, source_base_url=address)
            site.platform.publish(catalog, ROWS)
        site.platform.organization("partner")
        yield site


@pytest.fixture
def olga(site):
    return site.olga


def seen(site):
    """The catalogs that the partner sees."""
    found = acting(site.platform)(own.family["list_own_catalogs"])
    return [each["catalog"] for each in found]


def test_a_partner_sees_a_catalog_from_the_grant_to_the_withdrawal(site, olga):
    page = olga.open("/partners", tenant="north")
    assert "No partner sees it yet" in page.text
    assert "theirs" not in page.text
    after = olga.send(
        page, "/partners/grant", organization="partner", only="brand_name: Acme", surface="mcp"
    )
    assert "partner sees it from the next call on." in after.text
    assert "brand_name: Acme" in after.text
    assert seen(site) == ["lamps"]
    (listed,) = run(site, access.family["list_partner_access"])["items"]
    assert listed["partners"][0]["surfaces"] == ["mcp"]
    assert "partner" in olga.open("/data", tenant="north").text
    withdrawn = olga.send(after, "/partners/withdraw")
    assert "partner is refused from now on." in withdrawn.text
    assert seen(site) == []


def test_a_partner_that_is_none_is_refused_at_the_form_and_what_was_typed_stays(olga):
    page = olga.open("/partners", tenant="north")
    refused = olga.send(page, "/partners/grant", organization="nobody", surface="rest")
    assert refused.response.status_code == 404
    assert "no partner organization" in refused.text
    assert 'value="nobody"' in refused.response.text


def test_who_owns_nothing_in_the_tenant_neither_sees_partners_nor_lets_them_in(site):
    eddi = in_role(site, "publisher", "eddi")
    assert eddi.open("/partners", tenant="north").response.status_code == 403
    picture = eddi.open("/data", tenant="north")
    assert picture.response.status_code == 200
    assert "lamps" not in picture.text


def test_an_owner_gives_somebody_a_role_in_the_tenant_and_takes_it_back(site, olga):
    site.person("shop", "mona", role="member")
    page = olga.open("/people", tenant="north")
    before = page.response.text.count('value="publisher" selected')
    after = olga.send(page, "/people/change", having={"principal": "mona"}, role="publisher")
    assert "counts from the next request" in after.text
    assert after.response.text.count('value="publisher" selected') == before + 1
    back = olga.send(after, "/people/change", having={"principal": "mona"}, role="")
    assert back.response.text.count('value="publisher" selected') == before


def test_roles_of_another_organizations_tenant_are_not_to_be_had(site, olga):
    assert olga.open("/people", tenant="east").response.status_code in (403, 404)
    page = olga.open("/people", tenant="north")
    refused = olga.send(page, "/people/change", tenant="east", principal="olga", role="viewer")
    assert refused.response.status_code in (403, 404)
