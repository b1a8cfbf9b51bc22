"""The turns that follow from commits, one per kind of scheduled record.

A turn answers 200 whatever came of it, as long as it was recorded: it has arranged what follows.
"""

from collections.abc import Mapping
from typing import Final

from shared import work
from shared.engine import snapshot_turn
from shared.engine.jobs import JOB, Step, work_on
from shared.engine.later import PROJECTION, PUBLICATION, SNAPSHOT
from shared.engine.projections import project
from shared.identity.deleting_tenants import delete_tenant
from shared.identity.making_tenants import DELETE_TENANT
from shared.pipeline import (
    applying_changes,
    card_building,
    emptying,
    exporting,
    feeds,
    following,
    looking,
    property_changes,
    publications,
    schedules,
    segment_changes,
    tag_removal,
    transfers,
    version_publishing,
)
from shared.pipeline.derived import DEFINING
from shared.pipeline.job_kinds import (
    APPLY_SEGMENT_CHANGE,
    BUILD_CARDS,
    CHANGE_PROPERTIES,
    DELETE_TAG,
    DROP_COLLECTION,
    EMPTY_SOURCE,
    EXPORT_ENTRIES,
    IMPORT_FEED,
    LOOK_AT_FILE,
    MOVE_SEGMENT,
    PUBLISH_VERSION,
)
from shared.pipeline.schedules import FEED
from shared.pipeline.transfers import TRANSFER
from shared.serve.worker import SCOPE, Outcome, Swept, Turn
from shared.tool import Args, Call, Effect, Family, Risk

family = Family("turns", org_types=frozenset({"service"}))
KINDS: Final = (FEED, JOB, PROJECTION, PUBLICATION, SNAPSHOT, TRANSFER)
"""All scheduled work of this function: what is not listed here, nobody finds again."""


@family.tool(
    scope=SCOPE, effect=Effect.WRITE, risk=Risk.LOW, title="Store a snapshot", idempotent=True
)
def store_snapshot(call: Call, args: Turn) -> Outcome:
    """Store what a collection's replica has that is not stored yet."""
    return Outcome(outcome=snapshot_turn.store_snapshot(call.app, args.id, args.generation))


@family.tool(
    scope=SCOPE, effect=Effect.WRITE, risk=Risk.LOW, title="Follow the inputs", idempotent=True
)
def follow_inputs(call: Call, args: Turn) -> Outcome:
    """Compute what changed of a collection that is derived from others."""
    return Outcome(outcome=project(call.app, DEFINING, args.id, args.generation))


@family.tool(
    scope=SCOPE, effect=Effect.WRITE, risk=Risk.LOW, title="Publish entries", idempotent=True
)
def publish_entries(call: Call, args: Turn) -> Outcome:
    """Have a partner catalog follow the endpoint that feeds it."""
    return Outcome(outcome=publications.publish_entries(call, args.id, args.generation))


WORK: Final[Mapping[str, Step]] = {
    APPLY_SEGMENT_CHANGE: applying_changes.apply_segment_change,
    BUILD_CARDS: card_building.build_cards,
    CHANGE_PROPERTIES: property_changes.change_properties,
    DELETE_TAG: tag_removal.remove_tag,
    DELETE_TENANT: delete_tenant,
    DROP_COLLECTION: following.drop_collection,
    EMPTY_SOURCE: emptying.empty_source,
    EXPORT_ENTRIES: exporting.export_entries,
    IMPORT_FEED: feeds.import_feed,
    MOVE_SEGMENT: segment_changes.move_segment,
    LOOK_AT_FILE: looking.look_at_file,
    PUBLISH_VERSION: version_publishing.publish_version,
}
"""The steps of every kind of job."""


@family.tool(scope=SCOPE, effect=Effect.WRITE, risk=Risk.LOW, title="Run a job", idempotent=True)
def run_job(call: Call, args: Turn) -> Outcome:
    """Do the next steps of a job that somebody asked for."""
    return Outcome(outcome=work_on(call.app, WORK, args.id, args.generation))


@family.tool(scope=SCOPE, effect=Effect.WRITE, risk=Risk.LOW, title="Fetch a feed", idempotent=True)
def run_schedule(call: Call, args: Turn) -> Outcome:
    """Have a source's feed fetched, whose time has come."""
    return Outcome(outcome=schedules.fetch_feed(call.app, args.id, args.generation))


@family.tool(
    scope=SCOPE, effect=Effect.WRITE, risk=Risk.LOW, title="End a transfer", idempotent=True
)
def end_transfer(call: Call, args: Turn) -> Outcome:
    """Remove a file whose hour is over."""
    return Outcome(outcome=transfers.end_transfer(call.app, args.id, args.generation))


@family.tool(
    scope=SCOPE, effect=Effect.WRITE, risk=Risk.LOW, title="Sweep overdue turns", idempotent=True
)
def sweep_overdue_turns(call: Call, args: Args) -> Swept:
    """Find turns whose time has passed and that nobody is doing, and hand them over again."""
    del args
    return Swept(swept=work.sweep(call.app, KINDS))
