"""Lists of tools that are ready: one for each narrowing, version and kind of client."""

from collections import OrderedDict
from typing import Final, NamedTuple

from shared.serve.narrowing import Narrowing

MOST_LISTS: Final = 64


class Kind(NamedTuple):
    """What a list depends on. `pages`: it says which page shows a tool's answers."""

    narrowing: Narrowing
    version: str
    pages: bool


class KeptLists:
    """The newest MOST_LISTS lists, as JSON."""

    def __init__(self) -> None:
        self._lists: OrderedDict[Kind, bytes] = OrderedDict()

    def get(self, kind: Kind) -> bytes | None:
        """The list, if it is kept."""
        return self._lists.get(kind)

    def keep(self, kind: Kind, body: bytes) -> None:
        """Keep a list, and forget the oldest where there are too many."""
        self._lists[kind] = body
        if len(self._lists) > MOST_LISTS:
            self._lists.popitem(last=False)
