"""Keys are rotated while people work: nobody notices, and a revoked key ends what it signed."""

import pytest

from shared.errors import Problem
from shared.ports.documents import Query
from shared.queries import AUDIT_OF_ORGANIZATION
from tests.browser import App, allowed, signed_in
from tests.platform import call

pytestmark = pytest.mark.anyio


async def works(platform, tokens):
    async with platform.http(tokens["access_token"]) as mcp:
        return (await call(mcp, "list_catalogs")).status_code


async def published(platform):
    async with platform.http(face="auth") as client:
        return [key["kid"] for key in (await client.get("/auth/oauth2/jwks")).json()["keys"]]


def kids(platform):
    return {key["role"]: key["kid"] for key in platform.do("list_signing_keys")["signing"]}


def refused(platform, operation, **arguments):
    with pytest.raises(Problem) as raised:
        platform.do(operation, **arguments)
    assert raised.value.code == "conflict"
    return raised.value.details.get("retry_after")


async def test_a_whole_rotation_interrupts_nobody_on_any_instance(with_sign_in):
    clock, other = with_sign_in.clock, with_sign_in.again()
    app, tokens, _ = await signed_in(with_sign_in)
    assert await works(other, tokens) == 200
    with_sign_in.do("create_next_signing_key")
    assert refused(with_sign_in, "promote_signing_key") == 900
    clock.advance(61)
    assert len(await published(other)) == 2
    clock.advance(839)
    with_sign_in.do("promote_signing_key")
    tokens_of_old_key = (await app.refresh(tokens["refresh_token"])).json()
    clock.advance(61)
    fresh = (await app.refresh(tokens_of_old_key["refresh_token"])).json()
    for platform in (with_sign_in, other):
        assert await works(platform, tokens_of_old_key) == 200
        assert await works(platform, fresh) == 200
    assert refused(with_sign_in, "retire_signing_key") > 600
    clock.advance(800)
    with_sign_in.do("retire_signing_key")
    assert list(kids(with_sign_in)) == ["current"]
    clock.advance(61)
    assert await published(other) == [kids(with_sign_in)["current"]]
    fresh = (await app.refresh(fresh["refresh_token"])).json()
    assert await works(other, fresh) == 200


async def test_a_token_of_a_key_another_instance_has_not_seen_is_verified(with_sign_in):
    """The promoted key is looked for where it is missing, before a minute is over."""
    app, tokens, _ = await signed_in(with_sign_in)
    other = with_sign_in.again()
    assert await works(other, tokens) == 200
    with_sign_in.do("create_next_signing_key")
    with_sign_in.clock.advance(900)
    with_sign_in.do("promote_signing_key")
    app.client = with_sign_in.again().http(face="auth")
    fresh = (await app.refresh(tokens["refresh_token"])).json()
    assert await works(other, fresh) == 200


async def test_steps_out_of_order_are_refused(with_sign_in):
    assert refused(with_sign_in, "promote_signing_key") is None
    assert refused(with_sign_in, "retire_signing_key") is None
    with_sign_in.do("create_next_signing_key")
    assert refused(with_sign_in, "create_next_signing_key") is None
    assert refused(with_sign_in, "rotate_sealing_key", step="promote") is None


async def test_a_revoked_key_ends_what_it_signed_and_sessions_go_on(with_sign_in):
    app, tokens, _ = await signed_in(with_sign_in)
    with_sign_in.do("revoke_signing_key", kid=kids(with_sign_in)["current"])
    with_sign_in.clock.advance(61)
    assert await works(with_sign_in, tokens) == 401
    fresh = (await app.refresh(tokens["refresh_token"])).json()
    assert await works(with_sign_in, fresh) == 200
    with pytest.raises(Problem, match="not_found"):
        with_sign_in.do("revoke_signing_key", kid="unknown")


async def test_a_new_sealing_key_keeps_clients_refresh_tokens_and_browsers(with_sign_in):
    clock, other = with_sign_in.clock, with_sign_in.again()
    app, tokens, browser = await signed_in(with_sign_in)
    assert not with_sign_in.do("list_signing_keys")["nextSealingKey"]
    with_sign_in.do("rotate_sealing_key", step="prepare")
    assert with_sign_in.do("list_signing_keys")["nextSealingKey"]
    assert refused(with_sign_in, "rotate_sealing_key", step="prepare") is None
    assert refused(with_sign_in, "rotate_sealing_key", step="promote") == 120
    clock.advance(120)
    before = (await app.refresh(tokens["refresh_token"])).json()
    promoted = with_sign_in.do("rotate_sealing_key", step="promote")
    assert (promoted["sealing"], promoted["nextSealingKey"]) == (2, False)
    clock.advance(61)
    after = (await app.refresh(before["refresh_token"])).json()
    assert await works(other, after) == 200
    assert (await browser.open(app.request())).form("/consent")
    assert await allowed(app, browser)
    newcomer = await App(with_sign_in.http(face="auth"), client_name="New").register()
    newcomer.client = other.http(face="auth")
    assert (await newcomer.refresh("ort_x")).json()["error"] == "invalid_grant"


async def test_a_revoked_sealing_key_opens_nothing_any_more_on_any_instance(with_sign_in):
    clock, other = with_sign_in.clock, with_sign_in.again()
    app, tokens, _ = await signed_in(with_sign_in)
    app.client = other.http(face="auth")
    before = (await app.refresh(tokens["refresh_token"])).json()
    with_sign_in.do("rotate_sealing_key", step="revoke")
    clock.advance(61)
    refused = (await app.refresh(before["refresh_token"])).json()
    assert refused["error"] in ("invalid_grant", "invalid_client")
    assert await works(other, before) == 200  # an access token is signed, and lives ten minutes
    _, again, _ = await signed_in(other)
    assert await works(with_sign_in, again) == 200
    assert with_sign_in.do("list_signing_keys")["sealing"] == 1


def test_no_operation_shows_a_private_key(with_sign_in):
    shown = str(with_sign_in.do("list_signing_keys"))
    assert "PRIVATE" not in shown
    assert set(with_sign_in.do("list_signing_keys")["signing"][0]) == {"kid", "role", "since"}


async def test_every_step_of_a_rotation_is_one_audit_record(with_sign_in):
    clock = with_sign_in.clock
    with_sign_in.do("create_next_signing_key")
    clock.advance(900)
    with_sign_in.do("promote_signing_key")
    clock.advance(900)
    with_sign_in.do("retire_signing_key")
    with_sign_in.do("revoke_signing_key", kid=kids(with_sign_in)["current"])
    with_sign_in.do("rotate_sealing_key", step="prepare")
    clock.advance(900)
    with_sign_in.do("rotate_sealing_key", step="promote")
    asked = Query(AUDIT_OF_ORGANIZATION, equal={"org": ""})
    events = [item.data["event"] for item in with_sign_in.app.documents.query(asked).items]
    assert sorted(event for event in events if "ing_key" in event) == [
        "sealing_key.prepared",
        "sealing_key.promoted",
        "signing_key.promoted",
        "signing_key.published",
        "signing_key.retired",
        "signing_key.revoked",
    ]
