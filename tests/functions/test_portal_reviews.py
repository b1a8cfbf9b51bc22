"""Drafts that a person corrects and submits on a page, while their assistant asks about them."""

import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import orjson
import pytest

from functions.studio.main import FAMILIES
from shared.auth.faces import PORTAL, STUDIO
from shared.errors import Problem
from shared.invoke import Request, invoke
from shared.pipeline.configuration import CONFIGURATION
from shared.ports.documents import Query
from shared.queries import LOG
from shared.serve.forms import LONGEST
from shared.studio.tools import own_reviews
from tests.functions.studio_shop import ADDRESS
from tests.portal import Served, cookie_of, token_of

HOSTILE = '</textarea><script>alert("x")</script><img src=x onerror=alert(1)>'
HOUR = 3600


@pytest.fixture
def site(tmp_path):
    with Served(tmp_path / "data", faces={"studio": ADDRESS}) as site:
        for org, tenants in (("shop", ("north", "south")), ("rival", ("east",))):
            site.platform.organization(org, type="catalog_owner")
            for tenant in tenants:
                site.platform.do("create_tenant", id=tenant, name=tenant.title(), org=org)
        yield site


@pytest.fixture
def olga(site):
    return site.person("shop", "olga")


def asked(site, name, /, *, by="olga", of="north", org="shop", **arguments):
    """What the assistant of a person is answered; a problem is raised."""
    platform = site.platform
    tool = next(each for family in FAMILIES for each in family.tools if each.name == name)
    text = platform.token(org, by, scopes=STUDIO.scopes, audience=ADDRESS)
    token = platform.app.tokens.verify(text, STUDIO)
    request = Request(token, "studio", "test-request", tenant=of, spelling=STUDIO.spelling)
    reply = invoke(tool, platform.app, request, arguments)
    if reply.problem is not None:
        raise reply.problem
    return orjson.loads(reply.body)


def page_of(site, draft):
    """The path of a draft's page, whatever the portal's address is."""
    portal = site.platform.settings.portal_url
    assert draft["review_url"].startswith(f"{portal}/review?")
    return draft["review_url"].removeprefix(portal)


def became(site, draft, tool="draft_data_source", **options):
    """What the assistant is told of a draft that it made."""
    return asked(site, tool, review_id=draft["review"]["id"], **options)


def source(site, **more):
    return asked(site, "draft_data_source", **{"name": "Autumn list", "languages": ["en"], **more})


def names(site):
    return [each["id"] for each in asked(site, "search_data_sources")["items"]]


def wrong(page):
    """What is said at each field."""
    return dict(re.findall(r'id="([a-z_]+)-wrong">([^<]*)<', page.response.text))


def test_a_draft_is_corrected_and_submitted_while_the_assistant_asks(site, olga):
    draft = source(site, properties=[{"id": "title", "type": "Text"}])
    assert draft["review"] == {"id": draft["review"]["id"], "state": "pending", "result": {},
                               "note": ""}  # fmt: skip
    assert became(site, draft)["review"]["state"] == "pending"
    page = olga.open(page_of(site, draft))
    filled = page.form(f"/review/submit?{page_of(site, draft).partition('?')[2]}")
    assert (filled["name"], filled["id"], filled["languages"]) == (
        "Autumn list",
        "autumn-list",
        "en",
    )
    assert orjson.loads(filled["properties"]) == draft["draft"]["properties"]
    assert names(site) == []
    done = olga.send(page, "/review/submit", name="Winter list", languages="en\r\nsv")
    assert done.status == 200
    assert "It was created." in done.text
    (made,) = asked(site, "search_data_sources")["items"]
    assert (made["id"], made["name"], made["languages"]) == (
        "autumn-list", "Winter list", ["en", "sv"],
    )  # fmt: skip
    told = became(site, draft)
    assert told["review"]["state"] == "submitted"
    assert told["review"]["result"]["source"]["id"] == "autumn-list"
    assert told["draft"] == {**draft["draft"], "name": "Winter list", "languages": ["en", "sv"]}
    assert told["form"]["submit_arguments"] == told["draft"]
    assert not told["ready"]


def test_drafting_and_looking_write_nothing_of_the_tenant(site, olga):
    draft = source(site)
    olga.open(page_of(site, draft))
    became(site, draft)
    assert logged(site, "north") == []


def logged(site, tenant):
    """What the log says of a tenant's configuration, without which way a change came."""
    found = site.platform.app.documents.query(
        Query(LOG, parents=(tenant, CONFIGURATION), limit=100)
    ).items
    way = ("surface", "requestId", "importId", "nonce")
    return [{n: each for n, each in row.data.items() if n not in way} for row in found]


def test_a_submitted_draft_leaves_the_rows_that_the_tool_leaves(site, olga):
    draft = source(site, properties=[{"id": "title", "type": "Text"}])
    olga.send(olga.open(page_of(site, draft)), "/review/submit")
    asked(site, "create_data_source", of="south", **draft["draft"])
    assert len(logged(site, "north")) == 1
    assert logged(site, "north") == logged(site, "south")
    assert logged(site, "north")[0]["by"] == "olga"


DRAFTS = {
    "draft_data_source": {"name": "Lamps"},
    "draft_card_definition": {"name": "Cards", "sources": [{"source_id": "products"}]},
    "draft_segment": {"name": "Some", "card_definition_id": "cards", "card_ids": ["a1"]},
    "draft_destination": {"display_name": "Web", "languages": ["en"], "protected": False},
    "draft_api_version": {"destination_id": "shop"},
    "draft_endpoint": {"api_version_id": "shop.v1", "card_definition_id": "cards"},
}


@pytest.fixture
def stocked(site, olga):
    """A tenant of hers in which every kind of draft can be made."""
    properties = [{"id": "title", "type": "Text"}]
    asked(site, "create_data_source", id="products", name="P", properties=properties)
    cards = {"id": "cards", "name": "Cards", "sources": [{"source_id": "products"}]}
    given = [{"id": "name", "source_property_id": "title"}]
    asked(site, "create_card_definition", **cards, properties=given)
    asked(site, "activate_card_definition", card_definition_id="cards")
    site.platform.work(5)
    asked(site, "create_destination", id="shop", display_name="Shop", languages=["en"])
    asked(site, "create_api_version", destination_id="shop", name="v1")
    return site


@pytest.mark.parametrize("tool", DRAFTS)
def test_every_draft_has_a_page_that_creates_what_was_drafted(stocked, olga, tool):
    given = dict(DRAFTS[tool])
    if tool == "draft_card_definition":
        given["name"] = "Other cards"
    draft = asked(stocked, tool, **given)
    assert draft["ready"], draft["issues"]
    page = olga.open(page_of(stocked, draft))
    assert page.status == 200
    done = olga.send(page, "/review/submit")
    assert "It was created." in done.text, wrong(done)
    again = {name: each for name, each in given.items() if name.endswith("_id")}
    told = became(stocked, draft, tool, **again)
    assert told["review"]["state"] == "submitted"
    assert told["review"]["result"]
    assert {**draft["draft"]}.items() <= told["draft"].items()


def test_what_the_tool_refuses_is_said_at_its_field_with_what_was_typed(site, olga):
    page = olga.open(page_of(site, source(site)))
    refused = olga.send(
        page,
        "/review/submit",
        id="no spaces please",
        languages="english please",
        properties='[{"id": "title", "type": "Texture"}, {"type": "Text"}]',
    )
    assert refused.status == 422
    said = wrong(refused)
    assert said["id"] == "This does not have the right form."
    assert "properties[0].type: " in said["properties"]
    assert "properties[1].id: This is needed." in said["properties"]
    filled = refused.forms[-2][1]
    assert filled["id"] == "no spaces please"
    assert "Texture" in filled["properties"]
    again = olga.send(refused, "/review/submit", id="list", properties="[]")
    assert "languages" in wrong(again)
    assert names(site) == []
    assert "It was created." in olga.send(again, "/review/submit", languages="en").text


def test_what_is_needed_and_what_is_no_json_is_said_before_anything_is_tried(site, olga):
    page = olga.open(page_of(site, source(site)))
    refused = olga.send(page, "/review/submit", name=" ", properties='[{"id": }]')
    assert refused.status == 422
    assert wrong(refused)["name"] == "This is needed."
    assert re.fullmatch(r"This is not JSON: .*line 1, column \d+\.", wrong(refused)["properties"])


def test_an_id_that_is_taken_meanwhile_is_said_at_its_field(site, olga):
    page = olga.open(page_of(site, source(site)))
    asked(site, "create_data_source", id="autumn-list", name="First")
    refused = olga.send(page, "/review/submit")
    assert refused.status == 409
    assert "There is a data source" in wrong(refused)["id"]
    assert "It was created." in olga.send(refused, "/review/submit", id="second").text


def test_what_was_wrong_with_the_draft_is_shown_at_its_field(site, olga):
    asked(site, "create_data_source", id="autumn-list", name="First")
    page = olga.open(page_of(site, source(site)))
    assert "Choose another id" in wrong(page)["id"]


def test_hostile_text_is_text(site, olga):
    draft = source(
        site,
        id="lamps",
        name=HOSTILE,
        description=f"{HOSTILE}\nmore",
        properties=[{"id": "title", "type": "Text", "description": HOSTILE}],
    )
    page = olga.open(page_of(site, draft))
    assert "<script>alert" not in page.response.text
    assert "<img" not in page.response.text.partition("<main")[2]
    filled = page.forms[-2][1]
    assert filled["name"] == HOSTILE
    assert orjson.loads(filled["properties"])[0]["description"] == HOSTILE
    policy = page.response.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'self'; script-src 'self'; ")


def test_a_draft_is_submitted_once_however_many_windows_show_it(site, olga):
    draft = source(site)
    first, second = (olga.open(page_of(site, draft)) for _ in range(2))
    olga.send(first, "/review/submit", id="first")
    late = olga.send(second, "/review/submit", id="second")
    assert "It was created." in late.text
    assert late.response.request.method == "GET"
    assert names(site) == ["first"]
    olga.send(second, "/review/decline")
    assert became(site, draft)["review"]["state"] == "submitted"


def test_two_windows_at_the_same_moment_create_one(site, olga):
    """The second one begins while the first is in the middle of it."""
    draft = source(site)
    page = olga.open(page_of(site, draft))
    begin = own_reviews.family["start_own_review"]
    given = {"id": draft["review"]["id"], "arguments": draft["draft"]}
    token = site.platform.app.tokens.verify(token_of(site.platform, "shop", "olga"), PORTAL)
    request = Request(token, "portal", "other-window", tenant="north")
    assert invoke(begin, site.platform.app, request, given).problem is None
    late = olga.send(page, "/review/submit")
    assert "being submitted in another window" in late.text
    assert names(site) == []
    assert became(site, draft)["review"]["state"] == "pending"
    site.platform.clock.advance(61)  # the other one was killed in the middle of it
    assert "It was created." in olga.send(page, "/review/submit").text
    assert names(site) == ["autumn-list"]


def test_of_two_windows_that_submit_at_once_one_creates(site, olga):
    draft = source(site)
    pages = [olga.open(page_of(site, draft)) for _ in range(2)]
    with ThreadPoolExecutor(2) as windows:
        sent = [
            windows.submit(olga.send, page, "/review/submit", id=f"window-{n}")
            for n, page in enumerate(pages)
        ]
        assert {each.result().status for each in sent} == {200}
    (made,) = names(site)
    assert became(site, draft)["draft"]["id"] == made


def test_who_signed_in_before_drafts_had_pages_is_asked_to_sign_in_again(site, olga):
    page = olga.open(page_of(site, source(site)))
    before = PORTAL.scopes.keys() - STUDIO.scopes.keys()
    olga.http.cookies.set(*cookie_of(site.platform, "shop", "olga", scopes=before))
    old = olga.open(str(page.response.url))
    assert "Sign in again" in old.text
    assert "Create it" not in old.text
    assert f"/portal/sign-in?to={quote('/review?tenant=north', safe='/')}" in old.response.text
    refused = olga.send(old, "/review/submit")
    assert refused.status == 403
    assert "needs the scope studio:write" in refused.text
    assert names(site) == []


def test_a_declined_draft_creates_nothing_and_the_assistant_is_told_why(site, olga):
    draft = source(site)
    page = olga.open(page_of(site, draft))
    declined = olga.send(page, "/review/decline", note="Call it <lamps>.")
    assert "You declined this draft" in declined.text
    told = became(site, draft)
    assert told["review"] == {**draft["review"], "state": "declined", "note": "Call it <lamps>."}
    assert not told["ready"]
    assert "You declined" in olga.send(page, "/review/submit").text
    assert names(site) == []


def test_a_draft_is_open_for_an_hour_and_told_of_for_a_day(site, olga):
    draft = source(site)
    page = olga.open(page_of(site, draft))
    site.platform.clock.advance(HOUR)
    olga.http.cookies.set(*cookie_of(site.platform, "shop", "olga"))
    assert became(site, draft)["review"]["state"] == "expired"
    assert "The hour for this draft is over" in olga.open(page_of(site, draft)).text
    again = olga.open("/members")
    page.forms[-2][1]["csrf"] = again.forms[0][1]["csrf"]
    assert "The hour for this draft is over" in olga.send(page, "/review/submit").text
    assert names(site) == []
    site.platform.clock.advance(24 * HOUR)
    with pytest.raises(Problem, match="made long ago"):
        became(site, draft)


def test_another_person_of_the_tenant_is_refused_plainly(site, olga):
    draft = source(site)
    eddi = site.person("shop", "eddi", role="member")
    page = eddi.open(page_of(site, draft))
    assert page.status == 404
    assert "made for another person" in page.text
    assert "Autumn list" not in page.text
    own = olga.open(page_of(site, draft))
    own.forms[-2][1]["csrf"] = eddi.open("/members").forms[0][1]["csrf"]
    assert eddi.send(own, "/review/submit").status == 404
    assert eddi.send(own, "/review/decline", csrf=own.forms[-2][1]["csrf"]).status == 404
    with pytest.raises(Problem, match="another person"):
        became(site, draft, by="eddi")
    assert became(site, draft)["review"]["state"] == "pending"


def test_a_draft_is_of_one_tenant_and_one_organization(site, olga):
    draft = source(site)
    path = page_of(site, draft)
    assert olga.open(path.replace("north", "south")).status == 404
    rival = site.person("rival", "rita")
    assert rival.open(path).status == 404
    assert "no tenant" in rival.open(path).text
    with pytest.raises(Problem, match="no draft"):
        became(site, draft, of="south")


def test_only_our_own_form_submits(site, olga):
    page = olga.open(page_of(site, source(site)))
    assert olga.send(page, "/review/submit", csrf="made up").status == 403
    assert names(site) == []


def test_submitting_needs_the_role_that_the_tool_needs(site, olga):
    vera = site.person("shop", "vera", role="member")
    site.platform.do("set_tenant_role", tenant="north", principal="vera", role="viewer")
    site.platform.clock.advance(1)  # what was issued before the role was lost is refused
    vera.http.cookies.set(*cookie_of(site.platform, "shop", "vera"))
    draft = source(site, by="vera")
    page = vera.open(page_of(site, draft))
    refused = vera.send(page, "/review/submit")
    assert refused.status == 403
    assert "needs the role editor" in refused.text
    assert names(site) == []
    assert "You declined" in vera.send(page, "/review/decline").text


def test_what_is_too_long_to_be_changed_is_created_as_it_was_drafted(site, olga):
    many = [{"id": f"p{n}", "type": "Text", "description": "x" * 40} for n in range(LONGEST // 60)]
    draft = source(site, properties=many)
    page = olga.open(page_of(site, draft))
    assert "Too long to be changed here" in page.text
    assert "properties" not in page.forms[-2][1]
    assert "It was created." in olga.send(page, "/review/submit", name="Many").text
    assert became(site, draft)["draft"]["properties"] == draft["draft"]["properties"]


def test_what_is_too_large_for_a_page_says_so(site):
    many = [{"id": f"p{n}", "type": "Text", "description": "x" * 990} for n in range(420)]
    draft = source(site, properties=many)
    assert draft["review_url"] == ""
    assert [each["field"] for each in draft["issues"]] == ["review_url"]
    assert "create_data_source" in draft["issues"][0]["message"]


def test_the_review_of_another_tool_is_not_told_and_what_is_not_used_is_said(site):
    draft = source(site)
    with pytest.raises(Problem, match="create_data_source"):
        became(site, draft, "draft_destination")
    told = became(site, draft, name="Else")
    assert told["draft"]["name"] == "Autumn list"
    assert "Of no use beside review_id: name." in [each["message"] for each in told["issues"]]
