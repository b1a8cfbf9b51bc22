"""Typing where a page has put the cursor."""

from playwright.sync_api import expect


def fill_focused(page, label, text):
    """Type into a field that the page gives the focus to, once it has.

    Whoever is faster has the browser remark that something else was focused already.
    """
    field = page.get_by_label(label)
    expect(field).to_be_focused()
    field.fill(text)
