"""The functions of `make dev`, each in a process of its own, started and ended together."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from shared.errors import Problem

ROOT: Final = Path(__file__).parents[2]
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 5.0


@dataclass
class Function:
    """One running function: its name and the loopback address it answers at."""

    name: str
    port: int
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        """Its base URL."""
        return f"http://127.0.0.1:{self.port}"


class Functions:
    """Starts functions under functions-framework, and ends them on the way out.

    Args:
        names: folders in `functions/`.
        environment: the variables they get, and no others but the machine's own.
        log: the file their output goes to.
    """

    def __init__(self, names: Iterable[str], environment: Mapping[str, str], log: Path) -> None:
        self._names = tuple(names)
        self._environment = dict(environment)
        self._log = log
        self.running: dict[str, Function] = {}

    def __enter__(self) -> Self:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        try:
            with self._log.open("ab") as log:
                for name in self._names:
                    self.running[name] = self._start(name, log.fileno())
            for function in self.running.values():
                _wait(function)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """End every process: asked first, killed after STOP_SECONDS."""
        for function in self.running.values():
            function.process.send_signal(signal.SIGTERM)
        for function in self.running.values():
            try:
                function.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                function.process.kill()
                function.process.wait()
        self.running.clear()

    def _start(self, name: str, log: int) -> Function:
        port = free_port()
        command = [
            sys.executable,
            "-m",
            "functions_framework",
            f"--target={name}",
            f"--source={ROOT / 'functions' / name / 'main.py'}",
            "--host=127.0.0.1",
            f"--port={port}",
        ]
        process = subprocess.Popen(  # noqa: S603  our own interpreter and files
            command, cwd=ROOT, env=self._environment, stdout=log, stderr=log
        )
        return Function(name, port, process)


def free_port() -> int:
    """A loopback port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(function: Function) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if function.process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", function.port), timeout=0.2).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise Problem(
        "unavailable",
        f"The function {function.name} did not start. Its output is in the log file.",
    )
