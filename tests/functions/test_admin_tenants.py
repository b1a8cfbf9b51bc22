"""Tenants created and deleted: closed at once, removed by a job that ends once, gone for good."""

from datetime import timedelta

import pytest

from shared.engine import jobs
from shared.engine.jobs import Job
from shared.errors import Problem
from shared.identity.making_tenants import SETTLED
from tests.functions.operators import Operators
from tests.functions.whole_tenants import full, stored

pytestmark = pytest.mark.anyio
BOTH_STORES = True
WAIT = SETTLED.total_seconds() + 10


@pytest.fixture
def operators(tmp_path, stores):
    operators = Operators(tmp_path / "data", **stores).fill()
    yield operators
    operators.close()


@pytest.fixture
async def group(operators):
    client = operators.connected("group")
    yield client
    await client.close()


async def test_a_tenant_that_was_created_can_be_used_at_once(group):
    made = await group.call("create_tenant", childTenantId="Press", database="press")
    assert (made["createdTenantId"], made["database"], made["parentTenantId"]) == (
        "press", "press", "group",
    )  # fmt: skip
    found = await group.call("get_available_models", tenantId="press")
    assert found["models"] == ["System-1.0.0"]
    below = await group.call("get_tenants")
    assert [each["tenantId"] for each in below["tenants"]] == ["plant", "press"]
    await group.call("create_tenant", tenantId="press", childTenantId="line", database="line")
    assert (await group.call("get_tenants", tenantId="press"))["totalCount"] == 1


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"childTenantId": "plant", "database": "plant"}, "conflict"),
        ({"childTenantId": "north", "database": "north"}, "conflict"),
        ({"childTenantId": "press", "database": "other"}, "invalid"),
        ({"childTenantId": "a/b", "database": "a/b"}, "invalid"),
        ({"childTenantId": 5, "database": "5"}, "invalid"),
    ],
)
async def test_what_cannot_be_created_is_refused(group, arguments, code):
    assert (await group.refused("create_tenant", **arguments))["errorCode"] == code


async def test_only_owners_create_and_delete(operators):
    member = operators.connected("group", "mia")
    for tool, more in (("create_tenant", {"database": "x"}), ("delete_tenant", {"confirm": True})):
        said = await member.forbidden(tool, childTenantId="x", **more)
        assert "needs the role owner" in said
    await member.close()


async def test_deleting_says_first_what_it_would_do(operators, group):
    await full(operators, group)
    asked = await group.refused("delete_tenant", childTenantId="press")
    assert asked["errorCode"] == "confirmation_required"
    assert "with 4 records of 2 collections and all their history" in asked["errorMessage"]
    assert asked["counts"] == {"collections": 2, "records": 4}
    assert (await group.call("switch_tenant", tenantId="press"))["roles"] == ["owner"]


async def test_a_deleted_tenant_is_closed_at_once_and_its_data_goes_in_a_job(operators, group):
    await full(operators, group)
    done = await group.call("delete_tenant", childTenantId="press", confirm=True)
    said = await group.forbidden("query_entities", tenantId="press", ckTypeId="Demo/Plant")
    assert "is being deleted" in said
    assert (await group.call("list_tenants"))["allowedTenants"] == ["group", "plant"]
    again = await group.call("delete_tenant", childTenantId="press", confirm=True)
    assert again["jobId"] == done["jobId"]
    assert (await group.call("get_job", jobId=done["jobId"]))["status"] == "queued"
    refused = await group.refused("cancel_job", jobId=done["jobId"])
    assert refused["errorCode"] == "conflict"
    assert stored(operators, "press")
    operators.work(WAIT)
    job = await group.call("get_job", jobId=done["jobId"])
    assert (job["status"], job["kind"]) == ("succeeded", "delete_tenant")
    assert stored(operators, "press") == []
    assert [each["jobId"] for each in (await group.call("list_jobs"))["jobs"]] == [done["jobId"]]
    events = [
        each["event"]
        for each in operators.do("list_audit_events", org="operators", limit=200)["items"]
    ]
    assert events.count("tenant.deleting") == events.count("tenant.deleted") == 1
    assert events[0] == "tenant.deleted"


async def test_work_that_waits_in_a_deleted_tenant_is_cancelled(operators, group):
    await full(operators, group)
    now = operators.clock.now()
    waiting = Job(
        tenant="press", kind="import_feed", args={}, import_id="import-1", by="mia",
        org="operators", surface="studio", request_id="request-1", created_at=now,
    )  # fmt: skip
    asked = jobs.ask(waiting, now + timedelta(days=1))
    jobs.start(operators.app, asked)
    await group.call("delete_tenant", childTenantId="press", confirm=True)
    operators.work(WAIT)
    assert jobs.find(operators.app, "press", jobs.own_id(asked.id)).value.state == "cancelled"


async def test_a_name_is_not_used_twice(operators, group):
    """What is still in caches, tokens or logs must not mean somebody else's tenant."""
    await full(operators, group)
    await group.call("delete_tenant", childTenantId="press", confirm=True)
    for _ in range(2):
        refused = await group.refused("create_tenant", childTenantId="press", database="press")
        assert "no id is used twice" in refused["errorMessage"]
        operators.work(WAIT)
    refused = await group.refused("switch_tenant", tenantId="press")
    assert refused["errorCode"] == "tenant_not_found"
    refused = await group.refused("delete_tenant", childTenantId="press", confirm=True)
    assert refused["errorCode"] == "not_found"
    for operation in ("suspend_tenant", "resume_tenant"):
        with pytest.raises(Problem, match="is deleted"):
            operators.do(operation, tenant="press")
    with pytest.raises(Problem, match="is deleted"):
        operators.do("install_package", tenant="press", package="Demo-1.0.0")


async def test_a_tenant_with_others_below_it_or_with_catalogs_stays(operators, group):
    await group.call("create_tenant", childTenantId="press", database="press")
    await group.call("create_tenant", tenantId="press", childTenantId="line", database="line")
    refused = await group.refused("delete_tenant", childTenantId="press", confirm=True)
    assert refused["tenants"] == ["line"]
    for wrong in ("line", "north", "nowhere", "group"):
        refused = await group.refused("delete_tenant", childTenantId=wrong, confirm=True)
        assert refused["errorCode"] == "not_found"
