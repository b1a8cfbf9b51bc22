"""Which known name was probably meant by an unknown one."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Final

ALIKE: Final = 0.8
"""Share of letters that two names have in common, in order, for one to be a slip for the other."""
SHORTEST: Final = 3
"""Letters of a word that says something by itself: `id` in `toolCallId` does not."""

_WORD: Final = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+|[^\W_]+")


def near(name: str, known: Iterable[str]) -> list[str]:
    """The known names that this one is a near miss of, in order.

    `pricemax`, `max_price`, `priceMax` and `price` are near misses of `price_max`.
    """
    return [each for each in sorted(known) if _is_near(name, each)]


def _is_near(name: str, other: str) -> bool:
    one, two = _words(name), _words(other)
    if "".join(one) == "".join(two):
        return True
    if SequenceMatcher(None, "".join(one), "".join(two)).ratio() >= ALIKE:
        return True
    fewer, more = sorted(({*one}, {*two}), key=len)
    return fewer <= more and any(len(word) >= SHORTEST for word in fewer)


def _words(name: str) -> list[str]:
    """The words of a name in either letter case, lower case."""
    return [word.lower() for word in _WORD.findall(name)]
