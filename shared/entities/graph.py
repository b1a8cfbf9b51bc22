"""Schema packages put together: every type with all it inherits, ready to be asked.

A graph is checked when it is made: what it names exists, and nothing is declared twice.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Final, NamedTuple, TypeVar

from shared.entities.declared import (
    Association,
    Attribute,
    EnumType,
    Multiplicity,
    Package,
    RecordType,
    Role,
    Type,
)
from shared.entities.names import named
from shared.errors import Problem
from shared.query.kinds import Kind

T = TypeVar("T")
ROOT: Final = "System/Entity"
_KINDS: Final = {
    "String": Kind.TEXT,
    "Integer": Kind.INTEGER,
    "Integer64": Kind.INTEGER,
    "Double": Kind.DECIMAL,
    "Boolean": Kind.BOOLEAN,
    "DateTime": Kind.TIMESTAMP,
    "Enum": Kind.INTEGER,
    "StringArray": Kind.LIST,
    "IntegerArray": Kind.INTEGER,
    "RecordArray": Kind.RECORDS,
}
_ARRAYS: Final = ("StringArray", "IntegerArray", "RecordArray")


class Field(NamedTuple):
    """An attribute of a type at its path, `Contact.FirstName`.

    Attributes:
        attribute: as it is declared.
        many: whether an entity may have several values of it: an array, or in one.
        inside: whether it is in the records of an array, and so changed with the array alone.
        of_enum: the enum of its values, if they have names.
        fields: of a record, and of the records in an array, what they hold by lower-case name.
    """

    path: str
    attribute: Attribute
    many: bool
    inside: bool
    of_enum: "Enum | None"
    fields: "Mapping[str, Field]"

    @property
    def kind(self) -> Kind:
        """What its values are held as. A record has none: what it holds has."""
        return _KINDS[self.attribute.value_type]

    @property
    def is_record(self) -> bool:
        """Whether it is a value made of others."""
        return self.attribute.value_type == "Record"


class Enum:
    """Named whole numbers."""

    def __init__(self, id_: str, declared: EnumType) -> None:
        self.id = id_
        self.names = {each.key: each.name for each in declared.values}
        self._keys = {each.name.lower(): each.key for each in declared.values}

    def key(self, given: object) -> int | None:
        """The key of a name in any letter case, or of a key; None for neither."""
        if isinstance(given, str):
            return self._keys.get(given.lower())
        return given if isinstance(given, int) and given in self.names else None


class RoleName(NamedTuple):
    """A role, its id (`System/ParentChild`), and which package declares it."""

    id: str
    role: Role
    package: Package


class Side(NamedTuple):
    """What entities of a type may be associated by: outbound as origins, inbound as targets."""

    role: RoleName
    outbound: bool
    other: str

    @property
    def multiplicity(self) -> Multiplicity:
        """How many others there are for each."""
        role = self.role.role
        return role.outbound_multiplicity if self.outbound else role.inbound_multiplicity


@dataclass(frozen=True)
class EntityType:
    """A type with all it inherits.

    Attributes:
        id: `Demo/Machine`.
        package: which declares it.
        lineage: itself and its bases, the root last.
        fields: its attributes by lower-case name, inherited ones first.
        sides: what its entities may be associated by.
        display_name: the attribute that people know its entities by.
    """

    id: str
    package: Package
    declared: Type
    lineage: tuple[str, ...]
    fields: Mapping[str, Field]
    sides: tuple[Side, ...]
    display_name: str | None = None

    @cached_property
    def every(self) -> tuple[Field, ...]:
        """All its attributes, records' in them as well, each before what it holds."""
        return tuple(_every(self.fields.values()))

    @cached_property
    def runtime_state(self) -> frozenset[str]:
        """The paths of what belongs to whoever runs things."""
        return frozenset(each.path for each in self.every if each.attribute.is_runtime_state)

    def field(self, path: str, where: str) -> Field:
        """The attribute at a path, in any letter case. Raises `invalid`, naming the nearest."""
        fields, found = self.fields, None
        for part in path.strip().split("."):
            found = fields.get(part.lower())
            if found is None:
                break
            fields = found.fields
        if found is None:
            known = [each.path for each in self.every]
            near = get_close_matches(path, known, 3, 0.5)
            meant = f" Did you mean {' or '.join(near)}?" if near else ""
            message = f"{self.id} has no attribute {path[:100]!r}.{meant}"
            raise Problem("invalid", message, errors=[{"path": where, "message": message}])
        return found

    def may(self, role: str, *, outbound: bool) -> list[Side]:
        """The sides of one role, to each type of others."""
        return [each for each in self.sides if each.role.id == role and each.outbound is outbound]


class Graph:
    """Everything that some packages declare. Raises ValueError for what does not fit together."""

    def __init__(self, packages: Iterable[Package]) -> None:
        self.packages = tuple(packages)
        self._check_dependencies()
        self._records: dict[str, RecordType] = {}
        self.enums: dict[str, Enum] = {}
        self.roles: dict[str, RoleName] = {}
        self._declared: dict[str, tuple[Package, Type]] = {}
        for package in self.packages:
            for record in package.records:
                _put(self._records, f"{package.name}/{record.id}", record)
            for enum in package.enums:
                id_ = f"{package.name}/{enum.id}"
                _put(self.enums, id_, Enum(id_, enum))
            for role in package.roles:
                id_ = f"{package.name}/{role.id}"
                _put(self.roles, id_, RoleName(id_, role, package))
            for each in package.types:
                _put(self._declared, f"{package.name}/{each.id}", (package, each))
        self.types = {id_: self._type(id_) for id_ in self._declared}
        self._names = {id_.lower(): each for id_, each in self.types.items()}
        self._role_names = {id_.lower(): each for id_, each in self.roles.items()}

    def type(self, id_: str, where: str = "ck_type_id") -> EntityType:
        """The type of an id in any of its spellings. Raises `not_found`, naming the nearest."""
        asked = named(id_)
        found = self._names.get(asked.id.lower())
        if found is None or not asked.fits(found.package.version, found.declared.version):
            raise _unknown("type", id_, self.types, where)
        return found

    def role(self, id_: str, where: str = "ck_role_id") -> RoleName:
        """The role of an id. Raises `not_found`, naming the nearest."""
        asked = named(id_)
        found = self._role_names.get(asked.id.lower())
        if found is None or not asked.fits(found.package.version):
            raise _unknown("association role", id_, self.roles, where)
        return found

    def derived(self, base: EntityType) -> list[EntityType]:
        """A type and those derived from it."""
        return [each for each in self.types.values() if base.id in each.lineage]

    def is_a(self, id_: str, base: str) -> bool:
        """Whether a type is another or derived from it."""
        return id_ in self.types and base in self.types[id_].lineage

    def _check_dependencies(self) -> None:
        there = {package.model_id for package in self.packages}
        for package in self.packages:
            missing = set(package.dependencies) - there
            if missing:
                raise ValueError(f"{package.model_id} needs {', '.join(sorted(missing))}")

    def _type(self, id_: str) -> EntityType:
        package, declared = self._declared[id_]
        lineage = self._lineage(id_)
        fields: dict[str, Field] = {}
        for base in reversed(lineage):
            for attribute in self._declared[base][1].attributes:
                _put(fields, attribute.name.lower(), self._field(attribute, "", many=False))
        sides = tuple(self._sides(lineage))
        known_by = (self._declared[each][1].display_name for each in lineage)
        display_name = next(filter(None, known_by), None)
        if display_name is not None and display_name.lower() not in fields:
            raise ValueError(f"{id_} is known by {display_name}, which it has not")
        return EntityType(id_, package, declared, lineage, fields, sides, display_name)

    def _lineage(self, id_: str) -> tuple[str, ...]:
        found = [id_]
        while (base := self._declared[found[-1]][1].derived_from) is not None:
            if base in found or base not in self._declared:
                raise ValueError(f"{id_} cannot be derived from {base}")
            if self._declared[base][1].is_final:
                raise ValueError(f"{base} is final")
            found.append(base)
        if found[-1] != ROOT:
            raise ValueError(f"{id_} is not derived from {ROOT}")
        return tuple(found)

    def _sides(self, lineage: tuple[str, ...]) -> Iterator[Side]:
        for origin, (_, declared) in self._declared.items():
            for each in declared.associations:
                role = self._role(origin, each)
                if origin in lineage:
                    yield Side(role, outbound=True, other=each.target)
                if each.target in lineage:
                    yield Side(role, outbound=False, other=origin)

    def _role(self, origin: str, association: Association) -> RoleName:
        if association.target not in self._declared or association.role not in self.roles:
            raise ValueError(f"{origin} has an association to what is not declared")
        return self.roles[association.role]

    def _field(
        self, attribute: Attribute, prefix: str, *, many: bool, within: tuple[str, ...] = ()
    ) -> Field:
        is_array = attribute.value_type in _ARRAYS
        path = f"{prefix}{attribute.name}"
        fields: dict[str, Field] = {}
        if (attribute.record is not None) != attribute.value_type.startswith("Record"):
            raise ValueError(f"{path}: a Record names its record, nothing else does")
        if (attribute.enum is not None) != (attribute.value_type == "Enum"):
            raise ValueError(f"{path}: an Enum names its enum, nothing else does")
        if attribute.record is not None:
            if attribute.record in within or attribute.record not in self._records:
                raise ValueError(f"{path}: no record {attribute.record}, or one in itself")
            for each in self._records[attribute.record].attributes:
                inner = self._field(
                    each, f"{path}.", many=many or is_array, within=(*within, attribute.record)
                )
                _put(fields, each.name.lower(), inner)
        if attribute.enum is not None and attribute.enum not in self.enums:
            raise ValueError(f"{path}: no enum {attribute.enum}")
        of_enum = self.enums[attribute.enum] if attribute.enum else None
        return Field(path, attribute, many or is_array, many, of_enum, fields)


def _every(fields: Iterable[Field]) -> Iterator[Field]:
    for each in fields:
        yield each
        yield from _every(each.fields.values())


def _put(mapping: dict[str, T], name: str, value: T) -> None:
    if name in mapping:
        raise ValueError(f"{name} is declared twice")
    mapping[name] = value


def _unknown(noun: str, id_: str, known: Iterable[str], where: str) -> Problem:
    near = get_close_matches(id_, [*known], 3, 0.5)
    meant = f" Did you mean {' or '.join(near)}?" if near else ""
    message = f"There is no {noun} {id_[:100]!r} in this tenant.{meant}"
    return Problem("not_found", message, errors=[{"path": where, "message": message}])
