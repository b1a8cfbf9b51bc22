"""The jobs that follow from changes of catalogs.

As those of subscriptions do, a job answers 200 whatever came of it, and arranges its own next turn.
"""

from shared.catalog import rebuilding, tidying, widening
from shared.serve.worker import SCOPE, Outcome, Turn
from shared.tool import Call, Effect, Family, Risk

family = Family("catalogs", org_types=frozenset({"service"}))


@family.tool(
    scope=SCOPE, effect=Effect.DESTROY, risk=Risk.LOW, title="Tidy a catalog up", idempotent=True
)
def tidy_catalog(call: Call, args: Turn) -> Outcome:
    """Forget versions of a catalog that nobody goes back to, and their files."""
    return Outcome(outcome=tidying.tidy(call.app, args.id, args.generation))


@family.tool(
    scope=SCOPE, effect=Effect.WRITE, risk=Risk.LOW, title="Build a catalog whole", idempotent=True
)
def rebuild_catalog(call: Call, args: Turn) -> Outcome:
    """Build a catalog whole whose changes left many dead records behind."""
    return Outcome(outcome=rebuilding.rebuild(call, args.id, args.generation))


@family.tool(
    scope=SCOPE,
    effect=Effect.WRITE,
    risk=Risk.LOW,
    title="Follow hosts",
    idempotent=True,
)
def follow_hosts(call: Call, args: Turn) -> Outcome:
    """Tell the next organizations a catalog is granted to which hosts its pages are on."""
    return Outcome(outcome=widening.widen(call, args.id, args.generation))
