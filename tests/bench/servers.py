"""Functions under functions-framework, pinned to one core, and what their worker's CPU time is."""

import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from shared.cli.processes import ROOT, free_port
from shared.settings import machine_environment

HELLO = Path(__file__).parent / "hello.py"
TICK = os.sysconf("SC_CLK_TCK")


@contextmanager
def serving(source, target, settings=None):
    """The (port, worker process ids) of a function that runs as deployed."""
    port = free_port()
    environment = {**machine_environment(), **(settings.environment() if settings else {})}
    environment["PYTHONPATH"] = str(ROOT)
    command = [
        sys.executable,
        "-m",
        "functions_framework",
        f"--target={target}",
        f"--source={source}",
        "--host=127.0.0.1",
        f"--port={port}",
    ]
    process = subprocess.Popen(
        ["taskset", "-c", "0", *command],
        env=environment,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield port, wait_for_worker(process.pid, port)
    finally:
        process.terminate()
        process.wait()


def wait_for_worker(master, port):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        workers = children(master)
        try:
            socket.create_connection(("127.0.0.1", port), timeout=0.1).close()
        except OSError:
            continue
        if workers:
            return workers
    raise TimeoutError("the function did not start")


def children(pid):
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_seconds(pids):
    """User and system time the processes have used so far."""
    total = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        total += int(fields[11]) + int(fields[12])
    return total / TICK
