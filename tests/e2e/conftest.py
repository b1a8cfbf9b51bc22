"""One `catalog-mcp dev` for every test that only talks to it, and people who sign in there."""

import secrets
import shutil
import signal
import sys
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import sync_playwright

from shared.app import App
from shared.cli.deployment import last_settings
from shared.cli.operations import run
from shared.cli.processes import free_port
from shared.identity import organizations
from tests.e2e import issued
from tests.e2e.person import PROGRAM
from tests.e2e.portal import Owner, Tab, World
from tests.e2e.programs import BIN, missing
from tests.e2e.running import facts_of, start, stop

# A shell that runs tests in its background has them ignore Ctrl-C, and all that they start.
signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items):
    """The logs are searched when everything else has happened."""
    items.sort(key=lambda item: item.path.name == "test_logs.py")


@pytest.fixture(scope="session", autouse=True)
def run_folder(tmp_path_factory):
    """Where this run's data and logs are, and where its fronts note what they issue."""
    folder = tmp_path_factory.getbasetemp()
    stop_recording = issued.record(folder / "issued.txt")
    yield folder
    stop_recording()


@pytest.fixture(scope="session")
def dev(tmp_path_factory):
    """What a running dev printed; it serves the built-in catalog, `demo_shop`."""
    folder = tmp_path_factory.mktemp("dev")
    process = start(folder / "data", "--port", str(free_port()), "--catalogs", str(folder))
    try:
        yield facts_of(process)
    finally:
        stop(process)


@pytest.fixture
def site(dev):
    """The running dev, with a person of its own for each test: one gets only so many mails."""
    app = App(last_settings(Path(dev["data"])))
    email = f"{secrets.token_hex(4)}@example.com"
    run(app, organizations.family["set_member"], {"org": "demo", "email": email})
    app.close()
    return {**dev, "email": email}


@pytest.fixture
def shop(dev):
    """The running dev as the owner of the demo shop's data sees it, with a person of its own."""
    return seen_by_an_owner(dev, "demo-owner", dev["studio_url"])


@pytest.fixture
def operators(dev):
    """The running dev as an operator sees it, with a person of its own."""
    return seen_by_an_owner(dev, "demo-operator", dev["admin_url"])


def seen_by_an_owner(dev, org, url):
    app = App(last_settings(Path(dev["data"])))
    email = f"{secrets.token_hex(4)}@example.com"
    member = {"org": org, "email": email, "role": "owner"}
    run(app, organizations.family["set_member"], member)
    app.close()
    httpx.get(url, timeout=60)  # it starts behind what is needed first
    return {**dev, "email": email, "mcp_url": url}


@pytest.fixture
def home(tmp_path):
    """A client's home, where it has never been."""
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


@pytest.fixture
def browsing(site, tmp_path):
    """Variables that make a client's browser a person's who allows what they are asked."""
    return browser_of(site, tmp_path / "bin")


@pytest.fixture
def owner_browsing(shop, tmp_path):
    """The same of the owner of the demo shop's data."""
    return browser_of(shop, tmp_path / "bin")


@pytest.fixture
def operator_browsing(operators, tmp_path):
    """The same of an operator."""
    return browser_of(operators, tmp_path / "bin")


def browser_of(person, folder):
    folder.mkdir()
    opener = folder / "xdg-open"
    opener.write_text(
        f'#!/bin/sh\nexec {sys.executable} {PROGRAM} "$1" {person["mail"]} {person["email"]}\n'
    )
    opener.chmod(0o755)
    path = f"{folder}:{BIN}:/usr/bin:/bin"
    return {"PATH": path, "BROWSER": str(opener), "DISPLAY": ":0"}


@pytest.fixture(scope="module")
def chromium():
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        missing("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def world(dev):
    world = World(dev)
    yield world
    world.app.close()


@pytest.fixture
def owner(world):
    """A person of the demo shop's owners."""
    return Owner(world)


@pytest.fixture
def tab(world, chromium, tmp_path):
    """Makes browsers, and closes them."""
    tabs = []

    def make(look="light", **options):
        tabs.append(Tab(world, chromium, tmp_path, look, **options))
        return tabs[-1]

    yield make
    for each in tabs:
        each.context.close()
