"""An external issuer's keys, from a real server: fetched rarely, by one thread, kept on failure."""

import ipaddress
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from urllib.parse import urlsplit

import pytest

from shared.auth.jwks import COOLDOWN, FRESH, LAST_GOOD, TIMEOUT, RemoteKeys
from shared.errors import Problem
from shared.fetch import GuardedFetch
from shared.waits import MustWait, not_waiting
from tests.platform import MovedClock
from tests.shared.auth.conftest import LOOPBACK
from tests.shared.auth.test_tokens import jwk, rsa_key


@pytest.fixture
def clock():
    return MovedClock()


@pytest.fixture
def keys(issuer, clock):
    issuer.keys = [jwk(rsa_key(), "one")]
    networks = tuple(map(ipaddress.ip_network, LOOPBACK))
    return RemoteKeys(f"{issuer.address}/jwks", GuardedFetch(networks), clock)


def test_a_key_is_fetched_once_and_again_when_five_minutes_old(keys, issuer, clock):
    assert keys.held("one") is None
    assert keys.key("one")
    clock.advance(FRESH - 1)
    assert keys.held("one")
    assert keys.key("one")
    assert issuer.fetched == 1
    issuer.keys = [jwk(rsa_key("two"), "two")]
    clock.advance(1)
    assert keys.held("one") is None
    assert keys.key("one") is None
    assert keys.key("two")
    assert issuer.fetched == 2


def test_a_thread_that_callers_share_is_told_which_host_it_would_wait_for(keys, issuer):
    with pytest.raises(MustWait) as must:
        copy_context().run(not_waiting, lambda: keys.key("one"))
    assert must.value.host == urlsplit(issuer.address).hostname
    assert issuer.fetched == 0


def test_an_unknown_key_is_looked_for_at_most_once_per_cooldown(keys, issuer, clock):
    assert keys.key("one")
    for _ in range(5):
        assert keys.key("unknown") is None
    assert issuer.fetched == 1
    clock.advance(COOLDOWN)
    issuer.keys.append(jwk(rsa_key("two"), "two"))
    assert keys.key("two")
    for _ in range(5):
        assert keys.key("unknown") is None
    assert issuer.fetched == 2


def test_while_fetching_fails_the_last_good_keys_serve_for_a_day(keys, issuer, clock):
    assert keys.key("one")
    issuer.failing = True
    clock.advance(FRESH)
    assert keys.key("one")
    assert keys.key("one")
    assert issuer.fetched == 2
    clock.advance(LAST_GOOD - FRESH - 1)
    assert keys.key("one")
    clock.advance(1)
    with pytest.raises(Problem) as refused:
        keys.key("one")
    assert refused.value.code == "unavailable"
    issuer.failing = False
    clock.advance(TIMEOUT)
    assert keys.key("one")


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"keys":7}', b'{"keys":[]}', b'{"keys":[7,{}]}', b"x" * 300_000]
)
def test_an_answer_without_keys_replaces_nothing(keys, issuer, clock, body):
    assert keys.key("one")
    issuer.raw = body
    clock.advance(FRESH)
    assert keys.key("one")


def test_without_any_good_answer_it_is_unavailable_and_tried_again_soon(keys, issuer, clock):
    issuer.failing = True
    for _ in range(5):
        with pytest.raises(Problem) as refused:
            keys.key("one")
        assert refused.value.code == "unavailable"
    assert issuer.fetched == 1
    issuer.failing = False
    clock.advance(TIMEOUT)
    assert keys.key("one")


def test_keys_we_cannot_use_are_left_out_and_the_others_stay(keys, issuer):
    issuer.keys += [
        {"kty": "unheard-of", "kid": "a"},
        {"kty": "EC", "crv": "P-999", "kid": "b", "x": "AA", "y": "AA"},
        {"kty": "oct", "kid": "c", "k": "c2VjcmV0"},
        {"kty": "RSA", "kid": 7, "n": "AA", "e": "AQAB"},
        {"kty": "RSA", "kid": "d", "n": 7, "e": []},
        {**jwk(rsa_key("two"), "e"), "use": "enc"},
        jwk(rsa_key("two"), "two"),
    ]
    assert keys.key("one")
    assert keys.key("two")
    for kid in "abcde":
        assert keys.key(kid) is None


def test_one_thread_fetches_for_all(keys, issuer):
    issuer.gate.clear()
    with ThreadPoolExecutor(8) as threads:
        waiting = [threads.submit(keys.key, "one") for _ in range(8)]
        issuer.asked.wait(5)
        issuer.gate.set()
        assert all(future.result() for future in waiting)
    assert issuer.fetched == 1


def test_while_one_thread_fetches_anew_the_others_go_on_with_what_they_have(keys, issuer, clock):
    assert keys.key("one")
    clock.advance(FRESH)
    issuer.asked.clear()
    issuer.gate.clear()
    fetching = threading.Thread(target=keys.key, args=("one",))
    fetching.start()
    issuer.asked.wait(5)
    assert keys.key("one")
    assert fetching.is_alive()
    issuer.gate.set()
    fetching.join()
    assert issuer.fetched == 2


class NobodyAnswers:
    """A way out behind which nobody answers: how long each call was willing to wait, in seconds."""

    def __init__(self):
        self.waited = []

    def get(self, url, *, timeout, max_bytes):  # noqa: ARG002  the port's signature
        self.waited.append(timeout)
        raise Problem("unavailable", "Nothing came back in time.")


def test_an_issuer_that_does_not_answer_is_waited_for_once_and_three_seconds_at_most(clock):
    fetch = NobodyAnswers()
    keys = RemoteKeys("https://issuer.example/jwks", fetch, clock)
    for _ in range(2):
        with pytest.raises(Problem) as refused:
            keys.key("one")
        assert refused.value.code == "unavailable"
    assert fetch.waited == [3.0]
    clock.advance(TIMEOUT)
    with pytest.raises(Problem):
        keys.key("one")
    assert fetch.waited == [3.0, 3.0]
