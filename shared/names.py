"""The names files and secrets may have, the same on every adapter."""

import re
from datetime import datetime, timedelta
from typing import Final

import orjson

from shared.ports.queue import QUEUES, Task

_MAX_NAME: Final = 1024
_MAX_SECRET: Final = 65_536
_SECRET: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
_TASK: Final = re.compile(r"[A-Za-z0-9_-]{1,500}")
_JOB: Final = re.compile(r"/[a-z0-9/_-]{1,200}")
_MAX_TASK: Final = 100_000
_MAX_AHEAD: Final = timedelta(days=30)


def checked_blob_name(name: str) -> str:
    """The name, when it is `a/b/c` of plain segments. Raises ValueError otherwise.

    A segment is not empty, not `.` or `..`, has no control character, and the whole has at most
    1024 bytes (Cloud Storage's limit).
    """
    segments = name.split("/")
    if {"", ".", ".."}.intersection(segments) or not name.isprintable():
        raise ValueError("a file name is a/b/c, without empty, dotted or unprintable segments")
    if len(name.encode()) > _MAX_NAME:
        raise ValueError(f"a file name has at most {_MAX_NAME} bytes")
    return name


def checked_secret_name(name: str) -> str:
    """The name, when Secret Manager takes it: letters, digits, `_` and `-`. Raises ValueError."""
    if not _SECRET.fullmatch(name):
        raise ValueError("a secret's name is 1..255 letters, digits, _ or -")
    return name


def checked_secret_value(value: bytes) -> bytes:
    """The value, when it has at most 64 KiB (Secret Manager's limit). Raises ValueError."""
    if len(value) > _MAX_SECRET:
        raise ValueError(f"a secret has at most {_MAX_SECRET} bytes")
    return value


def checked_task(task: Task, now: datetime) -> bytes:
    """The task's body as JSON, when Cloud Tasks takes the task. Raises ValueError otherwise."""
    if not _TASK.fullmatch(task.name) or not _JOB.fullmatch(task.job):
        raise ValueError("a task's name is 1..500 letters, digits, _ or -; its job is a path")
    if task.queue not in QUEUES:
        raise ValueError("a task goes to one of the queues in shared/ports/queue.py")
    if task.at > now + _MAX_AHEAD:
        raise ValueError("a task is at most 30 days ahead")
    body = orjson.dumps(task.body)
    if len(body) > _MAX_TASK:
        raise ValueError(f"a task's body has at most {_MAX_TASK} bytes")
    return body
