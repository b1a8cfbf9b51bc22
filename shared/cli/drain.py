"""The work queue of `make dev`: what Cloud Tasks and Cloud Scheduler do in the cloud.

It calls the functions of queues over HTTP, with an identity token, exactly as they would. Here one
address is the tasks function's and the engine's, and so the audience of both.
"""

import threading
from collections.abc import Callable
from typing import Final, Self

import httpx

from shared.app import App
from shared.ports.queue import OwnQueue

WORKERS: Final = 4
SWEEP_SECONDS: Final = 60.0
SWEEPS: Final = ("/jobs/sweep", "/engine/sweep")
IDLE_SECONDS: Final = 0.2
JOB_SECONDS: Final = 600.0


class Drain:
    """Does what is due, in threads, until the block ends.

    Args:
        queue: what is due.
        url: where it is done.
        token: makes the identity token of a call.
    """

    def __init__(self, queue: OwnQueue, url: str, token: Callable[[], str]) -> None:
        self._queue = queue
        self._url = url
        self._token = token
        self._stop = threading.Event()
        loops = [self._work] * WORKERS + [self._sweep]
        self._threads = [threading.Thread(target=loop, daemon=True) for loop in loops]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(2)

    def _work(self) -> None:
        with self._client() as client:
            while not self._stop.is_set():
                taken = self._queue.take()
                if taken is None:
                    self._stop.wait(IDLE_SECONDS)
                elif self._call(client, taken.job, dict(taken.body)):
                    self._queue.finish(taken)
                else:
                    self._queue.retry(taken)

    def _sweep(self) -> None:
        with self._client() as client:
            while not self._stop.wait(SWEEP_SECONDS):
                for job in SWEEPS:
                    self._call(client, job, {})

    def _call(self, client: httpx.Client, job: str, body: dict[str, object]) -> bool:
        headers = {"authorization": f"Bearer {self._token()}"}
        try:
            answer = client.post(job, json=body, headers=headers)
        except httpx.TransportError:
            return False
        return answer.is_success

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self._url, timeout=JOB_SECONDS, trust_env=False)


def drain(app: App) -> Drain:
    """What drains the queue of a laptop, whose tokens are our own."""
    url = app.settings.tasks_url
    return Drain(app.own_queue, url, lambda: app.service_tokens.mint(url))
