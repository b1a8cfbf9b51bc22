"""The queue in one SQLite file, for a laptop and for tests: names, times and retries are honoured.

Whoever drains it takes one task at a time with `take`, does it, and says how it went. A task whose
worker died comes back after CLAIM; so work is done at least once, as in Cloud Tasks.
"""

from datetime import timedelta
from pathlib import Path
from typing import Final

import orjson

from shared.local.sqlite import Database
from shared.names import checked_task
from shared.ports.clock import Clock
from shared.ports.queue import Taken, Task

CLAIM: Final = timedelta(minutes=10)
REMEMBERED: Final = timedelta(hours=24)
FIRST_RETRY: Final = timedelta(seconds=1)
LAST_RETRY: Final = timedelta(minutes=5)
_SCHEMA: Final = """
CREATE TABLE tasks (
  name TEXT PRIMARY KEY, job TEXT NOT NULL, body BLOB NOT NULL,
  at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, done REAL
);
CREATE INDEX waiting ON tasks (at) WHERE done IS NULL;
CREATE INDEX remembered ON tasks (done) WHERE done IS NOT NULL;
"""


class FileQueue:
    """`Queue` in the SQLite file at `path`, shared by threads and processes of one machine.

    All queues are in it together: a laptop has one address for every path.
    It refuses nothing of what Cloud Tasks takes, and takes nothing that it refuses. Settings keep
    it out of the cloud (`backend`).
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        self._file = Database(path, _SCHEMA)
        self._clock = clock

    def add(self, task: Task) -> bool:
        """Hand a task over. False when its name was used."""
        body = checked_task(task, self._clock.now())
        row = (task.name, task.job, body, task.at.timestamp())
        with self._file.transaction() as database:
            oldest = (self._clock.now() - REMEMBERED).timestamp()
            database.execute("DELETE FROM tasks WHERE done < ?", (oldest,))
            added = database.execute(
                "INSERT OR IGNORE INTO tasks (name, job, body, at) VALUES (?, ?, ?, ?)",
                row,
            )
        return added.rowcount == 1

    def take(self) -> Taken | None:
        """The task that is due for longest, claimed; None while none is due."""
        now = self._clock.now()
        with self._file.transaction() as database:
            row = database.execute(
                "SELECT name, job, body, attempts FROM tasks WHERE done IS NULL AND at <= ?"
                " ORDER BY at LIMIT 1",
                (now.timestamp(),),
            ).fetchone()
            if row is None:
                return None
            database.execute(
                "UPDATE tasks SET at = ?, attempts = attempts + 1 WHERE name = ?",
                ((now + CLAIM).timestamp(), row[0]),
            )
        return Taken(row[0], row[1], orjson.loads(row[2]), row[3])

    def finish(self, taken: Taken) -> None:
        """It was done: it never comes again, and its name stays used for a day."""
        with self._file.transaction() as database:
            now = self._clock.time()
            database.execute("UPDATE tasks SET done = ? WHERE name = ?", (now, taken.name))

    def retry(self, taken: Taken) -> None:
        """It failed: it comes again, later each time."""
        doubled: timedelta = FIRST_RETRY * 2 ** min(taken.attempts, 16)
        due = self._clock.now() + min(doubled, LAST_RETRY)
        with self._file.transaction() as database:
            database.execute(
                "UPDATE tasks SET at = ? WHERE name = ?", (due.timestamp(), taken.name)
            )

    def next_at(self) -> float | None:
        """When the next task is due (epoch seconds); None when nothing waits."""
        with self._file.transaction() as database:
            row = database.execute("SELECT min(at) FROM tasks WHERE done IS NULL").fetchone()
        found: float | None = row[0]
        return found

    def close(self) -> None:
        """Close this process's connection."""
        self._file.close()
