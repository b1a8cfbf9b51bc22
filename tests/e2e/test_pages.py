"""Our pages in real Chromium: without JavaScript, by keyboard alone, on a phone, in the dark.

Screenshots of every page are left in the test's folder (`pytest --basetemp`), to be looked at.
"""

import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx2
import pytest
from playwright.sync_api import expect

from shared.cli.processes import free_port
from shared.clock import SystemClock
from tests.browser import App
from tests.e2e.focused import fill_focused
from tests.e2e.looks import shot
from tests.e2e.running import serving
from tests.platform import Platform

pytestmark = pytest.mark.slow
LOOKS = {
    "desktop": {},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": {"width": 320, "height": 640}, "color_scheme": "dark"},
    "no-script": {"java_script_enabled": False},
}


class Listener(HTTPServer):
    """The client's end of the sign-in: what its callback was asked for."""

    def __init__(self):
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_):
                """Stay quiet."""

            def do_GET(self):
                if self.path.startswith("/callback"):
                    listener.asked.append(self.path)
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"signed in")

        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = []
        self.callback = f"http://127.0.0.1:{self.server_port}/callback"
        threading.Thread(target=self.serve_forever, daemon=True).start()


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A running authorization server, and the platform it stands on."""
    folder = tmp_path_factory.mktemp("pages")
    port = free_port()
    origin = f"http://localhost:{port}"
    platform = Platform(
        folder / "data",
        SystemClock(),
        sign_in=True,
        auth_url=f"{origin}/auth",
        mcp_url=f"{origin}/mcp",
    )
    platform.organization("partner")
    platform.organization("second")
    with serving(platform, "auth", port):
        yield platform


@pytest.fixture
def listener():
    listener = Listener()
    yield listener
    listener.shutdown()
    listener.server_close()


@pytest.fixture
def asking(site, listener):
    """Where a client sends the browser, and the client."""
    auth = site.settings.auth_url
    app = App(None, redirect_uris=[listener.callback], client_name="Claude Code (catalogs)")
    answer = httpx2.post(f"{auth}/oauth2/register", json=app.registration)
    app.id = answer.json()["client_id"]
    return app.request().replace("http://localhost:8080/auth", auth)


@pytest.fixture(params=list(LOOKS))
def page(chromium, request, tmp_path):
    """A page in a fresh browser of one look; `shoot` keeps a picture of it."""
    context = chromium.new_context(**LOOKS[request.param])
    page = context.new_page()
    page.problems = []
    page.on("console", lambda line: page.problems.append(line.text))
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.shoot = lambda name: shot(page, tmp_path / f"{name}-{request.param}.png")
    yield page
    context.close()


def code_of(site):
    mails = (site.folder / "mail.txt").read_text()
    return re.findall(r"^ +(\d{4} \d{4})$", mails, re.MULTILINE)[-1]


def link_of(site):
    return re.findall(r"^http\S+$", (site.folder / "mail.txt").read_text(), re.MULTILINE)[-1]


def member(site, name, *orgs):
    email = f"{name}@example.com"
    for org in orgs:
        site.member(org, subject=name, email=email)
    return email


def test_a_person_signs_in_and_allows(site, asking, listener, page, request):
    email = member(site, f"ada{abs(hash(request.node.name))}", "partner", "second")
    page.goto(asking)
    page.shoot("1-sign-in")
    fill_focused(page, "E-mail address", email)
    page.get_by_role("button", name="Send the code").click()
    expect(page.get_by_label("Code")).to_be_focused()
    page.shoot("2-code")
    fill_focused(page, "Code", "0000 0000")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_have_text("That is not the code. Look again.")
    page.shoot("3-wrong-code")
    fill_focused(page, "Code", code_of(site))
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Claude Code (catalogs)")
    page.get_by_label("Second").check()
    page.shoot("4-consent")
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_text("signed in")).to_be_visible()
    refused = "Failed to load resource: the server responded with a status of 400 (Bad Request)"
    assert page.problems == [refused]  # the wrong code
    (asked,) = listener.asked
    assert "code=" in asked
    assert "iss=" in asked


def test_the_keyboard_alone_is_enough(site, asking, listener, chromium):
    email = member(site, "keyboard", "partner")
    page = chromium.new_page()
    page.goto(asking)
    expect(page.get_by_label("E-mail address")).to_be_focused()
    page.keyboard.type(email)
    page.keyboard.press("Enter")
    expect(page.get_by_label("Code")).to_be_focused()
    page.keyboard.type(code_of(site))
    page.keyboard.press("Enter")
    allow = page.get_by_role("button", name="Allow")
    expect(allow).to_be_visible()
    for _ in range(10):
        page.keyboard.press("Tab")
        if allow.evaluate("button => button === document.activeElement"):
            break
    outline = allow.evaluate("button => getComputedStyle(button).outlineStyle")
    assert outline == "solid"
    page.keyboard.press("Enter")
    expect(page.get_by_text("signed in")).to_be_visible()
    assert len(listener.asked) == 1
    page.close()


def test_the_link_in_the_mail_fills_the_code_in_and_leaves_it_out_of_the_address(
    site, asking, chromium
):
    email = member(site, "link", "partner")
    context = chromium.new_context()
    page = context.new_page()
    page.goto(asking)
    fill_focused(page, "E-mail address", email)
    page.get_by_role("button", name="Send the code").click()
    expect(page.get_by_label("Code")).to_be_visible()
    stranger = chromium.new_page()
    assert stranger.goto(link_of(site)).status == 403
    other = context.new_page()
    other.goto(link_of(site))
    expect(other.get_by_label("Code")).to_have_value(code_of(site))
    assert "#" not in other.url
    other.get_by_role("button", name="Sign in").click()
    expect(other.get_by_role("button", name="Allow")).to_be_visible()
    stranger.close()
    context.close()


def test_denying_goes_back_to_the_client(site, asking, listener, chromium):
    email = member(site, "denier", "partner")
    page = chromium.new_page()
    page.goto(asking)
    fill_focused(page, "E-mail address", email)
    page.get_by_role("button", name="Send the code").click()
    fill_focused(page, "Code", code_of(site))
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="Deny").click()
    expect(page.get_by_text("signed in")).to_be_visible()
    assert "error=access_denied" in listener.asked[0]
    page.close()


def test_a_device_is_connected(site, page, request):
    email = member(site, f"device{abs(hash(request.node.name))}", "partner")
    auth = site.settings.auth_url
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    registered = httpx2.post(
        f"{auth}/oauth2/register", json={"client_name": "A television", "grant_types": [grant]}
    )
    asked = httpx2.post(
        f"{auth}/oauth2/device_authorization", data={"client_id": registered.json()["client_id"]}
    ).json()
    page.goto(asked["verification_uri"])
    fill_focused(page, "E-mail address", email)
    page.get_by_role("button", name="Send the code").click()
    fill_focused(page, "Code", code_of(site))
    page.get_by_role("button", name="Sign in").click()
    fill_focused(page, "Code", asked["user_code"].lower())
    page.shoot("5-device")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text(asked["user_code"])).to_be_visible()
    page.shoot("6-device-consent")
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your device is connected")
    page.shoot("7-done")
    assert page.problems == []


def test_pages_for_what_went_wrong(site, page):
    page.goto(f"{site.settings.auth_url}/oauth2/authorize?client_id=dead&redirect_uri=http://x")
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_text("claude mcp logout NAME")).to_be_visible()
    page.shoot("8-error")
