"""What people see of the clients that their colleagues let in, and which of them they may end."""

import pytest

from shared.auth.caller import Caller
from shared.auth.faces import PARTNER
from shared.errors import Problem
from shared.identity import own_sessions
from shared.identity.authorizations import begin, prepared
from shared.identity.records import AUTHORIZATIONS
from tests.portal import acting

SESSIONS = own_sessions.family


def connected(platform, person, client=None):
    """Let a client in, as the authorization server does after a person's consent; its id."""
    session = f"session-of-{person}-{len(client or '')}"
    platform.do("start_session", subject=person, session=session)
    caller = Caller("auth", person, "partner", "catalog_partner", "member", None, None)
    call = platform.operator()._replace(caller=caller)
    name = f"app-of-{person}"
    found = prepared(
        call,
        client=client or f"https://{name}.example/client.json",
        client_name=name,
        audience=platform.settings.mcp_url,
        scopes=PARTNER.scopes,
        session=session,
    )
    begin(call, found)
    return found.id


@pytest.fixture
def people(platform):
    """Ada, an owner; Ben and Cyd, members."""
    return {
        "ada": acting(platform),
        "ben": acting(platform, subject="ben", role="member"),
        "cyd": acting(platform, subject="cyd", role="member"),
    }


@pytest.fixture
def clients(platform, people):
    """The client that each of them has let in."""
    return {person: connected(platform, person) for person in people}


def names(run):
    return {each["name"] for each in run(SESSIONS["list_own_clients"])["items"]}


def test_members_see_the_clients_they_let_in_and_owners_everybodys(people, clients):
    assert len(clients) == 3
    assert names(people["ben"]) == {"app-of-ben"}
    assert names(people["ada"]) == {"app-of-ada", "app-of-ben", "app-of-cyd"}


def test_a_member_disconnects_no_colleagues_client_and_an_owner_any(platform, people, clients):
    def state(person):
        return AUTHORIZATIONS.get(platform.app.documents, clients[person]).value.state

    with pytest.raises(Problem) as refused:
        people["ben"](SESSIONS["end_own_client"], id=clients["cyd"])
    assert (refused.value.code, state("cyd")) == ("not_found", "active")
    assert people["ben"](SESSIONS["end_own_client"], id=clients["ben"]) == {"ended": 1}
    assert people["ada"](SESSIONS["end_own_client"], id=clients["cyd"]) == {"ended": 1}
    assert (state("ben"), state("cyd"), state("ada")) == ("ended", "ended", "active")


def test_the_portal_is_told_from_clients_that_people_connected(platform, people, clients):
    portal = connected(platform, "ben", client=platform.settings.portal_url)
    listed = people["ben"](SESSIONS["list_own_clients"])["items"]
    shown = {each["id"]: each["isPortal"] for each in listed}
    assert shown == {clients["ben"]: False, portal: True}


def test_an_owner_disconnects_no_client_of_another_organization(platform, people, clients):
    platform.organization("other")
    stranger = acting(platform, "other", "olga")
    with pytest.raises(Problem) as refused:
        stranger(SESSIONS["end_own_client"], id=clients["ben"])
    assert refused.value.code == "not_found"
    assert names(stranger) == set()
    assert names(people["ben"]) == {"app-of-ben"}


def test_a_client_of_somebody_whose_address_is_not_known_is_shown_without(platform, people):
    platform.member(subject="dev")
    connected(platform, "dev")
    connected(platform, "ben")
    found = people["ada"](SESSIONS["list_own_clients"])["items"]
    assert {each["person"]: each["email"] for each in found} == {
        "ben": "ben@example.com",
        "dev": None,
    }


def test_the_portal_is_told_apart_from_other_clients(platform, people, clients):
    connected(platform, "ben", client=platform.settings.portal_url)
    found = people["ben"](SESSIONS["list_own_clients"])["items"]
    assert sorted(each["isPortal"] for each in found) == [False, True]
