"""The BigQuery emulator, started in its own Python 3.13 environment, offline.

Its DuckDB looks for extensions below its home and would download them; they are put there from the
packages that carry them.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path

import httpx

from shared.cli.processes import free_port

ENVIRONMENT = Path(
    os.environ.get("BIGQUERY_EMULATOR_VENV", Path(__file__).parents[2] / ".venv-bigquery")  # noqa: TID251  the test run's own
)
EXTENSIONS = ".duckdb/extensions/v1.5.5/linux_amd64"


class BigQueryEmulator:
    """Serves at `url`; files of `gs://` addresses are read from the folder `buckets`."""

    def __init__(self, folder):
        self.folder = folder
        self.buckets = folder / "buckets"

    def __enter__(self):
        home = self.folder / "home"
        (home / EXTENSIONS).mkdir(parents=True)
        for extension in ENVIRONMENT.glob("lib/*/site-packages/duckdb_extension_*/**/*.duckdb_*"):
            shutil.copy(extension, home / EXTENSIONS)
        rest, storage = free_port(), free_port()
        self.url = f"http://127.0.0.1:{rest}"
        self.process = subprocess.Popen(
            [
                ENVIRONMENT / "bin/local-bigquery", "--host", "127.0.0.1", "--port", str(rest),
                "--grpc-port", str(storage), "--data-dir", self.folder / "data",
            ],
            env={"HOME": str(home), "PATH": "/usr/bin:/bin", "GCS_LOCAL_ROOT": str(self.buckets)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        deadline = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"{self.url}/", trust_env=False)
            except httpx.HTTPError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.__exit__()
                    raise RuntimeError("the BigQuery emulator did not start") from None
            else:
                return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class PlainBucket:
    """A bucket's files under their own names, where the emulator reads them."""

    def __init__(self, root):
        self.root = root

    def put(self, name, source):
        target = self.root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            shutil.copy(source, target)

    def delete(self, name):
        (self.root / name).unlink(missing_ok=True)
