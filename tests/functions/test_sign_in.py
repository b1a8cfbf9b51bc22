"""Signing in from nothing, as clients and people do it, and every refusal on the way."""

import pytest

from tests.browser import signed_in
from tests.platform import value

pytestmark = pytest.mark.anyio


async def test_a_person_signs_in_by_mail_and_their_client_calls_a_tool(with_sign_in):
    _, tokens, _ = await signed_in(with_sign_in)
    async with with_sign_in.http(tokens["access_token"]) as mcp:
        assert [catalog["catalog"] for catalog in await value(mcp, "list_catalogs")] == ["books"]
    assert tokens["token_type"] == "Bearer"
    assert tokens["expires_in"] == 600
    assert tokens["scope"] == "catalog:read subscriptions:read subscriptions:write"
