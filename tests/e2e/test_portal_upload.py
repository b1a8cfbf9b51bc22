"""Handing in a file in Chromium: chosen or dropped, by keyboard alone, going on after a fault."""

from contextlib import suppress

import pytest
from playwright.sync_api import TimeoutError as TimedOut
from playwright.sync_api import expect

from tests.e2e.looks import complaints
from tests.e2e.portal import LOOKS

pytestmark = pytest.mark.slow
FILE = b"id,name\n" + b"".join(b"u%d,Lamp\n" % n for n in range(1_500_000))
"""More than one part of an upload."""


def prepared(owner):
    """An upload, and the path of its page."""
    upload = owner.call("prepare_file_upload", filename="Autumn list.csv")
    return upload["transfer_id"], upload["page_url"].removeprefix(owner.world.url)


def taken(owner, transfer_id):
    """What the studio says of a file that has arrived, without importing it."""
    return owner.call(
        "import_feed", source_id="products", transfer_id=transfer_id, missing="delete"
    )


def chosen(page, body=FILE):
    page.get_by_label("Drop the file here").set_input_files(
        {"name": "list.csv", "mimeType": "text/csv", "buffer": body}
    )


@pytest.mark.parametrize("look", LOOKS)
def test_the_page_is_accessible_and_fits_before_and_after(world, tab, owner, look):
    olga = tab(look)
    olga.sign_in(owner.email)
    _, path = prepared(owner)
    page = olga.open(path)
    assert complaints(page) == []
    olga.shoot("upload")
    chosen(page, b"id,name\na1,Lamp\n")
    page.get_by_role("button", name="Send the file").click()
    expect(page.get_by_role("status")).to_contain_text("has arrived, 16 bytes")
    assert complaints(page) == []
    olga.shoot("arrived")
    olga.quiet()


def chosen_by_key(page):
    """The chooser that a key opens; Chromium loses a key now and then, and a person types again."""
    for seconds in (5, 5, 10, 20):
        with suppress(TimedOut):
            with page.expect_file_chooser(timeout=seconds * 1_000) as choosing:
                page.keyboard.press("Space")
            return choosing.value
    raise AssertionError("no key opened the chooser")


def test_a_file_is_handed_in_by_keyboard_alone(tab, owner):
    olga = tab()
    olga.sign_in(owner.email)
    id_, path = prepared(owner)
    page = olga.open(path)
    page.locator("main").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_label("Drop the file here")).to_be_focused()
    chosen_by_key(page).set_files({"name": "list.csv", "mimeType": "text/csv", "buffer": FILE})
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Send the file")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("has arrived", timeout=30_000)
    assert taken(owner, id_)["code"] == "confirmation_required"
    olga.quiet()


def test_a_dropped_file_is_the_chosen_one(tab, owner):
    olga = tab()
    olga.sign_in(owner.email)
    _, path = prepared(owner)
    page = olga.open(path)
    page.evaluate(
        """() => {
          const dropped = new DataTransfer();
          dropped.items.add(new File(["id,name\\na1,Lamp\\n"], "dropped.csv"));
          const event = new DragEvent("drop", { dataTransfer: dropped, bubbles: true });
          document.getElementById("upload").dispatchEvent(event);
        }"""
    )
    expect(page.get_by_role("button", name="Send the file")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("has arrived, 16 bytes")
    olga.quiet()


def test_an_upload_that_broke_off_goes_on_by_itself(tab, owner):
    olga = tab()
    olga.sign_in(owner.email)
    _, path = prepared(owner)
    page = olga.open(path)
    broken = []

    def break_once(route):
        if route.request.method == "PUT" and len(broken) < 2:
            broken.append(route.request.headers["content-range"])
            route.abort()
        else:
            route.continue_()

    page.route("**/files/*", break_once)
    chosen(page)
    page.get_by_role("button", name="Send the file").click()
    expect(page.get_by_role("status")).to_contain_text(f"{len(FILE):,} bytes", timeout=60_000)
    assert len(broken) == 2


def test_what_cannot_be_sent_is_said_at_the_field(tab, owner):
    olga = tab()
    olga.sign_in(owner.email)
    _, path = prepared(owner)
    page = olga.open(path)
    chosen(page, b"")
    page.get_by_role("button", name="Send the file").click()
    expect(page.get_by_role("alert")).to_have_text("This file is empty.")
    expect(page.get_by_label("Drop the file here")).to_be_focused()
    assert complaints(page) == []
    olga.shoot("refused")
    olga.quiet()
