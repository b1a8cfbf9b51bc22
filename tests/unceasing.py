"""Clients that ask without a pause: what was answered to whom, from when on."""

import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass, field, replace

PATIENCE = 60.0
"""Seconds, after which clients that hear nothing are taken for stuck."""


@dataclass(frozen=True)
class Answer:
    """When a call started, and what it came to: a status (0: no answer) and the catalogs shown.

    `text` is the body, for whoever reads a failed test; `ended`, when the client had it.
    """

    started: float
    status: int
    catalogs: tuple[str, ...] = ()
    text: str = field(default="", compare=False)
    ended: float = field(default=0.0, compare=False)


class Client:
    """Asks over one surface, in a thread of its own.

    `asking`: entered in that thread, gives what asks once; it is given when, and gives an Answer.
    """

    def __init__(self, surface, asking):
        self.surface = surface
        self.answers = []
        self.heard = threading.Condition()
        self.stopping = threading.Event()
        self.thread = threading.Thread(target=self._run)
        self._asking = asking

    def since(self, moment):
        """The answers to calls that started after a moment."""
        return [answer for answer in self.answers if answer.started > moment]

    def wait(self, number, since):
        """Until it heard that many answers to calls that started after a moment."""
        with self.heard:
            enough = self.heard.wait_for(lambda: len(self.since(since)) >= number, PATIENCE)
        assert enough, f"{self.surface} hears no answers"

    def _run(self):
        with self._asking() as ask:
            while not self.stopping.is_set():
                answer = replace(ask(time.perf_counter()), ended=time.perf_counter())
                with self.heard:
                    self.answers.append(answer)
                    self.heard.notify_all()


class Load:
    """Clients that ask at the same time, while entered."""

    def __init__(self, clients):
        self.clients = clients
        self._ends = ExitStack()

    def wait(self, number, surfaces=None):
        """The present moment, once every client of those surfaces heard that many answers more."""
        since = time.perf_counter()
        for client in self.clients:
            if surfaces is None or client.surface in surfaces:
                client.wait(number, since)
        return time.perf_counter()

    def __enter__(self):
        for client in self.clients:
            client.thread.start()
            self._ends.callback(client.thread.join)
        for client in self.clients:
            self._ends.callback(client.stopping.set)
        return self

    def __exit__(self, *_):
        self._ends.close()
