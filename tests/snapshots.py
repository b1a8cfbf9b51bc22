"""Committed snapshots: what a face shows, kept so that a change of it is seen in review."""

import os
from pathlib import Path

import orjson

FOLDER = Path(__file__).parent / "snapshots"
UPDATE = os.environ.get("UPDATE_SNAPSHOTS")  # noqa: TID251  asked for on the command line


def same_as_snapshot(name, value):
    """The value is what the snapshot says. `UPDATE_SNAPSHOTS=1` writes it anew."""
    path = FOLDER / name
    text = orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"
    if UPDATE:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text)
    assert path.is_file(), f"no snapshot {name}: run again with UPDATE_SNAPSHOTS=1"
    assert path.read_bytes() == text, f"{name} changed: UPDATE_SNAPSHOTS=1 if that is meant"
