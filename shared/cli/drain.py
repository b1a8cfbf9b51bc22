"""The work queue of `make dev`: what Cloud Tasks and Cloud Scheduler do in the cloud.

It calls the functions of queues over HTTP, with an identity token, exactly as they would. Here one
address is the tasks function's and the engine's, and so the audience of both.
"""

import threading
from typing import Final, Self

import httpx

from shared.app import App

WORKERS: Final = 4
SWEEP_SECONDS: Final = 60.0
SWEEPS: Final = ("/jobs/sweep", "/engine/sweep")
IDLE_SECONDS: Final = 0.2
JOB_SECONDS: Final = 600.0


class Drain:
    """Does what is due, in threads, until the block ends."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._queue = app.own_queue
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
        token = self._app.service_tokens.mint(self._app.settings.tasks_url)
        try:
            answer = client.post(job, json=body, headers={"authorization": f"Bearer {token}"})
        except httpx.TransportError:
            return False
        return answer.is_success

    def _client(self) -> httpx.Client:
        address = self._app.settings.tasks_url
        return httpx.Client(base_url=address, timeout=JOB_SECONDS, trust_env=False)
