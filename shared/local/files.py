"""Files that appear whole or not at all."""

import os
import shutil
import tempfile
from pathlib import Path
from typing import BinaryIO, Final

DRAFT: Final = "="
"""How the name of an unfinished file begins."""


def write_whole(source: BinaryIO, target: Path, *, replace: bool) -> bool:
    """Copy a stream to `target` (mode 0600), on disk before it has its name.

    Returns False, and leaves the file that is there, when it exists and `replace` is false: of any
    number of processes at once, exactly one creates it.
    """
    handle, name = tempfile.mkstemp(prefix=DRAFT, dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            shutil.copyfileobj(source, stream)
            stream.flush()
            os.fsync(stream.fileno())
        if replace:
            Path(name).replace(target)
        else:
            target.hardlink_to(name)
    except FileExistsError:
        return False
    finally:
        Path(name).unlink(missing_ok=True)
    folder = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return True
