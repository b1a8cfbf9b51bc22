"""The operators' view of tenants: the tree of them with their states, and what works in one."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from functions.portal.forms import given
from functions.portal.visit import Visit
from shared.identity import tenants as admin
from shared.serve.pages.web import Outgoing

_MOST = 200


def tenants(visit: Visit) -> Outgoing:
    """Every tenant, each below its parent."""
    asked = given({"cursor": visit.asked("cursor")})
    listed = visit.run(admin.family["list_all_tenants"], limit=_MOST, **asked)
    return visit.page(
        "tenants.html", tenants=list(_tree(listed["items"])), more=listed["nextCursor"]
    )


def tenant(visit: Visit) -> Outgoing:
    """The jobs of one tenant."""
    id_ = visit.asked("id")
    asked = given({"cursor": visit.asked("cursor")})
    listed = visit.run(admin.family["list_tenant_jobs"], tenant=id_, **asked)
    return visit.page("tenant.html", tenant=id_, jobs=listed["items"], more=listed["nextCursor"])


def _tree(items: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Tenants in order of a tree, each with its depth; one whose parent is not here is a root."""
    here = {each["id"] for each in items}

    def below(parent: str | None, depth: int) -> Iterator[dict[str, Any]]:
        for each in items:
            above = each["parent"] if each["parent"] in here else None
            if above == parent:
                yield {**each, "depth": depth}
                yield from below(each["id"], depth + 1)

    return below(None, 0)
