"""Operations on what one's own organization used: calls by day, the budget, who was seen when."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Annotated, Any

from pydantic import Field

from shared.auth.rate import bucket_path
from shared.auth.usage import field_of_client, key_field, reads_activity
from shared.identity.own_sessions import clients_of
from shared.identity.records import API_KEYS, EVERY_TYPE
from shared.ports import Query
from shared.queries import API_KEYS_OF_ORGANIZATION
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("own_usage", org_types=EVERY_TYPE, free=True)

Counted = tuple[tuple[str, str], str]
"""What a counter counts: calls of a tool over a surface, and how they ended."""


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
    full_at: datetime


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
    paths = {
        f"usage/{access.org}:{day.isoformat().replace('-', '')}": number
        for number, day in enumerate(days)
    }
    calls: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0] * len(days))
    failed: Counter[tuple[str, str]] = Counter()
    errors: Counter[str] = Counter()
    bucket = bucket_path(access.org)
    found = call.app.documents.get_many([bucket, *sorted(paths)])
    budget = call.app.rate.left(found.pop(bucket, None), access.rate)
    for path, snapshot in found.items():
        number = paths[path]
        for (counted, outcome), count in _counts(snapshot.data):
            calls[counted][number] += count
            if outcome != "ok":
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
            full_at=datetime.fromtimestamp(budget.full_at, UTC),
        ),
    )


class GetOwnActivity(Args):
    """Takes nothing."""


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
    reads=reads_activity,
)
def get_own_activity(call: Call, args: GetOwnActivity) -> list[Seen]:
    """Say which keys and clients of your organization called, when last, and what went wrong last.

    The latest first.
    """
    del args
    snapshot = call.found.get(f"activity/{call.access.org}")
    if snapshot is None:
        return []
    names = _names(call)
    seen = [
        Seen(
            kind=who.partition("__")[0],
            name=names.get(who),
            last_seen_at=at,
            last_error=snapshot.data.get(f"{who}__error"),
            last_error_at=snapshot.data.get(f"{who}__errorAt"),
        )
        for who, at in snapshot.data.items()
        if isinstance(at, datetime) and not who.endswith("__errorAt")
    ]
    return sorted(seen, key=lambda each: each.last_seen_at, reverse=True)


def _counts(data: Mapping[str, Any]) -> Iterable[tuple[Counted, int]]:
    for name, count in data.items():
        counted = _counted(name)
        if counted is not None and isinstance(count, int):
            yield counted, count


@lru_cache(maxsize=4096)
def _counted(field: str) -> Counted | None:
    """The surface and tool, and the outcome, that a field of `usage` counts; None for others."""
    parts = field.split("__")
    if len(parts) != 3:  # noqa: PLR2004  surface, tool, outcome
        return None
    surface, tool, outcome = parts
    return (surface, tool), outcome


def _names(call: Call) -> dict[str, str]:
    """What the keys and clients of the organization are called, by their field of activity."""
    query = Query(API_KEYS_OF_ORGANIZATION, equal={"org": call.access.org}, limit=1000)
    keys, _ = API_KEYS.page(call.app.documents, query)
    clients, _ = clients_of(call)
    return {
        **{key_field(each.id): each.value.name for each in keys},
        **{field_of_client(each.value.client): each.value.client_name for each in clients},
    }
