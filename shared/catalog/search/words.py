"""What a query's text asks for: its words, with the spellings that a catalog may use for them.

Neighbours that the catalog writes as one word are looked for in both spellings (`head set`,
`headset`). A word that the catalog does not have at all is corrected, or split in two that it has
(`tn2110`, `tn 2110`). A word that it has is never replaced; what says the same (`search.alike`) is
looked for beside it, and so are other names of the thing (`search.names`).
"""

import re
from typing import Final, NamedTuple

from shared.catalog.search.alike import MOST_WAYS, alike
from shared.catalog.search.names import other_names
from shared.catalog.search.spelling import corrected
from shared.catalog.segment.reader import Segment
from shared.errors import Problem

LONGEST_QUERY: Final = 1_000
MOST_WORDS: Final = 20
"""Words of a query that are looked for, each once. Any query costs at most five usual searches
(`tests/bench/long_queries.py`: the dearest four), and so many that many products have cost two."""
MOST_SPELT: Final = 2
"""Unknown words of a query that are corrected or split; further ones are looked for as typed. Each
costs about a third of a usual search."""
_SHORTEST_PART: Final = 3
_POSSESSIVE: Final = re.compile(r"(?<=\w)['\u2019]s(?!\w)")
_LETTERS_AND_DIGITS: Final = re.compile(r"([^\W\d_]+)(\d+)|(\d+)([^\W\d_]+)")

Spelling = tuple[str, ...]
"""Terms that stand for a word together: (`headset`,) or (`head`, `set`)."""


class Word(NamedTuple):
    """A word of the query: any of its spellings will do.

    Attributes:
        asked: the words as asked, two where they may be one.
        spellings: the terms to look for.
        telling: False for words like `the`, and for words that the catalog does not have at all:
            a product need not have them.
        unknown: True for a word that the catalog does not have as it was typed.
    """

    asked: tuple[str, ...]
    spellings: tuple[Spelling, ...]
    telling: bool
    unknown: bool = False


class Words(NamedTuple):
    """A query, understood.

    Attributes:
        text: what is looked for; the query itself unless corrected.
        words: its words, each once.
        whole: whether the catalog has every word that tells something.
        left_out: how many words behind the first MOST_WORDS are not looked for.
        missing: those that the catalog has in no spelling and under no other name.
    """

    text: str
    words: tuple[Word, ...]
    whole: bool
    left_out: int
    missing: tuple[str, ...] = ()


def understand(segment: Segment, query: str) -> Words:
    """The words of a query, each once. Raises `invalid` for more than 1,000 characters.

    Of a longer text the first MOST_WORDS words count: what is pasted says first what it is.
    """
    if len(query) > LONGEST_QUERY:
        raise Problem(
            "invalid",
            f"The query is longer than {LONGEST_QUERY} characters. Ask for less at once.",
            field="query",
            max=LONGEST_QUERY,
        )
    typed = list(dict.fromkeys(segment.surface(_POSSESSIVE.sub("", query))))
    first = typed[:MOST_WORDS]
    asked = [word for word in first if not _says_nothing_here(segment, word)] or first
    beside = [word for word in asked if segment.word(word).telling]
    said: list[str] = []
    words: list[Word] = []
    at, unknown = 0, 0
    while at < len(asked):
        spelling, word = _word(segment, asked[at : at + 2], beside, spell=unknown < MOST_SPELT)
        unknown += word.unknown
        said += spelling
        words.append(word)
        at += len(word.asked)
    missing = tuple(
        word.asked[0]
        for word in words
        if word.unknown and not word.telling and not segment.word(word.asked[0]).is_stop_word
    )
    if not any(word.telling for word in words):
        words = [word._replace(telling=True) for word in words]
    text = query.strip() if said == asked and first == typed else " ".join(said)
    whole = all(known.frequency or known.is_stop_word for known in map(segment.word, said))
    return Words(text, tuple(words), whole, len(typed) - len(first), missing)


def _says_nothing_here(segment: Segment, word: str) -> bool:
    """Whether it joins other words, and no product has it: nothing is lost without it.

    One letter may be half of another word, as in `t shirt`.
    """
    known = segment.word(word)
    return known.is_stop_word and not known.frequency and len(word) > 1


def _word(
    segment: Segment, pair: list[str], beside: list[str], *, spell: bool
) -> tuple[list[str], Word]:
    """The first of two neighbours (or of the last one alone), and how the catalog writes it.

    `beside`: words of the query that the catalog has; what is found here joins them. `spell`:
    whether the spelling of a word that it does not have is looked for.
    """
    if (same := _alike(segment, pair)) is not None:
        return same
    if len(pair) > 1:
        one = segment.word("".join(pair))
        if one.frequency:
            apart = tuple(term for word in pair for term in segment.word(word).terms)
            # `forred` is indexed as `for`, like an inflection: then it is not the two in one.
            if not set(one.terms) & set(apart):
                return pair, Word(tuple(pair), (one.terms, apart), telling=True)
    if (named := _named(segment, pair)) is not None:
        return named
    asked = segment.word(pair[0])
    if asked.frequency:
        return pair[:1], Word((pair[0],), (asked.terms,), asked.telling)
    said = _spelt(segment, pair[0], beside) if spell else pair[:1]
    if said != pair[:1]:
        beside += said
    known = [segment.word(word) for word in said]
    spelling = tuple(term for word in known for term in word.terms)
    telling = any(word.telling for word in known)
    return said, Word((pair[0],), (spelling,), telling, unknown=True)


def _alike(segment: Segment, pair: list[str]) -> tuple[list[str], Word] | None:
    """The first word or both, where the catalog says the same in other words as well."""
    size, ways = alike(segment, pair[0], pair[1] if len(pair) > 1 else "")
    return _either(segment, tuple(pair[:size]), ways)


def _named(segment: Segment, pair: list[str]) -> tuple[list[str], Word] | None:
    """Both words or the first, where the catalog calls the thing of this name otherwise."""
    for size in range(len(pair), 0, -1):
        asked = tuple(pair[:size])
        if names := other_names(segment, asked):
            return _either(segment, asked, names[:MOST_WAYS])
    return None


def _either(
    segment: Segment, asked: tuple[str, ...], ways: list[tuple[str, ...]]
) -> tuple[list[str], Word] | None:
    """What was asked or one of these ways to say it; None without any."""
    if not ways:
        return None
    if all(segment.word(word).frequency for word in asked):
        ways = [asked, *ways]
    spellings = [tuple(term for word in way for term in segment.word(word).terms) for way in ways]
    return list(ways[0]), Word(asked, tuple(dict.fromkeys(spellings)), telling=True)


def _spelt(segment: Segment, asked: str, beside: list[str]) -> list[str]:
    """How the catalog writes a word that it does not have; the word itself where nobody knows."""
    if right := corrected(segment, asked, 1, beside):
        return [right]
    return _split(segment, asked) or [corrected(segment, asked, 2, beside) or asked]


def _split(segment: Segment, word: str) -> list[str]:
    """The two words that are this one without a space, where some product has both."""
    if parts := _LETTERS_AND_DIGITS.fullmatch(word):
        pairs = [[part for part in parts.groups() if part]]
    else:
        places = range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1)
        pairs = [[word[:at], word[at:]] for at in places]
    most, best = max(((segment.together(pair), pair) for pair in pairs), default=(0, []))
    return best if most else []
