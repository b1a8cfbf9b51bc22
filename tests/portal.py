"""The portal and the authorization server of a platform at a real port, and people who use them."""

import re
import threading
from urllib.parse import urljoin, urlsplit

import httpx
import orjson
import uvicorn

from functions.auth.host import AuthHost
from functions.portal import oauth
from functions.portal.host import PortalHost
from functions.portal.portal import Portal
from shared.auth.faces import PORTAL
from shared.cli.processes import free_port
from shared.invoke import Request, invoke
from tests.browser import Page
from tests.platform import Platform


class Served:
    """A platform whose portal and authorization server answer over HTTP, in this process."""

    def __init__(self, folder, clock=None, **settings):
        port = free_port()
        self.origin = f"http://127.0.0.1:{port}"
        addresses = {f"{name}_url": f"{self.origin}/{name}" for name in ("auth", "portal", "mcp")}
        own = {"sign_in": True, "fetch_networks": ["127.0.0.0/8"], **addresses}
        self.platform = Platform(folder, clock, **{**own, **settings})
        hosts = {"/auth": AuthHost(self.platform.app), "/portal": PortalHost(self.platform.app)}

        async def front(scope, receive, send):
            name = "/" + scope["path"].split("/")[1]
            await hosts[name](scope, receive, send)

        config = uvicorn.Config(
            front, "127.0.0.1", port, log_level="warning", lifespan="off", proxy_headers=False
        )
        self.people = []
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)

    def __enter__(self):
        self._thread.start()
        while not self._server.started:
            self._thread.join(0.005)
        return self

    def __exit__(self, *error):
        for each in self.people:
            each.http.close()
        self._server.should_exit = True
        self._thread.join(5)
        self.platform.close()

    def person(self, org="partner", subject="ada", *, role="owner", **member):
        """A browser that is signed in as a member of an organization."""
        email = member.pop("email", f"{subject}@example.com")
        self.platform.member(org, subject, role=role, email=email, **member)
        browser = Person(self)
        browser.http.cookies.set(*cookie_of(self.platform, org, subject))
        return browser


def cookie_of(platform, org="partner", subject="ada", **options):
    """The name and value of the cookie of a member who is signed in."""
    app = platform.app
    token = token_of(platform, org, subject, **options)
    session = oauth.Session(access=token, refresh=None, until=app.clock.time() + 86_400)
    portal = Portal(app)
    value = oauth.kept(portal, session)[1]
    return portal.cookie(oauth.COOKIE), value.partition("=")[2].partition(";")[0]


def token_of(platform, org="partner", subject="ada", *, scopes=PORTAL.scopes):
    """The portal's access token of a member who is signed in, good for a day."""
    url = platform.settings.portal_url
    return platform.token(org, subject, scopes=scopes, audience=url, lifetime=86_400, client=url)


class Person:
    """A browser without JavaScript: follows redirects, keeps cookies, sends forms."""

    def __init__(self, site):
        self.site = site
        site.people.append(self)
        self.portal = f"{site.origin}/portal"
        self.http = httpx.Client(follow_redirects=True, trust_env=False, timeout=120)

    def open(self, path, **params):
        url = f"{self.portal}{path}" if path.startswith("/") else path
        return Page(self.http.get(url, params=params or None))

    def send(self, page, action, *, having=None, **fields):
        """Send a form of a page; `having`: the fields that tell it from others to that action."""
        where, filled = next(
            (where, dict(found))
            for where, found in page.forms
            if urlsplit(where).path.endswith(action)
            and all(found.get(name) == value for name, value in (having or {}).items())
        )
        sent = {name: value for name, value in {**filled, **fields}.items() if value is not None}
        url = urljoin(str(page.response.url), where)
        self.site.platform.clock.advance(0.001)  # or events of one moment would have no order
        return Page(self.http.post(url, data=sent, headers={"origin": self.site.origin}))

    def sign_in(self, email, path="/"):
        """From nothing to the page that was wanted, or the choice of an organization."""
        page = self.send(self.open(path), "/sign-in", email=email)
        return self.send(page, "/sign-in/code", code=self.code())

    def code(self):
        mail = (self.site.platform.folder / "mail.txt").read_text()
        return re.findall(r"^ +(\d{4} \d{4})$", mail, re.MULTILINE)[-1]


def acting(platform, org="partner", subject="ada", *, role="owner"):
    """Run tools as a person of an organization does, through `invoke`; raises the Problem."""
    if platform.app.documents.get(f"memberships/{org}:{subject}") is None:
        platform.member(org, subject, role=role, email=f"{subject}@example.com")
    text = platform.token(
        org, subject, scopes=PORTAL.scopes, audience=platform.settings.portal_url, lifetime=86_400
    )
    token = platform.app.tokens.verify(text, PORTAL)

    def run(tool, **arguments):
        reply = invoke(tool, platform.app, Request(token, "portal", "test-request"), arguments)
        if reply.problem is not None:
            raise reply.problem
        return orjson.loads(reply.body)

    return run


def events(platform, org="partner"):
    """The audit events of an organization, oldest first, without what differs by time."""
    found = platform.do("list_audit_events", org=org)["items"]
    return [
        {name: each[name] for name in ("event", "target", "org", "by", "surface", "details")}
        for each in reversed(found)
    ]
