"""An app on a store where somebody else acts just before a commit."""

from shared.app import App
from shared.local.documents import SqliteDocuments


class Raced:
    """The store. `rival` acts once, before the next commit that writes `about`."""

    def __init__(self, documents):
        self._documents = documents
        self.rival = None
        self.about = ""

    def __getattr__(self, name):
        return getattr(self._documents, name)

    def commit(self, writes):
        if self.rival is not None and any(self.about in each.path for each in writes):
            rival, self.rival = self.rival, None
            rival()
        return self._documents.commit(writes)


class RacedApp(App):
    """An app on such a store."""

    def __init__(self, settings, clock=None):
        super().__init__(settings, clock)
        self.raced = Raced(SqliteDocuments(settings.data / "documents.sqlite"))

    @property
    def documents(self):
        return self.raced

    def close(self):
        super().close()
        self.raced.close()
