"""Records and questions made by chance, of a number or of hypothesis: whoever draws decides."""

# ruff: noqa: RUF001  letters that look like others are what is tried

from datetime import UTC, datetime, timedelta, timezone

from shared.query.ast import (
    All,
    Any,
    Compare,
    InSegment,
    Keys,
    Linked,
    Marked,
    Not,
    Updated,
    Words,
)
from shared.query.kinds import Kind

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
LONG = "A long Title, of many words. " * 20
TEXTS = (
    "", " ", "=", "a", "A", "HP", "hp", "Xerox", "xerox 12", "Xerxo", "12", "12.0", "true", "null",
    "2009-12-10T00:00:00Z", "2009-12-10", "https://shop.example/a?b=c", "a.*b (c) [d] {e} ^$|+?\\",
    '"quoted"', "a\nb\tc", "a\x00b", "\x1f", "…", "…0123456789abcdef", "~", "~~long", "a~b",
    "İstanbul", "istanbul", "i\u0307stanbul", "ISTANBUL", "ıstanbul", "Straße", "STRASSE", "ẞ",
    "ſafe", "safe", "ΣΊΣΥΦΟΣ", "σίσυφος", "σίσυφοσ", "\u212a", "k", "é", "e\u0301", "E\u0301", "É",
    "שלום עולם", "مرحبا", "\u202eabc", "日本語 テキスト", "😀", "ǅ", "ǆ", "ﬁne", "fine",
    "Laser printers, printing", "printer", "Prints", "x" * 199, "x" * 200, "x" * 201, "X" * 201,
    "x" * 200 + "y", "x" * 202, "İ" * 100, "İ" * 101, "i\u0307" * 100, "İ" * 200, "İ" * 201,
    LONG, LONG.upper(), LONG + "end", LONG[:200], LONG[:200] + "…", "é" * 250, "שלום " * 60,
)  # fmt: skip
INTEGERS = (
    0, 1, -1, 2, 12, 2**31, 2**53 - 1, 2**53, 2**53 + 1, -(2**53) - 1, 2**62, 2**63 - 2, 2**63 - 1,
    -(2**63), -(2**63) + 1,
)  # fmt: skip
DECIMALS = (
    0.0, -0.0, 1.0, -1.0, 2.0, 0.1, 0.2, 0.1 + 0.2, 0.3, 12.0, 12.5, -3.5, 1e15, 1e16, 2.0**53,
    2.0**53 + 2, 2.0**63, -(2.0**63), 2.0**64, 1e19, 1e300, -1e300, 5e-324, 1.7976931348623157e308,
    1e-7, 123456789.123456789,
)  # fmt: skip
TIMES = (
    "1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00Z", "2009-12-10T00:00:00Z",
    "2009-12-10T00:00:00.001Z", "2009-12-10T00:00:00.001999Z", "2009-12-10T00:00:00.002Z",
    "2038-01-19T03:14:08Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z",
)  # fmt: skip
LANGUAGES = ("sv", "en", "pt-BR")
SEGMENTS = ("cheap", "Cheap", "new")
PROPERTIES = (
    ("brand", Kind.TEXT),
    ("contact.firstName", Kind.TEXT),
    ("price", Kind.DECIMAL),
    ("net-price", Kind.DECIMAL),
    ("pages", Kind.INTEGER),
    ("touch", Kind.BOOLEAN),
    ("released", Kind.TIMESTAMP),
    ("gtin", Kind.LIST),
    ("name", Kind.LOCALIZED_TEXT),
    ("tags_a", Kind.LOCALIZED_LIST),
    ("a\\b:c", Kind.INTEGER),
)
"""What properties usually are; `changing` is of any kind."""
PARTS = (("name", Kind.TEXT), ("count", Kind.INTEGER), ("made.at", Kind.TIMESTAMP))
"""What records in the list `parts` have."""
SEVERAL = (("sizes", Kind.INTEGER), *((f"parts.{name}", kind) for name, kind in PARTS))
"""Properties that have any number of values."""
MARKS = (("type", "Demo/Machine"), ("lineage", "Demo/Thing"), ("lineage", "Demo/Machine"))
PATTERNS = ("%", "%%", "h%", "%p", "%r%t%", "laser%PRINTING", "%.%", "xerox 12", "x%", "%İ%")


class Chance:
    """What draws: `random.Random`, or hypothesis through `draw`."""

    def __init__(self, choose, number):
        self.choose = choose
        self.number = number

    def some(self, values, most):
        return [self.choose(values) for _ in range(self.number(0, most))]


def by_number(random):
    return Chance(random.choice, random.randint)


def value(chance, kind):  # noqa: PLR0911  one for each kind
    match kind:
        case Kind.TEXT:
            return chance.choose(TEXTS)
        case Kind.DECIMAL:
            return chance.choose(DECIMALS)
        case Kind.INTEGER:
            return chance.choose(INTEGERS)
        case Kind.BOOLEAN:
            return chance.choose((True, False))
        case Kind.TIMESTAMP:
            return chance.choose(TIMES)
        case Kind.LIST:
            return chance.some(TEXTS, 3)
        case Kind.LOCALIZED_TEXT:
            return {language: chance.choose(TEXTS) for language in _languages(chance)}
        case Kind.LOCALIZED_LIST:
            return {language: chance.some(TEXTS, 2) for language in _languages(chance)}
        case _:
            return None


def body(chance):
    """Some properties, among them one whose kind changes from record to record."""
    found = {}
    for property_, kind in (
        *PROPERTIES,
        ("changing", chance.choose([kind for _, kind in PROPERTIES])),
    ):
        if chance.number(0, 9) < 3:
            continue
        held = Kind.CLEARED if chance.number(0, 9) == 0 else kind
        found[f"{held.value}.{property_}"] = value(chance, held)
    if chance.number(0, 2):
        found["o.parts"] = [part(chance) for _ in range(chance.number(0, 3))]
        found["i.sizes"] = chance.some(INTEGERS, 3)
        found["g.type"] = "Demo/Machine"
        found["g.lineage"] = ["Demo/Thing", "Demo/Machine"]
    if segments := chance.some(SEGMENTS, 2):
        found["g.segments"] = list(dict.fromkeys(segments))
    return found


def part(chance):
    """A record in a list."""
    return {
        f"{kind.value}.{name}": value(chance, kind) for name, kind in PARTS if chance.number(0, 3)
    }


def question(chance, depth=0):
    """A condition, of others down to the fifth level."""
    made = chance.number(0, 9)
    if depth < 5 and made < 4:
        inside = tuple(question(chance, depth + 1) for _ in range(chance.number(0, 3)))
        return (All, Any)[made % 2](inside)
    if depth < 5 and made == 4:
        return Not(question(chance, depth + 1))
    return leaf(chance)


def leaves(where):
    """The conditions that are not made of others."""
    match where:
        case All(of) | Any(of):
            for each in of:
                yield from leaves(each)
        case Not(of):
            yield from leaves(of)
        case _:
            yield where


def leaf(chance):  # noqa: PLR0911  one for each condition
    match chance.number(0, 13):
        case 0:
            return Keys(tuple(str(chance.number(0, 300)) for _ in range(chance.number(0, 60))))
        case 1:
            return Keys((chance.choose(("1", "20", "é", "É", "k 1")),), op="starts_with")
        case 2:
            start, end = (
                chance.choose((None, BEGIN + timedelta(microseconds=chance.number(0, 9))))
                for _ in range(2)
            )
            return Updated(start, end)
        case 3:
            on = tuple(chance.some(("brand", "name", "tags_a"), 2))
            return Words(chance.choose(TEXTS)[:200] or "a", on)
        case 4:
            return InSegment(chance.choose(SEGMENTS))
        case 5:
            property_, kind = chance.choose(PROPERTIES)
            offered = chance.some((*TEXTS, "12", "0", "-1", "9007199254740993", "0.1", "x1"), 60)
            return Linked(property_, kind, tuple(offered))
        case 6:
            name, _ = mark = chance.choose((*MARKS, ("type", "Demo/Thing"), ("state", "archived")))
            return Marked(name, (mark[1], *chance.some(("Demo/Machine", "x"), 2)))
        case _:
            return compare(chance)


def compare(chance):
    property_, kind = chance.choose(
        (*PROPERTIES, *SEVERAL, ("changing", chance.choose(list(PROPERTIES))[1]))
    )
    language = chance.choose((None, *LANGUAGES)) if kind.is_localized else None
    op = chance.choose(_operators(kind))
    language = None if op == "cleared" else language
    amount = {"in": chance.number(0, 60), "between": 2, "exists": 0, "cleared": 0}.get(op, 1)
    asked = tuple(_asked(chance, kind) for _ in range(amount))
    if op in ("starts_with", "contains", "similar"):
        asked = (_part(chance, str(asked[0])) or "a",)
    if op == "like":
        asked = (chance.choose((*PATTERNS, f"{_part(chance, str(asked[0]))[:150]}%")),)
    sensitive = kind.is_text and chance.choose((True, False))
    return Compare(property_, kind, op, asked, language, sensitive)


def _operators(kind):
    if kind.is_text:
        return ("eq", "in", "exists", "cleared", "starts_with", "contains", "like", "similar")
    if kind is Kind.BOOLEAN:
        return ("eq", "in", "exists", "cleared")
    return ("eq", "in", "exists", "cleared", "lt", "lte", "gt", "gte", "between")


def _asked(chance, kind):
    if kind.is_text:
        return chance.choose(TEXTS)
    if kind is Kind.TIMESTAMP:
        at = datetime.fromisoformat(chance.choose(TIMES[1:-2]))
        return at.astimezone(timezone(timedelta(hours=chance.number(-3, 3))))
    if kind.is_number:  # either of them: who asks for pages may say 12.5
        return chance.choose((*DECIMALS, *INTEGERS))
    return value(chance, kind)


def _part(chance, text):
    begin = chance.choose((0, chance.number(0, len(text))))
    return text[begin : begin + chance.choose((1, 2, 5, 198, 200))]


def _languages(chance):
    return dict.fromkeys([chance.choose(LANGUAGES), *chance.some(LANGUAGES, 2)])
