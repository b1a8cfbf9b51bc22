"""A connection narrowed by its address, and what a call may tell or ask on its way."""

import orjson
import pytest
from mcp_types import ListToolsResult, Tool

from shared.auth.faces import STUDIO, only_reading
from shared.serve.mcp_calls import current
from tests.functions.trial import bearer, connect, owned, trial
from tests.platform import LEGACY, message, modern_headers

pytestmark = pytest.mark.anyio
NORTH = "/studio/north/mcp"
ALL = ["whoami", "list_things", "change_things", "delete_thing"]


@pytest.fixture
def platform(tmp_path):
    platform = owned(tmp_path / "data")
    yield platform
    platform.close()


@pytest.fixture
async def client(platform):
    async with connect(trial(platform.app), bearer(platform)) as client:
        yield client


async def listed(client, query="", *, modern=False):
    headers = modern_headers("tools/list") if modern else LEGACY
    body = message("tools/list", modern=modern)
    response = await client.post(f"{NORTH}{query}", json=body, headers=headers)
    assert response.status_code == 200, response.text
    return [tool["name"] for tool in response.json()["result"]["tools"]]


async def called(client, tool, arguments=None, query="", *, token=None, modern=False, **headers):
    params = {"name": tool, "arguments": arguments or {}}
    body = message("tools/call", params, modern=modern)
    if token is not None:
        body["params"].setdefault("_meta", {})["progressToken"] = token
    own = modern_headers("tools/call", tool) if modern else LEGACY
    return await client.post(f"{NORTH}{query}", json=body, headers={**own, **headers})


@pytest.mark.parametrize("modern", [False, True])
@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ALL),
        ("?toolsets=things", ["whoami", "list_things", "change_things"]),
        ("?toolsets=boxes", ["whoami", "delete_thing"]),
        ("?toolsets=boxes,things", ALL),
        ("?toolsets=things&toolsets=boxes", ALL),
        ("?mode=read", ["whoami", "list_things"]),
        ("?toolsets=boxes&mode=read", ["whoami"]),
        ("?utm_source=newsletter", ALL),
    ],
)
async def test_an_address_serves_what_it_is_narrowed_to_and_no_more(client, query, names, modern):
    assert await listed(client, query, modern=modern) == names
    for tool in set(ALL) - set(names):
        response = await called(client, tool, query=query, modern=modern)
        assert response.json()["error"]["code"] == -32602
        assert "Unknown tool" in response.json()["error"]["message"]
    answer = (await called(client, "whoami", query=query)).json()["result"]
    assert answer["isError"] is False


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("?toolsets=thing", "The toolsets are: boxes, things."),
        ("?toolsets=", "There is no such toolset"),
        ("?toolsets=discovery", "There is no such toolset"),
        ("?mode=write", "can only be read"),
        ("?mode=", "can only be read"),
        ("?toolset=things", "did you mean 'toolsets'?"),
        ("?Mode=read", "did you mean 'mode'?"),
    ],
)
async def test_a_narrowing_that_does_not_exist_is_refused_not_ignored(client, query, said):
    for method in ("tools/list", "ping"):
        response = await client.post(f"{NORTH}{query}", json=message(method), headers=LEGACY)
        assert response.status_code == 400
        assert said in response.json()["error"]["message"]


async def test_a_kept_list_is_of_its_own_narrowing_and_version(client):
    """The same instance is asked in every order, twice."""
    queries = {"": 4, "?toolsets=boxes": 2, "?mode=read": 2, "?mode=read&toolsets=boxes": 1}
    for _ in range(2):
        for query, count in queries.items():
            for modern in (True, False):
                assert len(await listed(client, query, modern=modern)) == count


async def test_a_list_that_depends_on_the_caller_is_never_handed_to_another(platform):
    async def own_list(ctx, params):
        del ctx, params
        caller = current.get().request.credential.principal
        tool = Tool(name=f"only_for_{caller}", input_schema={"type": "object"})
        return ListToolsResult(tools=[tool])

    app = trial(platform.app, on_list_tools=own_list)
    for subject in ("olga", "eddi", "olga"):
        async with connect(app, bearer(platform, subject)) as client:
            for modern in (True, False):
                assert await listed(client, modern=modern) == [f"only_for_{subject}"]


async def test_what_takes_something_away_says_what_it_would_do_before_it_does(client):
    plain = (await called(client, "delete_thing", {"thing": "x"})).json()["result"]
    assert plain["isError"] is True
    assert plain["structuredContent"] == {
        "code": "confirmation_required",
        "message": "Not done yet. It would delete x of north and its 3 parts. Ask the person, "
        "then call again with confirm: true.",
        "tenant": "north",
        "counts": {"parts": 3},
    }
    done = (await called(client, "delete_thing", {"thing": "x", "confirm": True})).json()["result"]
    assert done["structuredContent"]["tenant_name"] == "x"


async def test_a_plan_is_for_those_only_who_might_carry_it_out(platform):
    async with connect(trial(platform.app), bearer(platform, "eddi")) as client:
        refused = await called(client, "delete_thing", {"thing": "x"})
    assert refused.status_code == 403
    assert "3 parts" not in refused.text


def events(response):
    assert response.headers["content-type"] == "text/event-stream"
    assert response.headers["x-accel-buffering"] == "no"
    assert response.headers["x-request-id"]
    return [
        orjson.loads(line.removeprefix("data: "))
        for line in response.text.splitlines()
        if line.startswith("data: ")
    ]


BOTH = {"accept": "application/json, text/event-stream"}


@pytest.mark.parametrize("modern", [False, True])
@pytest.mark.parametrize("token", [7, "p-1"])
async def test_progress_comes_on_the_answer_that_asked_for_it_and_only_grows(client, token, modern):
    response = await called(client, "change_things", token=token, modern=modern, **BOTH)
    *notes, answer = events(response)
    assert notes
    assert {note["method"] for note in notes} == {"notifications/progress"}
    assert {note["params"]["progressToken"] for note in notes} == {token}
    told = [note["params"]["progress"] for note in notes]
    assert told == sorted(set(told))
    assert told[-1] == 25
    assert notes[-1]["params"]["message"] == "storing: 5"
    assert answer["id"] == 1
    assert answer["result"]["structuredContent"]["tenant_name"] == "north"
    assert answer["result"].get("resultType") == ("complete" if modern else None)


async def test_a_failure_after_some_progress_is_the_last_event(client):
    response = await called(client, "change_things", {"name_prefix": "broken"}, token=1, **BOTH)
    answer = events(response)[-1]
    assert answer["result"]["isError"] is True
    assert answer["result"]["structuredContent"]["code"] == "unavailable"


@pytest.mark.parametrize(
    ("tool", "arguments", "token", "headers"),
    [
        ("change_things", {}, None, BOTH),
        ("change_things", {}, 1, {"accept": "application/json"}),
        ("change_things", {"name_prefix": "quick"}, 1, BOTH),
        ("list_things", {}, 1, BOTH),
        ("change_things", {}, {"no": "token"}, BOTH),
    ],
)
async def test_a_call_that_tells_nothing_is_answered_with_json(
    client, tool, arguments, token, headers
):
    response = await called(client, tool, arguments, token=token, **headers)
    assert response.headers["content-type"] == "application/json"
    assert response.json()["result"]["structuredContent"]["tenant_name"] == "north"


async def test_a_refusal_keeps_its_status_though_progress_was_asked_for(platform):
    token = bearer(platform, scopes=only_reading(tuple(STUDIO.scopes)))
    async with connect(trial(platform.app), token) as client:
        refused = await called(client, "change_things", token=1, **BOTH)
    assert refused.status_code == 403
    assert 'scope="studio:read studio:write"' in refused.headers["www-authenticate"]
