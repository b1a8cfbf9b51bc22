"""A person at a browser, for clients that open one: `python person.py URL MAIL EMAIL`.

Signs in where asked to, types the code a device shows, allows what is asked, and follows the answer
to wherever the client listens.
"""

import asyncio
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx

sys.path.insert(0, str(Path(__file__).parents[2]))
from tests.browser import Arrived, Browser

PROGRAM = Path(__file__)


async def allow(url, mail, email):
    """What the person's browser shows at the end."""
    parts = urlsplit(url)
    auth = f"{parts.scheme}://{parts.netloc}/auth"
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        browser = Browser(client, Path(mail), auth)
        page = await browser.open(url)
        while not isinstance(page, Arrived):
            actions = [where.rpartition("/auth")[2] for where, _ in page.forms]
            if "/sign-in" in actions:
                page = await browser.sign_in(page, email)
            elif "/device" in actions:
                page = await browser.send(page, "/device")
            elif "/consent" in actions:
                page = await browser.send(page, "/consent", decision="allow")
            else:
                return page.text
        answer = await client.get(page.url)
        return f"{answer.status_code} from {page.place}"


if __name__ == "__main__":
    print(asyncio.run(allow(*sys.argv[1:])))
