"""Headers of answers that say how many calls are left, and what to do about a refusal."""

import math

from shared.auth.rate import Budget
from shared.errors import Problem
from shared.serve.http import Headers


def budget_headers(budget: Budget | None) -> Headers:
    """What is left of a budget that the call drew from."""
    if budget is None:
        return ()
    return (
        (b"x-ratelimit-limit", str(budget.limit).encode()),
        (b"x-ratelimit-remaining", str(max(0, budget.remaining)).encode()),
        (b"x-ratelimit-reset", str(math.ceil(budget.full_at)).encode()),
    )


def refusal_headers(problem: Problem) -> Headers:
    """When to try again, and that a token is wanted."""
    headers = []
    if "retry_after" in problem.details:
        headers.append((b"retry-after", str(problem.details["retry_after"]).encode()))
    if problem.code == "unauthenticated":
        headers.append((b"www-authenticate", b"Bearer"))
    return tuple(headers)
