"""Operations on what one's own organization used: calls by day, the budget, who was seen when."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from operator import add
from typing import Annotated, Any

from pydantic import Field

from shared.auth import activity
from shared.auth.caller import EVERY_TYPE
from shared.auth.rate import Budget, bucket_path
from shared.auth.usage import TOOK
from shared.identity.own_sessions import clients_of
from shared.identity.records import API_KEYS
from shared.paging import Paged
from shared.ports.documents import Query, Snapshot
from shared.queries import ACTIVITY_OF_ORGANIZATION
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("own_usage", org_types=EVERY_TYPE, free=True)

Counted = tuple[str, str]
"""The surface and the tool whose calls are counted."""


class GetOwnUsage(Args):
    """For how many days, today included."""

    days: Annotated[int, Field(ge=1, le=90)] = 30


class ToolUsage(Result):
    """Calls of one tool over one surface, by day."""

    surface: str
    tool: str
    calls: list[int]
    failed: int


class ErrorCount(Result):
    """How many calls ended with a code."""

    code: str
    calls: int


class BudgetNow(Result):
    """What is left of the organization's calls."""

    limit: Annotated[int, Field(description="Calls a minute, MCP and REST together.")]
    remaining: int
    full_at: Annotated[datetime | None, Field(description="None: nothing is missing.")]


class Usage(Result):
    """What an organization used. Days are UTC; the last one is today, so far."""

    days: list[date]
    tools: list[ToolUsage]
    errors: list[ErrorCount]
    budget: BudgetNow


@family.tool(scope="organization:read", effect=Effect.READ, risk=Risk.LOW, title="See your usage")
def get_own_usage(call: Call, args: GetOwnUsage) -> Usage:
    """Count your organization's calls by day, tool and surface, and what went wrong.

    A few seconds late at most; what the portal itself reads is not counted.
    """
    access = call.access
    today = call.now.date()
    days = [today - timedelta(days=back) for back in reversed(range(args.days))]
    paths = [f"usage/{access.org}:{day.isoformat().replace('-', '')}" for day in days]
    bucket = bucket_path(access.org)
    found = call.app.documents.get_many([bucket, *paths])
    budget = call.app.rate.left(found.pop(bucket, None), access.rate)
    calls: dict[Counted, list[int]] = {}
    failed: Counter[Counted] = Counter()
    errors: Counter[str] = Counter()
    for counted, outcome, by_day in _counters([found.get(path) for path in paths]):
        so_far = calls.get(counted)
        calls[counted] = by_day if so_far is None else list(map(add, so_far, by_day))
        if outcome != "ok":
            count = sum(by_day)
            failed[counted] += count
            errors[outcome] += count
    return Usage(
        days=days,
        tools=[
            ToolUsage(surface=surface, tool=tool, calls=by_day, failed=failed[surface, tool])
            for (surface, tool), by_day in sorted(calls.items(), key=lambda item: -sum(item[1]))
        ],
        errors=[ErrorCount(code=code, calls=count) for code, count in errors.most_common()],
        budget=BudgetNow(
            limit=budget.limit,
            remaining=max(0, budget.remaining),
            full_at=_full_at(budget),
        ),
    )


def _full_at(budget: Budget) -> datetime | None:
    is_full = budget.remaining >= budget.limit
    return None if is_full else datetime.fromtimestamp(budget.full_at, UTC)


class Seen(Result):
    """A key or client of the organization that called."""

    kind: str
    name: Annotated[str | None, Field(description="None: not known (any more).")]
    last_seen_at: datetime
    last_error: str | None
    last_error_at: datetime | None


@family.tool(
    scope="organization:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="See who connected",
)
def get_own_activity(call: Call, args: Args) -> list[Seen]:
    """Say which keys and clients of your organization called, when last, and what went wrong last.

    The latest hundred, the latest first; up to about a minute late.
    """
    del args
    query = Query(ACTIVITY_OF_ORGANIZATION, equal={"org": call.access.org})
    found = call.app.documents.query(query).items
    whos = [activity.who_of(each.path) for each in found]
    names = _names(call, whos) if found else {}
    return [_seen(who, each.data, names) for who, each in zip(whos, found, strict=True)]


def _seen(who: str, data: Mapping[str, Any], names: Mapping[str, str]) -> Seen:
    return Seen(
        kind=who.partition("-")[0],
        name=names.get(who),
        last_seen_at=data["seenAt"],
        last_error=data.get("error"),
        last_error_at=data.get("errorAt"),
    )


def _counters(
    days: Sequence[Snapshot | None],
) -> Iterator[tuple[Counted, str, list[int]]]:
    """Every counter that some of these days have: what it counts, which outcome, by day."""
    kept = [{} if day is None else day.data for day in days]
    names = {name for of_day in kept for name in of_day if "__" in name}
    for name in sorted(name for name in names if not name.startswith(TOOK)):
        surface, tool, outcome = name.split("__")
        yield (surface, tool), outcome, [of_day.get(name, 0) for of_day in kept]


def _names(call: Call, whos: Sequence[str]) -> dict[str, str]:
    """What these keys and clients are called, as far as it is known (still)."""
    paths = {API_KEYS.path(id_): who for who in whos if (id_ := activity.key_id(who))}
    keys = call.app.documents.get_many([*paths]) if paths else {}
    clients, _ = clients_of(call, Paged())
    return {
        **{paths[path]: API_KEYS.read(found).value.name for path, found in keys.items()},
        **{activity.client(each.value.client): each.value.client_name for each in clients},
    }
