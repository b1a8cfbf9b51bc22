"""What is limited is counted before it is done, however many ask at once and wherever."""

import threading
from datetime import UTC, datetime

import pytest

from shared.identity.limits import counted

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


class ReadTogether:
    """Documents that answer nobody's first read before everybody has read."""

    def __init__(self, documents, readers):
        self.commit = documents.commit
        self._get = documents.get
        self._all = threading.Barrier(readers)
        self._waited = threading.local()

    def get(self, path):
        found = self._get(path)
        if not hasattr(self._waited, "once"):
            self._waited.once = True
            self._all.wait()
        return found


@pytest.mark.parametrize("most", [1, 5])
def test_of_thirty_who_ask_at_once_only_as_many_as_the_limit_may(documents, most):
    together = ReadTogether(documents, 30)
    answers = []

    def ask():
        answers.append(counted(together, NOW, "mail", "ada", most=most, seconds=900))

    threads = [threading.Thread(target=ask) for _ in range(30)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert answers.count(None) == most
    assert {each for each in answers if each is not None} == {900}


def test_somebody_else_something_else_and_the_next_window_are_counted_anew(documents):
    ask = lambda now, *about: counted(documents, now, *about, most=1, seconds=60)  # noqa: E731
    assert ask(NOW, "mail", "ada") is None
    assert ask(NOW.replace(second=59), "mail", "ada") == 1
    assert ask(NOW, "mail", "bea") is None
    assert ask(NOW, "device", "ada") is None
    assert ask(NOW.replace(minute=1), "mail", "ada") is None
