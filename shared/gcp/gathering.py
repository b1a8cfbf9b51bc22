"""Reads that threads want at the same moment, asked of Firestore together.

Most of what a read costs a process is the call, not the documents. So while `AT_ONCE` calls are on
their way, whoever comes next waits for one of them to come back, and then all that have gathered
are asked for at once. A read is never answered with what was read before it began.
"""

import threading
from collections.abc import Callable, Iterable
from copy import copy
from typing import Any, Final

from google.api_core.exceptions import GoogleAPIError, ServiceUnavailable

AT_ONCE: Final = 2
MOST: Final = 200
"""Names in one call."""


class _Batch:
    def __init__(self) -> None:
        self.names: set[str] = set()
        self.answers: dict[str, Any] = {}
        self.failure: Exception | None = ServiceUnavailable("This read was given up.")
        self.done = threading.Event()


class Gathering:
    """A read for many threads, made of one for many names.

    Args:
        read: the answers to these names, by name; those that are missing left out.
    """

    def __init__(self, read: Callable[[set[str]], dict[str, Any]]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._slots = threading.Semaphore(AT_ONCE)
        self._open: _Batch | None = None

    def __call__(self, names: Iterable[str]) -> dict[str, Any]:
        """What `read` gives for these names. Raises GoogleAPIError, each thread its own."""
        asked = set(names)
        batch, leads = self._join(asked)
        if leads:
            self._ask(batch)
        else:
            batch.done.wait()
        if batch.failure is not None:
            # A failure that is raised again shows everybody it was raised to before.
            raise batch.failure if leads else copy(batch.failure)
        return {name: batch.answers[name] for name in asked if name in batch.answers}

    def _join(self, names: set[str]) -> tuple[_Batch, bool]:
        """The batch these names are in, and whether it has to be asked for by who brought them."""
        with self._lock:
            batch = self._open
            leads = batch is None or len(batch.names | names) > MOST
            if batch is None or leads:
                batch = self._open = _Batch()
            batch.names |= names
            return batch, leads

    def _ask(self, batch: _Batch) -> None:
        with self._slots:
            with self._lock:
                if self._open is batch:
                    self._open = None
            try:
                batch.answers = self._read(batch.names)
                batch.failure = None
            except GoogleAPIError as failure:
                batch.failure = failure
            finally:
                batch.done.set()
