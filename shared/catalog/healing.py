"""Answering again where a file that was open turned out damaged.

Every byte is checked when a version is opened. What a bad disk does to it afterwards shows only as
a failure nobody expected; then the catalogs the call touches are opened anew, which checks and
fetches what is wrong, and the call is answered from that.
"""

from collections.abc import Callable
from functools import wraps
from typing import TypeVar

from shared.catalog.heads import Head, is_head
from shared.catalog.opened import opened_segments
from shared.errors import Problem
from shared.tool import Args, Call

A = TypeVar("A", bound=Args)
R = TypeVar("R")


def healing(tool: Callable[[Call, A], R]) -> Callable[[Call, A], R]:
    """The same tool, which only reads; asked once more where reopening may help."""

    @wraps(tool)
    def asked(call: Call, args: A) -> R:
        try:
            return tool(call, args)
        except Problem:
            raise
        except Exception:
            opened = call.app.once(opened_segments)
            heads = [Head.of(found) for path, found in call.found.items() if is_head(path)]
            reopened = [head for head in heads if opened.reopen(head.catalog)]
            if not reopened:
                raise
            return tool(call, args)

    return asked
