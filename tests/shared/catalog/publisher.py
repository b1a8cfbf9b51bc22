"""A publish in a process of its own, which may be told to die at a certain step.

python -m tests.shared.catalog.publisher FOLDER CATALOG FEED STEP COUNT
"""

import os
import signal
import sys
from pathlib import Path

from shared.app import App
from shared.catalog.tools import publishing
from shared.cli.operations import run
from shared.settings import Settings


def main(folder, catalog, feed, step, count):
    def progress(doing, done, total=None):
        del total
        if doing.startswith(step) and done >= int(count):
            os.kill(os.getpid(), signal.SIGKILL)

    app = App(Settings(data=Path(folder), cache=Path(folder) / "segments"))
    arguments = {"catalog": catalog, "source": feed, "confirm": True}
    run(app, publishing.family["publish_catalog"], arguments, progress=progress)


if __name__ == "__main__":
    main(*sys.argv[1:])
