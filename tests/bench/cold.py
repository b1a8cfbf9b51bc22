"""Cold start: from the start of a process to its first correct answer of a tool call.

python -m tests.bench.cold [--starts N] [--no-firestore] [--json]

Each start is a new process that has nothing open and an empty folder for segments; its bytecode is
compiled, as in a deployed image. The call is a real one, on icecat_19k: with a bearer, access, rate
and audit. The peer is functions-framework with one empty tool on the official SDK's MCPServer.
Starts are interleaved. Then: where the time to import goes.
"""

import argparse
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import orjson

from shared.cli.processes import free_port
from shared.settings import machine_environment
from tests.bench.measured import shown, spread, table
from tests.bench.requests import empty_tool, found_a_product, found_products
from tests.bench.servers import (
    PEERS,
    ROOT,
    SERVER,
    EndedError,
    beside_the_servers,
    function_command,
    running,
)
from tests.bench.stock import DAY, embedded, emulated, pages, tool_calls

PEER = "MCPServer with one tool"
PARTNER = ROOT / "functions" / "partner" / "main.py"
WORST = 10


@dataclass(frozen=True)
class Start:
    """What to start and what to ask it."""

    source: Path
    target: str
    environment: dict
    request: bytes
    good: object

    def seconds(self):
        """How long it takes, from the start of the process."""
        port = free_port()
        command = function_command(self.source, self.target, port)
        began = time.perf_counter()
        with running(command, self.environment, cores=SERVER) as process:
            answer = first_answer(process, port, self.request)
            took = time.perf_counter() - began
        assert self.good(answer), answer
        return took

    def imports(self):
        """`-X importtime` of the processes that serve it: (module, microseconds of its own,
        microseconds with what it imports), in the order they ended."""
        port = free_port()
        python, *command = function_command(self.source, self.target, port)
        with tempfile.TemporaryFile("w+") as told:
            process = subprocess.Popen(
                [python, "-X", "importtime", *command],
                env=self.environment,
                cwd=ROOT,
                stdout=subprocess.DEVNULL,
                stderr=told,
            )
            first_answer(process, port, self.request)
            process.terminate()
            process.wait()
            told.seek(0)
            written = told.read()
        lines = (line.removeprefix("import time:").split("|") for line in written.splitlines())
        return [
            (name.strip(), int(own), int(whole))
            for own, whole, name in (each for each in lines if len(each) == 3)
            if own.strip().isdigit()
        ]


def first_answer(process, port, request):
    """The JSON of the first answer, as soon as there is one."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise EndedError(process.args)
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
                connection.sendall(request)
                return orjson.loads(_body(connection.makefile("rb")))
        except ConnectionError:
            time.sleep(0.002)
    raise TimeoutError("it never answered")


def _body(answer):
    status = answer.readline()
    if not status:
        raise ConnectionError
    headers = dict(
        line.lower().split(b": ", 1) for line in iter(answer.readline, b"\r\n") if b":" in line
    )
    body = answer.read(int(headers[b"content-length"]))
    assert b" 200 " in status, body
    return body


def starts_of(platform, name, common, **variables):
    """Two first calls of one deployment: a lookup, and a search."""
    token = platform.token(lifetime=DAY)
    calls = {
        "lookup_product": ({"canonical_url": pages(1)[0]}, found_a_product),
        "search_products": ({"catalog": "icecat", "query": "laptop"}, found_products),
    }
    environment = {**common, **platform.settings.environment(), **variables}
    return {
        f"{tool}, {name}": Start(
            PARTNER,
            "partner",
            environment,
            tool_calls(tool, [arguments], token, modern=True)[0],
            good,
        )
        for tool, (arguments, good) in calls.items()
    }


def measure(starts, *, firestore=True):
    """The report as JSON values."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        common = {**machine_environment(), "PYTHONPATH": str(ROOT)}
        common.pop("PYTHONDONTWRITEBYTECODE", None)
        common["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
        empty = tool_calls("empty", [{}], "none", modern=True)[0]
        found = {PEER: Start(PEERS / "mcpserver.py", "function", common, empty, empty_tool)}
        platforms = [stack.enter_context(embedded(folder / "embedded"))]
        found |= starts_of(platforms[0], "embedded", common)
        if firestore:
            platforms.append(stack.enter_context(emulated(folder / "emulated")))
            emulators = {
                name: text
                for name, text in machine_environment().items()
                if name.endswith("_EMULATOR_HOST")
            }
            found |= starts_of(platforms[1], "Firestore", common, **emulators)
        caches = [platform.settings.cache for platform in platforms]
        times = defaultdict(list)
        for number in range(starts + 1):
            for name, each in found.items():
                for cache in caches:
                    shutil.rmtree(cache, ignore_errors=True)
                took = each.seconds()
                if number:  # the first compiles
                    times[name].append(took * 1000)
        return summary(times) | {"imports": {n: where(each.imports()) for n, each in found.items()}}


def summary(times):
    return {
        "starts": {
            name: {
                "ms": spread(found, 0),
                "x_peer": spread(
                    one / other for one, other in zip(found, times[PEER], strict=True)
                ),
            }
            for name, found in times.items()
        }
    }


def where(imports):
    """The whole, and the worst: packages by what their modules take themselves, and modules with
    all they are the first to import."""
    packages = Counter()
    for name, own, _ in imports:
        parts = name.split(".")
        ours = parts[0] in ("shared", "functions", "google")
        packages[".".join(parts[: 2 if ours else 1])] += own
    modules = {name: whole for name, _, whole in imports}
    return {
        "ms": round(sum(packages.values()) / 1000),
        "modules": len(imports),
        "packages": [[name, round(us / 1000, 1)] for name, us in packages.most_common(WORST)],
        "with_their_imports": [
            [name, round(us / 1000, 1)] for name, us in Counter(modules).most_common(WORST)
        ],
    }


def show(report):
    rows = [[n, shown(each["ms"]), shown(each["x_peer"])] for n, each in report["starts"].items()]
    yield from table(["first answer", "ms", "x peer"], rows)
    for name, found in report["imports"].items():
        yield f"\n{name}: {found['modules']} modules, {found['ms']} ms, told by -X importtime"
        pairs = zip(found["packages"], found["with_their_imports"], strict=True)
        head = ["package, its own modules", "ms", "module, with its imports", "ms"]
        yield from table(head, [list(chain(*each)) for each in pairs])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=9)
    parser.add_argument("--no-firestore", action="store_true")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    beside_the_servers()
    report = measure(options.starts, firestore=not options.no_firestore)
    print(json.dumps(report) if options.json else "\n".join(show(report)))


if __name__ == "__main__":
    main()
