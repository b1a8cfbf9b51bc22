"""Other names of things: what a dictionary calls alike, where the catalog bears it out.

`names.en.txt` has things that are made and eaten, of WordNet 3.1 (`tests/bench/names.py` writes
it). A word that the catalog does not have is looked for by what else the thing is called: `telly`
finds televisions. Of a word that it has, another name counts only where sellers use both for the
same products, as in `Loudspeaker: two active speakers`: most words have other senses as well.
"""

from functools import cache
from pathlib import Path
from typing import Final

from shared.catalog.segment.reader import Segment

Name = tuple[str, ...]
"""The words of a name: (`electric`, `razor`)."""

LONGEST: Final = 2
"""Words of a name."""
_COMMONER: Final = 2
"""How many times more products must have the other name: a rarer one finds little."""
_TOGETHER: Final = 10
"""How many times more products must have both names than would by chance."""
_FOLDER: Final = Path(__file__).parent
_COMMENT: Final = "#"


def other_names(segment: Segment, name: Name) -> list[Name]:
    """What else the catalog calls the thing of this name, the most usual first."""
    called = _called(segment.manifest.language, name)
    if not called:
        return []
    own = _frequency(segment, name)
    usual = {other: _frequency(segment, other) for other in called}
    kept = [
        other
        for other, many in usual.items()
        if many > _COMMONER * own and (not own or _same_things(segment, name, other, own * many))
    ]
    return sorted(kept, key=lambda other: -usual[other])


def _same_things(segment: Segment, name: Name, other: Name, product: int) -> bool:
    """Whether sellers use both names for the same products. `product`: of their frequencies."""
    if _terms(segment, name) & _terms(segment, other):
        return False
    both = segment.together((*name, *other))
    return both * segment.searcher.num_docs >= _TOGETHER * product


def _terms(segment: Segment, name: Name) -> set[str]:
    return {term for word in name for term in segment.word(word).terms}


def _frequency(segment: Segment, name: Name) -> int:
    """In how many products it occurs, its words anywhere."""
    if len(name) == 1:
        return segment.word(name[0]).frequency
    return segment.together(name)


def _called(language: str, name: Name) -> list[Name]:
    """What else the dictionary calls it, in the singular as well."""
    lines = _lines(language)
    asked = " ".join(name)
    found: dict[str, None] = {}
    for each in dict.fromkeys((asked, asked.removesuffix("s"))):
        if each in lines:
            found |= dict.fromkeys(lines[each].split(", "))
            del found[each]
    return [tuple(other.split(" ")) for other in found]


@cache
def _lines(language: str) -> dict[str, str]:
    """The lines of a language's dictionary, by each of their names; none without one.

    A name in several stands above all of them, joined. Nothing is cut further before it is asked
    for: 11,000 names take 4 ms and 1.5 MB so.
    """
    found: dict[str, str] = {}
    path = _FOLDER / f"names.{language}.txt"
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        if not line.startswith(_COMMENT):
            for name in line.split(", "):
                found[name] = f"{found[name]}, {line}" if name in found else line
    return found
