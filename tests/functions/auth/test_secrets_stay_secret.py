"""After a whole life of sign-ins no secret of it is in a log line or kept in the clear."""

import re

import pytest

from tests.browser import AUTH, DEVICE, App, Browser, signed_in
from tests.platform import call

pytestmark = pytest.mark.anyio


async def a_life(platform):
    """Sign in, exchange, refresh, replay, forge, connect a device, crash; every secret of it."""
    app, tokens, browser = await signed_in(platform)
    page = await browser.open(app.request(scope="catalog:read"))
    arrived = await browser.send(page, "/consent", decision="allow")
    code, verifier = arrived.answer["code"], app.verifier
    second = (await app.exchange(code)).json()
    await app.exchange(code)
    fresh = (await app.refresh(tokens["refresh_token"])).json()
    await app.refresh("ort_" + "a" * 32 + "_1_" + "b" * 22)
    device = App(platform.http(face="auth"), grant_types=[DEVICE, "authorization_code"])
    await device.register()
    asked = await device.client.post(
        f"{AUTH}/oauth2/device_authorization", data={"client_id": device.id}
    )
    device_code = asked.json()["device_code"]
    await device.token(grant_type=DEVICE, device_code=device_code)
    async with platform.http(fresh["access_token"]) as mcp:
        await call(mcp, "list_catalogs")
    (platform.settings.data / "mail.txt").rename(platform.settings.data / "mail.old")
    (platform.settings.data / "mail.txt").mkdir()
    other = Browser(platform.http(face="auth"), platform.settings.data / "mail.old")
    crashed = await other.send(await other.open(app.request()), "/sign-in", email="ada@example.com")
    assert crashed.status == 500
    await app.revoke(fresh["refresh_token"])
    mailed = re.findall(r"^ +(\d{4}) (\d{4})$", "\n".join(other.mails()), re.MULTILINE)
    secrets = [each[name] for each in (tokens, second, fresh) for name in each if "token" in name]
    secrets += [code, verifier, device_code, *browser.client.cookies.values()]
    secrets += [joined for one, two in mailed for joined in (one + two, f"{one} {two}")]
    return {secret for secret in secrets if secret != "Bearer"}


async def test_no_log_line_holds_a_secret(with_sign_in, logged, capfd, caplog):
    found = await a_life(with_sign_in)
    assert len(found) >= 12
    written = capfd.readouterr()
    records = "\n".join(f"{record.getMessage()} {record.__dict__}" for record in caplog.records)
    lines = logged()[0]
    assert "list_catalogs" in lines
    logs = lines + written.out + written.err + records + caplog.text
    assert [secret for secret in found if secret in logs] == []


async def test_no_document_holds_a_secret_in_the_clear(with_sign_in):
    found = await a_life(with_sign_in)
    with_sign_in.app.close()
    folder = with_sign_in.settings.data
    kept = b"".join(file.read_bytes() for file in folder.glob("documents.sqlite*"))
    assert b"authorizations" in kept
    assert [secret for secret in found if secret.encode() in kept] == []
