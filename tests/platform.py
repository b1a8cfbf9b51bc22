"""A whole platform in a folder, as tests use it: real adapters, a clock that tests move."""

import secrets
from datetime import UTC, datetime, timedelta
from importlib import import_module

import httpx

from functions.api.main import host
from functions.auth.host import AuthHost
from functions.destinations.host import DestinationsHost
from functions.engine import main as engine
from functions.portal.host import PortalHost
from functions.tasks import main as tasks
from shared.app import App
from shared.auth import keyring
from shared.auth.caller import Caller, Service
from shared.auth.faces import PARTNER
from shared.catalog import catalogs
from shared.catalog.tools import publishing, versions, withdrawal
from shared.cli.operations import run
from shared.entities import packaging
from shared.identity import (
    address_review,
    audit,
    authorizations,
    grants,
    keys,
    organizations,
    pauses,
    service_accounts,
    sessions,
    signing_keys,
    tenant_roles,
    tenants,
)
from shared.invoke import Request, invoke
from shared.pipeline import destination_keys
from shared.serve.deployed import traced
from shared.settings import Settings
from shared.tool import Call

FAMILIES = (
    address_review.family,
    audit.family,
    organizations.family,
    keys.family,
    grants.family,
    sessions.family,
    authorizations.family,
    service_accounts.family,
    pauses.family,
    signing_keys.family,
    tenant_roles.family,
    tenants.family,
    packaging.family,
    destination_keys.family,
    catalogs.family,
    publishing.family,
    versions.family,
    withdrawal.family,
)
JOBS = {
    f"{base}{route.path}": (surface, route.tool)
    for base, surface, routes in (
        ("/jobs", "tasks", tasks.ROUTES),
        ("/engine", "engine", engine.ROUTES),
    )
    for route in routes
}
"""What queues call, by path: how it is logged, and what does it."""
HOSTS = {
    "api": host,
    "auth": AuthHost,
    "destinations": DestinationsHost,
    "engine": engine.host,
    "portal": PortalHost,
    "tasks": tasks.host,
}
ORIGIN = "http://localhost:8080"
WORKER = "work-queue@local.iam.gserviceaccount.com"


class MovedClock:
    """A clock that stands still until it is moved, or set to another time of day."""

    def __init__(self):
        self.at = datetime(2026, 11, 21, 12, tzinfo=UTC)
        self.passed = 0.0

    def now(self):
        return self.at

    def time(self):
        return self.at.timestamp()

    def elapsed(self):
        return self.passed

    def advance(self, seconds):
        self.at += timedelta(seconds=seconds)
        self.passed += seconds

    def set_back(self, seconds):
        self.at -= timedelta(seconds=seconds)


class Platform:
    """One deployment and the means to act on it. `again()` is a second instance of it."""

    def __init__(self, folder, clock=None, *, app=App, **settings):
        self.folder = folder
        self.kind = app
        self.clock = clock or MovedClock()
        self.given = settings
        self.settings = Settings(
            data=folder,
            **{
                "cache": folder / "segments",
                "tasks_account": WORKER,
                "export_every": 0,
                **settings,
            },
        )
        self.app = app(self.settings, self.clock)
        self.others = []
        keyring.create_missing(self.app.secrets)

    def again(self):
        self.others.append(type(self)(self.folder, self.clock, app=self.kind, **self.given))
        return self.others[-1]

    def close(self):
        for each in (*self.others, self):
            each.app.close()

    def do(self, operation, **arguments):
        """Run an operator's operation and return its value."""
        for family in FAMILIES:
            for tool in family.tools:
                if tool.name == operation:
                    return run(self.app, tool, arguments)
        raise LookupError(operation)

    def operator(self):
        """A call as operators make one, for what lies below their tools."""
        caller = Caller("cli", "tests", "", "operator", "operator", None, None)
        return Call(self.app, caller, "cli", "test", self.clock.now(), {}, None)

    def organization(self, org="partner", **settings):
        self.do("create_organization", id=org, name=org.title(), **settings)
        return org

    def catalog(self, key, rows, *, name=None, tenant="shop"):
        """A published catalog of these rows of our own JSON-lines."""
        if self.app.documents.get("tenants/shop") is None:
            self.organization("owner", type="catalog_owner")
            self.do("create_tenant", id=tenant, name="Shop", org="owner")
        self.do(
            "create_catalog",
            catalog=key,
            tenant=tenant,
            display_name=name or key.title(),
            source_base_url=f"https://{key.replace('_', '-')}.example",
        )
        return self.publish(key, rows)

    def publish(self, key, rows, operation="publish_catalog", **options):
        if operation == "publish_catalog":
            options = {"confirm": True, **options}  # what tests publish is small, and shrinks
        return self.do(operation, catalog=key, source=str(self.feed(rows)), **options)

    def feed(self, rows):
        import orjson

        path = self.folder / f"feed-{secrets.token_hex(4)}.jsonl"
        path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
        return path

    def grant(self, org, catalog, **terms):
        return self.do("grant_catalog", org=org, catalog=catalog, **terms)

    def member(self, org="partner", subject="ada", **options):
        return self.do("set_member", org=org, subject=subject, **options)

    def token(
        self, org="partner", subject="ada", *, scopes=PARTNER.scopes, session=None, **options
    ):
        """An access token of a member, with a session of its own."""
        if self.app.documents.get(f"memberships/{org}:{subject}") is None:
            self.member(org, subject)
        if session is None:
            session = secrets.token_hex(8)
            self.do("start_session", subject=subject, session=session)
        return self.app.tokens.mint(
            subject=subject,
            org=org,
            client=options.pop("client", "test-client"),
            session=session,
            scopes=scopes,
            audience=options.pop("audience", self.settings.mcp_url),
            **options,
        )

    def key(self, org="partner", **options):
        return self.do("create_api_key", org=org, name="tests", **options)["secret"]

    def job(self, job, body):
        """Run a job as the work queue would; what the reply says."""
        surface, tool = JOBS[job]
        request = Request(Service(WORKER), surface, "test-request")
        return invoke(tool, self.app, request, body)

    def work(self, seconds=1, apart=1e-6):
        """Do all work that is due by then, moving the clock along; how many tasks that were.

        The queue waits `apart` seconds before each task.
        """
        until = self.clock.time() + seconds
        done = 0
        while (due := self.app.queue.next_at()) is not None:
            now = self.clock.time()
            if max(due, now) > until:
                break
            self.clock.advance(max(0.0, due - now) + apart)
            taken = self.app.queue.take()
            if self.job(taken.job, taken.body).problem is None:
                self.app.queue.finish(taken)
            else:
                self.app.queue.retry(taken)
            done += 1
        self.clock.advance(max(0.0, until - self.clock.time()))
        return done

    def http(self, bearer=None, *, face="partner", **headers):
        """An HTTP client of one function, in process."""
        make = HOSTS.get(face) or import_module(f"functions.{face}.main").endpoint
        app = traced(make(self.app), self.app)
        if bearer:
            headers["authorization"] = f"Bearer {bearer}"
        transport = httpx.ASGITransport(app, raise_app_exceptions=True)
        return httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers)


def product(id_, **fields):
    """A row of our own feed with the least it needs."""
    return {
        "id": id_,
        "title": f"Product {id_}",
        "url": f"https://books.example/p/{id_}",
        "price": 10.0,
        "currency": "EUR",
        **fields,
    }


LEGACY = {"mcp-protocol-version": "2025-11-25"}


def message(method, params=None, *, id_=1, modern=False):
    """A JSON-RPC request as one era writes it."""
    params = dict(params or {})
    if modern:
        params["_meta"] = {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": {"name": "tests", "version": "1"},
        }
    return {"jsonrpc": "2.0", "id": id_, "method": method, "params": params}


def modern_headers(method, name=None):
    headers = {"mcp-protocol-version": "2026-07-28", "mcp-method": method}
    if name is not None:
        headers["mcp-name"] = name
    return headers


async def call(client, tool, arguments=None, *, modern=False):
    """Call a tool over HTTP; the response."""
    params = {"name": tool, "arguments": arguments or {}}
    headers = modern_headers("tools/call", tool) if modern else LEGACY
    return await client.post(
        "/mcp", json=message("tools/call", params, modern=modern), headers=headers
    )


async def value(client, tool, arguments=None, *, modern=False):
    """What a tool came to: the value under `result`."""
    response = await call(client, tool, arguments, modern=modern)
    assert response.status_code == 200, response.text
    return response.json()["result"]["structuredContent"]["result"]
