"""Addresses have one spelling, names show all they hold, and what was stored before is listed."""

import pytest

from shared.errors import Problem
from shared.identity import own_members
from shared.identity.addresses import exact, stored_email_id
from tests.portal import acting

TAKEN = {
    "Ada@Example.COM": "ada@example.com",
    "a.b+tag@x.example": "a.b+tag@x.example",
    "o'neil!#$%&*/=?^_`{|}~-@x.example": "o'neil!#$%&*/=?^_`{|}~-@x.example",
    "ada@b\u00fccher.example": "ada@xn--bcher-kva.example",
    "ada@stra\u00dfe.example": "ada@xn--strae-oqa.example",
}
REFUSED = (
    "\u017fam@example.com",
    "stra\u00dfe@example.com",
    "\u212aate@example.com",
    "\u0430da@example.com",
    "sam\u200b@example.com",
    "sam@exa\u202emple.com",
    "sam@ex\u017fmple.com",
    "sam@\u212aelvin.example",
    "sam@xn--\u0430.example",
    "sam@xn--zzzzzzzz99.example",
    ".sam@example.com",
    "s..am@example.com",
    "sam.@example.com",
    '"sam"@example.com',
    "sam@example.com ",
    "sam@example.com\n",
    "sam@example.com\x00",
    "sam@exa_mple.com",
    "sam@-example.com",
    "sam@example..com",
    "sam@[127.0.0.1]",
    "sam",
    "@example.com",
    "sam@",
    f"{'a' * 65}@example.com",
    f"sam@{'a' * 64}.example",
)


@pytest.mark.parametrize(("typed", "read"), TAKEN.items())
def test_an_address_has_one_spelling(typed, read):
    assert exact(typed) == read
    assert exact(read) == read


@pytest.mark.parametrize("typed", REFUSED, ids=ascii)
def test_what_only_looks_like_an_address_is_none(typed):
    assert exact(typed) is None


@pytest.mark.parametrize("typed", REFUSED[:4], ids=ascii)
def test_such_an_address_is_refused_at_the_field_where_it_is_typed(platform, typed):
    owner = acting(platform)
    for refused in (
        lambda: owner(own_members.family["invite_member"], email=typed),
        lambda: platform.member(subject="eve", email=typed),
    ):
        with pytest.raises(Problem) as raised:
            refused()
        assert raised.value.code == "invalid"
        assert raised.value.details["errors"][0]["loc"] == ("email",)


def stored_before(platform, person, email):
    """A person as the rule before this one kept them."""
    from shared.ports.documents import Put

    at = platform.clock.now()
    platform.app.documents.commit(
        [
            Put(f"people/{person}", {"email": email, "identities": {}, "createdAt": at}),
            Put(f"emails/{stored_email_id(email)}", {"person": person}),
        ]
    )


def test_an_address_that_was_once_taken_for_another_opens_no_account(platform):
    stored_before(platform, "long-s", "\u017fam@example.com")
    with pytest.raises(Problem) as raised:
        platform.member(subject=None, email="sam@example.com")
    assert raised.value.code == "conflict"


def test_stored_addresses_that_read_differently_now_are_listed_and_can_be_corrected(platform):
    platform.member(email="ada@example.com")
    stored_before(platform, "long-s", "\u017fam@example.com")
    stored_before(platform, "upper", "Bea@Example.com")
    listed = platform.do("list_addresses_to_correct")["items"]
    assert {each["person"]: (each["email"], each["readsAs"]) for each in listed} == {
        "long-s": ("\u017fam@example.com", None),
        "upper": ("Bea@Example.com", "bea@example.com"),
    }
    platform.member(subject="upper", email="bea@example.com")
    platform.member(subject="long-s", email="long.sam@example.com")
    assert platform.do("list_addresses_to_correct")["items"] == []
    assert platform.member(subject=None, email="sam@example.com")["principal"] != "long-s"


@pytest.mark.parametrize(
    "character", "\n\r\t\x00\x7f\u200b\u200f\u202e\u2066\u2028\ufeff\ue000", ids=ascii
)
def test_a_name_with_a_character_nobody_sees_is_refused(platform, character):
    name = f"Ac{character}me"
    owner = acting(platform)
    platform.organization("owner", type="catalog_owner")
    platform.do("create_tenant", id="shop", name="Shop", org="owner")
    catalog = {"catalog": "c", "tenant": "shop", "source_base_url": "https://c.example"}
    from shared.identity import own_keys

    key = {"kty": "EC"}
    for refused in (
        lambda: platform.do("create_organization", id="acme", name=name),
        lambda: platform.do("create_tenant", id="acme", name=name, org="partner"),
        lambda: platform.do("create_api_key", org="partner", name=name),
        lambda: platform.do("create_service_account", org="partner", name=name, keys=[key]),
        lambda: platform.do("create_catalog", display_name=name, **catalog),
        lambda: owner(own_keys.family["create_own_api_key"], name=name),
    ):
        with pytest.raises(Problem) as raised:
            refused()
        assert raised.value.code == "invalid"
        assert raised.value.details["errors"][0]["type"] == "plain_name"
