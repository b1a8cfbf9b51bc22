"""A client with MCP Apps in Chromium: the official package's AppBridge between a page of ours and a
running platform.

The reference host is in the package's repository alone. So the host page here (tests/e2e/apps) is
ours; the bridge, the protocol and the client in it are the published ones.
"""

import base64
import json
import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from tests.e2e.looks import complaints
from tests.e2e.portal import LOOKS
from tests.e2e.programs import INSTALLED, missing

FILES = Path(__file__).parent / "apps"
PLACE = "/apps-client/"
KINDS = {".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript"}
ALL = {"openLinks": {}, "serverTools": {}, "updateModelContext": {"text": {}}}
"""What a client lets pages do."""
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M/wHwAEBgIApD5fRAAAAABJRU5ErkJggg=="
)


class AppsClient:
    """One browser that shows pages of tools.

    Args:
        mcp: the address of a face's endpoint. The host page is put beside it, so it may ask it.
        token: a bearer token of it.
    """

    def __init__(self, chromium, folder, look, *, mcp, token):
        self.look, self.folder = look, folder
        self.mcp, self.token = mcp, token
        self.host = f"http://{urlsplit(mcp).netloc}{PLACE}"
        self.sandbox = self.host.replace("localhost", "127.0.0.1") + "sandbox.html"
        self.context = chromium.new_context(**LOOKS[look])
        self.context.route(f"**{PLACE}**", self._file)
        self.context.route(re.compile("https://"), self._picture)
        self.page = self.context.new_page()
        self.said, self.pictures = [], []
        self.page.on("console", self._note)
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.on("dialog", lambda dialog: self.said.append(f"dialog {dialog.message}"))

    def show(self, tool, *, can=ALL, era="legacy", result=None, **arguments):
        """Call a tool and show its page; the frame the page is in."""
        self.page.goto(f"{self.host}host.html")
        self.page.wait_for_function("window.ready")
        theme = LOOKS[self.look].get("color_scheme", "light")
        asked = {
            "mcp": self.mcp, "token": self.token, "era": era, "can": can, "tool": tool,
            "arguments": arguments, "result": result, "sandbox": self.sandbox,
            "context": {"theme": theme, "locale": "en-US", "displayMode": "inline"},
        }  # fmt: skip
        self.answer = self.page.evaluate("asked => window.show(asked)", asked)
        return self.frame

    @property
    def frame(self):
        """Where the page is: the frame in the sandbox."""
        (outer,) = self.page.main_frame.child_frames
        (inner,) = outer.child_frames
        return inner

    def noted(self, name, count=1):
        """What the client saw the page do, once it has done so much."""
        self.page.wait_for_function(f"window.seen.{name}.length >= {count}")
        return self.seen(name)

    def seen(self, name):
        """What the client knows of it now."""
        return self.page.evaluate(f"window.seen.{name}")

    def accessible(self):
        """Nothing serious is wrong with the page, and it does not scroll sideways."""
        frame = self.frame
        assert complaints(frame) == []
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not frame.evaluate(wide)

    def shoot(self, name):
        """A picture. A frame of another process is painted anew after the window has grown."""
        before = self.page.viewport_size
        tall = self.page.evaluate("document.documentElement.scrollHeight")
        self.page.set_viewport_size({**before, "height": max(tall, before["height"])})
        self.frame.evaluate(
            "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))"
        )
        self.page.screenshot(path=self.folder / f"{name}-{self.look}.png")
        self.page.set_viewport_size(before)

    def close(self):
        self.context.close()

    def _note(self, line):
        """What the page itself has to complain of; the bridge around it tells every message."""
        if line.location["url"] == "about:srcdoc":
            self.said.append(line.text)

    def _file(self, route):
        parts = urlsplit(route.request.url)
        name = parts.path.removeprefix(PLACE)
        if not INSTALLED.exists():
            missing("@modelcontextprotocol/ext-apps is not installed: `make tests` installs it")
        module = name.removeprefix("modules/")
        path = FILES / name if module == name else INSTALLED / module
        kind = KINDS.get(path.suffix, "text/plain")
        headers = {"content-type": kind}
        if name == "sandbox.html":
            declared = json.loads(parse_qs(parts.query)["csp"][0])
            headers["content-security-policy"] = policy(declared)
        route.fulfill(status=200, headers=headers, body=path.read_bytes())

    def _picture(self, route):
        self.pictures.append(route.request.url)
        route.fulfill(status=200, headers={"content-type": "image/png"}, body=PICTURE)


def policy(declared):
    """The policy that the extension has a host make of what a resource declares."""
    own = " ".join(declared.get("resourceDomains", []))
    asks = " ".join(declared.get("connectDomains", [])) or "'none'"
    return (
        f"default-src 'none'; script-src 'self' 'unsafe-inline' {own}; "
        f"style-src 'self' 'unsafe-inline' {own}; img-src 'self' data: {own}; "
        f"font-src 'self' {own}; media-src 'self' data: {own}; connect-src {asks}; "
        "frame-src 'none'; object-src 'none'; base-uri 'self'"
    )
