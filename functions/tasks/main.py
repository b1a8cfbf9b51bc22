"""What Cloud Tasks and Cloud Scheduler call, and nothing else may: jobs as tools, over REST."""

from typing import Any, Final

import functions_framework.aio

from functions.tasks.jobs import catalogs, subscriptions
from shared.app import App
from shared.serve.deployed import deployed
from shared.serve.rest import RestHost, Route
from shared.serve.worker import worker

FAMILIES = (catalogs.family, subscriptions.family)

ROUTES: Final = (
    Route("POST", "/cells", "checkCell", subscriptions.family["check_cell"]),
    Route("POST", "/listings", "checkListing", subscriptions.family["check_listing"]),
    Route("POST", "/exports", "exportCatalog", subscriptions.family["export_catalog"]),
    Route("POST", "/followings", "followGrants", subscriptions.family["follow_grants"]),
    Route("POST", "/tidying", "tidyCatalog", catalogs.family["tidy_catalog"]),
    Route("POST", "/rebuilds", "rebuildCatalog", catalogs.family["rebuild_catalog"]),
    Route("POST", "/widenings", "followHosts", catalogs.family["follow_hosts"]),
    Route("POST", "/sweep", "sweep", subscriptions.family["sweep_overdue_work"]),
)


def host(app: App) -> RestHost:
    """The function's host."""
    return worker(app, ROUTES, base="/jobs", surface="tasks", url=app.settings.tasks_url)


_host = deployed(host)


@functions_framework.aio.http
async def tasks(request: Any) -> Any:
    """The function: every request goes to the host."""
    del request
    return _host
