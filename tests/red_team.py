"""The hostile inputs of the tests, tried on a running platform: `make red-team`.

Starts `catalog-mcp dev` in a folder of its own, tries group after group over HTTP, and prints for
each how many inputs were tried and how many held. Ends with 1 where one did not, and says which.
"""

import asyncio
import sys
from pathlib import Path

import httpx

from shared.app import App as Deployment
from shared.cli.deployment import last_settings
from shared.cli.processes import free_port
from shared.indexes.folders import temporary_folder
from tests.browser import DEVICE, App, Arrived, Browser, Device
from tests.e2e.running import facts_of, start, stop
from tests.forged import TOKENS
from tests.hostile import (
    AUTHORIZATIONS,
    BODIES,
    CLIENT_IDS,
    ELSEWHERE,
    EXCHANGES,
    HEADERS,
    INVISIBLE,
    NAMES,
    REDIRECTS,
    REFRESH_TOKENS,
    USER_CODES,
)
from tests.platform import LEGACY, message

JSON = {"content-type": "application/json"}


class Target:
    """The platform that is tried, with what somebody of the demo organization has there.

    `token`, `key`, `app` and `settings` are what tests.forged makes its tokens with.
    """

    def __init__(self, facts, client):
        self.facts = facts
        self.client = client
        self.auth = facts["auth_url"]
        self.settings = last_settings(Path(facts["data"]))
        self.app = Deployment(self.settings)
        self.browser = Browser(client, Path(facts["mail"]), self.auth)

    def token(self):
        return self.facts["token"]

    def key(self):
        return self.facts["api_key"]

    async def program(self, **registration):
        return await App(self.client, self.auth, **registration).register()

    async def consent(self, app, **params):
        """The page that asks the person; they sign in the first time."""
        page = await self.browser.open(app.request(**params))
        if any(where.endswith("/sign-in") for where, _ in page.forms):
            page = await self.browser.sign_in(page, self.facts["email"])
        return page

    async def code(self, app):
        page = await self.consent(app)
        return (await self.browser.send(page, "/consent", decision="allow")).answer["code"]


def refused(response, *errors):
    return response.status_code in (400, 401) and response.json().get("error") in errors


async def redirects(target):
    """No client registers, or is sent to, an address that is not its own."""
    for uri in REDIRECTS:
        body = {"redirect_uris": [uri]}
        answer = await target.client.post(f"{target.auth}/oauth2/register", json=body)
        yield f"register {uri!r}", refused(answer, "invalid_redirect_uri")
    app = await target.program()
    for uri in ELSEWHERE:
        page = await target.browser.open(app.request(redirect_uri=uri))
        yield f"go to {uri!r}", not isinstance(page, Arrived) and page.status == 400
    web = await target.program(redirect_uris=["https://app.example/callback"])
    for params, _ in AUTHORIZATIONS:
        page = await target.browser.open(web.request(**params))
        yield f"be sent back with {params}", not isinstance(page, Arrived) and page.status == 400


async def client_ids(target):
    """What is no client's id is nobody."""
    good = (await target.program()).id
    app = App(target.client, target.auth)
    for what, make in CLIENT_IDS.items():
        app.id = make(good)
        page = await target.browser.open(app.request())
        held = not isinstance(page, Arrived) and page.status == 400
        answer = await app.refresh("x")
        yield what, held and refused(answer, "invalid_client", "invalid_request")


async def tokens(target):
    """No token that was not issued opens MCP or REST."""
    for what, forge in TOKENS.items():
        text = forge(target)
        bearer = {"authorization": f"Bearer {text}", **LEGACY}
        body = message("tools/list")
        mcp = await target.client.post(target.facts["mcp_url"], json=body, headers=bearer)
        held = mcp.status_code == 401 and "www-authenticate" in mcp.headers
        yield f"MCP with {what}", held and text not in mcp.text
        if text != target.key():
            place = f"{target.facts['api_url']}/catalogs"
            rest = await target.client.get(place, headers=bearer)
            yield f"REST with {what}", rest.status_code == 401 and text not in rest.text


async def codes(target):
    """A code is for the one who asked, once."""
    app = await target.program()
    code = await target.code(app)
    for params, error in EXCHANGES:
        yield (
            f"exchange with {params}",
            refused(await app.exchange(**{"code": code, **params}), error),
        )
    other = await target.program(client_name="Other")
    other.verifier = app.verifier
    yield "another client", refused(await other.exchange(code), "invalid_grant")
    given = (await app.exchange(code)).json()
    yield "a second exchange", refused(await app.exchange(code), "invalid_grant")
    yield "what it gave", refused(await app.refresh(given["refresh_token"]), "invalid_grant")


async def refresh(target):
    """A refresh token is its client's, and no guess ends or continues anything."""
    app = await target.program()
    good = (await app.exchange(await target.code(app))).json()["refresh_token"]
    for what, forge in REFRESH_TOKENS.items():
        yield what, refused(await app.refresh(forge(good)), "invalid_grant")
    other = await target.program(client_name="Other")
    yield "another client", refused(await other.refresh(good), "invalid_grant")
    yield (
        "another resource",
        refused(await app.refresh(good, resource="https://elsewhere.example"), "invalid_target"),
    )
    yield "is still good", (await app.refresh(good)).is_success


async def device(target):
    """What is typed or polled and is no device's gives nothing."""
    asking = await Device(target.client, target.auth).register()
    await asking.ask()
    polled = await asking.token(grant_type=DEVICE, device_code="x" * 43)
    yield "a guessed device code", refused(polled, "invalid_grant")
    other = await target.program(client_name="Other")
    polled = await other.token(grant_type=DEVICE, device_code=asking.code)
    yield "another client's device code", refused(polled, "invalid_grant")
    await target.consent(await target.program())  # signed in
    for typed in USER_CODES[1:]:
        page = await target.browser.open(f"{target.auth}/device")
        page = await target.browser.send(page, "/device", user_code=typed)
        yield f"typed {typed[:20]!a}", page.status == 400 and bool(page.form("/device"))


async def consent(target):
    """The page shows who asks and where the browser goes, as text."""
    for name in INVISIBLE:
        body = {"redirect_uris": ["http://127.0.0.1/callback"], "client_name": name}
        answer = await target.client.post(f"{target.auth}/oauth2/register", json=body)
        yield f"named {name!a}", refused(answer, "invalid_client_metadata")
    for name in NAMES:
        page = await target.consent(await target.program(client_name=name))
        yield (
            f"named {name!a}",
            name in page.text and ("<" not in name or name not in page.response.text),
        )
    app = await target.program(redirect_uris=["com.example.app://claude.ai/callback"])
    page = await target.consent(app)
    yield (
        "a scheme with somebody's host",
        ("com.example.app:" in page.text and "claude.ai" not in page.text),
    )


async def bodies(target):
    """Any body and header is answered, and never with a failure of ours."""
    search = f"{target.facts['api_url']}/products/search"
    key = {"authorization": f"Bearer {target.key()}", **JSON}
    bearer = {"authorization": f"Bearer {target.token()}", **JSON, **LEGACY}
    register = f"{target.auth}/oauth2/register"
    places = ((search, key), (target.facts["mcp_url"], bearer), (register, JSON))
    for what, body in BODIES.items():
        for place, headers in places:
            answer = await target.client.post(place, content=body, headers=headers)
            yield f"{what} at {place}", answer.status_code < 500
    for what, odd in HEADERS.items():
        try:
            answer = await target.client.post(search, json={}, headers={**key, **odd})
            yield what, answer.status_code < 500
        except httpx.RemoteProtocolError:
            yield what, True  # the server closed the connection on it


GROUPS = (redirects, client_ids, tokens, codes, refresh, device, consent, bodies)


async def tried(facts):
    """(group, inputs tried, what did not hold) of every group."""
    found = []
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        target = Target(facts, client)
        for group in GROUPS:
            results = [each async for each in group(target)]
            failed = [what for what, held in results if not held]
            found.append((group.__name__, len(results), failed))
        target.app.close()
    return found


def attack(folder):
    """What `tried` finds on a dev of its own: it uses up this address's limits for a minute."""
    process = start(folder / "data", "--port", str(free_port()), "--catalogs", str(folder))
    try:
        return asyncio.run(tried(facts_of(process)))
    finally:
        stop(process)


def main():
    with temporary_folder() as folder:
        found = attack(folder)
    print(f"{'group':12}{'tried':>8}{'held':>8}")
    for name, number, failed in found:
        print(f"{name:12}{number:8}{number - len(failed):8}")
    failed = [f"{name}: {what}" for name, _, each in found for what in each]
    print("\n".join(["", *failed]) if failed else "")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
