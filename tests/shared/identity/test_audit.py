"""Every change is one commit with exactly one audit event, and what changes nothing leaves none."""

import pytest

from shared.catalog.catalogs import CATALOGS
from shared.errors import Problem
from shared.pipeline.configuration import put
from shared.pipeline.destinations import VERSIONS, ApiVersion
from shared.pipeline.workspace import Workspace
from shared.tool import Effect
from tests.counting import CountedApp
from tests.platform import FAMILIES, Platform, product

JWK = {
    "kty": "EC",
    "crv": "P-256",
    "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
    "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
}


def feed(platform):
    return str(platform.feed([product("1", title="Changed")]))


def a_key(platform):
    return platform.key().split("_")[2]


def a_service_account(platform):
    return platform.do("create_service_account", org="partner", name="job", keys=[JWK])["id"]


def a_session(platform):
    platform.do("start_session", subject="ada", session="a-session-1")
    return "a-session-1"


def a_second_version(platform):
    platform.publish("books", [product("1")])
    return 1


def a_catalog(platform):
    platform.do(
        "create_catalog",
        catalog="toys",
        tenant="shop",
        display_name="Toys",
        source_base_url="https://toys.example",
    )
    return "toys"


def a_version(platform):
    """A version of a destination of the shop."""
    space = Workspace(platform.operator()._replace(tenant="shop"))
    now = platform.clock.now()
    version = ApiVersion(id="web.v1", destination="web", name="v1", created_at=now)
    space.configure(put(VERSIONS, version, None))
    return {"tenant": "shop", "destination": "web", "version": "v1", "name": "a key"}


def a_withdrawn_catalog(platform):
    platform.do("withdraw_catalog", catalog=a_catalog(platform))
    return "toys"


def a_paused_catalog(platform):
    """One that an endpoint feeds, rolled back."""
    found = CATALOGS.get(platform.app.documents, "books")
    fed = found.value.model_copy(update={"fed_by": "shop:endpoint.web.v1.a", "paused": True})
    platform.app.documents.commit([CATALOGS.put("books", fed, if_version=found.version)])
    return "books"


CHANGES = {
    "create_organization": ("organization.created", lambda _: {"id": "new", "name": "New"}),
    "change_organization": (
        "organization.changed",
        lambda _: {"id": "partner", "rate_limit": 60},
    ),
    "create_tenant": (
        "tenant.created",
        lambda _: {"id": "new", "name": "New", "org": "owner"},
    ),
    "set_member": ("membership.set", lambda _: {"org": "partner", "subject": "eve"}),
    "set_tenant_role": (
        "tenant_role.set",
        lambda p: (
            p.member("owner", "olga") and {"tenant": "shop", "principal": "olga", "role": "viewer"}
        ),
    ),
    "set_tenant_quota": ("tenant.quota_set", lambda _: {"tenant": "shop", "entries": 10}),
    "suspend_tenant": ("tenant.suspended", lambda _: {"tenant": "shop"}),
    "resume_tenant": (
        "tenant.resumed",
        lambda p: p.do("suspend_tenant", tenant="shop") and {"tenant": "shop"},
    ),
    "install_package": (
        "package.installed",
        lambda _: {"tenant": "shop", "package": "Demo-1.0.0"},
    ),
    "create_api_key": ("api_key.created", lambda _: {"org": "partner", "name": "a key"}),
    "create_destination_key": ("api_key.created", a_version),
    "deactivate_api_key": ("api_key.deactivated", lambda p: {"id": a_key(p)}),
    "grant_catalog": (
        "grant.given",
        lambda _: {"org": "partner", "catalog": "books", "surfaces": ["mcp"]},
    ),
    "withdraw_grant": ("grant.withdrawn", lambda _: {"org": "partner", "catalog": "books"}),
    "start_session": (
        "session.started",
        lambda _: {"subject": "ada", "session": "a-session-9"},
    ),
    "end_session": ("session.ended", lambda p: {"session": a_session(p)}),
    "end_all_sessions": (
        "session.ended",
        lambda p: {"principal": "ada"} if a_session(p) else {},
    ),
    "create_service_account": (
        "service_account.created",
        lambda _: {"org": "partner", "name": "job", "keys": [JWK]},
    ),
    "end_service_account": ("service_account.ended", lambda p: {"id": a_service_account(p)}),
    "create_catalog": (
        "catalog.created",
        lambda _: {
            "catalog": "toys",
            "tenant": "shop",
            "display_name": "Toys",
            "source_base_url": "https://toys.example",
        },
    ),
    "publish_catalog": (
        "catalog.publish",
        lambda p: {"catalog": "books", "source": feed(p), "confirm": True},
    ),
    "upsert_products": ("catalog.upsert", lambda p: {"catalog": "books", "source": feed(p)}),
    "delete_products": ("catalog.upsert", lambda _: {"catalog": "books", "keys": ["1"]}),
    "roll_back_catalog": (
        "catalog.rolled_back",
        lambda p: {"catalog": "books", "version": a_second_version(p)},
    ),
    "resume_catalog": ("catalog.resumed", lambda p: {"catalog": a_paused_catalog(p)}),
    "pause_work": ("work.paused", lambda _: {"queue": "engine"}),
    "resume_work": ("work.resumed", lambda p: p.do("pause_work") and {"queue": "work"}),
    "withdraw_catalog": ("catalog.withdrawn", lambda p: {"catalog": a_catalog(p)}),
    "restore_catalog": ("catalog.restored", lambda p: {"catalog": a_withdrawn_catalog(p)}),
}
ELSEWHERE = {
    "create_next_signing_key",
    "end_authorization",
    "promote_signing_key",
    "retire_signing_key",
    "revoke_signing_key",
    "rotate_sealing_key",
}
"""Keys are secrets, not documents, and an authorization needs a whole sign-in first: the tests of
both prove their events."""
IDEMPOTENT = sorted(
    tool.name
    for family in FAMILIES
    for tool in family.tools
    if tool.idempotent and tool.effect is not Effect.READ and tool.name in CHANGES
)


@pytest.fixture
def platform(tmp_path):
    platform = Platform(tmp_path / "data", app=CountedApp)
    platform.organization("partner")
    platform.catalog("books", [product(str(n)) for n in range(1, 6)])
    platform.grant("partner", "books")
    yield platform
    platform.close()


def events(platform):
    """The audit events written since the counting began, each with the paths of its commit."""
    documents = platform.app.documents
    return [
        (documents.inner.get(path).data, commit)
        for commit in documents.commits
        for path in commit
        if path.startswith("audit/")
    ]


def test_every_operation_that_changes_something_is_in_the_table():
    changing = {
        tool.name for family in FAMILIES for tool in family.tools if tool.effect is not Effect.READ
    }
    assert changing == CHANGES.keys() | (ELSEWHERE & changing)


@pytest.mark.parametrize("operation", CHANGES)
def test_a_change_leaves_exactly_one_event_in_its_own_commit(platform, operation):
    event, given = CHANGES[operation]
    arguments = given(platform)
    platform.app.documents.forget()
    platform.do(operation, **arguments)
    ((found, commit),) = events(platform)
    assert found["event"] == event
    assert found["by"]
    assert found["surface"] == "cli"
    assert found["requestId"]
    assert found["at"] == platform.clock.now()
    assert len(commit) > 1


@pytest.mark.parametrize("operation", IDEMPOTENT)
def test_an_idempotent_operation_run_again_changes_nothing_and_leaves_no_event(platform, operation):
    arguments = CHANGES[operation][1](platform)
    first = platform.do(operation, **arguments)
    platform.clock.advance(1)
    platform.app.documents.forget()
    again = platform.do(operation, **arguments)
    if operation == "delete_products":
        return  # a deletion is a version each time; versions are its history
    assert events(platform) == []
    assert again == first or operation == "end_all_sessions"


def test_no_event_holds_a_secret(platform):
    platform.app.documents.forget()
    secret = platform.key()[-43:]  # it may hold a "_" itself
    ((found, _),) = events(platform)
    assert secret not in str(found)


@pytest.mark.parametrize(
    ("operation", "arguments", "code"),
    [
        ("create_organization", {"id": "partner", "name": "Again"}, "conflict"),
        ("create_organization", {"id": "Not An Id", "name": "x"}, "invalid"),
        ("create_organization", {"id": "new", "name": "New", "rate_limit": 0}, "invalid"),
        ("create_organization", {"id": "new", "name": "New", "surprise": 1}, "invalid"),
        ("change_organization", {"id": "partner"}, "invalid"),
        ("change_organization", {"id": "nobody", "rate_limit": 5}, "not_found"),
        ("create_tenant", {"id": "shop", "name": "Shop", "org": "owner"}, "conflict"),
        ("create_tenant", {"id": "new", "name": "New", "org": "nobody"}, "not_found"),
        ("set_member", {"org": "nobody", "subject": "ada"}, "not_found"),
        ("set_member", {"org": "partner", "subject": "a/b"}, "invalid"),
        ("set_member", {"org": "partner", "subject": "ada", "issuer": "no/such"}, "invalid"),
        ("set_member", {"org": "partner"}, "invalid"),
        (
            "set_tenant_role",
            {"tenant": "none", "principal": "ada", "role": None},
            "tenant_not_found",
        ),
        ("set_tenant_role", {"tenant": "shop", "principal": "ada", "role": "king"}, "invalid"),
        ("suspend_tenant", {"tenant": "none"}, "not_found"),
        ("set_tenant_quota", {"tenant": "none", "calls": 1}, "not_found"),
        ("set_tenant_quota", {"tenant": "shop"}, "invalid"),
        ("resume_tenant", {"tenant": "none"}, "not_found"),
        ("install_package", {"tenant": "none", "package": "Demo-1.0.0"}, "not_found"),
        ("install_package", {"tenant": "shop", "package": "Demo-9.0.0"}, "not_found"),
        ("create_api_key", {"org": "nobody", "name": "x"}, "not_found"),
        (
            "create_api_key",
            {"org": "partner", "name": "x", "expires_at": "2026-11-21T12:00:00Z"},
            "invalid",
        ),
        ("deactivate_api_key", {"id": "0" * 32}, "not_found"),
        ("deactivate_api_key", {"id": "../x"}, "invalid"),
        ("grant_catalog", {"org": "nobody", "catalog": "books"}, "not_found"),
        ("grant_catalog", {"org": "partner", "catalog": "nothing"}, "not_found"),
        ("grant_catalog", {"org": "partner", "catalog": "books", "surfaces": []}, "invalid"),
        ("grant_catalog", {"org": "partner", "catalog": "books", "surfaces": ["x"]}, "invalid"),
        (
            "grant_catalog",
            {"org": "partner", "catalog": "books", "expires_at": "2026-11-21T12:00:00Z"},
            "invalid",
        ),
        (
            "grant_catalog",
            {"org": "partner", "catalog": "books", "expires_at": "2027-01-01T00:00:00"},
            "invalid",
        ),
        ("withdraw_grant", {"org": "partner", "catalog": "nothing"}, "not_found"),
        ("start_session", {"subject": "a/b", "session": "a-session-1"}, "invalid"),
        ("start_session", {"subject": "ada", "session": "short"}, "invalid"),
        ("end_session", {"session": "never-was-1"}, "not_found"),
        ("end_session", {"session": "a/b"}, "invalid"),
        ("end_session", {"session": "a-session-1", "issuer": "no/such"}, "invalid"),
        ("list_grants", {"org": "partner", "cursor": "forged"}, "invalid"),
        ("list_members", {"org": "partner", "cursor": ""}, "invalid"),
    ],
)
def test_what_does_not_fit_is_refused_in_words_and_writes_nothing(
    platform, operation, arguments, code
):
    platform.app.documents.forget()
    with pytest.raises(Problem) as refused:
        platform.do(operation, **arguments)
    assert refused.value.code == code
    assert len(refused.value.message) > 20
    assert platform.app.documents.commits == []
