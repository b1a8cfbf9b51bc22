"""What collections leave for later: the jobs of the engine's own queue, and nothing else's."""

from typing import Any, Final

import functions_framework.aio

from functions.engine import turns
from shared.app import App
from shared.serve.deployed import deployed
from shared.serve.rest import RestHost, Route
from shared.serve.worker import worker

FAMILIES = (turns.family,)

ROUTES: Final = (
    Route("POST", "/snapshots", "storeSnapshot", turns.family["store_snapshot"]),
    Route("POST", "/projections", "followInputs", turns.family["follow_inputs"]),
    Route("POST", "/publications", "publishEntries", turns.family["publish_entries"]),
    Route("POST", "/jobs", "runJob", turns.family["run_job"]),
    Route("POST", "/feeds", "runSchedule", turns.family["run_schedule"]),
    Route("POST", "/transfers", "endTransfer", turns.family["end_transfer"]),
    Route("POST", "/sweep", "sweepEngine", turns.family["sweep_overdue_turns"]),
)


def host(app: App) -> RestHost:
    """The function's host."""
    return worker(app, ROUTES, base="/engine", surface="engine", url=app.settings.engine_url)


_host = deployed(host)


@functions_framework.aio.http
async def engine(request: Any) -> Any:
    """The function: every request goes to the host."""
    del request
    return _host
