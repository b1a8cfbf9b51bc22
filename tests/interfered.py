"""An app whose adapters do what a test says instead: refuse, let somebody else act first, count."""

from functools import partial

from shared.app import App
from shared.errors import Problem


class Interfered:
    """Passes everything on to an adapter.

    `instead`: by a method's name, what is called in its place, with the method itself and its
    arguments.
    """

    def __init__(self, adapter):
        self._adapter = adapter
        self.instead = {}

    def __getattr__(self, name):
        inner = getattr(self._adapter, name)
        return partial(self.instead[name], inner) if name in self.instead else inner


class InterferedApp(App):
    """An app with such documents, listings, queue and warehouse."""

    def __init__(self, settings, clock=None):
        super().__init__(settings, clock)
        self._interfered = {}

    def _with(self, adapter):
        if isinstance(adapter, Interfered):
            return adapter
        return self._interfered.setdefault(id(adapter), Interfered(adapter))

    @property
    def documents(self):
        return self._with(super().documents)

    @property
    def bulk_documents(self):
        return self._with(super().bulk_documents)

    @property
    def listings(self):
        return self._with(super().listings)

    @property
    def queue(self):
        return self._with(super().queue)

    @property
    def warehouse(self):
        return self._with(super().warehouse)


def interfered(kind):
    """The same kind of app with such adapters."""
    name = f"Interfered{kind.__name__}"
    return InterferedApp if kind is App else type(name, (InterferedApp, kind), {})


def refusing(code, message):
    """What stands in a method's place where it is to be refused."""

    def refuse(*_):
        raise Problem(code, message)

    return refuse
