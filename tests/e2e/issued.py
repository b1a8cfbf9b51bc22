"""Every secret an end-to-end run issues, as it passes the front; and whether a log holds one.

Run as a program it is `catalog-mcp` with such a front: `python -m tests.e2e.issued FILE dev …`.
"""

import json
import re
import sys
from http.cookies import SimpleCookie
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from shared.cli import front
from shared.cli.main import main
from tests.browser import Html

SENT = ("client_assertion", "code_verifier")
ANSWERED = ("access_token", "refresh_token", "device_code", "user_code")
SHOWN = ("csrf", "request")
LONG = 20
"""Characters from which on a text is too long to be in a log by chance."""
FORMS = (r"ort_[0-9a-f]{32}_", r"eyJ[A-Za-z0-9_-]{20,}\.", r"[?&](code|state|request)=")


class Recording:
    """An ASGI application that passes everything on and notes what is secret in it."""

    def __init__(self, app, file):
        self.app = app
        self.file = file

    async def __call__(self, scope, receive, send):
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        sent, answered, headers = bytearray(), bytearray(), []

        async def hear():
            message = await receive()
            sent.extend(message.get("body", b""))
            return message

        async def tell(message):
            headers.extend(message.get("headers", ()))
            answered.extend(message.get("body", b""))
            await send(message)

        await self.app(scope, hear, tell)
        found = {*of_request(scope["headers"], bytes(sent)), *of_answer(headers, bytes(answered))}
        note(self.file, *found)
        return None


def of_request(headers, body):
    """The secrets a program sends."""
    for name, value in headers:
        if name == b"authorization" and len(value) > LONG:
            secret = value.decode().partition(" ")[2]
            yield "api_key" if secret.startswith("octo_") else "access_token", secret
        if name == b"content-type" and value.startswith(b"application/x-www-form-urlencoded"):
            form = parse_qs(body.decode(errors="replace"))
            yield from ((name, form[name][0]) for name in SENT if name in form)


def of_answer(headers, body):
    """The secrets a function answers with: to programs, to browsers, and on to clients."""
    kind = b""
    for name, value in headers:
        if name == b"set-cookie":
            cookies = SimpleCookie(value.decode())
            yield from (("cookie", each.value) for each in cookies.values() if each.value)
        if name == b"location":
            query = parse_qs(urlsplit(value.decode()).query)
            yield from ((name, query[name][0]) for name in ("code", "request") if name in query)
        if name == b"content-type":
            kind = value
    if kind.startswith(b"application/json"):
        value = json.loads(body or b"null")
        fields = value if isinstance(value, dict) else {}
        yield from ((name, fields[name]) for name in ANSWERED if name in fields)
    if kind.startswith(b"text/html"):
        forms = [fields for _, fields in Html(body.decode()).forms]
        yield from ((name, each[name]) for each in forms for name in SHOWN if each.get(name))


def note(file, *secrets):
    """Add secrets, each with its kind, to those that were issued."""
    with file.open("a") as out:
        out.writelines(f"{kind} {secret}\n" for kind, secret in secrets)


def known(folder):
    """Every secret that was issued in a folder's run, as (kind, secret): noted, or mailed."""
    found = set()
    for file in folder.rglob("*issued.txt"):
        found |= {tuple(line.split(" ", 1)) for line in file.read_text().splitlines()}
    for file in filter(Path.is_file, folder.rglob("mail.txt")):
        for one, two in re.findall(r"^ +(\d{4}) (\d{4})$", file.read_text(), re.MULTILINE):
            found |= {("mailed_code", one + two), ("mailed_code", f"{one} {two}")}
    return found


def leaks(folder):
    """What must not be in any log of a folder's run and is: the kind of secret, and the file."""
    secrets = known(folder)
    found = []
    for file in sorted(folder.rglob("*.log")):
        text = file.read_text(errors="replace")
        found += [(kind, file) for kind, secret in secrets if is_in(secret, text)]
        found += [(form, file) for form in FORMS if re.search(form, text)]
    return found


def is_in(secret, text):
    """Whether a log holds a secret; a short one only where it is no part of something longer."""
    if len(secret) >= LONG:
        return secret in text
    return re.search(rf"(?<![\w.-]){re.escape(secret)}(?![\w-])", text) is not None


def record(file):
    """From now on every front of this process notes what passes; how to end that."""
    inner = front.front
    front.front = lambda *given: Recording(inner(*given), file)
    return lambda: setattr(front, "front", inner)


if __name__ == "__main__":
    record(Path(sys.argv.pop(1)))
    main()
