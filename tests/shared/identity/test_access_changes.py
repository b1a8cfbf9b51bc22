"""Changes of what an organization may do: written once, followed by what depends on them."""

import pytest

from shared.errors import Conflict, Problem
from shared.identity.grants import GRANTS
from tests.interfered import InterferedApp
from tests.platform import Platform, product

FOLLOWINGS = "/jobs/followings"


@pytest.fixture
def interfered(tmp_path):
    platform = Platform(tmp_path, app=InterferedApp)
    platform.organization("partner")
    platform.catalog("books", [product("1")])
    yield platform
    platform.close()


def handed_over(platform):
    """The tasks about organizations that wait in the queue, in order."""
    taken = iter(platform.app.queue.take, None)
    return [each.body for each in taken if each.job == FOLLOWINGS]


def test_what_depends_on_a_grant_is_asked_for_once_and_at_once(stocked):
    assert handed_over(stocked) == [{"id": "partner", "generation": 1}]
    stocked.do("withdraw_grant", org="partner", catalog="books")
    assert handed_over(stocked) == [{"id": "partner", "generation": 2}]


def test_new_hosts_widen_a_grant_and_nothing_has_to_follow(stocked):
    handed_over(stocked)
    stocked.publish("books", [product("1", url="https://moved.example/p/1")])
    assert handed_over(stocked) == []
    assert stocked.app.documents.get("followings/partner").data["generation"] == 1
    (event,) = [
        each
        for each in stocked.do("list_audit_events", org="partner")["items"]
        if each["event"] == "grant.hosts_widened"
    ]
    assert event["target"] == "partner:books"


@pytest.mark.parametrize("losses", [1, 19])
def test_a_grant_that_loses_a_race_is_given_by_a_later_try(interfered, losses):
    lost = []

    def lose(commit, writes):
        if len(lost) < losses and any(each.path == "access/partner" for each in writes):
            lost.append(writes)
            raise Conflict("access/partner")
        return commit(writes)

    interfered.app.documents.instead["commit"] = lose
    interfered.grant("partner", "books")
    assert len(lost) == losses
    assert handed_over(interfered) == [{"id": "partner", "generation": 1}]


def test_a_grant_that_loses_every_race_is_not_given_and_says_so(interfered):
    def lose(commit, writes):
        if any(each.path == "access/partner" for each in writes):
            raise Conflict("access/partner")
        return commit(writes)

    interfered.app.documents.instead["commit"] = lose
    with pytest.raises(Problem) as refused:
        interfered.grant("partner", "books")
    assert refused.value.code == "conflict"
    assert GRANTS.find(interfered.app.documents, "partner:books") is None
    assert handed_over(interfered) == []
