"""An owner's pages: the tenant as a picture, its sources and entries, changes and their undoing."""

import re

import pytest

from shared.studio.tools import history, sources
from tests.functions.portal_owner import imported, in_role, owners, run
from tests.functions.studio_shop import ADDRESS, given

HOSTILE = "<script>alert(1)</script>\"'&"


@pytest.fixture(scope="module")
def stocked(tmp_path_factory):
    with owners(tmp_path_factory.mktemp("portal") / "data") as site:
        run(site, sources.family["create_data_source"], id="goods", name=HOSTILE)
        rows = [
            given(f"g{n}", title=f"Lamp {n}", color="red" if n % 3 else "blue", lit=n % 2 == 0)
            for n in range(1, 7)
        ]
        imported(site, *rows)
        yield site


@pytest.fixture
def olga(stocked):
    return stocked.olga


def ids(page):
    return re.findall(
        r'<th scope="row"><a href="[^"]*/entry\?[^"]*">([^<]+)</a>', page.response.text
    )


def test_a_person_of_an_owner_begins_at_the_picture_of_their_only_tenant(olga):
    page = olga.open("/")
    assert page.response.url.path == "/portal/data"
    assert "<svg" in page.response.text
    assert "6 entries" in page.text


def test_hostile_names_are_text_in_the_picture_and_on_every_page(olga):
    for page in (
        olga.open("/data", tenant="north"),
        olga.open("/source", tenant="north", id="goods"),
        olga.open("/changes", tenant="north", source="goods"),
        olga.open("/definition", tenant="north", id="goods"),
    ):
        assert page.response.status_code == 200
        assert "<script>alert" not in page.response.text
        assert "alert(1)" in page.text


def test_a_source_tells_how_often_its_properties_are_filled(stocked, olga):
    page = olga.open("/source", tenant="north", id="goods")
    assert re.search(r"title\s+Text\s+100\.0 %\s+Lamp \d", page.text)


def test_entries_are_found_by_words_narrowed_by_values_and_shown_in_chosen_columns(olga):
    page = olga.open("/entries", tenant="north", source="goods", q="lamp 3")
    assert ids(page)[0] == "g3"
    page = olga.open("/entries", tenant="north", source="goods", column="color")
    assert "Lamp 1" not in page.text
    unlit = re.search(r'href="([^"]+value=lit%3Afalse[^"]*)"', page.response.text)[1]
    page = olga.open(olga.site.origin + unlit.replace("&amp;", "&"))
    assert sorted(ids(page)) == ["g1", "g3", "g5"]
    blue = re.search(r'href="([^"]+value=color%3Ablue[^"]*)"', page.response.text)[1]
    assert ids(olga.open(olga.site.origin + blue.replace("&amp;", "&"))) == ["g3"]


def test_a_wrong_cursor_is_said_on_the_page(olga):
    page = olga.open("/entries", tenant="north", source="goods", cursor="made-up")
    assert page.response.status_code in (400, 410, 422)
    assert "cursor" in page.text


def test_an_earlier_version_of_an_entry_is_restored_from_its_page(stocked, olga):
    imported(stocked, given("old", title="First"))
    imported(stocked, given("old", title="Second"))
    page = olga.open("/entry", tenant="north", source="goods", id="old")
    assert "First → Second" in page.text
    after = olga.send(page, "/entry/restore", having={"version": "1"})
    assert "what it was at version 1, as version 3" in after.text
    assert "Second → First" in after.text


def test_an_import_is_undone_after_the_page_said_what_that_would_do(stocked, olga):
    done = imported(stocked, given("gone", title="Wrong"), given("g1", title="Wrong too"))
    page = olga.open("/changes", tenant="north", source="goods", by="olga")
    assert done["importId"] in page.response.text
    ask = olga.open("/changes/undo", tenant="north", source="goods", **{"import": done["importId"]})
    assert "Put back 1 entries Removed 1 entries" in ask.text
    after = olga.send(ask, "/changes/undone")
    assert "The import was undone: 1 put back, 1 removed." in after.text
    page = olga.open("/entry", tenant="north", source="goods", id="gone")
    assert "This entry is deleted" in page.text


def test_what_changed_since_an_import_is_left_and_the_page_says_so(stocked, olga):
    done = imported(stocked, given("kept", title="Theirs"), given("g2", title="Theirs"))
    imported(stocked, given("kept", title="Ours"))
    ask = olga.open("/changes/undo", tenant="north", source="goods", **{"import": done["importId"]})
    assert "1 that something else changed since: kept" in ask.text
    after = olga.send(ask, "/changes/undone")
    assert "1 put back, 0 removed, 1 left as they are" in after.text


def test_another_organizations_tenant_does_not_exist(olga):
    for place in ("/data", "/changes", "/source", "/entries", "/entry", "/definition"):
        page = olga.open(place, tenant="east", source="goods", id="goods")
        assert page.response.status_code in (403, 404), place


def test_a_form_that_is_not_ours_changes_nothing(stocked, olga):
    imported(stocked, given("form", title="One"))
    imported(stocked, given("form", title="Two"))
    page = olga.open("/entry", tenant="north", source="goods", id="form")
    refused = olga.send(page, "/entry/restore", having={"version": "1"}, csrf="made up")
    assert refused.response.status_code == 403
    page = olga.open("/entry", tenant="north", source="goods", id="form")
    assert "Two → One" not in page.text


def test_a_viewer_looks_and_may_not_restore(stocked, olga):
    imported(stocked, given("seen", title="One"))
    imported(stocked, given("seen", title="Two"))
    vera = in_role(stocked, "viewer", "vera")
    page = vera.open("/entry", tenant="north", source="goods", id="seen")
    assert page.response.status_code == 200
    refused = vera.send(page, "/entry/restore", having={"version": "1"})
    assert refused.response.status_code == 403
    assert "Partners" in vera.open("/data", tenant="north").text  # a place, no column


def test_limits_say_how_much_there_is_and_may_be(stocked, olga):
    stocked.platform.do("set_tenant_quota", tenant="north", sources=7)
    page = olga.open("/limits", tenant="north")
    assert re.search(r"Sources 1 7", page.text)
    assert olga.open("/limits", tenant="east").response.status_code in (403, 404)


def test_connect_shows_the_tenants_own_address_and_what_narrows_it(olga):
    page = olga.open("/connect", tenant="north")
    address = f"{ADDRESS.removesuffix('/mcp')}/north/mcp"
    assert f"claude mcp add --transport http studio-north {address}" in page.text
    assert f"{address}?mode=read" in page.text
    assert f'"url": "{address}"' in page.text


def test_keys_show_how_a_program_imports_with_one(olga):
    page = olga.open("/keys")
    assert "/studio/TENANT/v1/sources/SOURCE" in page.text
    assert '"authorization: Bearer $KEY"' in page.text


def test_a_page_leaves_the_rows_in_the_logs_that_the_tool_leaves(stocked, olga, logged):
    """Beside the way the change came: its surface, the request, the import and the moment."""
    rows, lines = {}, {}
    for id_, restored in (("by-tool", _by_tool), ("by-page", _by_page)):
        for title in ("One", "Two"):
            imported(stocked, given(id_, title=title))
        logged()
        restored(stocked, olga, id_)
        _, said = logged()
        lines[id_] = [
            (line["tool"], line["outcome"], line["org"], line["by"])
            for line in said
            if line["message"] == "call" and line["tool"] == "restore_entry_version"
        ]
        changelog = history.family["query_changelog"]
        found = run(stocked, changelog, source_id="goods", entry_id=id_)["items"]
        told = ("version", "changeType", "changes", "author")
        rows[id_] = [{name: row[name] for name in told} for row in found]
    assert len(rows["by-page"]) == 3
    assert rows["by-page"] == rows["by-tool"]
    assert lines["by-page"] == lines["by-tool"] == [("restore_entry_version", "ok", "shop", "olga")]


def _by_tool(site, _, id_):
    run(site, history.family["restore_entry_version"], source_id="goods", entry_id=id_, version=1)


def _by_page(_, olga, id_):
    page = olga.open("/entry", tenant="north", source="goods", id=id_)
    olga.send(page, "/entry/restore", having={"version": "1"})
