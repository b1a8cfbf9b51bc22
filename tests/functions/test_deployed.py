"""What a process is set to before it serves."""

import platform as machine
import subprocess
import sys

import pytest

from shared.cli.processes import ROOT
from shared.settings import machine_environment

SERVES_WITH_THREADS = """
import ctypes
from threading import Barrier, Thread
from shared.serve.deployed import deployed

deployed(lambda app: None)
together = Barrier(4)
threads = [Thread(target=lambda: (bytes(5_000), together.wait())) for _ in range(4)]
for each in threads:
    each.start()
for each in threads:
    each.join()
ctypes.CDLL(None).malloc_stats()
"""


@pytest.mark.skipif(machine.libc_ver()[0] != "glibc", reason="the setting is of glibc's malloc")
def test_its_threads_share_one_arena(platform):
    ran = subprocess.run(
        [sys.executable, "-c", SERVES_WITH_THREADS],
        cwd=ROOT,
        env={**machine_environment(), **platform.settings.environment()},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr.count("Arena ") == 1
