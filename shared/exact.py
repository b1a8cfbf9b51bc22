"""Models that take a number only as a number, and true or false only as such.

JSON tells `true`, `1` and `"1"` apart, and so does the schema that a caller reads. Pydantic by
itself takes each for the other, so that a wrong argument would quietly become another question.
Hosts whose wire carries text alone (an address, a form) read it first: `shared.serve.habits`.
"""

from typing import Any, Final

from pydantic import BaseModel, ConfigDict, GetCoreSchemaHandler
from pydantic_core import CoreSchema

_EXACT: Final = ("int", "float", "bool")
_NO_SCHEMAS: Final = frozenset({"default", "metadata", "serialization"})


def _make_exact(schema: Any) -> None:
    """Mark the numbers and booleans in a part of a schema. Models inside have marked their own."""
    if isinstance(schema, list | tuple):
        for each in schema:
            _make_exact(each)
    elif isinstance(schema, dict):
        if schema.get("type") in _EXACT:
            schema["strict"] = True
        for name, each in schema.items():
            if name not in _NO_SCHEMAS:
                _make_exact(each)


class Exact(BaseModel):
    """What somebody sends: closed, unchangeable, of the very types that its schema names."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler, /
    ) -> CoreSchema:
        """The model's schema, its numbers and booleans strict."""
        schema = handler(source)
        _make_exact(schema)
        return schema
