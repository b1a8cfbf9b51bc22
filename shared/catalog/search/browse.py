"""The order of a catalog that is looked at without a text: by rank, see `segment.rank`."""

from dataclasses import dataclass
from typing import Final

from tantivy import FieldType, Occur, Query

from shared.catalog.search.facets import Clause
from shared.catalog.search.order import Hit, Position
from shared.catalog.segment.index import RANK
from shared.catalog.segment.reader import Segment

_HIGHEST: Final = (1 << 63) - 1


@dataclass(frozen=True, slots=True)
class Browse:
    """An `Order`. A place is the rank that was reached, and how many of that rank were seen.

    So a page costs the same wherever it is. A score is the rank as 0..1.
    """

    segment: Segment
    clauses: list[Clause]
    text: str = ""
    revision: str = ""
    left_out: int = 0
    missing: tuple[str, ...] = ()

    def hits(self, after: Position | None, limit: int) -> list[Hit]:
        """See `Order`."""
        rank, seen = after or (_HIGHEST, 0)
        stretch = self.segment.find(self._query(after), limit, seen, by=RANK)
        found = []
        for reached, number in zip(stretch.keys, stretch.numbers, strict=True):
            rank, seen = reached, seen + 1 if reached == rank else 1
            found.append(Hit(number, rank / _HIGHEST, (rank, seen)))
        return found

    def count(self) -> int:
        """See `Order`."""
        return self.segment.count(self._query(None))

    def _query(self, after: Position | None) -> Query:
        within = (
            Query.all_query()
            if after is None
            else Query.range_query(
                self.segment.schema, RANK, FieldType.Integer, upper_bound=after[0]
            )
        )
        return Query.boolean_query([(Occur.Must, within), *self.clauses])
