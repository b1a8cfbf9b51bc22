"""What is logged: who called what and what came of it; never a secret, an argument or a text."""

import io
import logging
import subprocess
import sys

import orjson
import pytest

from shared import log
from shared.auth.faces import PARTNER
from shared.catalog.tools import agents
from shared.cli.processes import ROOT
from shared.invoke import Asked, Request, invoke_each
from tests.platform import call, message, product

pytestmark = pytest.mark.anyio
SAID = ("zebra-crossing-query", "quokka", "p/4711", "Wombat title")


async def test_no_line_holds_a_secret_an_argument_or_a_products_text(stocked, logged):
    stocked.publish("books", [product("4711", title="Wombat title")])
    token, key, dead = stocked.token(), stocked.key(), stocked.key()
    stocked.do("deactivate_api_key", id=dead.split("_")[2])
    weak = stocked.token(scopes=["subscriptions:read"])
    forged = token[:-3] + "abc"
    page = "https://books.example/p/4711"
    async with stocked.http() as client:
        for bearer in (token, weak, forged, key, "quokka"):
            client.headers["authorization"] = f"Bearer {bearer}"
            for tool, arguments in (
                ("list_catalogs", {}),
                ("list_catalogs", {"quokka": "quokka"}),
                ("search_products", {"catalog": "books", "query": SAID[0]}),
                ("search_products", {"catalog": "quokka", "query": SAID[0]}),
                ("search_products", {"catalog": "books", "query": 7, "limit": "quokka"}),
                ("lookup_product", {"canonical_url": page}),
                ("lookup_product", {"canonical_url": f"{page}?quokka"}),
                ("quokka", {}),
            ):
                await call(client, tool, arguments)
            await client.post("/mcp?access_token=quokka", json=message("quokka"))
            await client.post("/mcp", content=b"quokka", headers={"cookie": "quokka"})
    async with stocked.http(face="api") as client:
        for bearer in (key, dead, token, "quokka"):
            client.headers["authorization"] = f"Bearer {bearer}"
            await client.get("/v1/me?quokka=quokka")
            await client.get("/v1/quokka")
            await client.post("/v1/products/search", json={"q": SAID[0]})
            await client.post("/v1/products/search", json={"quokka": "quokka"})
            await client.post("/v1/products/search", content=b"quokka")
            await client.post("/v1/products/lookup", json={"url": page, "format": "markdown"})
    text, lines = logged()
    assert len(lines) > 60
    for secret in (token, key, dead, weak, forged):
        assert secret not in text
        assert secret[-20:] not in text
    for said in SAID:
        assert said not in text


async def test_a_call_says_who_what_what_came_of_it_and_how_long_it_took(stocked, logged):
    token, key = stocked.token(client="a-client"), stocked.key()
    logged()
    async with stocked.http(token, **{"x-request-id": "request-0001"}) as client:
        await call(client, "list_catalogs")
        await call(client, "search_products", {"catalog": "toys"})
    async with stocked.http(key, face="api", **{"x-request-id": "request-0002"}) as client:
        await client.get("/v1/catalogs")
        await client.post("/v1/products/search", json=[])
    found = [
        {name: line.get(name) for name in ("tool", "surface", "outcome", "client", "requestId")}
        for line in logged()[1]
    ]
    mcp = {"surface": "mcp", "client": "a-client", "requestId": "request-0001"}
    rest = {"surface": "rest", "client": None, "requestId": "request-0002"}
    assert found == [
        {"tool": "list_catalogs", "outcome": "ok", **mcp},
        {"tool": "search_products", "outcome": "catalog_not_granted", **mcp},
        {"tool": "list_catalogs", "outcome": "ok", **rest},
        {"tool": "search_catalogs", "outcome": "invalid", **rest},
    ]


async def test_every_line_of_a_call_names_organization_and_caller(stocked, logged):
    token, key = stocked.token(), stocked.key()
    logged()
    async with stocked.http(token) as client:
        await call(client, "list_catalogs")
    async with stocked.http(key, face="api") as client:
        await client.get("/v1/catalogs")
    one, other = logged()[1]
    assert (one["org"], one["by"]) == ("partner", "ada")
    assert (other["org"], other["by"]) == ("partner", key.split("_")[2])
    assert one["ms"] > 0
    assert one["severity"] == "INFO"


def test_what_is_asked_aside_is_logged_only_where_it_fails(stocked, logged):
    """A page's name of its visitor is no line of its own; that it could not be had is one."""
    app, tool = stocked.app, agents.family["list_catalogs"]
    request = Request(app.tokens.verify(stocked.token(), PARTNER), "mcp", "request-0001")
    logged()
    asked = [Asked(tool, {}, aside=True), Asked(tool, {"x": 1}, aside=True), Asked(tool, {})]
    codes = [each.problem and each.problem.code for each in invoke_each(asked, app, request)]
    assert codes == [None, "invalid", None]
    assert [line["outcome"] for line in logged()[1]] == ["invalid", "ok"]


TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"traceparent": f"00-{TRACE}-{SPAN}-01"}, (TRACE, SPAN, True)),
        ({"traceparent": f" 00-{TRACE}-{SPAN}-00 "}, (TRACE, SPAN, False)),
        ({"traceparent": f"cc-{TRACE}-{SPAN}-03-more"}, (TRACE, SPAN, True)),
        ({"x-cloud-trace-context": f"{TRACE.upper()}/74;o=1"}, (TRACE, f"{74:016x}", True)),
        ({"x-cloud-trace-context": f"{TRACE}/74"}, (TRACE, f"{74:016x}", False)),
        (
            {"traceparent": "nonsense", "x-cloud-trace-context": f"{TRACE}/1"},
            (TRACE, f"{1:016x}", False),
        ),
        ({}, None),
        ({"traceparent": f"00-{TRACE}-{SPAN}-01-more"}, None),
        ({"traceparent": f"ff-{TRACE}-{SPAN}-01"}, None),
        ({"traceparent": f"00-{'0' * 32}-{SPAN}-01"}, None),
        ({"traceparent": f"00-{TRACE}-{'0' * 16}-01"}, None),
        ({"traceparent": f"00-{TRACE.upper()}-{SPAN}-01"}, None),
        ({"x-cloud-trace-context": f"{TRACE}/0;o=1"}, None),
        ({"x-cloud-trace-context": f"{TRACE}/99999999999999999999"}, None),
        ({"x-cloud-trace-context": "quokka"}, None),
    ],
)
async def test_every_line_of_a_request_names_the_trace_its_caller_named(
    stocked, logged, headers, expected
):
    token, key = stocked.token(), stocked.key()
    logged()
    async with stocked.http(token, **headers) as client:
        await call(client, "list_catalogs")
    async with stocked.http(key, face="api", **headers) as client:
        await client.get("/v1/me")
        await client.get("/v1/me", headers={"authorization": "Bearer quokka"})
    lines = logged()[1]
    fields = ("trace", "spanId", "trace_sampled")
    found = [
        tuple(line.get(f"logging.googleapis.com/{field}") for field in fields) for line in lines
    ]
    if expected is None:
        assert found == [(None, None, None)] * 3
    else:
        assert found == [(f"projects/a-project/traces/{expected[0]}", *expected[1:])] * 3


async def test_a_request_without_a_trace_does_not_inherit_the_one_before_it(stocked, logged):
    token = stocked.token()
    logged()
    async with stocked.http(token) as client:
        await call(client, "list_catalogs")
        client.headers["traceparent"] = f"00-{TRACE}-{SPAN}-01"
        await call(client, "list_catalogs")
        del client.headers["traceparent"]
        await call(client, "list_catalogs")
    traces = ["logging.googleapis.com/trace" in line for line in logged()[1]]
    assert traces == [False, True, False]


async def test_a_refusal_before_any_operation_is_logged_as_well(stocked, logged):
    token = stocked.token(session="a-session-1")
    logged()
    async with stocked.http() as client:
        await client.post("/mcp")
    async with stocked.http(token) as client:
        await client.post("/mcp", json=message("tools/list"))
    async with stocked.http("nonsense", face="api") as client:
        await client.get("/v1/me")
    lines = logged()[1]
    assert [line["outcome"] for line in lines] == ["unauthenticated"] * 3
    assert [line["surface"] for line in lines] == ["mcp", "mcp", "rest"]
    assert all(line["requestId"] for line in lines)


def test_a_librarys_warning_is_one_json_line_and_its_chatter_is_none(logged):
    logging.getLogger("some.library").warning("two\nlines %s", "é")
    logging.getLogger("some.library").info("chatter")
    ((line,),) = [logged()[1]]
    assert line["severity"] == "WARNING"
    assert line["message"] == "two\nlines é"


def test_a_crash_names_every_cause_without_its_words(logged):
    try:
        try:
            {}[SAID[0]]
        except KeyError as error:
            raise ValueError(SAID[1]) from error
    except ValueError:
        log.crash("here", requestId="r")
    text, (line,) = logged()
    assert "builtins.ValueError" in line["exception"]
    assert "builtins.KeyError" in line["exception"]
    assert not any(said in text for said in SAID)


RECONFIGURED = """
import logging.config
from shared import log

log.configure()
logging.config.dictConfig({"version": 1, "root": {"level": "WARNING", "handlers": []}})
log.line("call", tool="a")
try:
    {}["missing"]
except KeyError:
    log.crash("here")
"""


def test_our_lines_arrive_whoever_configures_logging_after_us():
    """As functions-framework does where the platform sets LOG_EXECUTION_ID."""
    done = subprocess.run(
        [sys.executable, "-c", RECONFIGURED], check=True, capture_output=True, cwd=ROOT
    )
    call, crash = (orjson.loads(each) for each in done.stdout.splitlines())
    assert (call["message"], call["severity"], call["tool"]) == ("call", "INFO", "a")
    assert (crash["message"], crash["severity"]) == ("crash", "ERROR")


@pytest.mark.parametrize("said", ["plain", "half a character: \ud800"])
async def test_what_cannot_be_logged_ends_nothing(stocked, monkeypatch, said):
    output = io.TextIOWrapper(Broken() if said == "plain" else io.BytesIO())
    monkeypatch.setattr(sys, "stdout", output)
    monkeypatch.setattr(logging, "raiseExceptions", False)
    undo = log.configure()
    logging.getLogger("a.library").warning("%d of them", said)
    log.line("told", word=said)
    async with stocked.http(stocked.token()) as client:
        answer = await call(client, "list_catalogs")
    undo()
    assert answer.json()["result"]["isError"] is False


class Broken(io.BytesIO):
    """Output that nobody reads any more."""

    def write(self, line):
        del line
        raise BrokenPipeError
