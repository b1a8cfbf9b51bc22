"""What a page looks like: pictures to be looked at, and axe-core's opinion."""

import json

from tests.e2e.programs import INSTALLED, missing

PHONE = {"width": 375, "height": 740}
SERIOUS = {"serious", "critical"}


def shot(page, file):
    page.screenshot(path=file, full_page=True)
    main = page.locator("main").bounding_box()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"], "scrolls sideways"
    assert main["x"] >= 0
    assert main["x"] + main["width"] <= page.viewport_size["width"], "wider than the screen"


def complaints(page):
    """What axe-core finds seriously wrong with a page (WCAG 2.2 AA and best practices)."""
    program = INSTALLED / "axe-core" / "axe.min.js"
    if not program.exists():
        missing("axe-core is not installed: `make tests` installs it from tests/e2e/package.json")
    page.evaluate(program.read_text())
    found = page.evaluate("axe.run(document)")
    return [
        f"{each['id']}: {json.dumps([node['html'][:120] for node in each['nodes']])}"
        for each in found["violations"]
        if each["impact"] in SERIOUS
    ]
