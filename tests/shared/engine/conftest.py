"""Collections to ask: records in a replica, written by as many commits as a test likes."""

from datetime import UTC, datetime, timedelta

import pytest

from shared.engine.replica import Replica
from shared.engine.rows import Row
from shared.engine.searchable import Commit, Sealing
from shared.query.answers import Item
from shared.query.ast import Question
from shared.query.predicate import matches

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
SEALING = Sealing(
    "tenants/demo/collections/source.products", 1, (b"a key of thirty-two characters..",)
)


def row(key, body, *, deleted=False):
    return Row(key, 1, "deleted" if deleted else "updated", 0, (), body)


class Asked:
    """A replica, and the same records as a plain dict."""

    def __init__(self, replica):
        self.replica = replica
        self.items = {}

    def commit(self, bodies, deleted=()):
        """One commit of bodies by key, an instant after the one before."""
        seq = self.replica.seq + 1
        at = BEGIN + timedelta(microseconds=seq)
        rows = [row(key, body) for key, body in bodies.items()]
        rows += [row(key, self.items.pop(key).body, deleted=True) for key in deleted]
        self.replica.apply([Commit(seq, at, rows)])
        self.items |= {key: Item(key, body, at, seq) for key, body in bodies.items()}
        return self

    def ask(self, where=None, **more):
        question = Question(where=where, **more) if where is not None else Question(**more)
        return self.replica.answer(question, SEALING)

    def keys(self, where, **more):
        """The keys of every match, page by page."""
        return [item.key for item in self.walk(where, **more)]

    def walk(self, where, **more):
        found, cursor = [], None
        while cursor or not found:
            answer = self.ask(where, cursor=cursor, **{"limit": 200} | more)
            found += answer.items
            cursor = answer.cursor
            if not answer.items:
                break
        return found

    def expected(self, where):
        """The keys of what the predicate accepts."""
        terms = self.replica.terms
        return sorted(key for key, item in self.items.items() if matches(where, item, terms))


@pytest.fixture
def replica(tmp_path):
    folder = tmp_path / "replica"
    folder.mkdir()
    return Replica.create(folder, "en")


@pytest.fixture
def asked(replica):
    return Asked(replica)
