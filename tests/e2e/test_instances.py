"""Two instances of each function under load: access that ends, and processes that are killed."""

import secrets
from collections import Counter

import pytest

from tests.e2e.instances import Load, deployment
from tests.platform import product

pytestmark = pytest.mark.slow
SHOWN = (200, ("books",))
EMPTY = (200, ())
ENOUGH = 40
"""Answers each client hears between one event and the next."""
OTHER = {"partner": ("rest",), "api": ("mcp",)}
"""The surfaces that a function does not serve."""


@pytest.fixture(scope="module")
def deployed(tmp_path_factory):
    with deployment(tmp_path_factory.mktemp("instances") / "data") as deployed:
        deployed.platform.catalog("books", [product(str(n)) for n in range(1, 6)])
        yield deployed


@pytest.fixture
def org(deployed):
    """An organization of this test's own that the catalog is granted to."""
    org = f"partner-{secrets.token_hex(4)}"
    deployed.platform.organization(org, rate_limit=600_000)
    deployed.platform.grant(org, "books")
    return org


def withdraw_grant(platform, org, key):
    platform.do("withdraw_grant", org=org, catalog="books")


def deactivate_key(platform, org, key):
    platform.do("deactivate_api_key", id=key.split("_")[2])


def end_session(platform, org, key):
    platform.do("end_session", session=f"session-of-{org}")


def remove_member(platform, org, key):
    platform.member(org, state="removed")


def disable_organization(platform, org, key):
    platform.do("change_organization", id=org, state="disabled")


@pytest.mark.parametrize(
    ("end", "mcp", "rest"),
    [
        (withdraw_grant, EMPTY, EMPTY),
        (deactivate_key, SHOWN, (401, ())),
        (end_session, (401, ()), SHOWN),
        (remove_member, (403, ()), SHOWN),
        (disable_organization, (403, ()), (401, ())),
    ],
)
def test_no_answer_begun_after_access_ended_still_shows_it(deployed, org, end, mcp, rest):
    platform = deployed.platform
    session = f"session-of-{org}"
    platform.do("start_session", subject="ada", session=session)
    token, key = platform.token(org, session=session), platform.key(org)
    with Load(platform, token, key) as load:
        before = load.wait(ENOUGH)
        end(platform, org, key)
        ended = load.wait(0)
        load.wait(ENOUGH)
    for client in load.clients:
        expected = {"mcp": mcp, "rest": rest}[client.surface]
        early = [answer for answer in client.answers if answer.started < before][:-1]
        assert {(answer.status, answer.catalogs) for answer in early} == {SHOWN}
        late = Counter((answer.status, answer.catalogs) for answer in client.since(ended))
        assert set(late) == {expected}, f"{client.surface}: {late}"
        assert late[expected] >= ENOUGH


def test_a_killed_instance_costs_connections_and_never_a_wrong_answer(deployed, org):
    platform = deployed.platform
    with Load(platform, platform.token(org), platform.key(org)) as load:
        load.wait(ENOUGH)
        for number, name in enumerate(deployed.names):
            deployed.suspend(number)  # it is killed with calls that it has not answered
            load.wait(ENOUGH, OTHER[name])
            deployed.restart(number)
            load.wait(ENOUGH)
        whole = load.wait(0)
        load.wait(ENOUGH)
    failures = {(0, ()), (502, ()), (503, ())}
    for surface in ("mcp", "rest"):
        clients = [client for client in load.clients if client.surface == surface]
        answers = [answer for client in clients for answer in client.answers]
        print(surface, Counter((answer.status, answer.text) for answer in answers))
        heard = {(answer.status, answer.catalogs) for answer in answers}
        assert heard <= {SHOWN, *failures}
        assert failures & heard, "nobody noticed: it was not killed under load"
    for client in load.clients:
        assert {(a.status, a.catalogs) for a in client.since(whole)} == {SHOWN}
