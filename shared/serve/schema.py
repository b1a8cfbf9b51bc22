"""A type as the JSON Schema that hosts show."""

from typing import Any, Literal

from pydantic import TypeAdapter

from shared.spelling import Case


def schema(
    model: Any,
    *,
    mode: Literal["in", "out"],
    results: Case = Case.CAMEL,
    ref: str = "#/$defs/{model}",
) -> dict[str, Any]:
    """The JSON Schema (2020-12) of a type, as a host shows it: for what comes in, or goes out.

    `results` is how the host spells the names of what goes out.
    """
    adapter = model if isinstance(model, TypeAdapter) else TypeAdapter(model)
    made: dict[str, Any] = adapter.json_schema(
        mode="serialization" if mode == "out" else "validation",
        by_alias=mode == "in" or results is Case.CAMEL,
        ref_template=ref,
    )
    return made
