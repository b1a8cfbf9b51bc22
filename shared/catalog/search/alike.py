"""Words that say the same of products, whichever a catalog uses: for whom, how much, T-shirts.

They are few on purpose. What else is called by several names is a catalog's own matter; these are
the same in every shop, and people type any of them. So are the two ways to write an umlaut.
"""

import re
from collections.abc import Iterator
from typing import Final

from shared.catalog.segment.reader import Segment

_FOR_WHOM: Final = (
    "women woman womens ladies lady female damen frauen femme femmes mujer mujeres dames vrouwen",
    "men man mens gentlemen gents male herren manner homme hommes hombre hombres heren mannen",
    "girls girl madchen fille filles nina ninas meisjes",
    "boys boy jungen garcon garcons nino ninos jongens",
    "kids kid children child childrens kinder enfant enfants kinderen",
    "baby babies infant infants newborn bebe",
)
"""Without accents, as words are compared. Each language's own catalog has some of each line."""
_UNITS: Final = (
    "in inch inches zoll",
    "m metre metres meter meters",
    "cm centimetre centimeter centimetres centimeters",
    "mm millimetre millimeter",
    "gb gigabyte gigabytes",
    "tb terabyte terabytes",
    "mb megabyte megabytes",
    "w watt watts",
    "v volt volts",
    "kg kilogram kilograms kilo",
    "l litre litres liter liters",
    "oz ounce ounces",
    "ft foot feet",
)
_SHIRTS: Final = ("tshirt", "tshirts", "tee", "tees")
_SHIRT: Final = (("tshirt",), ("t", "shirt"), ("tee",))
_COMMONER: Final = 10
"""How many times more products must have another word for whom, so that it is looked for too."""
MOST_WAYS: Final = 3
"""Each costs as much as another word."""
_AMOUNT: Final = re.compile(r"\d{1,5}")
_MEASURE: Final = re.compile(r"(\d{1,5})([a-z]{1,11})")

_UMLAUT: Final = re.compile("([aou])e")
_VOWEL: Final = re.compile("[aou](?!e)")

_LINES: Final = {word: line.split() for line in _FOR_WHOM for word in line.split()}
_UNIT: Final = {word: line.split() for line in _UNITS for word in line.split()}


def alike(segment: Segment, first: str, second: str = "") -> tuple[int, list[tuple[str, ...]]]:
    """Other ways in which the catalog says a word, or two that stand beside each other.

    How many of the two words that is about, and each way as words that the catalog has; none where
    there is no other way.
    """
    if first == "t" and second in ("shirt", "shirts"):
        return 2, _had(segment, iter(_SHIRT))
    if first in _SHIRTS:
        return 1, _had(segment, iter(_SHIRT))
    if _AMOUNT.fullmatch(first) and second in _UNIT and second != "in":  # `7 in 1`
        return 2, _had(segment, _measures(first, second))
    if (found := _MEASURE.fullmatch(first)) and found[2] in _UNIT:
        return 1, _had(segment, _measures(found[1], found[2]))
    return 1, _alone(segment, first)


def _alone(segment: Segment, word: str) -> list[tuple[str, ...]]:
    """Other ways to say a word, whatever stands beside it."""
    if word in _LINES:
        return _for_whom(segment, word)
    if segment.manifest.language == "de" or not segment.word(word).frequency:
        return _had(segment, _umlauts(word))
    return []


def _measures(amount: str, unit: str) -> Iterator[tuple[str, ...]]:
    """`16gb`, `16 gb`, `16 gigabyte`."""
    for name in _UNIT[unit]:
        yield (f"{amount}{name}",)
        yield amount, name


def _umlauts(word: str) -> Iterator[tuple[str, ...]]:
    """`kuche`, as a word with an umlaut is compared, and `kueche`, as it is typed without one."""
    if (plain := _UMLAUT.sub(r"\1", word)) != word:
        yield (plain,)
    for vowel in _VOWEL.finditer(word):
        yield (f"{word[: vowel.end()]}e{word[vowel.end() :]}",)


def _for_whom(segment: Segment, word: str) -> list[tuple[str, ...]]:
    """The word that most products have for the same people, where hardly any has this one."""
    others = [other for other in _LINES[word] if other != word]
    commonest = max(others, key=lambda other: segment.word(other).frequency)
    many, few = segment.word(commonest).frequency, segment.word(word).frequency
    return [(commonest,)] if many > _COMMONER * few else []


def _had(segment: Segment, ways: Iterator[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Those of these ways whose words the catalog has; the most usual few."""
    usual = {way: min(segment.word(word).frequency for word in way) for way in ways}
    known = [way for way, frequency in usual.items() if frequency]
    return sorted(known, key=lambda way: -usual[way])[:MOST_WAYS]
