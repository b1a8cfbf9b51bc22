"""Option axes: which of a feed's own names mean colour and size."""

from collections.abc import Mapping
from typing import Final

_COLOR: Final = frozenset({"color", "colour", "farbe", "couleur", "colore", "kleur"})
_SIZE: Final = frozenset({"size", "größe", "groesse", "taille", "talla", "taglia", "maat"})


def is_color(axis: str) -> bool:
    """Whether the axis means colour."""
    return axis.casefold() in _COLOR


def is_size(axis: str) -> bool:
    """Whether the axis means size."""
    return axis.casefold() in _SIZE


def color_option(options: Mapping[str, str]) -> str | None:
    """The value of the axis that means colour, if there is one."""
    return next((value for axis, value in options.items() if is_color(axis)), None)


def size_option(options: Mapping[str, str]) -> str | None:
    """The value of the axis that means size, if there is one."""
    return next((value for axis, value in options.items() if is_size(axis)), None)
