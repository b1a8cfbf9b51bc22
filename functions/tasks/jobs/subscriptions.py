"""The jobs that keep BigQuery subscriptions true, one per kind of scheduled record.

A job answers 200 whatever came of it, as long as it was recorded: it has arranged its own next
turn. Anything else makes Cloud Tasks call again, which every job can take.
"""

from typing import Final

from shared import work
from shared.catalog.catalogs import EXPORT
from shared.catalog.later import REBUILD, TIDY
from shared.catalog.widening import WIDEN
from shared.identity.access_changes import FOLLOWING
from shared.serve.worker import SCOPE, Outcome, Swept, Turn
from shared.subscriptions import cells, exporting, following, listing_checks
from shared.subscriptions.records import CELL, LISTING
from shared.tool import Args, Call, Effect, Family, Risk

family = Family("subscriptions", org_types=frozenset({"service"}))
KINDS: Final = (CELL, EXPORT, FOLLOWING, LISTING, REBUILD, TIDY, WIDEN)
"""All scheduled work of this function: what is not listed here, nobody finds again."""


@family.tool(scope=SCOPE, effect=Effect.WRITE, risk=Risk.LOW, title="Check a cell", idempotent=True)
def check_cell(call: Call, args: Turn) -> Outcome:
    """Make one subscriber's share of one catalog as it should be."""
    return Outcome(outcome=cells.check(call.app, args.id, args.generation))


@family.tool(
    scope=SCOPE, effect=Effect.WRITE, risk=Risk.LOW, title="Check a listing", idempotent=True
)
def check_listing(call: Call, args: Turn) -> Outcome:
    """Look at a listing's subscriptions, for all cells without a turn of their own."""
    return Outcome(outcome=listing_checks.check(call.app, args.id, args.generation))


@family.tool(
    scope=SCOPE, effect=Effect.WRITE, risk=Risk.LOW, title="Export a catalog", idempotent=True
)
def export_catalog(call: Call, args: Turn) -> Outcome:
    """Bring a catalog's served version to the warehouse, and keep its listing."""
    return Outcome(outcome=exporting.export(call.app, args.id, args.generation))


@family.tool(
    scope=SCOPE, effect=Effect.WRITE, risk=Risk.LOW, title="Follow grants", idempotent=True
)
def follow_grants(call: Call, args: Turn) -> Outcome:
    """Give every cell of an organization that is not as its grants say a turn."""
    return Outcome(outcome=following.follow(call.app, args.id, args.generation))


@family.tool(
    scope=SCOPE, effect=Effect.WRITE, risk=Risk.LOW, title="Sweep overdue work", idempotent=True
)
def sweep_overdue_work(call: Call, args: Args) -> Swept:
    """Find work whose time has passed, and hand it over again."""
    del args
    return Swept(swept=work.sweep(call.app, KINDS))
