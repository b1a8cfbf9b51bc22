"""A program in a terminal of its own.

pexpect's own `spawn` forks, and a fork of a process with gRPC's threads may end before it becomes
the program. So the program is started as any other is, and takes its terminal itself.
"""

import os
import pty
import subprocess
import sys
import termios

from pexpect import EOF
from pexpect.fdpexpect import fdspawn

from tests.e2e.programs import SECONDS

TAKE = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
BECOME = "os.execv(sys.argv[1], sys.argv[1:])"
SIZE = (50, 4000)
"""Lines and columns: no address is broken."""


class Terminal(fdspawn):
    """A running program; expect of it what pexpect knows."""

    def __init__(self, command, home, environment=None):
        ours, theirs = pty.openpty()
        termios.tcsetwinsize(theirs, SIZE)
        self.process = subprocess.Popen(
            [sys.executable, "-c", TAKE + BECOME, *map(str, command)],
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            cwd=home,
            env=environment,
            start_new_session=True,
        )
        os.close(theirs)
        super().__init__(ours, timeout=SECONDS, encoding="utf-8")

    def ended(self):
        """Its exit code, once it has ended. What it said last stands in `before`."""
        self.expect(EOF)
        self.close()
        return self.process.wait(SECONDS)
