"""What is asked of cards beside filters: the segments they are in, and what they are related to."""

from collections.abc import Iterator, Sequence
from typing import Annotated

from pydantic import Field

from shared.exact import Exact
from shared.pipeline.card_filters import filters_of
from shared.pipeline.configuration import Configuration
from shared.pipeline.filters import Filter
from shared.pipeline.relations import RELATIONS, other_side, related
from shared.pipeline.segments import of_card
from shared.pipeline.sources import invalid
from shared.pipeline.workspace import Workspace
from shared.query import ast
from shared.query.ast import All, InSegment, Keys, Node, Not


class SegmentsOf(Exact):
    """Ids of segments."""

    any_of: tuple[str, ...] = ()
    all_of: tuple[str, ...] = ()
    none_of: tuple[str, ...] = ()

    def nodes(self, configuration: Configuration, card: str) -> Iterator[Node]:
        """The conditions. Raises `invalid` for what is no segment of these cards."""
        known = {each.id for each in of_card(configuration, card)}
        for way in ("any_of", "all_of", "none_of"):
            for number, id_ in enumerate(getattr(self, way)):
                if id_ not in known:
                    message = f"The cards have no segment {id_[:100]!r}."
                    raise invalid(f"segments.{way}[{number}]", message)
        yield from (InSegment(id_) for id_ in self.all_of)
        if self.any_of:
            yield ast.Any(tuple(InSegment(id_) for id_ in self.any_of))
        if self.none_of:
            yield Not(ast.Any(tuple(InSegment(id_) for id_ in self.none_of)))


class RelatedTo(Exact):
    """Cards of the other side that a card is related to; to any, where nothing more is said."""

    relation_id: str
    exists: Annotated[bool, Field(description="false: related to none of them.")] = True
    target_ids: Annotated[tuple[str, ...], Field(max_length=200)] = ()
    target_filters: tuple[Filter, ...] = ()


def related_nodes(space: Workspace, card: str, given: Sequence[RelatedTo]) -> Iterator[Node]:
    """The conditions. Raises `not_found`, `too_broad`, `invalid` for a relation of other cards."""
    for number, each in enumerate(given):
        relation = space.configuration.get(RELATIONS, each.relation_id).value
        if card not in (relation.source_card, relation.target_card):
            path = f"relations[{number}].relation_id"
            raise invalid(path, f"{relation.id!r} is no relation of these cards.")
        far = other_side(space.configuration, relation, card).content
        filters = filters_of(space.configuration, far, space.call.now)
        path = f"relations[{number}].target_filters"
        among = [filters.all(each.target_filters, path)] if each.target_filters else []
        if each.target_ids:
            among.append(Keys(each.target_ids))
        yield related(space, relation, card, All(tuple(among)), exists=each.exists)
