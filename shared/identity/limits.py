"""Counting, by all instances, what could be guessed or would send mail."""

import hashlib
from datetime import timedelta

from shared.app import App
from shared.ports.documents import Add


def counted(app: App, what: str, whom: str, *, most: int, seconds: int) -> int | None:
    """Count something about somebody in a window of `seconds`.

    None when it may be done; past `most` nothing is counted, and the answer is how many seconds to
    wait.
    """
    now = app.clock.time()
    window = int(now // seconds)
    name = hashlib.sha256(f"{what}\x00{whom}".encode()).hexdigest()[:32]
    path = f"limits/{name}:{window}"
    before = app.documents.get(path)
    if before is not None and before.data["count"] >= most:
        return seconds - int(now) % seconds
    expires = app.clock.now() + timedelta(seconds=2 * seconds)
    app.documents.commit([Add(path, {"count": 1}, {"expiresAt": expires})])
    return None
