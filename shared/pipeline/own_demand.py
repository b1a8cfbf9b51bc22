"""What partners ask of a tenant's catalogs: how often, and for what in vain.

Words are told only where two organizations or more asked for them, so that nobody reads in them
what one partner is about.
"""

from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Annotated, Final

from pydantic import Field

from shared.auth.demand import KEPT, counted, path_of
from shared.auth.tenancy import Role
from shared.identity.records import CatalogKey
from shared.pipeline import partner_access
from shared.tool import Args, Call, Effect, Family, Result, Risk

family = Family("own_demand", org_types=frozenset({"catalog_owner"}), tenant=True, free=True)
LEAST_ORGANIZATIONS: Final = 2
MOST_WORDS: Final = 50


class WhichDemand(Args):
    """Of which catalogs, and for how many days, today (UTC) included."""

    catalogs: Annotated[tuple[CatalogKey, ...], Field(min_length=1, max_length=20)]
    days: Annotated[int, Field(ge=1, le=KEPT.days)] = 7


class PartnerDemand(Result):
    """Calls of a partner that looked into the catalog, by day."""

    organization: str
    calls: list[int]


class VainWords(Result):
    """Words that the catalog has no product for: how often they were asked, by how many."""

    words: str
    asked: int
    organizations: int


class CatalogDemand(Result):
    """What was asked of a catalog. Partners by calls, words by how often."""

    catalog: str
    days: list[date]
    partners: list[PartnerDemand]
    vain: list[VainWords]


class DemandFound(Result):
    """In the order of the catalogs that were asked for."""

    items: list[CatalogDemand]


@family.tool(
    scope="organization:read",
    effect=Effect.READ,
    risk=Risk.LOW,
    title="See what partners ask",
    role=Role.OWNER,
)
def get_own_demand(call: Call, args: WhichDemand) -> DemandFound:
    """Tell how often each partner looked into a catalog, and for what it had no product.

    Some minutes late; a search counts once for each catalog it is about.
    """
    for key in args.catalogs:
        partner_access.own(call, key)
    today = call.now.date()
    days = [today - timedelta(days=back) for back in reversed(range(args.days))]
    paths = {(key, day): path_of(key, day) for key in args.catalogs for day in days}
    found = call.app.documents.get_many([*paths.values()])
    data = {of: found[path].data if path in found else {} for of, path in paths.items()}
    return DemandFound(
        items=[_of(key, days, {day: dict(data[key, day]) for day in days}) for key in args.catalogs]
    )


def _of(key: str, days: list[date], data: dict[date, dict[str, int]]) -> CatalogDemand:
    calls: defaultdict[str, list[int]] = defaultdict(lambda: [0] * len(days))
    asked: Counter[str] = Counter()
    organizations: defaultdict[str, set[str]] = defaultdict(set)
    for number, day in enumerate(days):
        for of, amount in counted(data[day]).items():
            if of.words:
                asked[of.words] += amount
                organizations[of.words].add(of.org)
            else:
                calls[of.org][number] += amount
    shared = [words for words, orgs in organizations.items() if len(orgs) >= LEAST_ORGANIZATIONS]
    shared.sort(key=lambda words: (-asked[words], words))
    return CatalogDemand(
        catalog=key,
        days=days,
        partners=[
            PartnerDemand(organization=org, calls=by_day)
            for org, by_day in sorted(calls.items(), key=lambda item: (-sum(item[1]), item[0]))
        ],
        vain=[
            VainWords(words=words, asked=asked[words], organizations=len(organizations[words]))
            for words in shared[:MOST_WORDS]
        ],
    )
