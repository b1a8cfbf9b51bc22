"""Managing tenants is free: it works, and costs nothing, when an operator's calls are used up."""

import pytest

from shared.entities import packaging
from shared.identity import own_usage, tenant_roles, tenants
from tests.portal import acting


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        (tenants.family["list_all_tenants"], {}),
        (tenant_roles.family["list_tenant_roles"], {"tenant": "group"}),
        (packaging.family["install_package"], {"tenant": "group", "package": "Demo-1.0.0"}),
    ],
    ids=lambda each: getattr(each, "name", ""),
)
def test_operators_manage_tenants_when_their_calls_are_used_up(platform, tool, arguments):
    platform.organization("operators", type="operator", rate_limit=1)
    platform.do("create_tenant", id="group", name="Group", org="operators")
    operator = acting(platform, "operators")
    for _ in range(3):
        operator(tool, **arguments)
    assert operator(own_usage.family["get_own_usage"])["budget"]["remaining"] == 1
