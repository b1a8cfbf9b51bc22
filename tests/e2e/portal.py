"""The portal in Chromium: the running dev behind it, and browsers of people who use it."""

import re
import secrets
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
from playwright.sync_api import expect

from shared.app import App
from shared.auth.faces import STUDIO
from shared.cli import demo
from shared.cli.deployment import last_settings
from shared.cli.operations import run
from shared.errors import Conflict
from shared.identity import grants, organizations
from shared.ports.documents import Add
from tests.e2e.focused import fill_focused
from tests.e2e.looks import PHONE, shot
from tests.platform import LEGACY, message

LOOKS = {
    "light": {},
    "dark": {"color_scheme": "dark"},
    "phone": {"viewport": PHONE, "has_touch": True},
    "phone-dark": {"viewport": PHONE, "color_scheme": "dark"},
}


class World:
    """The running dev, and what an operator does to it from outside."""

    def __init__(self, facts):
        self.facts = facts
        self.url = facts["portal_url"]
        self.app = App(last_settings(Path(facts["data"])))
        self._once(organizations.family["create_organization"], id="operators",
                   name="Operators", type="operator")  # fmt: skip
        self._use()

    def do(self, tool, **arguments):
        return run(self.app, tool, arguments)

    def _once(self, tool, **arguments):
        with suppress(Conflict):  # an earlier run of this file made it
            self.do(tool, **arguments)

    def member(self, org="demo", role="owner"):
        email = f"{secrets.token_hex(4)}@example.com"
        self.do(organizations.family["set_member"], org=org, email=email, role=role)
        return email

    def organization(self, name="Acme"):
        """An organization of its own, with the demo's catalog."""
        id_ = f"org-{secrets.token_hex(4)}"
        self.do(organizations.family["create_organization"], id=id_, name=name)
        self.do(grants.family["grant_catalog"], org=id_, catalog="demo_shop")
        return id_

    def code(self):
        mails = Path(self.facts["mail"]).read_text()
        return re.findall(r"^ +(\d{4} \d{4})$", mails, re.MULTILINE)[-1]

    def _use(self):
        """A month of calls, as the gate would have counted them."""
        today = datetime.now(UTC)
        for back in range(30):
            day = today - timedelta(days=back)
            weekday = day.weekday() < 5
            counts = {
                "mcp__search_products__ok": (190 + back * 7 % 60) if weekday else 40,
                "mcp__list_catalogs__ok": 60 if weekday else 12,
                "mcp__lookup_product__ok": 80 + back * 13 % 40,
                "rest__search_catalogs__ok": 120 - back * 2,
                "rest__lookup_url__product_not_found": 3 + back % 5,
                "mcp__list_bigquery_subscribers__ok": 4,
            }
            path = f"usage/demo:{day:%Y%m%d}"
            self.app.documents.commit([Add(path, counts, {"org": "demo"})])


class Owner:
    """A member of the demo shop's owners, and their assistant."""

    def __init__(self, world):
        self.world = world
        self.email = f"{secrets.token_hex(4)}@example.com"
        member = {"org": demo.OWNER, "email": self.email, "role": "member"}
        subject = world.do(organizations.family["set_member"], **member)["principal"]
        self.token = demo.token(world.app, demo.OWNER, subject, STUDIO)

    def call(self, tool, **arguments):
        answer = httpx.post(
            self.world.facts["studio_url"],
            json=message("tools/call", {"name": tool, "arguments": arguments}),
            headers={"authorization": f"Bearer {self.token}", **LEGACY},
            timeout=60,
        )
        return answer.json()["result"]["structuredContent"]


class Tab:
    """A browser of one person: whatever it asks for, and says on its console, is noted."""

    def __init__(self, world, chromium, folder, look="light", **options):
        self.world = world
        self.folder = folder
        self.look = look
        self.context = chromium.new_context(**{**LOOKS.get(look, {}), **options})
        self.page = self.context.new_page()
        self.said, self.asked = [], set()
        self.page.on("console", lambda line: self.said.append(line.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(f"dialog {dialog.message}"))
        self.page.on("request", lambda request: self.asked.add(request.url.split("/")[2]))

    def sign_in(self, email, path="/"):
        page = self.page
        page.goto(f"{self.world.url}{path}")
        fill_focused(page, "E-mail address", email)
        page.get_by_role("button", name="Send the code").click()
        fill_focused(page, "Code", self.world.code())
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("heading", level=1)).not_to_have_text("Type the code")
        return page

    def open(self, path):
        self.page.goto(f"{self.world.url}{path}")
        return self.page

    def shoot(self, name):
        shot(self.page, self.folder / f"{name}-{self.look}.png")

    def quiet(self):
        """Nothing was said, and nobody else was asked."""
        assert self.said == []
        assert {each.partition(":")[0] for each in self.asked} == {"localhost"}
