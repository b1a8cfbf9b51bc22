"""That queues and clocks call what does the work, as fast as its simulation says."""

from collections import Counter
from urllib.parse import urlsplit

from functions.engine.main import ROUTES as TURNS
from functions.tasks.main import ROUTES as JOBS
from shared.gcp.queue import DEADLINE
from tests.shared.subscriptions import simulation


def work_is_sent_where_it_is_done(deployment):
    """Queues, exchange, sweepers and invoker are those the functions are told of."""
    settings = deployment.settings("tasks")
    queues = deployment.all("google_cloud_tasks_queue").values()
    assert {(queue["name"], queue["location"]) for queue in queues} == {
        (settings.queue, settings.region),
        (settings.export_queue, settings.region),
        (settings.engine_queue, settings.region),
    }
    exchanges = deployment.all("google_bigquery_analytics_hub_data_exchange").values()
    further = [f"{settings.exchange}_{number}" for number in range(1, settings.exchanges)]
    assert {(each["data_exchange_id"], each["location"]) for each in exchanges} == {
        (name, settings.location) for name in (settings.exchange, *further)
    }
    bindings = deployment.all("google_bigquery_analytics_hub_data_exchange_iam_member").values()
    given = Counter(each["data_exchange_id"] for each in bindings)
    assert set(given.values()) == {4}
    assert set(given) == {settings.exchange, *further}
    called = {
        "tasks": (settings.tasks_url, "/jobs", JOBS),
        "engine": (settings.engine_url, "/engine", TURNS),
    }
    targets = {
        each["http_target"][0]["uri"]: each["http_target"][0]["oidc_token"][0]
        for each in deployment.all("google_cloud_scheduler_job").values()
    }
    for function, (url, base, routes) in called.items():
        (path,) = (f"{base}{route.path}" for route in routes if route.path == "/sweep")
        token = targets.pop(f"{url}{path}", None)
        assert token, f"nobody calls {url}{path}"
        assert (token["audience"], token["service_account_email"]) == (url, settings.tasks_account)
        name = deployment.functions()[function]["name"]
        assert urlsplit(url).netloc.startswith(f"{name}-")
    assert not targets


def work_is_done_as_simulated(deployment):
    """Queue and sweeper are as fast as the simulation's, and a worker has its whole time."""
    queue = deployment.all("google_cloud_tasks_queue")["google_cloud_tasks_queue.work"]
    (rates,) = queue["rate_limits"]
    assert rates["max_dispatches_per_second"] == 1 / simulation.APART
    sweeps = deployment.all("google_cloud_scheduler_job")
    sweep = sweeps['google_cloud_scheduler_job.sweep["sweep"]']
    assert sweep["schedule"] == f"*/{simulation.SWEEP // 60} * * * *"
    (service,) = deployment.functions()["tasks"]["service_config"]
    assert service["timeout_seconds"] == DEADLINE.total_seconds()
