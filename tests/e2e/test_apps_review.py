"""A draft as a form in a client with MCP Apps: corrected, refused at its field, created."""

import json
import secrets

import pytest
from playwright.sync_api import expect

from shared.auth.faces import STUDIO
from shared.cli import demo
from shared.identity import organizations
from tests.e2e.apps_client import ALL, AppsClient
from tests.e2e.portal import LOOKS

pytestmark = pytest.mark.slow
HOSTILE = '</script></textarea><script>alert("x")</script><img src=x onerror=alert(1)>'
PROPERTIES = [{"id": "title", "type": "LocalizedText"}, {"id": "price", "type": "Decimal"}]


@pytest.fixture
def client(world, chromium, tmp_path):
    """Makes clients of an owner, and closes them."""
    made = []
    email = f"{secrets.token_hex(4)}@example.com"
    member = {"org": demo.OWNER, "email": email, "role": "member"}
    subject = world.do(organizations.family["set_member"], **member)["principal"]
    token = demo.token(world.app, demo.OWNER, subject, STUDIO)

    def make(look="light"):
        mcp = world.facts["studio_url"]
        made.append(AppsClient(chromium, tmp_path, look, mcp=mcp, token=token))
        return made[-1]

    yield make
    for each in made:
        each.close()


def drafted(owner, **options):
    """The page of a new source's draft, and the draft."""
    given = {"name": f"Autumn {secrets.token_hex(3)}", "languages": ["en", "sv"], **options}
    page = owner.show("draft_data_source", properties=PROPERTIES, **given)
    return page, owner.answer["structuredContent"]


def told(owner, draft):
    """What the assistant is told of the draft."""
    owner.show("draft_data_source", review_id=draft["review"]["id"])
    return owner.answer["structuredContent"]


@pytest.mark.parametrize("look", LOOKS)
def test_a_draft_is_corrected_refused_at_its_field_and_created(client, look):
    owner = client(look)
    page, draft = drafted(owner, description=HOSTILE)
    expect(page.get_by_role("heading", level=1)).to_have_text("New data source")
    expect(page.get_by_label("Description")).to_have_value(HOSTILE)
    assert page.locator("img").count() == 0
    owner.accessible()
    owner.shoot("draft")
    page.get_by_label("Id").fill("not an id")
    page.get_by_label("Properties").fill('[{"id": "title", "type": "Texture"}]')
    page.get_by_role("button", name="Create it").click()
    expect(page.get_by_label("Id")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Id")).to_be_focused()
    expect(page.locator("#field-id-wrong")).to_have_text("This does not have the right form. ")
    expect(page.get_by_role("alert")).to_contain_text("What is wrong stands at")
    expect(page.locator("#field-properties-wrong")).to_contain_text("properties[0].type")
    expect(page.get_by_label("Id")).to_have_value("not an id")
    owner.accessible()
    owner.shoot("refused")
    page.get_by_label("Id").fill(draft["draft"]["id"])
    page.get_by_label("Properties").fill('[{"id": "title", "type": "Text"}]')
    page.get_by_role("button", name="Create it").click()
    expect(page.get_by_role("status").first).to_contain_text("It was created")
    owner.accessible()
    owner.shoot("created")
    assert [each["name"] for each in owner.noted("called", 2)] == ["create_data_source"] * 2
    (context,) = owner.noted("context")
    assert draft["draft"]["id"] in context["content"][0]["text"]
    assert owner.said == []
    became = told(owner, draft)
    assert became["review"]["state"] == "submitted"
    assert became["draft"]["properties"] == [{"id": "title", "type": "Text"}]
    expect(owner.frame.locator("main")).to_contain_text("It was created")


def test_a_form_is_filled_and_sent_by_keyboard_alone(client):
    owner = client()
    page, draft = drafted(owner)
    keys = owner.page.keyboard
    page.get_by_label("Name").focus()
    keys.press("Control+a")
    keys.type("Winter list")
    keys.press("Tab")
    expect(page.get_by_label("Id")).to_be_focused()
    keys.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("It was created")
    assert told(owner, draft)["review"]["result"]["source"]["name"] == "Winter list"


def test_what_is_needed_or_no_json_is_said_before_anything_is_called(client):
    owner = client()
    page, _ = drafted(owner)
    page.get_by_label("Name").fill("")
    page.get_by_label("Properties").fill("[{]")
    page.get_by_role("button", name="Create it").click()
    expect(page.locator("#field-name-wrong")).to_have_text("This is needed.")
    expect(page.locator("#field-properties-wrong")).to_contain_text("This is not JSON")
    assert owner.seen("called") == []
    owner.accessible()


def test_what_was_wrong_with_the_draft_stands_at_its_field(client):
    owner = client()
    page, _ = drafted(owner, id="products")
    expect(page.get_by_label("Id")).to_have_attribute("aria-invalid", "true")
    expect(page.locator("#field-id-wrong")).to_contain_text("Choose another id")
    assert page.evaluate("document.activeElement === document.body"), "the person is elsewhere"
    owner.accessible()


@pytest.mark.parametrize("look", ["light", "dark"])
def test_a_client_that_lets_pages_call_nothing_opens_the_page_of_the_portal(client, look):
    owner = client(look)
    page, draft = drafted(owner, can={"openLinks": {}}, description=HOSTILE)
    expect(page.get_by_role("button")).to_have_count(0)
    expect(page.locator("dl")).to_contain_text(HOSTILE)
    owner.accessible()
    owner.shoot("no-calls")
    page.get_by_role("link").click()
    assert owner.noted("opened") == [draft["review_url"]]
    assert owner.said == []


def test_a_call_that_the_client_stops_is_said_and_the_form_stays(client):
    owner = client()
    page, draft = drafted(owner)
    owner.page.evaluate(
        "void (window.bridge.oncalltool = async () => { throw Error('Not now.'); })"
    )
    page.get_by_role("button", name="Create it").click()
    expect(page.get_by_role("alert")).to_contain_text("Not now.")
    expect(page.get_by_label("Id")).to_have_value(draft["draft"]["id"])
    expect(page.get_by_role("button", name="Create it")).to_be_enabled()
    page.get_by_role("link").click()
    assert owner.noted("opened") == [draft["review_url"]]


@pytest.mark.parametrize("tool", ["draft_destination", "draft_segment", "draft_card_definition"])
def test_other_drafts_are_forms_too(client, tool):
    given = {
        "draft_destination": {"display_name": f"Web {secrets.token_hex(3)}", "languages": ["en"]},
        "draft_segment": {"name": "Some", "card_definition_id": "no-such", "card_ids": ["a"]},
        "draft_card_definition": {"name": "C", "sources": [{"source_id": "no-such"}]},
    }[tool]
    owner = client()
    page = owner.show(tool, **given)
    draft = owner.answer["structuredContent"]
    expect(page.get_by_role("heading", level=1)).to_have_text(draft["form"]["title"])
    for field in draft["form"]["fields"]:
        expect(page.locator(f"#field-{field['name']}")).to_be_visible()
    owner.accessible()
    owner.shoot(tool)
    assert owner.said == []


def test_a_refused_call_or_something_else_than_a_draft_is_said(client):
    owner = client()
    wrong = {"code": "not_found", "message": "There is none."}
    content = [{"type": "text", "text": json.dumps(wrong)}]
    page = owner.show("draft_data_source", can=ALL, result={"content": content, "isError": True})
    expect(page.get_by_role("alert")).to_have_text("There is none.")
