"""A product as Markdown, for readers that want text.

Product text is data: every character that Markdown gives a meaning is escaped, so nothing a feed
says can become a heading, a link, an image, code or HTML. The same view gives the same text.
"""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote

_MEANT: Final = re.compile(r"[\\`*_{}\[\]<>#|~&!$^=]")
_ADDRESS: Final = re.compile(r"(?<=[a-z]):(?=//)|(?<=www)\.|(?<=mailto):|@", re.IGNORECASE)
_BULLET: Final = re.compile(r"^[-+]")
_NUMBERED: Final = re.compile(r"^(\d{1,9})([.)])")
_IN_ADDRESS: Final = "-._~:/?#[]@!$&'()*+,;=%"


def markdown(view: dict[str, Any]) -> str:
    """A full view as Markdown: the title, facts, description, attributes, variants, reviews."""
    parts = [f"# {escaped(view['title'])}", "\n".join(_facts(view))]
    if view["description"]:
        lines = "  \n".join(escaped(line) for line in view["description"].split("\n"))
        parts.append(f"## Description\n\n{lines}")
    if view["enrichment"] and view["enrichment"]["attributes"]:
        given = view["enrichment"]["attributes"].items()
        facts = (_fact(name, escaped(", ".join(values))) for name, values in given)
        parts.append("## Attributes\n\n" + "\n".join(facts))
    if view["variants"]:
        parts.append("## Variants\n\n" + "\n".join(map(_variant, view["variants"])))
    if view["reviews"]:
        parts.append("## Reviews\n\n" + "\n".join(map(_review, view["reviews"])))
    return "\n\n".join(parts) + "\n"


def escaped(text: str) -> str:
    """Text as one line that Markdown shows as it is."""
    line = _MEANT.sub(r"\\\g<0>", " ".join(text.split()))
    line = _ADDRESS.sub(r"\\\g<0>", line)
    return _NUMBERED.sub(r"\1\\\2", _BULLET.sub(r"\\\g<0>", line))


def _facts(view: dict[str, Any]) -> Iterator[str]:
    yield f"- **Page:** {_link(view['productUrl'])}"
    if view["brand"]:
        yield _fact("Brand", escaped(view["brand"]["name"]))
    if view["currentPrice"] is not None:
        before = view["originalPrice"]
        was = f" (before: {_money(before)})" if before is not None else ""
        yield _fact("Price", f"{_money(view['currentPrice'])} {escaped(view['currency'])}{was}")
    if view["inStock"] is not None:
        yield _fact("Availability", _stock(view["inStock"]))
    if not view["isActive"]:
        yield _fact("Active", "no longer offered")
    if view["rating"]:
        yield _fact("Rating", f"{view['rating']['average']:g} of 5 ({view['rating']['count']})")
    details, audience, known = view["details"], view["audience"], view["identifiers"]
    for name, values in (
        ("Category", [" > ".join(view["categoryPath"])]),
        ("Sizes", view["sizes"]),
        ("Colors", [color["label"] for color in view["colors"]]),
        ("Materials", details["materials"]),
        ("Fit", details["fit"]),
        ("Dimensions", [details["dimensions"] or ""]),
        ("Patterns", details["patterns"]),
        ("For", [*audience["genders"], *audience["ageGroups"]]),
        ("Tags", view["tags"]),
        ("Offers", [_offer(offer) for offer in view["promotions"]]),
        ("Product id", [known["productId"]]),
        ("GTIN", [known["gtin"] or ""]),
    ):
        if text := ", ".join(values):
            yield _fact(name, escaped(text))
    if view["imageUrl"]:
        yield _fact("Picture", _link(view["imageUrl"]))


def _fact(name: str, text: str) -> str:
    return f"- **{escaped(name)}:** {text}"


def _offer(offer: dict[str, Any]) -> str:
    return f"{offer['description']} ({offer['code']})" if offer["code"] else offer["description"]


def _variant(variant: dict[str, Any]) -> str:
    facts = [
        variant["color"]["label"] if variant["color"] else None,
        variant["size"],
        f"SKU {variant['sku']}" if variant["sku"] else None,
        None if variant["inStock"] is None else _stock(variant["inStock"]),
    ]
    text = escaped(", ".join(fact for fact in facts if fact)) or "variant"
    return f"- {text}" + (f": {_link(variant['productUrl'])}" if variant["productUrl"] else "")


def _review(review: dict[str, Any]) -> str:
    about = [review["author"], None if review["rating"] is None else f"{review['rating']:g}"]
    head = ", ".join(fact for fact in about if fact)
    return f"- {escaped(': '.join(part for part in (head, review['body']) if part))}"


def _stock(in_stock: bool) -> str:  # noqa: FBT001  the one thing it says
    return "in stock" if in_stock else "not in stock"


def _money(amount: float) -> str:
    cents = f"{amount:.2f}"
    return cents if float(cents) == amount else repr(amount)


def _link(url: str) -> str:
    return f"<{quote(url, safe=_IN_ADDRESS)}>"
