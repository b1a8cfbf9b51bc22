"""Documents with faults that are made to happen: lost replies, late commits, somebody faster."""

from shared.errors import Problem


def silence():
    """What an adapter says when it does not know what became of a commit."""
    return Problem("unavailable", "The store did not answer.")


class Interposed:
    """Passes everything on to `inner`.

    `befalls` is asked for every commit by its number, from 0, and gets the writes and a function
    that commits them; what it does stands for the commit.
    """

    def __init__(self, inner, befalls):
        self._inner = inner
        self._befalls = befalls
        self.commits = 0

    def get(self, path):
        return self._inner.get(path)

    def get_many(self, paths):
        return self._inner.get_many(paths)

    def query(self, query):
        return self._inner.query(query)

    def commit(self, writes):
        number, self.commits = self.commits, self.commits + 1
        self._befalls(number, writes, lambda: self._inner.commit(writes))


def reply_lost(number, writes, commit):
    """The first commit is applied, and its answer is lost."""
    del writes
    commit()
    if number == 0:
        raise silence()


def never_arrived(number, writes, commit):
    """The first commit is lost on its way."""
    del writes
    if number == 0:
        raise silence()
    commit()


class Late:
    """The first commit is answered with silence and applied only before the second."""

    def __init__(self):
        self.held = None

    def __call__(self, number, writes, commit):
        del writes
        if number == 0:
            self.held = commit
            raise silence()
        if number == 1:
            self.held()
        commit()


class Faster:
    """Somebody else commits before each of the first `times` commits."""

    def __init__(self, times, other):
        self._times = times
        self._other = other

    def __call__(self, number, writes, commit):
        del writes
        if number < self._times:
            self._other(number)
        commit()
