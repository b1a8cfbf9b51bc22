"""The search engine's panics as ordinary exceptions.

A panic in tantivy arrives as `pyo3_runtime.PanicException`, a class that cannot be imported and
that derives from BaseException. `except Exception` does not see it: a request would end without
an answer and without a log line. So whoever asks the engine something is guarded.
"""

from collections.abc import Callable
from functools import wraps
from typing import Final, ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")
_PANIC: Final = ("pyo3_runtime", "PanicException")


class Panicked(Exception):  # noqa: N818  the engine's own word for it
    """The search engine failed in itself; the text is its own. The process may go on asking it."""


def guarded(ask: Callable[P, R]) -> Callable[P, R]:
    """The same function; raises `Panicked` where the engine panics."""

    @wraps(ask)
    def asked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return ask(*args, **kwargs)
        except BaseException as error:
            kind = type(error)
            if (kind.__module__, kind.__name__) == _PANIC:
                raise Panicked(str(error)) from error
            raise

    return asked
