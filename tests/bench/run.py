"""Every measurement in one run, as `make bench` takes them: build/bench.json and the page of it.

python -m tests.bench.run [--quick] [--only PART ...]

About 25 minutes; with `--quick` (fewer rounds, smaller catalogs and crowds) about 5. Parts that are
left out keep what build/bench.json says of them from the run before.
"""

import argparse
import os
import platform
import re
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import orjson

from tests.bench import report
from tests.bench.bars import BARS
from tests.bench.servers import ROOT
from tests.bench.stock import DATA

FEEDS = [str(DATA / f"{name}.jsonl.gz") for name in ("icecat_19k", "bestbuy_3k", "books_10k")]
FULL = {
    "requests": ["--rounds=5", "--seconds=0.8"],
    "cold": ["--starts=9"],
    "growth": ["--rounds=5", "--seconds=1"],
    "scale": ["--products", "10000", "100000", "1000000"],
    "collections": ["--records", "19406", "200000"],
    "feed_imports": ["--large", "300"],
    "applications": ["--seconds=3", "--tenants=200"],
    "bridge": ["--edits=20"],
    "changes": ["--changes=40"],
}
QUICK = {
    "requests": ["--rounds=2", "--seconds=0.4"],
    "cold": ["--starts=3", "--no-firestore"],
    "growth": ["--rounds=1", "--seconds=0.4", "--organizations", "1", "100", "--grants", "1", "20"],
    "scale": ["--products", "10000"],
    "collections": ["--records", "19406"],
    "feed_imports": ["--large", "30", "--no-firestore"],
    "applications": ["--seconds=1", "--tenants=20"],
    "bridge": ["--edits=3"],
    "changes": ["--changes=10"],
}


def commands(quick):
    chosen = QUICK if quick else FULL
    return {**chosen, "scale": ["--feeds", *FEEDS, *chosen["scale"]]}


def measure(part, options):
    """A part's report, from a process of its own."""
    ran = subprocess.run(
        [sys.executable, "-m", f"tests.bench.{part}", *options, "--json"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        check=True,
    )
    return orjson.loads(ran.stdout.splitlines()[-1])  # before it are lines of the log


def machine():
    """What was measured on."""
    processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    memory = re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())
    libraries = ("mcp", "functions-framework", "uvicorn", "uvloop", "pydantic", "tantivy")
    name = processor[1] if processor else platform.machine()
    size = int(memory[1]) / 1e6
    versions = ", ".join(f"{each} {version(each)}" for each in libraries)
    return [
        f"{os.cpu_count()} x {name}, {size:.0f} GB, {platform.system()} {platform.release()}",
        f"Python {platform.python_version()}, {versions}",
        f"load of the machine when it began: {os.getloadavg()[0]:.1f}",
    ]


def facts(options, before):
    """When, of what and on what; parts that keep their numbers keep their commands."""
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "commit": commit or "unknown",
        "run": "make bench" + (" ARGS=--quick" if options.quick else ""),
        "machine": machine(),
        "commands": {
            **before.get("commands", {}),
            **{
                part: " ".join([f"python -m tests.bench.{part}", *map(_named, arguments)])
                for part, arguments in commands(options.quick).items()
                if part in options.only
            },
        },
    }


def _named(argument):
    return argument.removeprefix(f"{DATA}/") if argument.startswith("/") else argument


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--only", nargs="+", choices=list(FULL), default=list(FULL))
    options = parser.parse_args()
    found = orjson.loads(report.JSON.read_bytes()) if report.JSON.exists() else {}
    found["facts"] = facts(options, found.get("facts", {}))
    report.JSON.parent.mkdir(exist_ok=True)
    for part in options.only:
        print(f"{datetime.now(UTC):%H:%M:%S} {part}", file=sys.stderr, flush=True)
        found[part] = measure(part, commands(options.quick)[part])
        report.JSON.write_bytes(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    for part in options.only:
        title, show = report.PARTS[part]
        print(f"\n{title}", *show(found[part]), sep="\n")
    report.PAGE.write_text(report.page(found))
    judged = [bar.judge(found)[1] for declared in BARS.values() for bar in declared()]
    print(
        f"\n{judged.count(True)} bars hold, {judged.count(False)} do not, "
        f"{judged.count(None)} were not measured: docs/performance.md"
    )


if __name__ == "__main__":
    main()
