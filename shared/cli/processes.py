"""Functions under functions-framework as they are deployed, each in a process of its own."""

import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from shared.errors import Problem

ROOT: Final = Path(__file__).parents[2]
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 5.0
PAUSE_SECONDS: Final = 5.0
"""How long after its start a function that ended is left alone."""

ASKED_FOR_BY_NUMBER: Final = range(15_000, 32_000)
"""Below the ports that systems give connections, and whoever asks for any port."""


@dataclass
class Function:
    """One running function: its name, where it answers, and when it was started."""

    name: str
    port: int
    process: subprocess.Popen[bytes]
    started: float = field(default_factory=time.monotonic)

    @property
    def address(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"

    def wait(self) -> None:
        """Until it takes connections. Raises `unavailable` when it ends, or never does."""
        deadline = time.monotonic() + START_SECONDS
        while self.process.poll() is None and time.monotonic() < deadline:
            if self._listens():
                return
            time.sleep(0.02)
        raise Problem(
            "unavailable",
            f"The function {self.name} did not start. Its output is in the log file.",
        )

    def ask_to_end(self) -> None:
        """Ask it to end once it has answered what it is answering."""
        self.process.send_signal(signal.SIGTERM)

    def end(self) -> None:
        """Wait for an asked end, at most STOP_SECONDS."""
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()

    def kill(self) -> None:
        """End it and its workers this instant, in the middle of whatever they do."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        deadline = time.monotonic() + STOP_SECONDS
        while self._listens() and time.monotonic() < deadline:  # a worker is still being killed
            time.sleep(0.005)

    def _listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=0.2).close()
        except OSError:
            return False
        return True


def start(
    name: str,
    environment: Mapping[str, str],
    log: Path,
    *,
    source: Path | None = None,
    port: int | None = None,
) -> Function:
    """Start a function; `Function.wait` tells when it answers.

    Args:
        name: the function, and its folder in `functions/`.
        environment: the variables it gets, and no others.
        log: the file its output is added to.
        source: the file that declares it, if not that folder's `main.py`.
        port: where it listens; any free one otherwise.
    """
    port = port or free_port()
    command = [
        sys.executable,
        "-m",
        "functions_framework",
        f"--target={name}",
        f"--source={source or ROOT / 'functions' / name / 'main.py'}",
        "--host=127.0.0.1",
        f"--port={port}",
    ]
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603  our own interpreter and files
            command,
            cwd=ROOT,
            env=dict(environment),
            stdout=output,
            stderr=output,
            process_group=0,
        )
    return Function(name, port, process)


class Functions:
    """Functions that end together.

    Args:
        names: folders of `functions/`.
        environment: the variables they get, and no others.
        log: the file their output goes to.

    Attributes:
        ports: where each listens, once it is started.
    """

    def __init__(self, names: Iterable[str], environment: Mapping[str, str], log: Path) -> None:
        self._environment = environment
        self.log = log
        self.ports = {name: free_port() for name in names}
        self.running: dict[str, Function] = {}

    def __enter__(self) -> Self:
        return self

    def start(self, *names: str) -> None:
        """Start these of them."""
        for name in names:
            with _uninterrupted():
                port = self.ports[name]
                self.running[name] = start(name, self._environment, self.log, port=port)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def wait(self, *names: str) -> None:
        """Until these answer, which were started. Raises `unavailable`."""
        for name in names:
            self.running[name].wait()

    def revive(self) -> list[str]:
        """Start those anew that ended unasked; their names.

        Not one that was started within PAUSE_SECONDS: where it cannot start, it would again and
        again.
        """
        latest = time.monotonic() - PAUSE_SECONDS
        ended = [
            name
            for name, each in self.running.items()
            if each.process.poll() is not None and each.started < latest
        ]
        for name in ended:
            with suppress(OSError):  # nothing is left of it
                self.running[name].kill()  # workers may have outlived it, and hold its port
            self.start(name)
        return ended

    def stop(self) -> None:
        """End every process."""
        for function in self.running.values():
            function.ask_to_end()
        for function in self.running.values():
            function.end()
        self.running.clear()


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Put Ctrl-C and SIGTERM off: no process starts that nobody knows to end."""
    came: list[int] = []
    before = {
        each: signal.signal(each, lambda number, _: came.append(number))
        for each in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
        for number in came:
            signal.raise_signal(number)


def free_port() -> int:
    """A loopback port nobody listens on now, and that the system gives nobody unasked.

    So it stays free until a process of ours that is still starting listens there.
    """
    while True:
        port = secrets.choice(ASKED_FOR_BY_NUMBER)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
