"""A clock that is set back keeps nothing alive that was to be read again."""

import ipaddress

import pytest

from shared.auth.faces import PARTNER
from shared.auth.jwks import FRESH, RemoteKeys
from shared.auth.keyring import KeyRings
from shared.errors import Problem
from shared.fetch import GuardedFetch
from shared.local.secrets import FileSecrets
from tests.platform import MovedClock
from tests.shared.auth.conftest import LOOPBACK
from tests.shared.auth.test_tokens import jwk, rsa_key


def test_a_revoked_signing_key_is_refused_in_time_though_the_clock_was_set_back(platform):
    text = platform.token(lifetime=7200)
    other = platform.again()
    assert other.app.tokens.verify(text, PARTNER)
    (key,) = platform.do("list_signing_keys")["signing"]
    platform.do("revoke_signing_key", kid=key["kid"])
    platform.clock.set_back(3600)
    platform.clock.advance(KeyRings.SECONDS + 1)
    with pytest.raises(Problem) as raised:
        other.app.tokens.verify(text, PARTNER)
    assert raised.value.code == "unauthenticated"


def test_an_issuers_keys_are_read_again_in_time_though_the_clock_was_set_back(issuer):
    clock = MovedClock()
    issuer.keys = [jwk(rsa_key(), "one")]
    fetch = GuardedFetch(tuple(map(ipaddress.ip_network, LOOPBACK)))
    keys = RemoteKeys(f"{issuer.address}/jwks", fetch, clock)
    assert keys.key("one")
    clock.set_back(3600)
    clock.advance(FRESH)
    assert keys.held("one") is None
    issuer.keys = [jwk(rsa_key("two"), "two")]
    assert keys.key("one") is None
    assert keys.key("two")


def test_the_sealing_ring_is_read_again_in_time_though_the_clock_was_set_back(platform, tmp_path):
    rings = KeyRings(FileSecrets(platform.settings.data / "secrets"), platform.clock)
    before = len(rings.sealing().keys)
    platform.do("rotate_sealing_key", step="prepare")
    platform.clock.set_back(3600)
    platform.clock.advance(KeyRings.SECONDS)
    assert len(rings.sealing().keys) == before + 1
