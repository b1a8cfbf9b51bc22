"""The deletion of a tenant, killed at every single change, ends once."""

import pytest

from shared.identity.making_tenants import SETTLED
from tests.functions.operators import Operators
from tests.functions.whole_tenants import full, stored
from tests.mortal import dies, sweep

pytestmark = pytest.mark.anyio
WAIT = SETTLED.total_seconds() + 10


@pytest.fixture
def operators(tmp_path):
    operators = Operators(tmp_path / "data").fill()
    yield operators
    operators.close()


@pytest.fixture
async def group(operators):
    client = operators.connected("group")
    yield client
    await client.close()


async def test_killed_anywhere_the_deletion_ends_once(operators, group):
    deaths = 0
    while True:
        tenant = f"press-{deaths}"
        await full(operators, group, tenant)
        operators.work()
        done = await group.call("delete_tenant", childTenantId=tenant, confirm=True)
        operators.clock.advance(WAIT)
        taken = operators.app.queue.take()
        assert taken.body["id"] == f"group:{done['jobId']}"
        operators.app.queue.finish(taken)
        killed = dies(operators, taken, deaths)
        sweep(operators)
        await group.close()
        group = operators.connected("group")
        job = await group.call("get_job", jobId=done["jobId"])
        assert job["status"] == "succeeded", (deaths, job)
        assert stored(operators, tenant) == []
        events = [
            each["event"]
            for each in operators.do("list_audit_events", org="operators", limit=200)["items"]
        ]
        assert events.count("tenant.deleted") == deaths + 1
        if not killed:
            break
        deaths += 1
    assert deaths > 6
    await group.close()
