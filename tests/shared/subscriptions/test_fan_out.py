"""Ten thousand cells begin at once, and the queue sends ten tasks a second."""

import pytest

from shared.ports.documents import Query
from shared.queries import DUE_CELLS
from shared.subscriptions.following import MOST_SUBSCRIBERS
from tests.platform import Platform, product
from tests.shared.subscriptions.partner import call
from tests.shared.subscriptions.simulation import APART, SWEEP

ORGS, CATALOGS = 5, 100


def registered(platform, org, number):
    project = f"reader-{org}-{number}"
    principal = f"serviceAccount:etl@{project}.iam.gserviceaccount.com"
    request = {"subscriberProjectId": project, "subscriberPrincipal": principal}
    call(platform, org, "register_bigquery_subscriber", request=request)


def overdue(platform):
    """How many cells should have had their turn by now, of the first page."""
    query = Query(DUE_CELLS, end=platform.clock.now(), limit=1000)
    return len(platform.app.documents.query(query).items)


@pytest.mark.slow
def test_ten_thousand_cells_are_admitted_at_the_queues_pace_however_often_it_is_swept(tmp_path):
    platform = Platform(tmp_path)
    catalogs = [f"catalog_{number}" for number in range(CATALOGS)]
    for catalog in catalogs:
        url = f"https://{catalog.replace('_', '-')}.example/1"
        platform.catalog(catalog, [product("1", url=url)])
    orgs = [f"org-{number}" for number in range(ORGS)]
    for org in orgs:
        platform.organization(org)
        for catalog in catalogs:
            platform.grant(org, catalog)
    platform.work(60, APART)
    for org in orgs:
        for number in range(MOST_SUBSCRIBERS):
            registered(platform, org, number)

    def admitted():
        return sum(len(platform.app.listings.members(catalog)) for catalog in catalogs)

    sweeps = 0
    while admitted() < 10_000:
        assert sweeps < 6, f"only {admitted()} after half an hour"
        platform.work(SWEEP, APART)
        platform.job("/jobs/sweep", {})
        sweeps += 1
    while overdue(platform):
        assert sweeps < 24, "the queue has not caught up after two hours"
        platform.work(SWEEP, APART)
        platform.job("/jobs/sweep", {})
        sweeps += 1
    print(f"all were admitted, and the queue caught up after {5 * sweeps} minutes")
    platform.close()
