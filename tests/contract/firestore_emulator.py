"""Google's Firestore emulator as a process of ours.

https://cloud.google.com/firestore/native/docs/emulator
"""

import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import grpc
import httpx
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

from shared.cli.processes import free_port

JAR = Path(
    os.environ.get(  # noqa: TID251  the test run's own: where the emulator is
        "FIRESTORE_EMULATOR_JAR",
        "/usr/lib/google-cloud-sdk/platform/cloud-firestore-emulator/cloud-firestore-emulator.jar",
    )
)
MAIN = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"


def absent():
    """Why it cannot be started here; None when it can."""
    if not JAR.exists():
        return f"no Firestore emulator: set FIRESTORE_EMULATOR_JAR ({JAR} is missing)"
    if shutil.which("java") is None:
        return "no Firestore emulator: java is not installed"
    return None


@contextmanager
def emulator(*options):
    """Its address, while it runs; `options` as its own command line takes them."""
    port = free_port()
    java = ["java", "-Xmx512m", "-XX:+UseSerialGC", "-Duser.language=en", "-cp", JAR]
    command = [*java, MAIN, "start", "--host=127.0.0.1", f"--port={port}", *options]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _wait(process, f"http://127.0.0.1:{port}/")
            _warm_up(f"127.0.0.1:{port}")
            yield f"127.0.0.1:{port}"
        finally:
            process.kill()


def _warm_up(address):
    """Its first commit and its first read may take longer than we wait for a database."""
    root = "projects/test-warm-up/databases/(default)/documents"
    write = {"update": {"name": f"{root}/things/first"}}
    with grpc.insecure_channel(address) as channel:
        api = FirestoreClient(transport=FirestoreGrpcTransport(channel=channel))
        database = root.removesuffix("/documents")
        api.commit({"database": database, "writes": [write]}, timeout=60)
        asked = {"database": database, "documents": [write["update"]["name"]]}
        list(api.batch_get_documents(asked, timeout=60))


def _wait(process, url):
    deadline = time.monotonic() + 60
    while True:
        try:
            httpx.get(url, trust_env=False).raise_for_status()
        except httpx.HTTPError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the Firestore emulator did not start") from None
        else:
            return
