"""The catalog block as callers give it: checked against the endpoint, and who may have the key."""

from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Annotated, Final

from pydantic import Field

from shared.catalog.catalogs import CATALOGS, BaseUrl
from shared.catalog.feeds.money import is_currency
from shared.catalog.heads import head_path
from shared.errors import Problem
from shared.identity.records import CatalogKey
from shared.pipeline.card_definitions import Wrong
from shared.pipeline.cards import Content
from shared.pipeline.catalog_block import (
    CURRENCY,
    NEEDED,
    ROLES,
    CatalogBlock,
    Takes,
    VariantBlock,
)
from shared.pipeline.configuration import Configuration
from shared.pipeline.destinations import Destination, Endpoint, endpoints_of
from shared.pipeline.endpoint_content import content_of
from shared.pipeline.given_endpoint import Given
from shared.pipeline.sources import invalid
from shared.pipeline.workspace import Workspace

Properties = Annotated[dict[str, str], Field(max_length=50)]
Named = Annotated[str, Field(max_length=100)]


class GivenVariants(Given):
    """Cards of a shown relation as variants; options: property by name, such as Color."""

    relation_id: Named
    roles: Properties = Field(default_factory=dict)
    options: Properties


class GivenCatalog(Given):
    """A catalog, and which properties are what of its products."""

    key: Annotated[CatalogKey, Field(description="The tenant's id with _ for -, _ and a name.")]
    display_name: Annotated[str, Field(min_length=1, max_length=200)]
    source_base_url: BaseUrl
    language: Annotated[str, Field(max_length=20, description="The default if empty.")] = ""
    roles: Annotated[
        Properties,
        Field(
            description=f"Exposed property by role: {', '.join(ROLES)}. title and url are needed; "
            "currency may be a code, such as SEK."
        ),
    ]
    attributes: Annotated[
        tuple[Named, ...] | None,
        Field(max_length=1000, description="Further properties; all without a role if absent."),
    ] = None
    variants: GivenVariants | None = None

    def stored(self) -> CatalogBlock:
        """As an endpoint keeps it."""
        of, attributes = self.variants, self.attributes
        return CatalogBlock(
            key=self.key,
            display_name=self.display_name,
            source_base_url=self.source_base_url,
            language=self.language,
            roles=_lower(self.roles),
            attributes=None if attributes is None else tuple(each.lower() for each in attributes),
            variants=of
            and VariantBlock(
                relation=of.relation_id, roles=_lower(of.roles), options=_lower(of.options)
            ),
        )


def _lower(roles: Mapping[str, str]) -> dict[str, str]:
    """Properties as they are spelled; a code stays one."""
    return {
        role: each if role == CURRENCY and is_currency(each) else each.lower()
        for role, each in roles.items()
    }


PATH: Final = "catalog"


def check_block(
    configuration: Configuration, endpoint: Endpoint, destination: Destination | None
) -> None:
    """Whether an endpoint's catalog block fits it. Raises `invalid` with all that does not."""
    block = endpoint.catalog
    if block is None:
        return
    content = content_of(configuration, endpoint.card, endpoint.revision)
    wrong = [
        *(
            Wrong(f"{PATH}.roles.{role}", f"Say which property is the {role} of a product.")
            for role in NEEDED
            if role not in block.roles
        ),
        *_wrong_roles(block.roles, content, endpoint.properties, f"{PATH}.roles"),
        *_wrong_names(block.attributes or (), endpoint.properties, f"{PATH}.attributes"),
        *_wrong_variants(configuration, endpoint, block),
    ]
    if destination and block.language and block.language not in destination.languages:
        known = ", ".join(destination.languages)
        said = f"{block.language!r} is no language of the destination: {known}."
        wrong.append(Wrong(f"{PATH}.language", said))
    if wrong:
        errors = [each._asdict() for each in wrong[:100]]
        raise Problem("invalid", f"{wrong[0].path}: {wrong[0].message}", errors=errors)


def check_key(space: Workspace, configuration: Configuration, endpoint: Endpoint) -> None:
    """Whether the tenant may have a catalog of that key. Raises `invalid`, `conflict`."""
    block = endpoint.catalog
    if block is None:
        return
    begins = f"{space.call.tenant.replace('-', '_')}_"
    if not block.key.startswith(begins):
        raise invalid(f"{PATH}.key", f"Keys of the tenant's catalogs begin with {begins!r}.")
    for each in endpoints_of(configuration, endpoint.version):
        other = each.value
        if other.id != endpoint.id and other.catalog and other.catalog.key == block.key:
            said = f"{other.id!r} of the same version feeds {block.key!r}. Choose another key."
            raise Problem("conflict", said, field=f"{PATH}.key")
    paths = [CATALOGS.path(block.key), head_path(block.key)]
    found = space.call.app.documents.get_many(paths)
    if paths[0] not in found:
        return
    there = CATALOGS.read(found[paths[0]]).value
    if there.tenant != space.call.tenant or (paths[1] in found and there.fed_by is None):
        said = f"The catalog {block.key!r} is not this tenant's to feed. Choose another key."
        raise Problem("conflict", said, field=f"{PATH}.key")


def _wrong_variants(
    configuration: Configuration, endpoint: Endpoint, block: CatalogBlock
) -> Iterator[Wrong]:
    of = block.variants
    if of is None:
        return
    path = f"{PATH}.variants"
    shown = next((each for each in endpoint.relations if each.relation == of.relation), None)
    if shown is None:
        yield Wrong(f"{path}.relation_id", f"The endpoint shows no relation {of.relation!r}.")
        return
    far = content_of(configuration, shown.card, shown.revision)
    yield from _wrong_roles(of.roles, far, shown.properties, f"{path}.roles")
    if not of.options:
        yield Wrong(f"{path}.options", "Say what tells the variants apart, such as Color.")
    for name, each in of.options.items():
        yield from _wrong_names([each], shown.properties, f"{path}.options.{name}", one=True)


def _wrong_roles(
    roles: Mapping[str, str], content: Content, exposed: Sequence[str], path: str
) -> Iterator[Wrong]:
    for role, property_ in roles.items():
        place = f"{path}.{role}"
        if role not in ROLES:
            near = get_close_matches(role, ROLES, 1, 0.5)
            meant = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(ROLES)}."
            yield Wrong(place, f"No role. {meant}")
            continue
        if role == CURRENCY and is_currency(property_):
            continue
        wrong = list(_wrong_names([property_], exposed, place, one=True))
        found = content.find(property_)
        if not wrong and found and found.kind.is_list and ROLES[role].takes is not Takes.TEXTS:
            wrong = [Wrong(place, f"{property_!r} is a list; the {role} is one value.")]
        yield from wrong


def _wrong_names(
    names: Sequence[str], exposed: Sequence[str], path: str, *, one: bool = False
) -> Iterator[Wrong]:
    for number, each in enumerate(names):
        if each not in exposed:
            near = get_close_matches(each, exposed, 1, 0.5)
            meant = f" Did you mean {near[0]!r}?" if near else " Add it to the properties."
            place = path if one else f"{path}[{number}]"
            yield Wrong(place, f"{each!r} is not exposed.{meant}")
