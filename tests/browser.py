"""A person's browser, as far as our pages need one: cookies, forms, redirects. No JavaScript."""

import base64
import hashlib
import re
import secrets
from html.parser import HTMLParser
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

AUTH = "http://localhost:8080/auth"
CALLBACK = "http://127.0.0.1:7777/callback"
DEVICE = "urn:ietf:params:oauth:grant-type:device_code"


class Html(HTMLParser):
    """A page's forms, each with its action and fields, and its text."""

    def __init__(self, html):
        super().__init__()
        self.forms = []
        self.text = ""
        self._area = None
        self.feed(html)
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        if tag == "form":
            self.forms.append((attrs["action"], {}))
        elif tag == "input" and self.forms:
            if attrs.get("type") in ("radio", "checkbox") and "checked" not in attrs:
                return
            self.forms[-1][1][attrs["name"]] = attrs.get("value", "")
        elif tag == "textarea" and self.forms:
            self._area = attrs["name"]
            self.forms[-1][1][self._area] = ""
        elif tag == "select":
            self._select = attrs["name"]
        elif tag == "option" and self.forms:
            fields = self.forms[-1][1]
            if "selected" in attrs or self._select not in fields:
                fields[self._select] = attrs.get("value", "")

    def handle_endtag(self, tag):
        if tag == "textarea":
            self._area = None

    def handle_data(self, data):
        if self._area:
            self.forms[-1][1][self._area] += data
        self.text += f" {data}"

    def form(self, action):
        """The fields of the form with this action, as a browser would send them."""
        return next(dict(fields) for where, fields in self.forms if where.endswith(action))


class Page(Html):
    """What a browser was answered."""

    def __init__(self, response):
        super().__init__(response.text)
        self.response = response
        self.status = response.status_code


class Browser:
    """Follows redirects on our own origin, stops at any other; reads its mail from a folder."""

    def __init__(self, client, mail, auth=AUTH):
        self.client = client
        self.mail = mail
        self.auth = auth

    async def open(self, url, **params):
        return await self._follow(await self.client.get(url, params=params or None))

    async def send(self, page, action, **fields):
        """Send a form of a page, with some fields typed or left out (None)."""
        filled = {**page.form(action), **fields}
        sent = {name: value for name, value in filled.items() if value is not None}
        where = next(where for where, _ in page.forms if where.endswith(action))
        url = urljoin(self.auth, where)
        parts = urlsplit(self.auth)
        headers = {"origin": f"{parts.scheme}://{parts.netloc}"}
        return await self._follow(await self.client.post(url, data=sent, headers=headers))

    async def sign_in(self, page, email="ada@example.com"):
        """From the sign-in page to whatever follows it."""
        page = await self.send(page, "/sign-in", email=email)
        return await self.send(page, "/sign-in/code", code=self.code())

    def mails(self):
        return self.mail.read_text().split("\n--\n")[:-1] if self.mail.exists() else []

    def code(self):
        return re.search(r"^ +(\d{4} \d{4})$", self.mails()[-1], re.MULTILINE)[1]

    async def _follow(self, response):
        while response.is_redirect:
            place = response.headers["location"]
            if not place.startswith(self.auth):
                return Arrived(place)
            response = await self.client.get(place)
        return Page(response)


class Arrived:
    """Where the browser was sent at last, and with which parameters."""

    def __init__(self, url):
        self.url = url
        parts = urlsplit(url)
        self.place = parts._replace(query="").geturl()
        self.answer = {name: values[0] for name, values in parse_qs(parts.query).items()}


class App:
    """A client program: registers, sends a browser, exchanges what comes back."""

    def __init__(self, client, auth=AUTH, **registration):
        self.client = client
        self.auth = auth
        self.registration = {
            "redirect_uris": [CALLBACK],
            "client_name": "Test app",
            "token_endpoint_auth_method": "none",
            "grant_types": ["authorization_code", "refresh_token"],
            "response_types": ["code"],
            **registration,
        }
        self.redirect = next(iter(self.registration["redirect_uris"]), None)
        self.id = None
        self.verifier = None

    async def register(self):
        response = await self.client.post(f"{self.auth}/oauth2/register", json=self.registration)
        assert response.status_code == 201, response.text
        self.id = response.json()["client_id"]
        return self

    def request(self, **params):
        """The address that a person's browser is sent to."""
        self.verifier = secrets.token_urlsafe(32)
        digest = hashlib.sha256(self.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "client_id": self.id,
            "redirect_uri": self.redirect,
            "state": "the-state",
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
            **params,
        }
        kept = {name: value for name, value in asked.items() if value is not None}
        return f"{self.auth}/oauth2/authorize?{urlencode(kept, doseq=True)}"

    async def token(self, **params):
        sent = {"client_id": self.id, **params}
        kept = {name: value for name, value in sent.items() if value is not None}
        return await self.client.post(f"{self.auth}/oauth2/token", data=kept)

    async def exchange(self, code, **params):
        given = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect,
            "code_verifier": self.verifier,
            **params,
        }
        return await self.token(**given)

    async def refresh(self, refresh_token, **params):
        return await self.token(grant_type="refresh_token", refresh_token=refresh_token, **params)

    async def revoke(self, token, /, **params):
        data = {"token": token, "client_id": self.id, **params}
        return await self.client.post(f"{self.auth}/oauth2/revoke", data=data)


class Device(App):
    """A client that registers for device codes alone, as mcp-remote does."""

    def __init__(self, client, auth=AUTH):
        grants = [DEVICE, "refresh_token"]
        super().__init__(client, auth, grant_types=grants, redirect_uris=[], response_types=[])
        self.code = None

    async def ask(self, **params):
        data = {"client_id": self.id, **params}
        place = f"{self.auth}/oauth2/device_authorization"
        response = await self.client.post(place, data=data)
        assert response.status_code == 200, response.text
        self.code = response.json()["device_code"]
        return response.json()

    async def poll(self, **params):
        response = await self.token(grant_type=DEVICE, device_code=self.code, **params)
        body = response.json()
        assert response.status_code == (200 if "access_token" in body else 400)
        return body

    async def error(self):
        return (await self.poll())["error"]


async def signed_in(platform, *, email="ada@example.com", **params):
    """A client that was allowed access from nothing: the app, its tokens, the person's browser."""
    client = platform.http(face="auth")
    browser = Browser(client, platform.settings.data / "mail.txt")
    app = await App(platform.http(face="auth")).register()
    tokens = await allowed(app, browser, email=email, **params)
    return app, tokens, browser


async def allowed(app, browser, *, email="ada@example.com", **params):
    """The tokens of a person who signs in where asked to, and presses Allow."""
    page = await browser.open(app.request(**params))
    if any(where.endswith("/sign-in") for where, _ in page.forms):
        page = await browser.sign_in(page, email)
    arrived = await browser.send(page, "/consent", decision="allow")
    response = await app.exchange(arrived.answer["code"])
    assert response.status_code == 200, response.text
    return response.json()
