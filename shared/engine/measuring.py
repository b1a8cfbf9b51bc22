"""What a derived collection's commits tell of it: how much, how late, and what is left."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from shared.app import App
from shared.engine.heads import Head

_MS: Final = timedelta(milliseconds=1)


class Told(NamedTuple):
    """What a commit is measured by.

    Attributes:
        label: what the tenant calls the collection; nothing is counted where it is empty.
        counted: the metric of its records, and the tag that the label is under.
        inputs: as they were when the commit was prepared.
        since: when the first change was made that it follows; None of a walk.
    """

    label: str
    counted: tuple[str, str]
    inputs: Mapping[str, Head]
    since: datetime | None


def measure(app: App, tenant: str, told: Told, head: Head, rows: int) -> None:
    """Count a commit after which the head is this."""
    if not told.label:
        return
    name, tag = told.counted
    if rows:
        app.metrics.count(tenant, name, rows, **{tag: told.label})
    left = sum(
        max(0, told.inputs[each].seq - seq)
        for each, (epoch, seq) in (head.inputs or {}).items()
        if each in told.inputs and told.inputs[each].epoch == epoch
    )
    app.metrics.count(tenant, "queue.pending", left, of=told.label)
    app.metrics.count(tenant, "queue.failed", head.failed, of=told.label)
    if told.since is not None:
        lag = max(timedelta(), app.clock.now() - told.since)
        app.metrics.count(tenant, "index.lag_seconds", lag // _MS, of=told.label)
