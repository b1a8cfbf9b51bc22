"""Signing in to a face beside the partner endpoint: its scopes, organizations and tenants."""

import pytest

from shared.auth.faces import FACES, PARTNER, STUDIO, only_reading
from shared.errors import Problem
from tests.browser import App, Browser, Device
from tests.functions.trial import ADDRESS, connect, owned, trial
from tests.platform import LEGACY, message

pytestmark = pytest.mark.anyio
NORTH = "http://localhost:8080/studio/north/mcp"


@pytest.fixture
def platform(tmp_path):
    platform = owned(tmp_path / "data")
    platform.organization("partner")
    platform.member("partner", "olga")
    platform.member("rival", "olga")
    yield platform
    platform.close()


async def consent_page(platform, resource, email="olga@example.com", **params):
    app = await App(platform.http(face="auth")).register()
    browser = Browser(platform.http(face="auth"), platform.settings.data / "mail.txt")
    asked = app.request(resource=resource, **params)
    return app, browser, await browser.sign_in(await browser.open(asked), email)


async def tokens_for(platform, resource, decide=None, **params):
    app, browser, page = await consent_page(platform, resource, **params)
    arrived = await browser.send(page, "/consent", decision="allow", **(decide or {}))
    response = await app.exchange(arrived.answer["code"], resource=resource)
    assert response.status_code == 200, response.text
    return app, response.json()


async def lists(platform, tokens, place="/studio/north/mcp"):
    async with connect(trial(platform.app), tokens["access_token"]) as client:
        return (await client.post(place, json=message("tools/list"), headers=LEGACY)).status_code


@pytest.mark.parametrize(
    "resource",
    [ADDRESS, f"{ADDRESS}/", "http://localhost:8080/studio", NORTH, f"{NORTH}?mode=read"],
)
async def test_every_spelling_of_a_faces_address_gets_its_tokens(platform, resource):
    decide = {} if "north" in resource else {"org": "shop"}
    _, tokens = await tokens_for(platform, resource, decide)
    assert tokens["scope"].split() == sorted(STUDIO.scopes)
    assert await lists(platform, tokens) == 200


@pytest.mark.parametrize(
    "resource",
    [
        "http://localhost:8080/studio/NORTH/mcp",
        "http://localhost:8080/studio/north",
        "http://localhost:8080/north/mcp",
        "http://localhost:8080/studio/north/more/mcp",
        "http://elsewhere.example/studio/north/mcp",
    ],
)
async def test_what_is_no_address_of_a_face_is_refused(platform, resource):
    app = await App(platform.http(face="auth")).register()
    response = await platform.http(face="auth").get(app.request(resource=resource))
    assert "error=invalid_target" in response.headers["location"]


async def test_two_faces_at_once_are_refused(platform):
    app = await App(platform.http(face="auth")).register()
    url = f"{app.request(resource=NORTH)}&resource=http%3A%2F%2Flocalhost%3A8080%2Fmcp"
    response = await platform.http(face="auth").get(url)
    assert "error=invalid_target" in response.headers["location"]


async def test_consent_offers_the_organizations_the_face_is_for_alone(platform):
    _, _, page = await consent_page(platform, ADDRESS)
    assert "Shop" in page.text
    assert "Rival" in page.text
    assert "Partner" not in page.text
    assert "Studio, http://localhost:8080/studio/mcp" in page.text
    for allows in STUDIO.scopes.values():
        assert allows in page.text


async def test_consent_for_a_tenants_address_offers_the_organization_that_owns_it(platform):
    _, _, page = await consent_page(platform, NORTH)
    assert "Shop" in page.text
    assert "Rival" not in page.text


@pytest.mark.parametrize("tenant", ["east", "nowhere"])
async def test_a_tenant_of_nobody_or_of_others_has_nobody_to_sign_in_for(platform, tenant):
    resource = NORTH.replace("north", tenant)
    _, _, page = await consent_page(platform, resource, email="eddi@example.com")
    assert page.status == 403
    assert "does not belong to an organization" in page.text


async def test_a_person_may_let_a_client_only_look_and_it_stays_so(platform):
    app, tokens = await tokens_for(platform, NORTH, {"read_only": "yes"})
    assert tokens["scope"] == "studio:read"
    again = await app.refresh(tokens["refresh_token"], scope=" ".join(STUDIO.scopes))
    assert again.json()["scope"] == "studio:read"
    params = {"name": "change_things", "arguments": {}}
    async with connect(trial(platform.app), again.json()["access_token"]) as client:
        body = message("tools/call", params)
        refused = await client.post("/studio/north/mcp", json=body, headers=LEGACY)
    assert refused.status_code == 403
    assert "insufficient_scope" in refused.headers["www-authenticate"]


async def test_a_device_may_be_let_only_look(platform):
    app = await Device(platform.http(face="auth")).register()
    asked = await app.ask(resource=NORTH)
    browser = Browser(platform.http(face="auth"), platform.settings.data / "mail.txt")
    page = await browser.sign_in(
        await browser.open(asked["verification_uri_complete"]), "olga@example.com"
    )
    page = await browser.send(page, "/device")
    assert "Rival" not in page.text
    await browser.send(page, "/consent", decision="allow", read_only="yes")
    tokens = await app.poll()
    assert tokens["scope"] == "studio:read"
    assert await lists(platform, tokens) == 200


async def test_only_what_would_change_something_can_be_narrowed(platform):
    _, _, page = await consent_page(platform, NORTH, scope="studio:read")
    assert "Read only" not in page.text


@pytest.mark.parametrize("face", FACES, ids=lambda face: face.name)
@pytest.mark.parametrize("other", FACES, ids=lambda face: face.name)
def test_a_token_of_one_face_opens_no_other(platform, face, other):
    audience = platform.settings.addresses[face.name]
    token = platform.token("shop", "olga", scopes=face.scopes, audience=audience)
    if face is other:
        assert platform.app.tokens.verify(token, other).scopes == frozenset(face.scopes)
        return
    with pytest.raises(Problem, match="for another resource"):
        platform.app.tokens.verify(token, other)


def test_a_token_carries_no_scope_of_another_face(platform):
    everything = [scope for face in FACES for scope in face.scopes]
    for face in FACES:
        audience = platform.settings.addresses[face.name]
        token = platform.token("shop", "olga", scopes=everything, audience=audience)
        assert platform.app.tokens.verify(token, face).scopes == frozenset(face.scopes)


def test_no_scope_means_two_things():
    clients = [face for face in FACES if not face.is_own_client]
    scopes = [scope for face in clients for scope in face.scopes]
    assert len(scopes) == len(set(scopes))
    assert only_reading(tuple(PARTNER.scopes)) == ("catalog:read", "subscriptions:read")
