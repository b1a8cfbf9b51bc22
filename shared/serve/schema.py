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


def bare(value: Any) -> Any:
    """A schema without descriptions and titles: an agent pays for every word."""
    return _without(value, frozenset({"description", "title"}))


def untitled(value: Any) -> Any:
    """A schema without titles, which only say a member's name again."""
    return _without(value, frozenset({"title"}))


def _without(value: Any, words: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {
            key: (
                {name: _without(member, words) for name, member in each.items()}
                if key in ("properties", "$defs")  # by name, whatever their names are
                else _without(each, words)
            )
            for key, each in value.items()
            if key not in words
        }
    return [_without(each, words) for each in value] if isinstance(value, list) else value
