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
    if attributes := list(_attributes(view)):
        parts.append("## Attributes\n\n" + "\n".join(attributes))
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
        yield _fact("Price", _price(view))
    if stock := _stock(view):
        yield _fact("Availability", stock)
    if view["condition"]:
        yield _fact("Condition", view["condition"])
    yield from _terms(view)
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
        ("Highlights", details["highlights"]),
        ("Certificates", [_certificate(one) for one in details["certifications"]]),
        ("Energy class", [_energy(details)]),
        ("Pieces", [str(details["multipack"] or "")]),
        ("For", [*audience["genders"], *audience["ageGroups"]]),
        ("Tags", view["tags"]),
        ("Offers", [_offer(offer) for offer in view["promotions"]]),
        ("Product id", [known["productId"]]),
        ("GTIN", [known["gtin"] or ""]),
        ("MPN", [known["mpn"] or ""]),
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
        None if variant["currentPrice"] is None else _price(variant),
        variant["condition"],
        _stock(variant),
    ]
    text = escaped(", ".join(fact for fact in facts if fact)) or "variant"
    return f"- {text}" + (f": {_link(variant['productUrl'])}" if variant["productUrl"] else "")


def _review(review: dict[str, Any]) -> str:
    about = [review["author"], None if review["rating"] is None else f"{review['rating']:g}"]
    head = ", ".join(fact for fact in about if fact)
    return f"- {escaped(': '.join(part for part in (head, review['body']) if part))}"


def _attributes(view: dict[str, Any]) -> Iterator[str]:
    for one in view["details"]["specifications"]:
        name = ", ".join(part for part in (one["section"], one["name"]) if part)
        yield _fact(name, escaped(one["value"]))
    for name, values in (view["enrichment"] or {"attributes": {}})["attributes"].items():
        yield _fact(name, escaped(", ".join(values)))


def _terms(view: dict[str, Any]) -> Iterator[str]:
    """On what terms it is sold, as far as is known."""
    offer = view["offer"] or {}
    if sale := offer.get("sale"):
        begins = f" from {sale['startsAt']}" if sale["startsAt"] and not _runs(view) else ""
        ends = f" until {sale['endsAt']}" if sale["endsAt"] else ""
        yield _fact("Sale", f"{_money(sale['price'])}{begins}{ends}")
    if offer.get("expiresAt"):
        yield _fact("Offered until", offer["expiresAt"])
    if unit := offer.get("unitPrice"):
        base = f" (compare by {unit['base']})" if unit["base"] else ""
        yield _fact("Price per", escaped(unit["measure"] + base))
    if paid := offer.get("installment"):
        amount = f"{paid['months']} x {_money(paid['amount'])} {paid['currency']}"
        yield _fact("Instalments", amount)
    if paid := offer.get("subscription"):
        amount = f"{_money(paid['amount'])} {paid['currency']}"
        yield _fact("Subscription", f"{amount} a {escaped(paid['period'])}, {paid['length']} times")
    for one in offer.get("shipping", ()):
        yield _fact("Delivery", _shipping(one))
    for one in offer.get("freeShipping", ()):
        place = f" ({escaped(one['country'])})" if one["country"] else ""
        yield _fact("Free delivery from", f"{_money(one['threshold'])} {one['currency']}{place}")
    if days := offer.get("handlingDays"):
        known = [str(days[name]) for name in ("least", "most") if days[name] is not None]
        yield _fact("Handling", f"{' to '.join(known)} days")
    if offer.get("returnPolicy"):
        yield _fact("Returns", escaped(offer["returnPolicy"]))


def _runs(view: dict[str, Any]) -> bool:
    """Whether the sale holds: its price is the one shown."""
    return bool(view["currentPrice"] == view["offer"]["sale"]["price"])


def _shipping(one: dict[str, Any]) -> str:
    price = None if one["price"] is None else f"{_money(one['price'])} {one['currency']}"
    days = None if one["mostDays"] is None else f"up to {one['mostDays']} days"
    return escaped(
        ", ".join(
            part for part in (one["country"], one["region"], one["service"], price, days) if part
        )
    )


def _certificate(one: dict[str, Any]) -> str:
    return " ".join(part for part in (one["authority"], one["name"], one["code"]) if part)


def _energy(details: dict[str, Any]) -> str:
    scale = f" ({details['energyScale']})" if details["energyScale"] else ""
    return f"{details['energyClass']}{scale}" if details["energyClass"] else ""


def _price(view: dict[str, Any]) -> str:
    before = view["originalPrice"]
    was = f" (before: {_money(before)})" if before is not None else ""
    return f"{_money(view['currentPrice'])} {view['currency']}{was}"


def _stock(view: dict[str, Any]) -> str:
    """Whether it can be had, and from when; nothing where that is not known."""
    if view["inStock"] is None:
        return ""
    if view["inStock"]:
        return "in stock"
    kind = view["availability"]
    said = "not in stock" if kind in ("out_of_stock", "unknown") else f"not in stock ({kind})"
    date = view["availabilityDate"]
    return f"{said}, expected {date}" if date else said


def _money(amount: float) -> str:
    cents = f"{amount:.2f}"
    return cents if float(cents) == amount else repr(amount)


def _link(url: str) -> str:
    return f"<{quote(url, safe=_IN_ADDRESS)}>"
