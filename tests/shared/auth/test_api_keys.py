"""API keys: their form, and that being close is worth nothing."""

import re

import pytest

from shared.auth import api_keys
from shared.errors import Problem
from shared.settings import Settings
from tests.platform import Platform

pytestmark = pytest.mark.anyio


def test_a_key_has_the_contracts_form():
    text, kept = api_keys.mint("octo_live")
    assert re.fullmatch(r"octo_live_[0-9a-f]{32}_[A-Za-z0-9_-]{43}", text)
    assert api_keys.parse(text, "octo_live") == kept
    assert text[-43:].encode() not in kept.digest


@pytest.mark.parametrize(
    "text",
    [
        "",
        "octo_live",
        f"octo_live_{'0' * 32}",
        f"octo_live_{'0' * 31}_{'A' * 43}",
        f"octo_live_{'0' * 32}_{'A' * 42}",
        f"octo_live_{'0' * 32}_{'A' * 44}",
        f"octo_live_{'G' * 32}_{'A' * 43}",
        f"octo_live_{'0' * 32}_{'A' * 42}=",
        f"OCTO_LIVE_{'0' * 32}_{'A' * 43}",
        f"octo_live_{'0' * 32}_{'A' * 43}\n",
        f" octo_live_{'0' * 32}_{'A' * 43}",
        f"octo_test_{'0' * 32}_{'A' * 43}",
        f"octo_live_x_{'0' * 32}_{'A' * 43}",
        f"octo_live_{chr(0x660) * 32}_{'A' * 43}",
    ],
)
def test_another_form_is_no_key(text):
    assert api_keys.parse(text, "octo_live") is None


@pytest.mark.parametrize("prefix", ["octo_live", "acme", "a_b_c_d"])
async def test_the_prefix_is_a_setting(tmp_path, prefix):
    platform = Platform(tmp_path, api_key_prefix=prefix)
    platform.organization("partner")
    key = platform.key()
    assert key.startswith(f"{prefix}_")
    async with platform.http(key, face="api") as client:
        assert (await client.get("/v1/me")).json()["key"]["prefix"].startswith(f"{prefix}_")
    platform.close()


@pytest.mark.parametrize("prefix", ["", "Octo", "octo-live", "1octo", "o" * 22])
def test_a_prefix_that_would_not_parse_is_refused_at_start(prefix):
    with pytest.raises(ValueError, match="api_key_prefix"):
        Settings(api_key_prefix=prefix)


async def test_a_wrong_secret_an_unknown_id_and_a_dead_key_are_told_alike(platform):
    key, dead = platform.key(), platform.key()
    platform.do("deactivate_api_key", id=dead.split("_")[2])
    flipped = key[:-5] + ("A" if key[-5] != "A" else "B") + key[-4:]
    unknown = re.sub(r"_[0-9a-f]{32}_", f"_{'0' * 32}_", key)
    answers = set()
    for wrong in (flipped, unknown, dead, "nonsense"):
        async with platform.http(wrong, face="api") as client:
            answer = await client.get("/v1/me")
            answers.add((answer.status_code, answer.content))
    assert answers == {(401, b'{"detail":"Invalid API key"}')}


@pytest.fixture
def owning(platform):
    """A platform with two owners of data, who have a tenant each."""
    for owner, name in (("owner", "mine"), ("other", "theirs")):
        platform.organization(owner, type="catalog_owner")
        platform.do("create_tenant", id=name, name=name, org=owner)
    return platform


@pytest.mark.parametrize(("org", "tenant"), [("partner", ""), ("owner", "mine")])
def test_an_owners_key_is_for_one_of_its_tenants_and_a_partners_for_none(owning, org, tenant):
    made = owning.do("create_api_key", org=org, name="x", tenant=tenant)["key"]
    assert made["tenant"] == tenant


@pytest.mark.parametrize(
    ("org", "tenant"),
    [("partner", "mine"), ("owner", ""), ("owner", "theirs"), ("owner", "nowhere")],
)
def test_a_key_for_another_tenant_is_not_made(owning, org, tenant):
    with pytest.raises(Problem) as refused:
        owning.key(org, tenant=tenant)
    assert refused.value.details["field"] == "tenant"


def test_a_key_that_would_end_now_is_not_made(platform):
    with pytest.raises(Problem) as refused:
        platform.key(expires_at=platform.clock.now().isoformat())
    assert refused.value.details["field"] == "expires_at"
