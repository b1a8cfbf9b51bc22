"""A type as the JSON Schema that hosts show."""

from typing import Any, Literal

from pydantic import TypeAdapter


def schema(
    model: Any, *, mode: Literal["in", "out"], ref: str = "#/$defs/{model}"
) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a type, as a host shows it: for what comes in, or goes out."""
    adapter = model if isinstance(model, TypeAdapter) else TypeAdapter(model)
    made: dict[str, Any] = adapter.json_schema(
        mode="serialization" if mode == "out" else "validation", by_alias=True, ref_template=ref
    )
    return made
