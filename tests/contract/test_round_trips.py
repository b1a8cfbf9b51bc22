"""How often a partner's call reaches Firestore, counted on the wire of the real client."""

import pytest
from google.cloud.firestore_v1.types import CommitRequest

from tests.bench.stock import Emulated
from tests.contract.grpc_relay import Relay
from tests.platform import Platform, product, value
from tests.portal import cookie_of

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
READ = "BatchGetDocuments"
PAGE = {"canonical_url": "https://books.example/p/1"}
CALLS = {
    "list_catalogs": {},
    "lookup_product": PAGE,
    "search_products": {"catalog": "books", "query": "product"},
}


@pytest.fixture
def relay(firestore_emulator, firestore_project, monkeypatch):
    with Relay(firestore_emulator) as relay:
        monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", relay.address)
        yield relay


@pytest.fixture
def platform(tmp_path, relay, firestore_project, storage_server, monkeypatch):
    """Documents and files in Google's services; a partner that may make 200 calls a second."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage_server.url)
    platform = Platform(
        tmp_path / "data",
        app=Emulated,
        backend="gcp",
        project=firestore_project,
        bucket="test-bucket",
        secrets=tmp_path / "mounted",
    )
    platform.organization("partner", rate_limit=12_000)
    platform.catalog("books", [product(str(n)) for n in range(1, 6)])
    platform.grant("partner", "books")
    yield platform
    platform.close()


@pytest.fixture
def asked(platform, relay):
    """Calls a tool, and gives what that asked of Firestore."""

    async def asked(client, tool):
        relay.calls.clear()
        await value(client, tool, CALLS[tool])
        return list(relay.calls)

    return asked


@pytest.mark.parametrize("tool", CALLS)
async def test_a_call_is_one_round_trip_and_two_right_after_grants_changed(platform, asked, tool):
    platform.catalog("toys", [product("1", url="https://toys.example/1")])
    async with platform.http(platform.token()) as client:
        await asked(client, tool)  # takes the lease, opens the version, sees the grants
        assert [await asked(client, tool) for _ in range(20)] == [[READ]] * 20
        platform.grant("partner", "toys")
        after = await asked(client, tool)
        assert after == [READ] * (2 if tool == "list_catalogs" else 1)
        assert await asked(client, tool) == [READ]


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("/connect", [READ, "RunQuery"]),
        ("/keys", [READ, "RunQuery", READ]),
        ("/sessions", [READ, "RunQuery", "RunQuery"]),
        ("/usage", [READ, READ]),
    ],
)
async def test_a_page_reads_once_who_is_asking_and_what_its_tools_know_of_beforehand(
    platform, relay, page, expected
):
    platform.key()
    cookie = "=".join(cookie_of(platform))
    async with platform.http(face="portal", cookie=cookie) as client:
        for _ in range(2):
            relay.calls.clear()
            answer = await client.get(f"/portal{page}")
            assert answer.status_code == 200, answer.text
    assert relay.calls == expected


async def test_a_hundred_calls_a_second_write_less_than_once_in_twenty(platform, relay):
    calls = 1_000
    async with platform.http(platform.token()) as client:
        await value(client, "list_catalogs")
        relay.calls.clear()
        relay.requests.clear()
        for _ in range(calls):
            platform.clock.advance(0.01)
            await value(client, "list_catalogs")
    written = sum(
        len(CommitRequest.deserialize(request).writes)
        for method, request in zip(relay.calls, relay.requests, strict=True)
        if method == "Commit"
    )
    assert 0 < written < 0.05 * calls
    assert set(relay.calls) == {READ, "Commit"}
    assert relay.calls.count(READ) < 1.05 * calls
