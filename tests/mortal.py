"""An app whose process dies at the n-th thing that any adapter of it is asked to change."""

import threading

from functions.engine.turns import KINDS
from shared import work
from shared.app import App
from shared.errors import Problem
from shared.holds import KEEPER

CHANGES = frozenset(
    {"commit", "put", "delete", "add"} | {"keep", "admit", "dismiss", "revoke", "remove"}
)
"""What adapters are asked to change; the second few are those of listings."""


class Killed(BaseException):
    """Where the process ended."""


class Life:
    """Counts changes, each before and after it is made; nothing is done once it is over."""

    def __init__(self):
        self._lock = threading.Lock()
        self.left = None

    def tick(self):
        with self._lock:
            if self.left is None:
                return
            if threading.current_thread().name == KEEPER:  # comes by the clock: it does not count
                if self.left <= 0:
                    raise Problem("unavailable", "The process is over.")
                return
            if self.left <= 0:
                raise Killed
            self.left -= 1

    @property
    def over(self):
        return self.left is not None and self.left <= 0


class Mortal:
    """Passes everything on to an adapter while its process lives."""

    def __init__(self, adapter, life):
        self._adapter = adapter
        self._life = life

    def __getattr__(self, name):
        inner = getattr(self._adapter, name)
        return self._dying(inner) if name in CHANGES else inner

    def _dying(self, inner):
        def changed(*arguments):
            self._life.tick()
            answer = inner(*arguments)
            self._life.tick()
            return answer

        return changed


class MortalApp(App):
    """Dies as its `life` says."""

    def __init__(self, settings, clock=None):
        super().__init__(settings, clock)
        self.life = Life()

    @property
    def documents(self):
        return Mortal(super().documents, self.life)

    @property
    def blobs(self):
        return Mortal(super().blobs, self.life)

    @property
    def queue(self):
        return Mortal(super().queue, self.life)

    @property
    def listings(self):
        return Mortal(super().listings, self.life)


def mortal(kind):
    """The same kind of app, dying as its `life` says."""
    return MortalApp if kind is App else type(f"Mortal{kind.__name__}", (MortalApp, kind), {})


def dies(platform, task, changes):
    """Do a task in a process that ends after so many changes; whether it was killed before its end.

    What it left is found by the sweeper once a worker that is gone is no longer waited for.
    """
    kind = type(platform)
    dying = kind(platform.folder, platform.clock, app=mortal(platform.kind), **platform.given)
    dying.app.life.left = changes
    try:
        dying.job(task.job, task.body)
    except Killed:
        return True
    else:
        return False
    finally:
        dying.app.life.left = None
        dying.close()


def sweep(platform):
    """What a killed process left is done."""
    platform.clock.advance(180)
    work.sweep(platform.app, KINDS)
    platform.work(120)
