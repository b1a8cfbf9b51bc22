"""The pictures of the README, of the running thing: `make pictures` writes docs/pictures.

The second one is a page made here around one real call: what an agent sent, and what it was given.
"""

import html
import json
from pathlib import Path

import httpx
from playwright.sync_api import expect

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
SIZE = {"width": 1200, "height": 720}
NARROW = {"width": 800, "height": 400}
QUESTION = "waterproof jacket or shoes under 200 €"
ARGUMENTS = {"query": QUESTION, "limit": 4}

STYLE = """
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: #1c2430 }
main { padding: 24px; background: #f6f7f9 }
p { margin: 0 0 12px }
.asked { background: #dfe9ff; border-radius: 12px; padding: 10px 16px; width: fit-content;
         margin-left: auto }
.wire { font: 13px/1.5 ui-monospace, monospace; color: #46536a }
.found { display: grid; grid-template-columns: 1fr 1fr; gap: 12px; margin-bottom: 12px }
.found div { background: #fff; border: 1px solid #dde2ea; border-radius: 10px;
             padding: 12px 16px }
.found b { display: block }
.found span { color: #46536a }
"""


def called(world):
    """What an agent of the demo's partner is given for the question, over MCP."""
    answer = httpx.post(
        world.facts["mcp_url"],
        json={
            "jsonrpc": "2.0",
            "id": 1,
            "method": "tools/call",
            "params": {"name": "search_products", "arguments": ARGUMENTS},
        },
        headers={"authorization": f"Bearer {world.facts['api_key']}"},
    )
    return answer.json()["result"]["structuredContent"]["result"]


def card(item):
    price = f"{item['currentPrice']:.2f} {item['currency']}"
    more = [item["brand"]["name"], ", ".join(item.get("colors", ())), price]
    said = " · ".join(html.escape(str(each)) for each in more if each)
    return f"<div><b>{html.escape(item['title'])}</b><span>{said}</span></div>"


def test_a_picture_of_the_portal(world, tab):
    ada = tab(viewport=SIZE)
    ada.sign_in(world.member())
    page = ada.open("/usage")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    PICTURES.mkdir(exist_ok=True)
    page.screenshot(path=PICTURES / "portal.png")


def test_a_picture_of_an_agents_answer(world, tab):
    result = called(world)
    assert result["items"]
    sent = f"search_products {json.dumps(ARGUMENTS, ensure_ascii=False)}"
    read = f"understood {json.dumps(result['understood'], ensure_ascii=False)}"
    page = tab(viewport=NARROW).page
    page.set_content(
        f"<style>{STYLE}</style><main>"
        f"<p class=asked>{html.escape(QUESTION)}<p class=wire>{html.escape(sent)}"
        f"<div class=found>{''.join(map(card, result['items']))}</div>"
        f"<p class=wire>{html.escape(read)}</main>"
    )
    page.locator("main").screenshot(path=PICTURES / "answer.png")
