"""A draft in Chromium: corrected, refused at its field, submitted while the assistant asks."""

import secrets

import pytest
from playwright.sync_api import expect

from tests.e2e.looks import complaints
from tests.e2e.portal import LOOKS

pytestmark = pytest.mark.slow
HOSTILE = '</textarea><script>alert("x")</script><img src=x onerror=alert(1)>'


def drafted(owner, **more):
    """A draft of a source, and the path of its page."""
    properties = [
        {"id": "title", "type": "LocalizedText", "description": HOSTILE},
        {"id": "price", "type": "Decimal"},
    ]
    given = {"name": f"Autumn {secrets.token_hex(3)}", "languages": ["en", "sv"], **more}
    draft = owner.call("draft_data_source", properties=properties, **given)
    return draft, draft["review_url"].removeprefix(owner.world.url)


def told(owner, draft):
    return owner.call("draft_data_source", review_id=draft["review"]["id"])


@pytest.mark.parametrize("look", LOOKS)
def test_a_draft_is_corrected_and_submitted_and_every_page_is_accessible(tab, owner, look):
    olga = tab(look)
    olga.sign_in(owner.email)
    draft, path = drafted(owner, description=HOSTILE)
    page = olga.open(path)
    expect(page.get_by_role("heading", level=1)).to_have_text("New data source")
    assert page.locator("script:not([src])").count() == 0
    assert page.locator('img[src="x"]').count() == 0
    expect(page.get_by_label("Description")).to_have_value(HOSTILE)
    assert complaints(page) == []
    olga.shoot("draft")
    assert told(owner, draft)["review"]["state"] == "pending"
    page.get_by_label("Id").fill("not an id")
    page.get_by_label("Properties").fill('[{"id": "title", "type": "Texture"}]')
    page.get_by_role("button", name="Create it").click()
    expect(page.get_by_label("Id")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Id")).to_have_value("not an id")
    expect(page.locator("#properties-wrong")).to_contain_text("properties[0].type")
    olga.said.clear()  # the 422
    assert complaints(page) == []
    olga.shoot("refused")
    assert told(owner, draft)["review"]["state"] == "pending"
    page.get_by_label("Id").fill(draft["draft"]["id"])
    page.get_by_label("Properties").fill('[{"id": "title", "type": "Text"}]')
    page.get_by_role("button", name="Create it").click()
    expect(page.get_by_role("status").first).to_contain_text("It was created")
    assert complaints(page) == []
    olga.shoot("submitted")
    now = told(owner, draft)
    assert now["review"]["state"] == "submitted"
    assert now["review"]["result"]["source"]["id"] == draft["draft"]["id"]
    assert now["draft"]["properties"] == [{"id": "title", "type": "Text"}]
    olga.quiet()


def test_a_draft_is_declined_by_keyboard_alone_without_javascript(tab, owner):
    olga = tab(java_script_enabled=False)
    olga.sign_in(owner.email)
    draft, path = drafted(owner)
    page = olga.open(path)
    page.get_by_text("Decline this draft").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("What should be different?")).to_be_focused()
    page.keyboard.type("Only English, please.")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("You declined this draft")
    assert told(owner, draft)["review"]["note"] == "Only English, please."
    olga.shoot("declined")
    olga.quiet()
