"""SQLite documents that remember how they were used: for tests that count round trips."""

from dataclasses import dataclass, field

from shared.app import App
from shared.local.documents import SqliteDocuments


@dataclass
class CountingDocuments:
    """Passes everything on. `asked` holds the paths of every read, `commits` every commit's."""

    inner: SqliteDocuments
    asked: list = field(default_factory=list)
    commits: list = field(default_factory=list)

    def get(self, path):
        self.asked.append([path])
        return self.inner.get(path)

    def get_many(self, paths):
        self.asked.append(list(paths))
        return self.inner.get_many(paths)

    def commit(self, writes):
        self.inner.commit(writes)
        self.commits.append([write.path for write in writes])

    def query(self, query):
        return self.inner.query(query)

    def close(self):
        self.inner.close()

    def forget(self):
        self.asked.clear()
        self.commits.clear()

    @property
    def gate_reads(self):
        """Reads that are not the rate limiter's, the keys' or the history's."""
        return [paths for paths in self.asked if not paths[0].startswith("rates/")]


class CountedApp(App):
    """An app whose documents count."""

    def __init__(self, settings, clock=None):
        super().__init__(settings, clock)
        self.counting = CountingDocuments(SqliteDocuments(settings.data / "documents.sqlite"))

    @property
    def documents(self):
        return self.counting

    def close(self):
        super().close()
        self.counting.close()
