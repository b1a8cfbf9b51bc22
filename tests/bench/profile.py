"""Where the time of a case goes: Python functions by their share of a served worker's CPU.

python -m tests.bench.profile "search_products 10, 2026-07-28" [--seconds S] [--most N]

What a function calls in C counts as its own. Needs Linux's perf (Debian: linux-perf). The worker
runs with Python's support for perf, which makes every call of a function a little dearer.
"""

import argparse
import re
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

from tests.bench.load import run
from tests.bench.measured import table
from tests.bench.requests import own_cases
from tests.bench.servers import ROOT, beside_the_servers, serving
from tests.bench.stock import embedded

WARM_SECONDS = 4
A_FRAME = re.compile(r"\s+[0-9a-f]+ (?P<symbol>.*) \(.*\)$")
A_FUNCTION = re.compile(r"py::(?P<name>.*):(?P<file>.*)")


def stacks(name, seconds, folder):
    """Every sample: the Python functions that were running, the innermost first."""
    with embedded(folder / "platform") as platform:
        case = own_cases(platform)[name]
        source = ROOT / "functions" / case.server / "main.py"
        with serving(source, case.server, platform.settings, PYTHON_PERF_JIT_SUPPORT="1") as served:
            run(served.port, case.requests, seconds=WARM_SECONDS)
            recorder = subprocess.Popen(recording(served.pids[0], seconds), cwd=folder)
            run(served.port, case.requests, seconds=seconds + 1)
            recorder.wait()
    perf(folder, "inject", "--jit", "--input=recorded", "--output=named")
    text = perf(folder, "script", "--input=named", "--fields=comm,tid,ip,sym,dso", "--no-inline")
    return samples(text.splitlines())


def recording(pid, seconds):
    """Samples with their stacks; the clock is the one that Python's notes for perf go by."""
    options = ["--event=cpu-clock", "--freq=400", "--clockid=1", "--call-graph=dwarf,16384"]
    target = ["--quiet", "--output=recorded", f"--pid={pid}", "--", "sleep", str(seconds)]
    return ["perf", "record", *options, *target]


def perf(folder, *arguments):
    ran = subprocess.run(["perf", *arguments], cwd=folder, check=True, capture_output=True)
    return ran.stdout.decode(errors="replace")


def samples(lines):
    found = []
    for line in lines:
        frame = A_FRAME.match(line)
        if frame is None:
            if line.strip():
                found.append([])
        elif function := A_FUNCTION.match(frame["symbol"]):
            found[-1].append(f"{function['name']} {short(function['file'])}")
    return [stack for stack in found if stack]


def short(file):
    return "/".join(Path(file).parts[-2:])


def shares(found, most):
    """The functions with the largest shares: by themselves, and with what they call."""
    alone = Counter(stack[0] for stack in found)
    within = Counter(name for stack in found for name in set(stack))
    for title, counts in (("by itself", alone), ("with what it calls", within)):
        rows = [
            [name, f"{100 * count / len(found):.1f}"] for name, count in counts.most_common(most)
        ]
        yield from table([f"share of CPU, {title}", "%"], rows)
        yield ""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("case")
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument("--most", type=int, default=50)
    options = parser.parse_args()
    beside_the_servers()
    with tempfile.TemporaryDirectory() as folder:
        found = stacks(options.case, options.seconds, Path(folder))
    print(f"{len(found)} samples")
    print("\n".join(shares(found, options.most)))


if __name__ == "__main__":
    main()
