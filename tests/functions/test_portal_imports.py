"""An owner imports files in the portal, watches the jobs and reads their reports."""

import re

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from shared.cli.front_files import file_routes
from shared.studio.tools import entries, jobs
from tests.functions.portal_owner import in_role, owners, run

FILE = b"""sku;Name;Price;Colours
a1;<b>Lamp</b>;12.50;red|blue
a2;Chair;7;red|green
a3;Desk;5;blue
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with owners(tmp_path_factory.mktemp("portal") / "data") as site:
        yield site


@pytest.fixture
def olga(site):
    return site.olga


def handed_in(site, olga, body=FILE):
    """The page of the draft of a file that olga sent from her browser, looked into."""
    page = olga.send(olga.open("/import", tenant="north"), "/import/file", filename="list.csv")
    assert "list.csv" in page.text
    url = olga.send(page, "/upload/start").response.json()["url"]
    with TestClient(Starlette(routes=file_routes(site.platform.app))) as front:
        path = re.sub(r"^https?://[^/]+", "", url)
        assert front.put(path, content=body).status_code == 200
    query = page.response.request.url.params
    place = {"tenant": query["tenant"], "transfer": query["id"]}
    assert "The file is being read" in olga.open("/import/draft", **place).text
    site.platform.work()
    return olga.open("/import/draft", **place)


def ended(site, page):
    """The page of a job that was begun, after it is over."""
    site.platform.work()
    return site.olga.open(str(page.response.url))


def test_a_file_is_sent_looked_at_corrected_and_imported_into_a_new_source(site, olga):
    draft = handed_in(site, olga)
    assert "&lt;b&gt;Lamp&lt;/b&gt; · Chair · Desk" in draft.response.text
    begun = olga.send(
        draft, "/import/start", source="new", id="lamps", **{"to-1": "title", "to-3": ""}
    )
    assert "The import has begun." in begun.text
    over = ended(site, begun)
    assert "succeeded" in over.text
    assert "Changed 3" in over.text
    (found,) = run(site, entries.family["get_entries"], source_id="lamps", ids=["a1"])["items"]
    values = {each["id"]: each["value"] for each in found["properties"]}
    assert values == {"title": "<b>Lamp</b>", "price": 12.5}


def test_what_is_wrong_with_a_draft_is_said_and_what_was_typed_stays(site, olga):
    draft = handed_in(site, olga)
    refused = olga.send(draft, "/import/start", source="new", id="no spaces", **{"to-1": "naming"})
    assert refused.response.status_code == 422
    assert 'value="naming"' in refused.response.text
    assert 'aria-invalid="true"' in refused.response.text
    begun = olga.send(refused, "/import/start", id="spaces")
    assert "succeeded" in ended(site, begun).text


def test_lines_that_were_left_out_are_listed_and_can_be_downloaded(site, olga):
    wrong = b"id;price\n" + b"".join(b"n%d;%d\n" % (n, n) for n in range(40)) + b"x;=cheap\n"
    draft = handed_in(site, olga, wrong)
    begun = olga.send(
        draft, "/import/start", source="new", id="prices", **{"to-1": "price", "type-1": "Integer"}
    )
    over = ended(site, begun)
    assert "Lines that were left out" in over.text
    link = re.search(r'href="([^"]+/job/report[^"]+)"', over.response.text)[1]
    report = olga.open(site.origin + link.replace("&amp;", "&")).response
    assert report.headers["content-type"].startswith("text/csv")
    assert report.text.splitlines()[1].startswith("42,")


def test_an_import_can_be_undone_from_its_job(site, olga):
    begun = olga.send(handed_in(site, olga), "/import/start", source="new", id="undone")
    over = ended(site, begun)
    link = re.search(r'href="([^"]+/changes/undo[^"]+)"', over.response.text)[1]
    ask = olga.open(site.origin + link.replace("&amp;", "&"))
    assert "Removed 3 entries" in ask.text
    assert "The import was undone" in olga.send(ask, "/changes/undone").text


def test_a_job_is_stopped_from_its_page(site, olga):
    begun = olga.send(handed_in(site, olga), "/import/start", source="new", id="stopped")
    stopped = olga.send(begun, "/jobs/cancel")
    assert "The job stops after the step it is at." in stopped.text
    assert "cancelled" in ended(site, begun).text
    assert "cancelled" in olga.open("/jobs", tenant="north").text
    (newest,) = run(site, jobs.family["list_jobs"], limit=1)["items"]
    assert newest["state"] == "cancelled"


def test_a_feed_is_fetched_from_now_on_and_its_last_outcome_is_shown(site, olga):
    begun = olga.send(handed_in(site, olga), "/import/start", source="new", id="fed")
    ended(site, begun)
    page = olga.open("/import", tenant="north")
    asked = {"source": "fed", "url": "https://127.0.0.1:9/list.csv", "every": "P1D"}
    after = olga.send(page, "/import/address", key_column="sku", **asked)
    assert "fetched now, and again and again" in after.text
    site.platform.work()
    page = olga.open("/import", tenant="north")
    assert "https://127.0.0.1:9/list.csv" in page.text
    assert "every P1D" in page.text


def test_an_address_that_is_no_shops_fails_and_its_job_says_why(site, olga):
    page = olga.open("/import", tenant="north")
    begun = olga.send(page, "/import/address", source="fed", url="ftp://shop.example/x")
    over = ended(site, begun)
    assert "failed" in over.text
    assert "https" in over.text


def test_a_viewer_may_not_import_and_another_tenants_job_is_no_page(site):
    vera = in_role(site, "viewer", "vera")
    page = vera.open("/import", tenant="north")
    assert vera.send(page, "/import/file", filename="x").response.status_code == 403
    assert vera.open("/jobs", tenant="east").response.status_code in (403, 404)
    assert vera.open("/job", tenant="north", id="0" * 24).response.status_code == 404
