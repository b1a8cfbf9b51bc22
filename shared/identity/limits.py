"""Counting, by all instances, what could be guessed or would send mail."""

import hashlib
from datetime import datetime, timedelta

from shared.errors import Conflict
from shared.ports.documents import ABSENT, Documents, Put


def counted(
    documents: Documents, now: datetime, what: str, whom: str, *, most: int, seconds: int
) -> int | None:
    """Count something about somebody in a window of `seconds`, before it is done.

    None when it may be done; past `most` nothing is counted, and the answer is how many seconds to
    wait. However many ask at the same moment, `most` may.
    """
    window, into = divmod(int(now.timestamp()), seconds)
    name = hashlib.sha256(f"{what}\x00{whom}".encode()).hexdigest()[:32]
    path = f"limits/{name}:{window}"
    expires = now + timedelta(seconds=2 * seconds)
    for _ in range(most + 1):  # who loses to another has seen the count rise
        before = documents.get(path)
        count = before.data["count"] if before else 0
        if count >= most:
            break
        put = Put(
            path, {"count": count + 1, "expiresAt": expires}, before.version if before else ABSENT
        )
        try:
            documents.commit([put])
        except Conflict:
            continue
        return None
    return seconds - into
