"""A deployment of backend `gcp`, with its functions as they are deployed.

Documents are in the Firestore emulator; files, tasks and the exchange in servers that speak
Google's protocols. BigQuery has no server that such processes could be led to, so the queue of
exports stands still.
"""

from contextlib import contextmanager

from shared.cli.drain import Drain
from shared.servers import TaskIssuer
from tests.e2e.instances import deployment
from tests.infra.google import Google
from tests.platform import WORKER

QUEUES = ("work", "exports", "engine")


@contextmanager
def on_google(folder, stores, names, each=2, **settings):
    """Some instances of some functions on these stores (`google_stores`), and their queue drained.

    Tasks that operators' own commands hand over are not sent: they wait in a file of the folder.
    """
    place = f"projects/{stores['project']}/locations/us-central1/queues"
    account = f"functions@{stores['project']}.iam.gserviceaccount.com"
    with Google(folder / "google", [f"{place}/{queue}" for queue in QUEUES], account) as google:
        trusting = {
            "task_issuer": TaskIssuer(jwks_url=google.identity.jwks_url),
            "fetch_networks": ("127.0.0.0/8",),
        }
        with deployment(
            folder / "data", names, each,
            environment=google.environment, **stores, **trusting, **settings,
        ) as deployed:  # fmt: skip
            deployed.platform.do("pause_work", queue="exports")
            url = deployed.platform.settings.tasks_url
            with Drain(google.tasks, url, lambda: google.identity.sign(WORKER, url)):
                yield deployed
