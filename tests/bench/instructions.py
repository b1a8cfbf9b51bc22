"""What a request costs in instructions, which is the same number however busy the machine is.

python -m tests.bench.instructions [--only WORD ...]

Thousands of instructions outside the kernel, counted by valgrind's callgrind (Debian: valgrind)
while 8 connections ask, and as a multiple of the hello's. Use it to compare two versions of the
same code: instructions of different kinds take different times, so what a bar says is CPU time.
"""

import argparse
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from functools import partial
from itertools import cycle, islice
from pathlib import Path

from shared.cli.processes import free_port
from shared.settings import machine_environment
from tests.bench.load import once
from tests.bench.measured import table
from tests.bench.requests import UNIT, chosen, own_cases
from tests.bench.servers import HELLO, HERE, ROOT, beside_the_servers, wait_for
from tests.bench.stock import embedded

LEAST = 100
"""Requests that are counted of a case; all of a case that has more."""


def counted(platform, only, folder):
    """Case -> instructions a request."""
    cases = chosen(own_cases(platform), only)
    found = {}
    for server in dict.fromkeys(case.server for case in cases.values()):
        source = HELLO if server == UNIT else ROOT / "functions" / server / "main.py"
        with under_callgrind(source, server, platform.settings, folder) as (port, count):
            for name, case in cases.items():
                if case.server == server:
                    amount = max(LEAST, len(case.requests))
                    requests = list(islice(cycle(case.requests), amount))
                    once(port, requests)
                    found[name] = count(partial(once, port, requests)) / amount
    return found


@contextmanager
def under_callgrind(source, target, settings, folder):
    """The port of a function that is one process, and a way to count while something is done."""
    port = free_port()
    output = folder / f"{target}.callgrind"
    valgrind = [
        "valgrind",
        "--tool=callgrind",
        "--instr-atstart=no",
        f"--callgrind-out-file={output}",
    ]
    process = subprocess.Popen(
        [*valgrind, sys.executable, HERE / "one_process.py", source, target, str(port)],
        env={**machine_environment(), **settings.environment(), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )

    def control(*options):
        command = ["callgrind_control", *options, str(process.pid)]
        subprocess.run(command, check=True, capture_output=True)

    def count(work):
        control("--zero")
        control("--instr=on")
        work()
        control("--instr=off")
        control("--dump")
        newest = max(folder.glob(f"{output.name}.*"), key=lambda path: int(path.suffix[1:]))
        totals = (line for line in newest.read_text().splitlines() if line.startswith("totals:"))
        return int(next(totals).split()[1])

    try:
        wait_for(process, port, lambda: [process.pid], 1, seconds=120)
        yield port, count
    finally:
        process.terminate()
        process.wait()


def show(found):
    rows = [
        [name, f"{each / 1000:.0f}", f"{each / found[UNIT]:.2f}"] for name, each in found.items()
    ]
    yield from table(["case", "thousand instructions", "x hello"], rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="*", default=())
    options = parser.parse_args()
    beside_the_servers()
    with tempfile.TemporaryDirectory() as folder, embedded(f"{folder}/platform") as platform:
        print("\n".join(show(counted(platform, options.only, Path(folder)))))


if __name__ == "__main__":
    main()
