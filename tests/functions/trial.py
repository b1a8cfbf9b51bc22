"""A face of a few tools, for tests of what faces with tenants have in common.

It has the studio's row of the table, and is what a face costs: its tools, a renderer, an endpoint.
"""

from typing import Annotated

import httpx
import orjson
from pydantic import Field

from shared.auth.faces import STUDIO
from shared.auth.tenancy import Role
from shared.errors import Problem
from shared.serve.mcp_http import McpEndpoint
from shared.serve.mcp_server import tool_server
from shared.serve.run import Runner
from shared.serve.schema import schema
from shared.tool import Args, Call, Confirmed, Effect, Family, Plan, Result, Risk
from tests.platform import ORIGIN, Platform

OWNERS = frozenset({"catalog_owner"})
ADDRESS = f"{ORIGIN}/studio/mcp"
whoami_family = Family("discovery", org_types=OWNERS, tenant=True, always=True)
things = Family("things", org_types=OWNERS, tenant=True)
boxes = Family("boxes", org_types=OWNERS, tenant=True)


class Nothing(Args):
    """Takes nothing."""


class Standing(Result):
    """Where a caller stands."""

    tenant_name: str
    role: str


@whoami_family.tool(
    scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="Who am I", tenant=False
)
def whoami(call: Call, args: Nothing) -> Standing:
    """Say where the caller stands."""
    del args
    return Standing(tenant_name=call.tenant, role=call.role.word)


class Which(Args):
    """Which things."""

    name_prefix: Annotated[str, Field(description="What their names begin with.")] = ""
    tenant_id: Annotated[str, Field(description="Another tenant than the address's.")] = ""


@things.tool(scope="studio:read", effect=Effect.READ, risk=Risk.LOW, title="List things")
def list_things(call: Call, args: Which) -> Standing:
    """List things."""
    if args.name_prefix == "too long":
        raise Problem("invalid", "The prefix is too long.", field="name_prefix")
    return Standing(tenant_name=call.tenant, role=call.role.word)


@things.tool(
    scope="studio:write",
    effect=Effect.WRITE,
    risk=Risk.LOW,
    title="Change a thing",
    role=Role.EDITOR,
    streams=True,
)
def change_things(call: Call, args: Which) -> Standing:
    """Change things, which may take long."""
    if args.name_prefix != "quick":
        for done in (10, 20):
            call.progress("reading", done)
        call.progress("storing", 5)
    if args.name_prefix == "broken":
        raise Problem("unavailable", "The store does not answer. Try again.")
    return Standing(tenant_name=call.tenant, role=call.role.word)


class DeleteThing(Confirmed):
    """Which thing."""

    thing: str


def would_delete(call: Call, args: DeleteThing) -> Plan:
    return Plan(f"delete {args.thing} of {call.tenant} and its 3 parts.", {"parts": 3})


@boxes.tool(
    scope="studio:publish",
    effect=Effect.DESTROY,
    risk=Risk.HIGH,
    title="Delete a thing",
    role=Role.OWNER,
    plan=would_delete,
)
def delete_thing(call: Call, args: DeleteThing) -> Standing:
    """Delete a thing."""
    return Standing(tenant_name=args.thing, role=call.role.word)


FAMILIES = (whoami_family, things, boxes)


class TrialRenderer:
    """The value itself; a failure as `{code, message, tenant}`."""

    def __init__(self, face):
        self._face = face

    def output_schema(self, tool):
        return schema(tool.output, mode="out", results=self._face.spelling.results)

    def result(self, reply, tool, request, version):
        del tool, version
        body = reply.body
        if reply.problem is not None:
            problem = reply.problem
            said = {"code": problem.code, "message": problem.message, "tenant": request.tenant}
            body = orjson.dumps({**said, **problem.details})
        return {
            "content": [{"type": "text", "text": body.decode()}],
            "structuredContent": orjson.Fragment(body),
            "isError": reply.problem is not None,
        }


def trial(app, face=STUDIO, **handlers):
    """The face's endpoint."""
    runner = Runner(app)
    server = tool_server(
        face,
        name="trial",
        version="1",
        instructions="Try it.",
        families=FAMILIES,
        runner=runner,
        renderer=TrialRenderer(face),
        **handlers,
    )
    return McpEndpoint(face, server, runner)


def owned(folder, **settings):
    """A platform with a shop that owns two tenants, and another owner with one."""
    platform = Platform(folder, sign_in=True, **settings)
    for org, tenants in (("shop", ("north", "south")), ("rival", ("east",))):
        platform.organization(org, type="catalog_owner")
        for tenant in tenants:
            platform.do("create_tenant", id=tenant, name=tenant.title(), org=org)
    platform.member("shop", "olga", role="owner", email="olga@example.com")
    platform.member("shop", "eddi", email="eddi@example.com")
    return platform


def bearer(platform, subject="olga", *, scopes=STUDIO.scopes, org="shop", **options):
    """An access token of the face for one of the shop's people."""
    return platform.token(org, subject, scopes=scopes, audience=ADDRESS, **options)


def connect(app, token, **headers):
    """An HTTP client of the face."""
    headers["authorization"] = f"Bearer {token}"
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers)
