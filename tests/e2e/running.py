"""`catalog-mcp dev` as a process: started, asked what it printed, stopped."""

import json
import signal
import subprocess
import sys


def start(folder, *more):
    command = [sys.executable, "-m", "shared.cli", "--data", str(folder), "dev", "--json", *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def facts_of(process):
    line = process.stdout.readline()
    assert line, process.stderr.read()
    return json.loads(line)


def stop(process, how=signal.SIGTERM):
    process.send_signal(how)
    rest, _ = process.communicate(timeout=20)
    return rest
