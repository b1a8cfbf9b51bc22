"""Option axes: which of a feed's own names mean colour and size."""

from collections.abc import Mapping
from typing import Final

_COLOR: Final = frozenset({"color", "colour", "farbe", "couleur", "colore", "kleur"})
_SIZE: Final = frozenset({"size", "größe", "groesse", "taille", "talla", "taglia", "maat"})


def color_option(options: Mapping[str, str]) -> str | None:
    """The value of the axis that means colour, if there is one."""
    return _option(options, _COLOR)


def size_option(options: Mapping[str, str]) -> str | None:
    """The value of the axis that means size, if there is one."""
    return _option(options, _SIZE)


def _option(options: Mapping[str, str], axes: frozenset[str]) -> str | None:
    return next((value for axis, value in options.items() if axis.casefold() in axes), None)
