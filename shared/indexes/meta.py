"""Which of the engine's files are an index: its meta.json names them, and is all a commit rewrites.

So a version of an index is the text of meta.json and write-once files.
"""

import json
from pathlib import Path
from typing import Final
from uuid import uuid4

META: Final = "meta.json"
_MANAGED: Final = ".managed.json"


def living_files(directory: Path, meta: str) -> list[str]:
    """Names of the index's files that belong to the state `meta` describes."""
    names: list[str] = []
    for segment in json.loads(meta)["segments"]:
        stem = segment["segment_id"].replace("-", "")
        deletes = segment["deletes"]
        alive = f"{stem}.{deletes['opstamp']}.del" if deletes else None
        names.extend(
            path.name
            for path in directory.glob(f"{stem}.*")
            if path.suffix != ".del" or path.name == alive
        )
    return sorted(names)


def write_meta(directory: Path, meta: str) -> None:
    """Make a folder of files the index that `meta` describes, to be read."""
    path = directory / META
    if not path.is_file() or path.read_text() != meta:
        _replace(path, meta)


def write_managed(directory: Path, names: list[str]) -> None:
    """Hand files to the engine, which then removes those that its merges leave behind.

    An index that is only read needs none of it.
    """
    _replace(directory / _MANAGED, json.dumps([META, *names]))


def _replace(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.{uuid4().hex}")
    new.write_text(text)
    new.replace(path)
