"""New hosts of a catalog reach every organization that has it, in turns of some hundreds."""

from datetime import UTC, datetime

import pytest

from shared.auth.access import Access, Grant, pack
from shared.catalog.widening import CHUNK, FIRST
from shared.identity.grants import GRANTS, GrantRecord
from shared.ports.documents import Put
from tests.counting import CountedApp
from tests.mortal import Killed, MortalApp
from tests.platform import Platform, product

MOVED = "moved.example"
LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def platform(tmp_path):
    platform = Platform(tmp_path / "data", app=CountedApp)
    platform.organization("partner")
    platform.catalog("books", [product("1")])
    yield platform
    platform.close()


def organizations(platform, amount):
    """So many organizations that have the catalog, as operations would leave them."""
    documents = platform.app.documents
    hosts = frozenset(documents.get("catalogs/books").data["hosts"])
    access = {
        "state": "active",
        "type": "catalog_partner",
        "rate": 600,
        "revision": 1,
        "grants": pack([Grant("books", hosts, None, None, None)]),
    }
    record = GrantRecord(
        org="", catalog="books", state="active", created_at=LONG_AGO, created_by="root"
    )
    names = [f"org-{number:05}" for number in range(amount)]
    writes = []
    for name in names:
        writes.append(Put(f"access/{name}", access))
        writes.append(GRANTS.put(f"{name}:books", record.model_copy(update={"org": name})))
    for at in range(0, len(writes), 1000):
        documents.commit(writes[at : at + 1000])
    return names


def know(platform, names, host=MOVED):
    """How many of them know of a host."""
    found = platform.app.documents.get_many([f"access/{name}" for name in names])
    return sum(host in Access.of(each).grants["books"].hosts for each in found.values())


def move(platform, host=MOVED):
    platform.publish("books", [product("1", url=f"https://{host}/p/1")])


def test_the_first_know_before_it_is_served_and_all_others_after_a_turn(platform):
    names = organizations(platform, FIRST + 20)
    move(platform)
    assert know(platform, names) == FIRST
    platform.work(60)
    assert know(platform, names) == len(names)


@pytest.mark.slow
def test_five_thousand_organizations_follow_in_turns_and_no_publish_waits_for_them(platform):
    names = organizations(platform, 5_000)
    platform.app.documents.forget()
    move(platform)
    publish = len(platform.app.documents.commits)
    assert publish < FIRST + 20
    platform.app.documents.forget()
    turns = platform.work(600)
    commits = platform.app.documents.commits
    widened = [paths for paths in commits if any(path.startswith("access/") for path in paths)]
    assert len(widened) == len(names) - FIRST
    assert know(platform, names) == len(names)
    assert len(names) / CHUNK <= turns < len(names) / CHUNK + 10


def test_a_host_that_comes_meanwhile_begins_the_walk_anew(platform):
    names = organizations(platform, FIRST + CHUNK + 20)
    move(platform)
    platform.clock.advance(1)
    while (taken := platform.app.queue.take()) is not None:
        platform.app.queue.finish(taken)
        if taken.job == "/jobs/widenings":
            assert platform.job(taken.job, taken.body).problem is None
            break
    assert FIRST < know(platform, names) < len(names)
    move(platform, "again.example")
    platform.work(600)
    assert know(platform, names) == know(platform, names, "again.example") == len(names)


@pytest.mark.parametrize("point", range(1, 16))
def test_a_publish_that_is_killed_leaves_no_organization_behind(tmp_path, point):
    platform = Platform(tmp_path / "data", app=MortalApp)
    platform.catalog("books", [product("1")])
    names = organizations(platform, 3)
    platform.app.life.left = point
    with pytest.raises(Killed):
        move(platform)
    platform.app.life.left = None
    platform.clock.advance(600)
    platform.job("/jobs/sweep", {})
    platform.work(60)
    hosts = platform.app.documents.get("catalogs/books").data["hosts"]
    assert know(platform, names) == (3 if MOVED in hosts else 0)
    platform.close()
