"""What a person's words mean beside the product: price bounds, and what they do not want.

`usb hub under $20` looks for a usb hub up to 20; `hoodie without zip` for hoodies that say nothing
of a zip. Only what is plain is read so: an amount has a currency, or ends the question behind
`under`. A product that is called so, as in `Socks without heel`, keeps the words from being read.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from tantivy import Occur, Query

from shared.catalog.search.words import LONGEST_QUERY
from shared.catalog.segment.index import WORDS
from shared.catalog.segment.reader import Segment

REVISION: Final = 1
"""Differs when the same words are read in another way: walks that began before cannot go on."""
_MARK: Final = r"(?:dollars?|bucks|usd|euros?|eur|pounds?|gbp|quid|chf|\$|€|£)"
_AMOUNT: Final = (
    r"\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d{1,3}(?:\.\d{3})+(?:,\d{1,2})?|\d+(?:[.,]\d{1,2})?"
)
_BEFORE: Final = rf"(?:(?:{_MARK})\s?)"
_MONEY: Final = rf"(?:{_BEFORE}(?:{_AMOUNT})(?!\w)|(?:{_AMOUNT})\s?{_MARK}(?!\w))"
_BARE: Final = rf"(?:{_AMOUNT})(?=\s*$)"
_LEAST: Final = r"(?:over|above|more than|at least|starting at|from|min\.?|minimum|über|ab|>=?)"
_MOST: Final = (
    r"(?:under|below|less than|cheaper than|up to|at most|no more than|not more than|max\.?"
    r"|maximum|unter|bis|<=?)"
)
_PRICES: Final = (
    re.compile(
        rf"(?<!\w)(?:between|from|zwischen|von)\s+{_BEFORE}?(?P<min>{_AMOUNT})\s?{_MARK}?\s*(?:and|to|und|bis|[-\u2013])\s*"
        rf"(?P<max>{_MONEY}|{_BARE})",
    ),
    re.compile(rf"(?<!\w)(?P<min>{_MONEY})\s*(?:[-\u2013]|to|bis)\s*(?P<max>{_MONEY}|{_BARE})"),
    re.compile(rf"(?<!\w)(?:for\s+|für\s+)?{_MOST}\s*(?P<max>{_MONEY})"),
    re.compile(rf"(?<!\w)(?:under|below|less than|cheaper than|unter)\s+(?P<max>{_BARE})"),
    re.compile(rf"(?<!\w){_LEAST}\s*(?P<min>{_MONEY})"),
)
_END: Final = r"and|or|for|with|under|over|in|from|und|oder|für|mit|unter|über|but"
_WORD: Final = rf"(?!(?:{_END})(?!\w))[^\W_][\w'-]*"
_WITHOUT: Final = re.compile(
    r"(?<!\S)(?:but\s+)?(?:without(?:\s+(?:an?|any|the))?|w/o|with\s+no|(?<=but )no|(?:but\s+)?not"
    r"|except(?:\s+for)?|excluding|ohne)\s+"
    rf"(?P<first>{_WORD}(?:\s+{_WORD})?)(?P<more>(?:\s*(?:,|or|oder)\s+{_WORD})*)"
)
_HINT: Final = re.compile(r"\d|with|w/o|not|but|except|excluding|ohne")
_JOINING: Final = re.compile(r"\s*(?:,|(?<!\w)(?:or|oder)(?!\w))\s*")
_DANGLING: Final = re.compile(r"(?:\s+(?:but|for|and|with))?\s*$")
_MARKED: Final = re.compile(_MARK)
"""What means one thing only, whatever a product is called."""
_DIGITS: Final = re.compile(r"\d[\d.,]*")
_THOUSANDS: Final = re.compile(r"[.,](?=\d{3}(?:\D|$))")
_LOOKED_AT: Final = 20
"""Products with all the words whose titles are looked at for the phrase."""


class Meaning(NamedTuple):
    """What a text means.

    Attributes:
        text: what is left to look for; empty to browse.
        price_min, price_max: inclusive bounds, where it says some.
        without: words that products must not have, together: `usb c`.
        phrases: the parts of the text that were read so.
    """

    text: str
    price_min: float | None = None
    price_max: float | None = None
    without: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()


def meaning(text: str, segments: Iterable[Segment]) -> Meaning | None:
    """What the text means beside words; None where it is nothing but words.

    So it is where a product of these segments is called by the very phrase.
    """
    if len(text) > LONGEST_QUERY or not _HINT.search(text.lower()):
        return None
    read = _read(text)
    if not read.phrases or any(_is_called_so(each, text, read.phrases) for each in segments):
        return None
    return read


def excluded(segment: Segment, words: str) -> Query | None:
    """Products that have all these words; None where no product has."""
    terms = [term for word in segment.surface(words) for term in segment.word(word).terms]
    if not terms:
        return None
    return Query.boolean_query(
        [(Occur.Must, Query.term_query(segment.schema, WORDS, term, "basic")) for term in terms]
    )


def _read(text: str) -> Meaning:
    left, phrases = text.strip(), []
    low: float | None = None
    high: float | None = None
    for pattern in _PRICES:
        found = pattern.search(left.lower())
        if found is None:
            continue
        given = found.groupdict()
        least, most = _amount(given.get("min")), _amount(given.get("max"))
        if least is not None and most is not None and least > most:
            continue
        low = low if least is None else least
        high = high if most is None else most
        phrases.append(found[0])
        left = _cut(left, found)
    without: list[str] = []
    found = _WITHOUT.search(left.lower())
    rest = _cut(left, found) if found else ""
    if found and rest:
        without += filter(None, _JOINING.split(found["first"] + found["more"]))
        phrases.append(found[0])
        left = rest
    return Meaning(left, low, high, tuple(without), tuple(phrases))


def _cut(text: str, found: re.Match[str]) -> str:
    """The text without what was read, and without a joining word that leads nowhere now."""
    before = _DANGLING.sub("", text[: found.start()])
    return f"{before} {text[found.end() :].strip()}".strip()


def _amount(text: str | None) -> float | None:
    """The number in a text: `1,000.50`, `1.000,50` and `20,5` as people write them."""
    digits = _DIGITS.search(text or "")
    if digits is None:
        return None
    number = _THOUSANDS.sub("", digits[0].rstrip(".,"))
    return float(number.replace(",", "."))


def _is_called_so(segment: Segment, text: str, phrases: Iterable[str]) -> bool:
    """Whether a product with all words of the text has one of the phrases in its title."""
    terms = [term for word in segment.surface(text) for term in segment.word(word).terms]
    if not all(segment.searcher.doc_freq(WORDS, term) for term in terms):
        return False
    every = Query.boolean_query([(Occur.Must, segment.term(term).query) for term in terms])
    wanted = [segment.surface(phrase) for phrase in phrases if not _MARKED.search(phrase)]
    if not wanted:
        return False
    for number in segment.find(every, _LOOKED_AT).numbers:
        title = segment.surface(segment.title(number))
        if any(_stands_in(phrase, title) for phrase in wanted):
            return True
    return False


def _stands_in(phrase: list[str], title: list[str]) -> bool:
    size = len(phrase)
    return any(title[at : at + size] == phrase for at in range(len(title) - size + 1))
