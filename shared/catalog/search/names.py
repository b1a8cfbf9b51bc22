"""Other names of things: what a dictionary calls alike, where the catalog bears it out.

`names.en.txt` has things that are made and eaten, of WordNet 3.1 (`tests/bench/names.py` writes
it). A word that the catalog does not have is looked for by what else the thing is called: `telly`
finds televisions. Of a word that it has, another name counts only where sellers use both for the
same products, as in `Loudspeaker: two active speakers`: most words have other senses as well.
"""

from collections.abc import Iterator
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
    names = _names(language)
    *before, last = name
    found = [*names.get(name, ()), *names.get((*before, last.removesuffix("s")), ())]
    return list(dict.fromkeys(found))


@cache
def _names(language: str) -> dict[Name, list[Name]]:
    """By each name in the dictionary of a language the others of its lines; none without one."""
    found: dict[Name, list[Name]] = {}
    for line in _lines(language):
        alike = [tuple(name.split(" ")) for name in line.split(", ")]
        for name in alike:
            found.setdefault(name, []).extend(other for other in alike if other != name)
    return found


def _lines(language: str) -> Iterator[str]:
    path = _FOLDER / f"names.{language}.txt"
    if path.exists():
        for line in path.read_text(encoding="utf-8").splitlines():
            if not line.startswith(_COMMENT):
                yield line
