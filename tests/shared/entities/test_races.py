"""Two instances that associate at the same moment: what may be there once is there once."""

import pytest

from shared.entities import changing
from shared.entities.changing import Link
from shared.entities.values import Given
from shared.errors import Problem
from tests.platform import Platform
from tests.raced import RacedApp
from tests.shared.entities.test_randomized import SUCCESSOR, Tenant


@pytest.fixture
def platform(tmp_path):
    platform = Platform(tmp_path / "data", app=RacedApp)
    platform.organization("operators", type="operator")
    yield platform
    platform.close()


@pytest.fixture
def tenant(platform):
    return Tenant(platform, "plant").begun()


def of_other(platform, tenant):
    """The same tenant on another instance."""
    return Tenant(platform.again(), tenant.name)


def products(tenant, number):
    given = [Given("Name", "x")]
    return [changing.create(tenant.space(), "Demo/Product", given).entity.id for _ in range(number)]


def test_what_may_be_there_once_is_there_once_whoever_was_first(platform, tenant):
    old, one, two = products(tenant, 3)
    other = of_other(platform, tenant)
    platform.app.raced.rival = lambda: changing.associate(other.space(), old, Link(SUCCESSOR, two))
    with pytest.raises(Problem, match="may have one outbound"):
        changing.associate(tenant.space(), old, Link(SUCCESSOR, one))
    assert tenant.held()[1] == {(SUCCESSOR, old, two)}


def test_an_entity_that_is_archived_meanwhile_gets_no_association(platform, tenant):
    old, new = products(tenant, 2)
    other = of_other(platform, tenant)
    platform.app.raced.rival = lambda: changing.archive(other.space(), "Demo/Product", new)
    with pytest.raises(Problem, match="is archived"):
        changing.associate(tenant.space(), old, Link(SUCCESSOR, new))
    assert tenant.held()[1] == set()


def test_two_updates_at_once_are_both_there_and_a_stale_one_is_told(platform, tenant):
    (id_,) = products(tenant, 1)
    other = of_other(platform, tenant)

    def rival():
        changing.update(other.space(), "Demo/Product", id_, [Given("Brand", "HP")])

    platform.app.raced.rival = rival
    made = changing.update(tenant.space(), "Demo/Product", id_, [Given("Price", 5)])
    assert (made.entity.version, made.entity.body["s.Brand"]) == (3, "HP")
    platform.app.raced.rival = rival
    with pytest.raises(Problem) as stale:
        changing.update(tenant.space(), "Demo/Product", id_, [Given("Price", 6)], expected=3)
    assert stale.value.details["current_rt_version"] == 4
    assert stale.value.details["entity"]["rtVersion"] == 4


def test_entities_are_taken_over_whole_but_for_what_belongs_to_who_runs_them(tenant):
    def machine(*given):
        link = Link("System/ParentChild", "a" * 24)
        return changing.Whole(
            "b" * 24, "Demo/Machine", tuple(Given(*each) for each in given), (link,)
        )

    plant = changing.Whole("a" * 24, "Demo/Plant", (Given("Name", "Vienna"),))
    changing.upsert(tenant.space(), [plant, machine(("Name", "Lathe"), ("Power", 3))])
    changing.update(
        tenant.space(), "Demo/Machine", "b" * 24, [Given("State", "Running"), Given("Power", 4)]
    )
    changing.upsert(tenant.space(), [plant, machine(("Name", "Mill"), ("State", "Faulted"))])
    body = changing.found(tenant.space(), "Demo/Machine", "b" * 24).entity.body
    assert (body["s.Name"], body["i.State"], "n.Power" in body) == ("Mill", 1, False)
    versions = tenant.held()[0]
    again = changing.upsert(tenant.space(), [plant, machine(("Name", "Mill"))])
    assert tenant.held()[0] == versions
    assert all(not each.changed for each in again.prepared.values())
    with pytest.raises(Problem, match="must have an outbound association"):
        changing.upsert(
            tenant.space(), [changing.Whole("c" * 24, "Demo/Machine", (Given("Name", "x"),))]
        )
    with pytest.raises(Problem, match="is Demo/Plant, not Demo/Product"):
        changing.upsert(
            tenant.space(), [changing.Whole("a" * 24, "Demo/Product", (Given("Name", "x"),))]
        )
