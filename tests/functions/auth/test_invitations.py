"""Whoever is invited belongs once they accept, and nobody sees them there before."""

import pytest

from shared.auth.faces import PARTNER
from shared.errors import Problem
from shared.identity import own_members
from tests.browser import App, Arrived, Browser
from tests.platform import call
from tests.portal import acting

pytestmark = pytest.mark.anyio
BOTH_STORES = True
MEMBERS = own_members.family


@pytest.fixture
async def app(with_sign_in):
    return await App(with_sign_in.http(face="auth")).register()


@pytest.fixture
async def browser(with_sign_in):
    return Browser(with_sign_in.http(face="auth"), with_sign_in.settings.data / "mail.txt")


@pytest.fixture
def owner(with_sign_in):
    with_sign_in.organization("inviting")
    return acting(with_sign_in, "inviting", "olga")


def invited(owner, email="ada@example.com", **options):
    return owner(MEMBERS["invite_member"], email=email, **options)


async def test_an_invitation_is_shown_after_signing_in_and_counts_once_accepted(
    app, browser, owner, with_sign_in
):
    assert invited(owner)["state"] == "invited"
    page = await browser.sign_in(await browser.open(app.request()))
    assert "Inviting (inviting) invites you as member" in page.text
    assert "olga@example.com invited you" in page.text
    page = await browser.send(page, "/invitations", decision="accept")
    assert "Inviting" in page.text
    arrived = await browser.send(page, "/consent", org="inviting", decision="allow")
    tokens = (await app.exchange(arrived.answer["code"])).json()
    assert with_sign_in.app.tokens.verify(tokens["access_token"], PARTNER).org == "inviting"


async def test_until_it_is_accepted_the_organization_is_nowhere(app, browser, owner, with_sign_in):
    principal = invited(owner)["principal"]
    page = await browser.sign_in(await browser.open(app.request()))
    later = page.response.text.partition('<a href="')[2].partition('"')[0]
    page = await browser.open(later.replace("&amp;", "&"))
    assert "Inviting" not in page.text
    refused = await browser.send(page, "/consent", org="inviting", decision="allow")
    assert refused.status == 403
    token = with_sign_in.token("inviting", principal)
    async with with_sign_in.http(token) as mcp:
        response = await call(mcp, "list_catalogs")
    assert (response.status_code, "not accepted" in response.text) == (403, True)


async def test_declining_is_remembered(app, browser, owner):
    invited(owner)
    page = await browser.sign_in(await browser.open(app.request()))
    page = await browser.send(page, "/invitations", decision="decline")
    assert page.form("/consent")
    assert "Inviting" not in page.text
    with pytest.raises(Problem) as raised:
        invited(owner)
    assert raised.value.details["field"] == "email"
    page = await browser.open(app.request())
    assert page.form("/consent")


async def test_a_role_is_changed_and_an_invitation_withdrawn_before_it_is_accepted(
    app, browser, owner
):
    principal = invited(owner)["principal"]
    owner(MEMBERS["change_own_member"], principal=principal, role="owner")
    page = await browser.sign_in(await browser.open(app.request()))
    assert "invites you as owner" in page.text
    owner(MEMBERS["change_own_member"], principal=principal, state="removed")
    gone = await browser.send(page, "/invitations", decision="accept")
    assert (gone.status, "withdrawn" in gone.text) == (404, True)
    assert (await browser.open(app.request())).form("/consent")


@pytest.mark.parametrize("before", [None, "removed"])
async def test_nobody_but_the_invited_person_makes_an_invitation_count(owner, before):
    principal = invited(owner)["principal"]
    if before:
        owner(MEMBERS["change_own_member"], principal=principal, state=before)
    with pytest.raises(Problem) as raised:
        owner(MEMBERS["change_own_member"], principal=principal, state="active")
    assert (raised.value.code, raised.value.details["field"]) == ("conflict", "state")


async def test_who_is_invited_is_no_owner_who_stays(owner):
    principal = invited(owner, role="owner")["principal"]
    assert principal != "olga"
    with pytest.raises(Problem) as raised:
        owner(MEMBERS["change_own_member"], principal="olga", role="member")
    assert "at least one owner" in raised.value.message


async def test_one_address_is_invited_only_so_often(owner, with_sign_in):
    for _ in range(own_members.REMINDERS):
        invited(owner)
    with pytest.raises(Problem) as raised:
        invited(owner)
    assert raised.value.code == "rate_limited"
    invited(owner, "somebody.else@example.com")


async def test_an_invitation_into_a_disabled_organization_is_not_shown_and_others_are(
    app, browser, owner, with_sign_in
):
    invited(owner)
    with_sign_in.organization("welcoming")
    invited(acting(with_sign_in, "welcoming", "will"))
    with_sign_in.do("change_organization", id="inviting", state="disabled")
    page = await browser.sign_in(await browser.open(app.request()))
    assert "Inviting" not in page.text
    assert "Welcoming (welcoming) invites you" in page.text


@pytest.mark.parametrize("org", ["foreign", "../x", "a/b", "partner"])
async def test_only_an_invitation_that_waits_can_be_answered(app, browser, owner, org):
    invited(owner)
    page = await browser.sign_in(await browser.open(app.request()))
    answer = await browser.send(page, "/invitations", org=org, decision="accept")
    assert answer.status == 404
    assert not isinstance(answer, Arrived)
