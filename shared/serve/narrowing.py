"""A connection that a person narrowed by its address: to some sets of tools, or to reading.

`…/mcp?toolsets=entries,cards&mode=read`. What is left out is as if it were not there.
"""

from collections.abc import Collection
from typing import Any, Final, NamedTuple
from urllib.parse import parse_qsl

from shared.errors import Problem
from shared.near import near
from shared.tool import Effect, Family, Tool

_NAMES: Final = ("mode", "toolsets")


class Narrowing(NamedTuple):
    """What a connection is narrowed to: sets of tools, in order (none: all), and to reading."""

    toolsets: tuple[str, ...] = ()
    reads_only: bool = False

    def admits(self, tool: Tool[Any]) -> bool:
        """Whether a tool is served."""
        if tool.family.always:
            return True
        if self.reads_only and tool.effect is not Effect.READ:
            return False
        return not self.toolsets or toolset_of(tool.family) in self.toolsets


def toolset_of(family: Family) -> str:
    """What a family's set of tools is called in an address."""
    return family.toolset or family.name


WHOLE: Final = Narrowing()


def narrowing(query: str, known: Collection[str]) -> Narrowing:
    """What an address's query asks for. Other parameters are not ours, and mean nothing here.

    Raises `invalid` for a set of tools or a mode that does not exist, and for a near miss of the
    parameters' own names: a person who narrows must not be served everything by mistake.
    """
    if not query:
        return WHOLE
    toolsets: set[str] = set()
    modes: set[str] = set()
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name == "toolsets":
            toolsets |= {_known(each.strip(), known) for each in value.split(",")}
        elif name == "mode":
            modes.add(value)
        elif meant := near(name, _NAMES):
            raise Problem("invalid", f"The address says {name!r}: did you mean {meant[0]!r}?")
    if modes - {"read"}:
        raise Problem("invalid", "The address's mode can only be read.", modes=["read"])
    return Narrowing(tuple(sorted(toolsets)), bool(modes))


def _known(name: str, known: Collection[str]) -> str:
    if name not in known:
        names = ", ".join(sorted(known))
        raise Problem("invalid", f"There is no such toolset. The toolsets are: {names}.")
    return name
