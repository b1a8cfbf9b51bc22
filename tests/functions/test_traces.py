"""Spans of requests: recorded where asked for, continued from the caller, and never in the way."""

import asyncio

import google.auth
import httpx
import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Status

from functions.api.main import host
from shared.errors import Problem
from shared.gcp.traces import OtlpTracer
from shared.local.documents import SqliteDocuments
from shared.serve.deployed import traced
from shared.serve.rest import RestHost, Route
from shared.serve.run import Runner
from tests.functions import failing
from tests.otlp_receiver import Receiver, attributes
from tests.platform import ORIGIN, Platform, call, message, product, value

pytestmark = pytest.mark.anyio
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
SAMPLED = f"00-{TRACE}-{PARENT}-01"
UNSAMPLED = f"00-{TRACE}-{PARENT}-00"


@pytest.fixture
def receiver():
    with Receiver() as receiver:
        yield receiver


@pytest.fixture
def recorded(tmp_path, receiver):
    """A stocked platform whose hosts record spans."""
    platform = Platform(tmp_path, traces=receiver.url)
    platform.organization()
    platform.catalog("books", [product("wallaby", title="Wombat title")])
    platform.grant("partner", "books")
    yield platform
    platform.close()


async def sent(platform, receiver, **headers):
    """The spans of one search, once the process that served it ended in order."""
    async with platform.http(platform.token(), **headers) as client:
        await value(client, "search_products", {"catalog": "books", "query": "quokka"})
    platform.app.close()
    return receiver.spans


async def test_a_call_is_one_span_of_the_callers_trace_with_what_it_waited_for_inside(
    recorded, receiver
):
    spans = await sent(recorded, receiver, traceparent=SAMPLED)
    assert {span.trace_id.hex() for span in spans} == {TRACE}
    (request,) = (span for span in spans if span.name == "POST /mcp")
    (tool,) = (span for span in spans if span.name == "search_products")
    inside = [span for span in spans if "." in span.name]
    assert request.parent_span_id.hex() == PARENT
    assert request.kind == request.SPAN_KIND_SERVER
    assert attributes(request) == {
        "http.request.method": "POST",
        "http.response.status_code": 200,
        "url.path": "/mcp",
    }
    assert tool.parent_span_id == request.span_id
    assert attributes(tool) == {"outcome": "ok", "surface": "mcp"}
    assert {span.parent_span_id for span in inside} == {tool.span_id}
    assert {"documents.get_many", "blobs.fetch"} <= {span.name for span in inside}
    for span in inside:
        assert tool.start_time_unix_nano <= span.start_time_unix_nano
        assert span.end_time_unix_nano <= tool.end_time_unix_nano <= request.end_time_unix_nano


async def test_of_what_the_caller_does_not_record_one_in_ten_seconds_is(recorded, receiver):
    async with recorded.http(recorded.token(), traceparent=UNSAMPLED) as client:
        for _ in range(5):
            await client.post("/mcp", json=message("tools/list"))
    recorded.app.close()
    (request,) = (span for span in receiver.spans if span.name == "POST /mcp")
    assert request.trace_id.hex() == TRACE


async def test_where_no_caller_says_anything_every_request_is_a_trace_of_its_own(
    recorded, receiver
):
    async with recorded.http(recorded.token()) as client:
        for headers in ({}, {"traceparent": "nonsense"}):
            await client.post("/mcp", json=message("tools/list"), headers=headers)
    recorded.app.close()
    requests = [span for span in receiver.spans if span.name == "POST /mcp"]
    assert not any(span.parent_span_id for span in requests)
    assert len({span.trace_id for span in requests}) == len(requests) == 2


async def test_log_lines_of_a_recorded_request_name_its_own_span(recorded, receiver, logged):
    spans = await sent(recorded, receiver, traceparent=SAMPLED)
    (request,) = (span for span in spans if span.name == "POST /mcp")
    (line,) = (line for line in logged()[1] if line.get("tool") == "search_products")
    assert line["logging.googleapis.com/trace"] == f"projects/a-project/traces/{TRACE}"
    assert line["logging.googleapis.com/spanId"] == request.span_id.hex()
    assert line["logging.googleapis.com/trace_sampled"] is True


async def test_rest_and_sign_in_are_recorded_too_and_unknown_paths_without_the_path(
    recorded, receiver
):
    async with recorded.http(recorded.key(), face="api") as client:
        await client.get("/v1/me")
        await client.get("/v1/quokka-secret")
    async with recorded.http(face="auth") as client:
        await client.get("/auth/oauth2/jwks")
        await client.get("/auth/oauth2/authorize", params={"code": "quokka"})
    recorded.app.close()
    names = [span.name for span in receiver.spans if span.kind == span.SPAN_KIND_SERVER]
    assert names[:3] == ["GET /v1/me", "GET", "GET /auth/oauth2/jwks"]
    assert names[3] == "GET /auth/oauth2/authorize"
    assert not any(b"quokka" in each for each in receiver.raw)


async def test_no_span_holds_a_secret_an_argument_or_a_products_text(recorded, receiver):
    token, key = recorded.token(), recorded.key()
    page = "https://books.example/p/wallaby"
    async with recorded.http(token) as client:
        for tool, arguments in (
            ("lookup_product", {"canonical_url": page}),
            ("search_products", {"catalog": "books", "query": "wombat"}),
            ("search_products", {"catalog": "quokka", "query": 7}),
            ("quokka", {"quokka": "quokka"}),
        ):
            await call(client, tool, arguments)
    async with recorded.http(key, face="api") as client:
        await client.post("/v1/products/lookup?quokka=quokka", json={"url": page})
    recorded.app.close()
    everything = b"".join(receiver.raw)
    assert len(receiver.spans) > 10
    secret = key.split("_", 3)[3]
    for said in (token, key, secret, "quokka", "ombat", "wallaby", "books.ex"):
        assert said.encode() not in everything


async def test_a_failure_is_marked_with_its_kind_and_not_with_its_words(recorded, receiver):
    route = Route("POST", "/fail", "fail", failing.family["fail_hard"])
    host = RestHost((route,), Runner(recorded.app), base="/v1", document=lambda: b"{}")
    transport = httpx.ASGITransport(traced(host, recorded.app))
    headers = {"authorization": f"Bearer {recorded.key()}"}
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as client:
        answer = await client.post("/v1/fail", json={"word": "quokka"})
    with recorded.app.tracer.request("GET", None), pytest.raises(Problem):
        recorded.app.blobs.fetch("not/there", recorded.folder / "quokka")
    recorded.app.close()
    assert answer.status_code == 500
    named = {span.name: span for span in receiver.spans}
    assert attributes(named["fail_hard"])["outcome"] == "internal"
    assert named["POST /v1/fail"].status.code == Status.STATUS_CODE_ERROR
    fetch = named["blobs.fetch"]
    assert (attributes(fetch), fetch.status.code) == (
        {"error.type": "not_found"},
        Status.STATUS_CODE_ERROR,
    )
    assert not any(span.events or span.status.message for span in receiver.spans)
    assert b"quokka" not in b"".join(receiver.raw)


async def test_a_receiver_that_never_answers_holds_no_request_up(recorded, receiver):
    receiver.hold.set()
    async with recorded.http(recorded.token()) as client:
        await value(client, "list_catalogs")
        assert await asyncio.to_thread(receiver.asked.wait, 20)
        for _ in range(5):
            (catalog,) = await value(client, "list_catalogs")
    assert catalog["catalog"] == "books"
    assert receiver.spans == []
    receiver.released.set()


async def test_a_receiver_that_refuses_costs_a_warning_and_no_alert(recorded, receiver, logged):
    receiver.status = 403
    await sent(recorded, receiver)
    complaints = [line for line in logged()[1] if line["message"] == "traces"]
    assert "403" in complaints[0]["complaint"]
    assert {line["severity"] for line in complaints} == {"WARNING"}


async def test_spans_say_which_function_and_project_they_are_from(tmp_path, receiver):
    tracer = OtlpTracer(receiver.url, project="a-project", service="catalog-mcp-partner")
    with tracer.request("GET", None) as span:
        span.answered(200, "/mcp")
    tracer.close()
    (resource,) = receiver.resources
    assert resource["service.name"] == "catalog-mcp-partner"
    assert resource["gcp.project_id"] == "a-project"


def test_only_googles_own_receiver_is_shown_our_credentials(receiver, monkeypatch):
    """A service account's key signs its own token, which no other host may see."""
    found = []
    monkeypatch.setattr(google.auth, "default", lambda **_: found.append("asked") or (None, None))
    tracer = OtlpTracer(receiver.url, project="p", service="s")
    with tracer.request("GET", None):
        pass
    tracer.close()
    assert (found, len(receiver.spans)) == ([], 1)


def test_where_nothing_is_recorded_hosts_and_adapters_are_as_they_are(stocked):
    face = host(stocked.app)
    assert traced(face, stocked.app) is face
    assert isinstance(stocked.app.documents, SqliteDocuments)
    assert stocked.app.tracer is None
