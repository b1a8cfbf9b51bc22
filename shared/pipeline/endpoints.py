"""Endpoints as callers give them: checked against cards, segments and relations."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from typing import Any, Final, NamedTuple

from shared.errors import Problem
from shared.pipeline.card_definitions import Wrong
from shared.pipeline.cards import CARDS, Content
from shared.pipeline.configuration import Configuration
from shared.pipeline.destinations import (
    MOST_ENDPOINTS,
    OPENAPI,
    ApiVersion,
    Destination,
    Embedded,
    Endpoint,
    EndpointFacet,
    EndpointSort,
    Selection,
    endpoints_of,
)
from shared.pipeline.endpoint_content import content_of, selected
from shared.pipeline.given_catalog import check_block
from shared.pipeline.given_endpoint import GivenFacet, GivenRelation, GivenSelection
from shared.pipeline.relations import RELATIONS, other_side
from shared.pipeline.segments import SEGMENTS
from shared.pipeline.workspace import Workspace
from shared.query.ast import Node, Question

ID: Final = "id"
"""Stands for an entry's key in an order."""
EXAMPLES: Final = 3


class Contract(NamedTuple):
    """What an endpoint shows, as it is given."""

    properties: Sequence[str]
    relations: Sequence[GivenRelation]
    facets: Sequence[GivenFacet]
    default_sort: Sequence[str]


def made(
    configuration: Configuration,
    endpoint: Endpoint,
    destination: Destination | None,
    contract: Contract,
    now: datetime,
) -> Endpoint:
    """An endpoint that shows this. Raises `invalid` with all that is wrong, `conflict` for cards.

    `endpoint`: as it is beside its contract; `destination`: whose languages headers are in, None
    where they are not looked at.
    """
    card = configuration.get(CARDS, endpoint.card).value
    card.check_built()
    after = endpoint.model_copy(
        update={
            "properties": tuple(dict.fromkeys(each.lower() for each in contract.properties)),
            "relations": tuple(_embedded(configuration, endpoint, contract.relations)),
            "facets": tuple(
                EndpointFacet(**{**each.model_dump(), "property": each.property.lower()})
                for each in contract.facets
            ),
            "sort": tuple(
                EndpointSort(property=each.lstrip("-").lower(), descending=each.startswith("-"))
                for each in contract.default_sort
            ),
        }
    )
    check_fitting(configuration, after, now, destination)
    return after


def check_new(configuration: Configuration, version: ApiVersion, name: str) -> None:
    """Raises `conflict` for a version that is no draft or a name that is taken, `invalid`."""
    if version.state != "New":
        message = (
            f"The version {version.id!r} is {version.state}; endpoints are created in a new one. "
            "Use create_api_version with copy_from."
        )
        raise Problem("conflict", message, status=version.state)
    if name == OPENAPI:
        message = f"{OPENAPI!r} is where the version is described. Choose another name."
        raise Problem("invalid", message, field="name")
    there = endpoints_of(configuration, version.id)
    if any(each.value.name == name for each in there):
        raise Problem("conflict", f"{version.id!r} has an endpoint {name!r} already.", field="name")
    if len(there) >= MOST_ENDPOINTS:
        message = f"A version has at most {MOST_ENDPOINTS} endpoints."
        raise Problem("too_large", message, limit=MOST_ENDPOINTS)


def pinned(configuration: Configuration, endpoint: Endpoint) -> Endpoint:
    """The endpoint, reading the cards that are in use now. Raises `conflict` without any."""

    def revision(card: str) -> int:
        definition = configuration.get(CARDS, card).value
        definition.check_built()
        return definition.revision

    relations = [
        each.model_copy(update={"revision": revision(each.card)}) for each in endpoint.relations
    ]
    update = {"revision": revision(endpoint.card), "relations": tuple(relations)}
    return endpoint.model_copy(update=update)


def check_fitting(
    configuration: Configuration,
    endpoint: Endpoint,
    now: datetime,
    destination: Destination | None = None,
) -> None:
    """Whether an endpoint fits its cards. Raises `invalid` with all that does not."""
    content = content_of(configuration, endpoint.card, endpoint.revision)
    wrong = [
        *_wrong_properties(content, endpoint.properties, "properties"),
        *_wrong_selection(configuration, endpoint.card, endpoint.selection, "content_selection"),
        *_wrong_order(content, endpoint),
        *(_wrong_headers(endpoint, destination) if destination else ()),
    ]
    for number, each in enumerate(endpoint.relations):
        path = f"relations[{number}]"
        far = content_of(configuration, each.card, each.revision)
        wrong += _wrong_properties(far, each.properties, f"{path}.properties")
        wrong += _wrong_selection(
            configuration, each.card, each.selection, f"{path}.content_selection"
        )
    if wrong:
        errors = [each._asdict() for each in wrong[:100]]
        raise Problem("invalid", f"{wrong[0].path}: {wrong[0].message}", errors=errors)
    check_block(configuration, endpoint, destination)
    selected(configuration, content, endpoint.selection, now)
    for each in endpoint.relations:
        far = content_of(configuration, each.card, each.revision)
        selected(configuration, far, each.selection, now)


def _embedded(
    configuration: Configuration, endpoint: Endpoint, given: Sequence[GivenRelation]
) -> Iterator[Embedded]:
    seen: set[str] = set()
    for number, each in enumerate(given):
        path = f"relations[{number}].relation_id"
        relation = configuration.get(RELATIONS, each.relation_id).value
        if endpoint.card not in (relation.source_card, relation.target_card):
            message = f"{relation.id!r} is no relation of the cards {endpoint.card!r}."
            raise Problem("invalid", message, field=path)
        if relation.id in seen or relation.id in endpoint.properties:
            raise Problem("invalid", f"{relation.id!r} comes twice.", field=path)
        seen.add(relation.id)
        yield Embedded(
            relation=relation.id,
            card=other_side(configuration, relation, endpoint.card).id,
            properties=tuple(dict.fromkeys(each.lower() for each in each.properties)),
            selection=each.content_selection.stored(),
        )


def _wrong_properties(content: Content, properties: Sequence[str], path: str) -> Iterator[Wrong]:
    if not properties:
        yield Wrong(path, "Name at least one property.")
    for number, each in enumerate(properties):
        if content.find(each) is None:
            near = get_close_matches(each, content.kinds, 3, 0.5)
            meant = f" Did you mean {' or '.join(near)}?" if near else ""
            yield Wrong(f"{path}[{number}]", f"The cards have no property {each!r}.{meant}")


def _wrong_selection(
    configuration: Configuration, card: str, selection: Selection, path: str
) -> Iterator[Wrong]:
    for way in ("include", "exclude"):
        for number, id_ in enumerate(getattr(selection, way)):
            place = f"{path}.{way}_segments[{number}]"
            found = configuration.find(SEGMENTS, id_)
            if found is None or found.value.card != card:
                yield Wrong(place, f"The cards {card!r} have no segment {id_!r}.")
            elif found.value.status == "Scheduled":
                yield Wrong(place, f"{id_!r} is Scheduled: it has no cards before it is Active.")


def _wrong_order(content: Content, endpoint: Endpoint) -> Iterator[Wrong]:
    """What is wrong with facets and the order: both are of what is exposed."""
    for number, facet in enumerate(endpoint.facets):
        if facet.property not in endpoint.properties:
            yield Wrong(f"facets[{number}].property", f"{facet.property!r} is not exposed.")
    for number, each in enumerate(endpoint.sort):
        path = f"default_sort[{number}]"
        if each.property == ID and content.find(ID) is None:
            continue
        if each.property not in endpoint.properties:
            yield Wrong(path, f"{each.property!r} is not exposed.")
        elif (found := content.find(each.property)) and found.kind.is_list:
            yield Wrong(path, f"{each.property!r} is a list, which has no order.")


def _wrong_headers(endpoint: Endpoint, destination: Destination) -> Iterator[Wrong]:
    for number, facet in enumerate(endpoint.facets):
        for language in facet.headers:
            if language not in destination.languages:
                known = ", ".join(destination.languages)
                message = f"{language!r} is no language of the destination: {known}."
                yield Wrong(f"facets[{number}].headers", message)


@dataclass(frozen=True, slots=True)
class Preview:
    """How many cards an endpoint selects, and some of them."""

    cards: int
    examples: list[str]


def preview(space: Workspace, endpoint: Endpoint) -> Preview:
    """What an endpoint selects of the cards that are in use."""
    configuration = space.configuration
    card = configuration.get(CARDS, endpoint.card).value
    node = selected(configuration, card.content, endpoint.selection, space.call.now)
    question = Question(node, limit=EXAMPLES)
    answer = space.collections.ask(space.name(card.built), question).answer
    return Preview(answer.total, [each.key for each in answer.items])


def explained(configuration: Configuration, endpoint: Endpoint, now: datetime) -> Node:
    """The conditions of an endpoint's own filters alone."""
    content = content_of(configuration, endpoint.card, endpoint.revision)
    only = Selection(filters=endpoint.selection.filters)
    return selected(configuration, content, only, now)


def contract_of(endpoint: Endpoint) -> Contract:
    """What an endpoint shows, as it would be given."""
    return Contract(
        properties=endpoint.properties,
        relations=tuple(
            GivenRelation(
                relation_id=each.relation,
                properties=each.properties,
                content_selection=GivenSelection.model_validate(
                    {
                        "include_segments": each.selection.include,
                        "exclude_segments": each.selection.exclude,
                        "filters": each.selection.filters,
                    }
                ),
            )
            for each in endpoint.relations
        ),
        facets=tuple(GivenFacet(**each.model_dump()) for each in endpoint.facets),
        default_sort=tuple(
            f"-{each.property}" if each.descending else each.property for each in endpoint.sort
        ),
    )


def same_contract(before: Endpoint, after: Endpoint) -> bool:
    """Whether two endpoints show the same: they may select other cards.

    They feed one catalog, unless there was none before.
    """

    def shown(of: Endpoint) -> tuple[Any, ...]:
        relations = tuple((e.relation, e.card, e.properties) for e in of.relations)
        return (of.card, of.properties, relations, of.facets, of.sort)

    fed = [each.catalog and each.catalog.key for each in (before, after)]
    return shown(before) == shown(after) and fed[0] in (None, fed[1])


def copied(configuration: Configuration, source: str, version: ApiVersion) -> Iterable[Endpoint]:
    """The endpoints of another version, for a new one."""
    for each in endpoints_of(configuration, source):
        relations = tuple(e.model_copy(update={"revision": 0}) for e in each.value.relations)
        yield each.value.model_copy(
            update={
                "id": f"{version.id}.{each.value.name}",
                "version": version.id,
                "revision": 0,
                "relations": relations,
                "created_at": version.created_at,
            }
        )
