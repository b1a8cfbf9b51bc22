"""A schema package as its file says it: types, records, enums and roles, and nothing else.

A file is read strictly: what is not named here is refused, so that no word of it is dropped.
"""

import re
from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel

from shared.exact import Exact

ValueType = Literal[
    "String", "Integer", "Integer64", "Double", "Boolean", "DateTime", "Enum",
    "StringArray", "IntegerArray", "Record", "RecordArray",
]  # fmt: skip
Multiplicity = Literal["ZeroOrOne", "One", "N"]
"""How many entities stand on one side of a role; `One` is exactly one, so it must be there."""

NAME: Final = r"^[A-Za-z][A-Za-z0-9]{0,62}$"
MODEL: Final = r"[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z][A-Za-z0-9]*)*"
_MODEL_ID: Final = re.compile(rf"({MODEL})-(\d+\.\d+\.\d+)")
Name = Annotated[str, Field(pattern=NAME)]
Reference = Annotated[str, Field(pattern=rf"^{MODEL}/[A-Za-z][A-Za-z0-9]*$")]
"""An element of this or of another package: `System/Entity`."""


class Declaration(Exact):
    """Part of a package's file."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Attribute(Declaration):
    """What a type or a record holds under a name.

    `is_runtime_state`: its value belongs to whoever runs things, and survives an import.
    """

    name: Name
    value_type: ValueType
    is_optional: bool = False
    is_runtime_state: bool = False
    record: Reference | None = None
    enum: Reference | None = None
    default_value: Any = None
    description: str = ""

    @field_validator("name")
    @classmethod
    def _no_system_field(cls, name: str) -> str:
        if name.lower().startswith(("rt", "ck")):
            raise ValueError("names that begin with rt or ck are the platform's own")
        return name


class RecordType(Declaration):
    """A value made of attributes."""

    id: Name
    attributes: tuple[Attribute, ...]
    description: str = ""


class EnumValue(Declaration):
    """One value of an enum."""

    key: int
    name: Name


class EnumType(Declaration):
    """Named whole numbers."""

    id: Name
    values: tuple[EnumValue, ...]
    description: str = ""


class Role(Declaration):
    """What two entities are to each other; it leads from an origin (outbound) to a target.

    `outbound_multiplicity` is how many targets an origin has, `inbound_multiplicity` how many
    origins a target.
    """

    id: Name
    inbound_name: Name
    outbound_name: Name
    inbound_multiplicity: Multiplicity
    outbound_multiplicity: Multiplicity
    description: str = ""


class Association(Declaration):
    """That entities of a type may be origins of a role, and what its targets are."""

    role: Reference
    target: Reference


class Type(Declaration):
    """A type of entities."""

    id: Name
    version: int = 1
    derived_from: Reference | None = None
    is_abstract: bool = False
    is_final: bool = False
    is_collection_root: bool = False
    attributes: tuple[Attribute, ...] = ()
    associations: tuple[Association, ...] = ()
    display_name: Name | None = None
    description: str = ""


class Package(Declaration):
    """A whole file. `dependencies` are ids of other packages whose elements it names."""

    model_id: Annotated[str, Field(pattern=rf"^{_MODEL_ID.pattern}$")]
    description: str = ""
    dependencies: tuple[str, ...] = ()
    enums: tuple[EnumType, ...] = ()
    records: tuple[RecordType, ...] = ()
    roles: tuple[Role, ...] = ()
    types: tuple[Type, ...] = ()

    @property
    def name(self) -> str:
        """Without its version."""
        return self.model_id.rpartition("-")[0]

    @property
    def version(self) -> str:
        """Its version alone."""
        return self.model_id.rpartition("-")[2]


# NOIMPORT
