"""What types of entities a tenant has."""

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import Field

from functions.admin.arguments import CkTypeId, OfTenant, Sliced, touched
from shared.auth.faces import ADMIN
from shared.entities.graph import EntityType, Graph, Side
from shared.entities.installed import graph_of
from shared.pipeline.workspace import Workspace
from shared.tool import Call, Effect, Family, Result, Risk

family = Family("schema", org_types=ADMIN.org_types, tenant=True, touched=touched)


class Models(Result):
    """The schema packages of a tenant."""

    total_models: int
    models: list[str]


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Get models")
def get_available_models(call: Call, args: OfTenant) -> Models:
    """Get the schema packages that a tenant has: what its types come from."""
    del args
    found = [package.model_id for package in _graph(call).packages]
    return Models(total_models=len(found), models=found)


class TypeInfo(Result):
    """A type of entities."""

    ck_type_id: str
    model_id: str
    type_id: str
    type_name: str
    version: int
    is_abstract: bool
    is_final: bool
    is_collection_root: bool
    description: str
    derived_from: str | None


IncludeAbstract = Annotated[
    bool, Field(description="Also types that have no entities of their own.")
]


class GetAvailableTypes(OfTenant, Sliced):
    """Which types."""

    include_abstract: IncludeAbstract = False
    ck_model_id: Annotated[
        str, Field(max_length=200, description="Only of models whose id begins so.")
    ] = ""


class Types(Result):
    """Types of a tenant."""

    total_types: int
    include_abstract: bool
    model_id_filter: str
    types: list[TypeInfo]


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Get types")
def get_available_types(call: Call, args: GetAvailableTypes) -> Types:
    """Get the types of entities that a tenant has, in order of id.

    search_types finds one by words, get_type_schema says what its entities hold.
    """
    prefix = args.ck_model_id.lower()
    found = [
        each
        for each in _types(_graph(call), include_abstract=args.include_abstract)
        if each.package.model_id.lower().startswith(prefix)
    ]
    return Types(
        total_types=len(found),
        include_abstract=args.include_abstract,
        model_id_filter=args.ck_model_id,
        types=[_info(each) for each in args.of(found)],
    )


class SearchTypes(OfTenant, Sliced):
    """What to look for."""

    search_term: Annotated[
        str,
        Field(min_length=1, max_length=200, description="Part of an id, a name, a description."),
    ]
    include_abstract: IncludeAbstract = False


class Matches(Result):
    """Types that were found."""

    search_term: str
    match_count: int
    include_abstract: bool
    matches: list[TypeInfo]


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Search types")
def search_types(call: Call, args: SearchTypes) -> Matches:
    """Find types whose id, name or description contains a text, whatever its letter case."""
    term = args.search_term.lower()
    found = [
        each
        for each in _types(_graph(call), include_abstract=args.include_abstract)
        if term in f"{each.id}\n{each.declared.description}".lower()
    ]
    return Matches(
        search_term=args.search_term,
        match_count=len(found),
        include_abstract=args.include_abstract,
        matches=[_info(each) for each in args.of(found)],
    )


class AttributeShown(Result):
    """An attribute at its path; `enumValues` are the names it takes."""

    attribute_path: str
    value_type: str
    is_optional: bool
    is_runtime_state: bool
    enum_values: list[str]
    description: str


class AssociationShown(Result):
    """What entities of a type may be associated with."""

    association_role_id: str
    target_ck_type_id: str
    direction: Literal["Inbound", "Outbound"]
    cardinality: str
    navigation_name: str


class Creatable(Result):
    """What create_entity needs."""

    can_create: bool
    required_attributes: list[str]
    optional_attributes: list[str]
    required_associations: list[str]


class TypeSchema(TypeInfo):
    """A type with all it inherits."""

    inheritance_hierarchy: list[str]
    attributes: list[AttributeShown]
    inbound_associations: list[AssociationShown]
    outbound_associations: list[AssociationShown]
    creation: Annotated[Creatable, Field(serialization_alias="schema")]


class GetTypeSchema(OfTenant):
    """Which type."""

    ck_type_id: CkTypeId


@family.tool(scope="admin:read", effect=Effect.READ, risk=Risk.LOW, title="Get a type's schema")
def get_type_schema(call: Call, args: GetTypeSchema) -> TypeSchema:
    """Get what entities of a type hold: attributes by path, and associations with how many.

    Read it before you filter, create or update: types are closed, and paths are those it lists.
    """
    type_ = _graph(call).type(args.ck_type_id)
    required = [each.path for each in type_.fields.values() if not each.attribute.is_optional]
    optional = [each.path for each in type_.fields.values() if each.attribute.is_optional]
    needed = [each for each in type_.sides if each.multiplicity == "One"]
    return TypeSchema(
        **_info(type_).model_dump(),
        inheritance_hierarchy=list(type_.lineage),
        attributes=[
            AttributeShown(
                attribute_path=each.path,
                value_type=each.attribute.value_type,
                is_optional=each.attribute.is_optional,
                is_runtime_state=each.attribute.is_runtime_state,
                enum_values=list(each.of_enum.names.values()) if each.of_enum else [],
                description=each.attribute.description,
            )
            for each in type_.every
        ],
        inbound_associations=[_association(each) for each in type_.sides if not each.outbound],
        outbound_associations=[_association(each) for each in type_.sides if each.outbound],
        creation=Creatable(
            can_create=not type_.declared.is_abstract,
            required_attributes=required,
            optional_attributes=optional,
            required_associations=list(dict.fromkeys(each.role.id for each in needed)),
        ),
    )


def _graph(call: Call) -> Graph:
    return graph_of(Workspace(call).configuration)


def _types(graph: Graph, *, include_abstract: bool) -> Iterator[EntityType]:
    for _, each in sorted(graph.types.items()):
        if include_abstract or not each.declared.is_abstract:
            yield each


def _info(type_: EntityType) -> TypeInfo:
    declared = type_.declared
    return TypeInfo(
        ck_type_id=type_.id,
        model_id=type_.package.model_id,
        type_id=f"{declared.id}-{declared.version}",
        type_name=declared.id,
        version=declared.version,
        is_abstract=declared.is_abstract,
        is_final=declared.is_final,
        is_collection_root=declared.is_collection_root,
        description=declared.description,
        derived_from=declared.derived_from,
    )


def _association(side: Side) -> AssociationShown:
    role = side.role.role
    return AssociationShown(
        association_role_id=side.role.id,
        target_ck_type_id=side.other,
        direction="Outbound" if side.outbound else "Inbound",
        cardinality=side.multiplicity,
        navigation_name=role.outbound_name if side.outbound else role.inbound_name,
    )
