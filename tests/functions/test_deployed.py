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


SHOWS_ITS_CALLER = """
import asyncio
import uvicorn
from gunicorn.config import Config as Gunicorn
from shared.serve.deployed import deployed

deployed(lambda app: None)

async def host(scope, receive, send):
    print(scope["client"][0], scope["scheme"])

config = uvicorn.Config(host)
config.load()
headers = [(b"x-forwarded-for", b"203.0.113.9"), (b"x-forwarded-proto", b"https")]
scope = {"type": "http", "client": ("127.0.0.1", 1), "scheme": "http", "headers": headers}
asyncio.run(config.loaded_app(scope, None, None))
print(Gunicorn().forwarded_allow_ips)
"""


def test_the_server_believes_no_forwarded_header(platform):
    ran = subprocess.run(
        [sys.executable, "-c", SHOWS_ITS_CALLER],
        cwd=ROOT,
        env={**machine_environment(), **platform.settings.environment()},
        capture_output=True,
        text=True,
        check=False,
    )
    client, scheme, believed = ran.stdout.split()
    assert (client, scheme) == ("127.0.0.1", "http"), ran.stderr
    assert believed in ("255.255.255.255", "['255.255.255.255']")
