"""Processes under test: `catalog-mcp dev` started, asked and stopped; a function behind a front.

What they print goes to `*.log` files below the run's folder, and secrets that pass a front are
noted in `issued.txt` there (issued.py).
"""

import json
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from shared.cli import processes
from shared.cli.front import Front
from shared.settings import machine_environment


def start(folder, *more, **environment):
    """A dev deployment in a folder; what it complains of is in `log_of`.

    `environment`: variables beside this machine's own.
    """
    command = [*program_of(folder), "dev", "--json", *more]
    with log_of(folder).open("a") as log:
        return subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env={**machine_environment(), **environment},
        )


def program_of(folder):
    """The command line on a data folder, whose front notes the secrets that pass it."""
    noted = beside(folder, "issued.txt")
    return [sys.executable, "-m", "tests.e2e.issued", noted, "--data", folder]


def log_of(folder):
    return beside(folder, "dev.log")


def beside(folder, name):
    """A file next to a data folder, which the functions do not know of."""
    return Path(f"{folder}.{name}")


def facts_of(process):
    line = process.stdout.readline()
    assert line, "dev did not start"
    return json.loads(line)


def stop(process, how=signal.SIGTERM):
    process.send_signal(how)
    rest, _ = process.communicate(timeout=20)
    return rest


@contextmanager
def serving(platform, name, port):
    """One function of a platform, behind a front at a port."""
    environment = {**machine_environment(), **platform.settings.environment()}
    running = processes.start(name, environment, platform.folder / f"{name}.log")
    try:
        running.wait()
        with Front([("", running.address)], port):
            yield
    finally:
        running.end()
        platform.close()
