"""An owner's pages in Chromium: a large file imported by a person, every page in every look."""

import re
import secrets

import pytest
from playwright.sync_api import expect

from shared.catalog import catalogs
from shared.cli import demo
from tests.e2e.looks import complaints
from tests.e2e.portal import LOOKS, Owner

pytestmark = pytest.mark.slow
ROWS = 30_000
A_TEXT = "<script>alert(1)</script> " * 80
TENANT = f"tenant={demo.SHOP}"


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """A file of more than 60 MB, whose texts would be scripts if anybody ran them."""
    path = tmp_path_factory.mktemp("large") / "Autumn list.csv"
    with path.open("w") as file:
        file.write("sku;Name;Price;Lit;Text\n")
        for n in range(ROWS):
            file.write(
                f"large-{n};Lamp {n % 50};{n % 900}.50;{'yes' if n % 3 else 'no'};{A_TEXT}\n"
            )
    assert path.stat().st_size > 60_000_000
    return path


def again_until(page, locator):
    """Look again until it is there: a person would press the same button."""
    expect(page.get_by_role("link", name="Look again").or_(locator).first).to_be_visible()
    while not locator.count():
        page.get_by_role("link", name="Look again").click()
        page.wait_for_load_state()
    expect(locator.first).to_be_visible()


def test_a_file_of_60_mb_goes_from_the_browser_into_a_source_and_its_import_is_undone(
    world, tab, large
):
    olga = tab()
    page = olga.sign_in(world.member(demo.OWNER), f"/import?{TENANT}")
    page.get_by_label("What is it called?").fill(large.name)
    page.get_by_role("button", name="Choose a file").click()
    page.get_by_label("Drop the file here").set_input_files(large)
    page.get_by_role("button", name="Send the file").click()
    expect(page.get_by_role("status")).to_contain_text("has arrived", timeout=120_000)
    page.get_by_role("link", name="look at it and import it here").click()
    again_until(page, page.get_by_role("button", name="Import the file"))
    assert complaints(page) == []
    olga.shoot("import-draft")
    page.get_by_label("Id of the new source").fill("no spaces")
    page.get_by_label("Property of Name").fill("title")
    page.get_by_role("button", name="Import the file").click()
    expect(page.get_by_label("Id of the new source")).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_label("Property of Name")).to_have_value("title")
    assert [line for line in olga.said if "422" not in line] == []  # the browser's own remark
    olga.said.clear()
    source = f"large-{secrets.token_hex(4)}"
    page.get_by_label("Id of the new source").fill(source)
    page.get_by_role("button", name="Import the file").click()
    again_until(page, page.get_by_text("succeeded", exact=True))
    expect(page.get_by_text(f"{ROWS:,}").first).to_be_visible()
    assert complaints(page) == []
    olga.shoot("job")
    page = olga.open(f"/entries?{TENANT}&source={source}&column=title&column=text")
    assert page.locator("script:not([src])").count() == 0
    expect(page.get_by_text(f"{ROWS:,} found")).to_be_visible()
    page = olga.open(f"/changes?{TENANT}&source={source}")
    page.get_by_role("link", name="Undo this import").first.click()
    page.get_by_role("button", name="Undo the import").click()
    expect(page.get_by_role("status")).to_contain_text(f"{ROWS} removed")
    olga.quiet()


@pytest.mark.parametrize("look", LOOKS)
def test_every_page_of_an_owner_is_accessible_and_fits(world, tab, look):
    olga = tab(look)
    page = olga.sign_in(world.member(demo.OWNER), f"/entries?{TENANT}&source=products")
    place = page.locator("tbody a").first.get_attribute("href")
    entry = re.sub(r"^.*/entry", "/entry", place)
    for name, path in {
        "tenants": "/data",
        "picture": f"/data?{TENANT}",
        "source": f"/source?{TENANT}&id=products",
        "definition": f"/definition?{TENANT}&id=products",
        "entries": f"/entries?{TENANT}&source=products&q=a",
        "entry": entry,
        "changes": f"/changes?{TENANT}&source=products",
        "import": f"/import?{TENANT}",
        "jobs": f"/jobs?{TENANT}",
        "partners": f"/partners?{TENANT}",
        "people": f"/people?{TENANT}",
        "limits": f"/limits?{TENANT}",
        "owner-connect": f"/connect?{TENANT}",
        "owner-keys": "/keys",
    }.items():
        page = olga.open(path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert complaints(page) == [], name
        olga.shoot(name)
    olga.quiet()


def test_a_node_of_the_picture_is_reached_and_opened_by_keyboard_alone(world, tab):
    olga = tab()
    page = olga.sign_in(world.member(demo.OWNER), f"/data?{TENANT}")
    node = page.locator("svg a").first
    node.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert "/data" not in page.url
    olga.quiet()


def test_a_version_of_an_entry_is_restored(world, tab):
    assistant, id_ = Owner(world), f"e2e-{secrets.token_hex(4)}"
    for title in ("First", "Second"):
        entry = {"id": id_, "properties": [{"id": "title", "value": title}]}
        assistant.call("import_data", source_id="products", entries=[entry])
    olga = tab()
    page = olga.sign_in(assistant.email, f"/entry?{TENANT}&source=products&id={id_}")
    expect(page.get_by_role("cell", name="Second", exact=True)).to_be_visible()
    page.get_by_role("button", name="Restore version 1").click()
    expect(page.get_by_role("status")).to_contain_text("what it was at version 1, as version 3")
    expect(page.get_by_role("cell", name="First", exact=True)).to_be_visible()
    assert complaints(page) == []
    olga.quiet()


def test_a_partner_is_granted_a_catalog_and_it_is_withdrawn(world, tab):
    catalog = f"e2e_{secrets.token_hex(4)}"
    named = {"catalog": catalog, "tenant": demo.SHOP, "display_name": catalog}
    create = catalogs.family["create_catalog"]
    world.do(create, **named, source_base_url=f"https://{catalog.replace('_', '-')}.example")
    olga = tab()
    page = olga.sign_in(world.member(demo.OWNER), f"/partners?{TENANT}&id={catalog}")
    page.get_by_label("Partner", exact=True).fill("nobody")
    page.get_by_role("button", name="Grant").click()
    expect(page.get_by_text("There is no partner organization 'nobody'")).to_be_visible()
    assert [line for line in olga.said if "404" not in line] == []  # the browser's own remark
    olga.said.clear()
    page.get_by_label("Partner", exact=True).fill(demo.ORGANIZATION)
    page.get_by_label("Catalog", exact=True).select_option(catalog)
    page.get_by_role("button", name="Grant").click()
    expect(page.get_by_role("status")).to_contain_text("sees it from the next call on")
    page = olga.open(f"/partners?{TENANT}&id={catalog}")
    assert complaints(page) == []
    page.get_by_text(f"Withdraw {demo.ORGANIZATION}").click()
    page.get_by_role("button", name="Withdraw", exact=True).click()
    expect(page.get_by_role("status")).to_contain_text("is refused from now on")
    olga.quiet()


def test_a_role_is_given_and_taken_back(world, tab):
    mona = world.member(demo.OWNER, "member")
    olga = tab()
    page = olga.sign_in(world.member(demo.OWNER), f"/people?{TENANT}")
    for role in ("publisher", ""):
        page.get_by_label(f"Role of {mona}", exact=True).select_option(role)
        page.get_by_role("button", name=f"Set the role of {mona}").click()
        expect(page.get_by_role("status")).to_contain_text("counts from the next request")
        expect(page.get_by_label(f"Role of {mona}", exact=True)).to_have_value(role)
    olga.quiet()
