"""What importing a file into a source costs, from the fetched file to its last commit:

    python -m tests.bench.feed_imports [--no-firestore] [--large MB] [--json]

The rows are icecat's products as JSON lines, with their attributes: on SQLite, on the Firestore
emulator with a bucket's server, and once more where nothing changes. `--large` is a table of so
many megabytes, in a process of its own: how much its memory grows.
"""

import argparse
import gzip
import json
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import orjson

from shared.auth.faces import STUDIO
from shared.clock import SystemClock
from shared.invoke import Request, invoke
from shared.pipeline.transfers import blob_of
from shared.studio.tools import files, jobs, sources
from tests.bench.measured import table
from tests.bench.publishing import rss_anon
from tests.bench.servers import ROOT
from tests.bench.stock import DATA, google_stores
from tests.functions.studio_shop import Studio

JOBS = "/engine/jobs"
MB = 1_000_000


class Imports:
    """A tenant's source, and files that are imported into it."""

    def __init__(self, folder, **settings):
        self.studio = Studio(folder, SystemClock(), **settings).fill()
        self.token = self.studio.app.tokens.verify(self.studio.bearer(), STUDIO)
        self.call(sources.family["create_data_source"], id="products", name="Products")

    def call(self, tool, **arguments):
        request = Request(self.token, "studio", "bench", tenant="north")
        reply = invoke(tool, self.studio.app, request, arguments)
        if reply.problem is not None:
            raise reply.problem
        return orjson.loads(reply.body)

    def run(self, file):
        """Import a file that was handed in: its job, and the wall and CPU seconds that took."""
        prepared = self.call(files.family["prepare_file_upload"], filename="file")
        id_ = prepared["transferId"]
        self.studio.app.blobs.put(blob_of("north", id_), file)
        job = self.call(files.family["import_feed"], source_id="products", transfer_id=id_)
        wall = cpu = 0.0
        while True:
            taken = self.studio.app.queue.take()
            if taken is not None and taken.job == JOBS:
                began, busy = time.perf_counter(), time.process_time()
                self.studio.job(taken.job, taken.body)
                wall += time.perf_counter() - began
                cpu += time.process_time() - busy
            found = self.call(jobs.family["get_job"], job_id=job["id"])
            if found["state"] in ("succeeded", "failed"):
                return found, wall, cpu


def icecat(folder):
    path = Path(folder) / "icecat.jsonl"
    path.write_bytes(gzip.decompress((DATA / "icecat_19k.jsonl.gz").read_bytes()))
    return path


def measure(firestore):
    report = {}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        stores = {"SQLite": {}}
        if firestore:
            stores["Firestore emulator"] = stack.enter_context(google_stores(folder))
        for number, (name, settings) in enumerate(stores.items()):
            imports = Imports(Path(folder) / str(number), **settings)
            file = icecat(folder)
            for again in ("", ", again"):
                job, wall, cpu = imports.run(file)
                rows = job["result"]["rows"]
                report[f"{name}{again}"] = {
                    "rows": rows,
                    "changed": job["result"]["changed"],
                    "per_second": round(rows / wall),
                    "cpu_us_a_row": round(cpu / rows * 1e6),
                }
            imports.studio.close()
    return report


def large_table(path, megabytes):
    """A table of a kilobyte a row."""
    text = b"words and more " * 64
    with path.open("wb") as file:
        file.write(b"id,name,price,text\n")
        for number in range(megabytes * 1000):
            file.write(b"p%d,Lamp %d,%d.5,%s\n" % (number, number, number % 900, text))


def grown(megabytes):
    """How far a process's own memory rises while it imports a table, in megabytes."""
    with tempfile.TemporaryDirectory() as folder:
        imports = Imports(Path(folder) / "data")
        path = Path(folder) / "table.csv"
        large_table(path, megabytes)
        before, seen, done = rss_anon(), [0], threading.Event()

        def watch():
            while not done.wait(0.05):
                seen.append(rss_anon())

        watcher = threading.Thread(target=watch)
        watcher.start()
        job, wall, _ = imports.run(path)
        done.set()
        watcher.join()
        imports.studio.close()
        rows = job["result"]["rows"]
        return {
            "megabytes": megabytes,
            "rows": rows,
            "per_second": round(rows / wall),
            "grown_mb": round((max(seen) - before) / MB),
        }


def in_a_process(megabytes):
    command = [sys.executable, "-m", "tests.bench.feed_imports", f"--grown={megabytes}"]
    ran = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return json.loads(ran.stdout.splitlines()[-1])


def show(report):
    """The report for a person."""
    stores = {name: each for name, each in report.items() if name != "large"}
    names = list(next(iter(stores.values())))
    yield from table(
        ["import of icecat", *(each.replace("_", " ") for each in names)],
        [[store, *(f"{each[name]:,}" for name in names)] for store, each in stores.items()],
    )
    if large := report.get("large"):
        yield (
            f"a table of {large['megabytes']} MB, {large['rows']:,} rows: "
            f"{large['per_second']:,} rows a second, {large['grown_mb']} MB of memory more"
        )


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--no-firestore", action="store_true")
    options.add_argument("--large", type=int, default=0)
    options.add_argument("--grown", type=int, default=0, help=argparse.SUPPRESS)
    options.add_argument("--json", action="store_true")
    asked = options.parse_args()
    if asked.grown:
        print(json.dumps(grown(asked.grown)))
        return
    report = measure(not asked.no_firestore)
    if asked.large:
        report["large"] = in_a_process(asked.large)
    print(json.dumps(report) if asked.json else "\n".join(show(report)))


if __name__ == "__main__":
    main()
