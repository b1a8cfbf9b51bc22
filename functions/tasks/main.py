"""What Cloud Tasks and Cloud Scheduler call, and nothing else may: jobs as tools, over REST."""

from typing import Any, Final

import functions_framework.aio

from functions.tasks.jobs import catalogs, subscriptions
from shared.app import App
from shared.auth.caller import Credential
from shared.errors import Problem
from shared.serve.bearer import bearer
from shared.serve.deployed import deployed
from shared.serve.http import Head
from shared.serve.rest import RestHost, Route
from shared.serve.run import Runner

FAMILIES = (catalogs.family, subscriptions.family)

ROUTES: Final = (
    Route("POST", "/cells", "checkCell", subscriptions.family["check_cell"]),
    Route("POST", "/listings", "checkListing", subscriptions.family["check_listing"]),
    Route("POST", "/exports", "exportCatalog", subscriptions.family["export_catalog"]),
    Route("POST", "/followings", "followGrants", subscriptions.family["follow_grants"]),
    Route("POST", "/tidying", "tidyCatalog", catalogs.family["tidy_catalog"]),
    Route("POST", "/rebuilds", "rebuildCatalog", catalogs.family["rebuild_catalog"]),
    Route("POST", "/sweep", "sweep", subscriptions.family["sweep_overdue_work"]),
)


def host(app: App) -> RestHost:
    """The function's host."""
    runner = Runner(app)

    async def authenticate(head: Head) -> Credential:
        text = bearer(head)
        if text is None:
            raise Problem("unauthenticated", "Only the work queue may call this.")
        return await runner.hop(lambda: app.service_tokens.verify(text))

    return RestHost(ROUTES, runner, base="/jobs", surface="tasks", authenticate=authenticate)


_host = deployed(host)


@functions_framework.aio.http
async def tasks(request: Any) -> Any:
    """The function: every request goes to the host."""
    del request
    return _host
