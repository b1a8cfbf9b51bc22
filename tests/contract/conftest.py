"""The adapters each contract suite runs on."""

import gc
import os
import uuid
import warnings

import duckdb
import grpc
import pytest
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.secretmanager_v1 import SecretManagerServiceClient
from google.cloud.secretmanager_v1.services.secret_manager_service.transports import (
    SecretManagerServiceGrpcTransport,
)
from google.cloud.tasks_v2 import CloudTasksClient
from google.cloud.tasks_v2.services.cloud_tasks.transports import CloudTasksGrpcTransport

from shared.clock import SystemClock
from shared.gcp.blobs import StorageBlobs
from shared.gcp.documents import FirestoreDocuments
from shared.gcp.listings import AnalyticsHubListings
from shared.gcp.queue import CloudTasksQueue, Place
from shared.gcp.secrets import SecretManagerSecrets
from shared.gcp.warehouse import BigQueryWarehouse
from shared.local.blobs import FolderBlobs
from shared.local.documents import SqliteDocuments
from shared.local.listings import FileListings
from shared.local.queue import FileQueue
from shared.local.secrets import FileSecrets
from shared.local.warehouse import DuckWarehouse
from shared.ports.queue import ENGINE, EXPORTS, WORK
from tests.contract.bigquery_emulator import ENVIRONMENT as EMULATOR_ENVIRONMENT
from tests.contract.bigquery_emulator import BigQueryEmulator, PlainBucket
from tests.contract.hub_server import SUBSCRIBER, HubServer
from tests.contract.secret_server import SecretServer
from tests.contract.tasks_server import TasksServer
from tests.google_stores import missing

ENVIRONMENT = os.environ  # noqa: TID251  the test run's own: where the emulator is, whether this is CI


def one_of(port, *kinds):
    """The fixture of a port: a test that asks for it runs once on the fixture of each kind."""

    @pytest.fixture(name=port, params=kinds)
    def chosen(request):
        return request.getfixturevalue(f"{request.param}_{port}")

    return chosen


def slow(kind):
    """A kind that the fast tier leaves out."""
    return pytest.param(kind, marks=pytest.mark.slow)


def running(name, make):
    """The fixture of a server that runs while a test does."""

    @pytest.fixture(name=name)
    def server():
        with make() as running:
            yield running

    return server


@pytest.fixture
def sqlite_documents(tmp_path):
    adapter = SqliteDocuments(tmp_path / "documents.db")
    yield adapter
    adapter.close()


@pytest.fixture
def firestore_documents(firestore_project):
    adapter = FirestoreDocuments(firestore_project, "(default)")
    yield adapter
    adapter.close()


documents = one_of("documents", "sqlite", slow("firestore"))


@pytest.fixture
def folder_blobs(tmp_path):
    return FolderBlobs(tmp_path / "blobs")


@pytest.fixture
def storage_blobs(storage_server, monkeypatch):
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage_server.url)
    adapter = StorageBlobs("test-bucket")
    yield adapter
    adapter.close()
    with (
        warnings.catch_warnings()
    ):  # the library leaves a failed download's socket to the collector
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


blobs = one_of("blobs", "folder", "storage")


@pytest.fixture
def file_secrets(tmp_path):
    return FileSecrets(tmp_path / "secrets")


secret_server = running("secret_server", SecretServer)


@pytest.fixture
def managed_secrets(secret_server, tmp_path):
    def connect():
        channel = grpc.insecure_channel(secret_server.address)
        transport = SecretManagerServiceGrpcTransport(channel=channel)
        return SecretManagerServiceClient(transport=transport)

    adapter = SecretManagerSecrets("test-project", tmp_path / "mounted", connect)
    yield adapter
    adapter.close()


secrets = one_of("secrets", "file", "managed")


@pytest.fixture
def file_listings(tmp_path):
    adapter = FileListings(tmp_path / "listings.sqlite")
    yield adapter
    adapter.close()


hub_server = running("hub_server", lambda: HubServer(page=3))


@pytest.fixture
def hub_listings(hub_server):
    adapter = AnalyticsHubListings(
        "local-exchange", "us", "catalog_mcp", address=hub_server.address
    )
    yield adapter
    adapter.close()


def google(*names):
    """The values of GOOGLE_TEST_ variables, or a skip: these tests can run on a real project too.

    CONTRIBUTING.md, "Against real Google Cloud", says which and what they must name.
    """
    values = [ENVIRONMENT.get(f"GOOGLE_TEST_{name}") for name in names]
    if None in values:
        variables = ", ".join(f"GOOGLE_TEST_{name}" for name in names)
        pytest.skip(f"no real Google project given: set {variables}")
    return values


@pytest.fixture
def google_listings():
    project, location, exchange = google("PROJECT", "LOCATION", "EXCHANGE")
    adapter = AnalyticsHubListings(project, location, exchange)
    yield adapter
    adapter.remove("books")
    adapter.close()


@pytest.fixture
def google_queue():
    project, region, queue, account = google("PROJECT", "REGION", "QUEUE", "ACCOUNT")
    place = Place(queue, "https://tasks.example")
    adapter = CloudTasksQueue(project, region, {WORK: place}, account=account)
    yield adapter
    adapter.close()


@pytest.fixture
def google_warehouse():
    project, location, bucket = google("PROJECT", "LOCATION", "BUCKET")
    adapter = BigQueryWarehouse(project, location, StorageBlobs(bucket), bucket)
    adapter.connect = lambda: bigquery.Client(project=project, location=location)
    yield adapter
    adapter.drop("books")
    adapter.close()


listings = one_of("listings", "file", "hub", slow("google"))


@pytest.fixture
def exchange(listings, request):
    """What a listing's policy says, and what a partner does, behind the adapter's back."""
    if isinstance(listings, FileListings):
        return listings
    if request.node.callspec.params["listings"] == "google":
        return OnGoogle(listings)
    return Behind(listings, request.getfixturevalue("hub_server"))


class OnGoogle:
    """The same questions, asked of Analytics Hub itself; subscriptions are made by ourselves."""

    def __init__(self, listings):
        self.listings = listings
        self.client = listings._client.get()

    def members(self, catalog):
        policy = self.client.get_iam_policy({"resource": self.listings.resource(catalog)})
        found = [each for each in policy.bindings if each.role == SUBSCRIBER]
        return sorted(member for each in found for member in each.members)

    def subscribe(self, catalog, principal, project):
        del principal
        if project != google("PROJECT")[0]:
            pytest.skip("a real subscription is made in the test's own project only")
        reference = {"project_id": project, "dataset_id": f"linked_{uuid.uuid4().hex}"}
        self.client.subscribe_listing(
            {
                "name": self.listings.resource(catalog),
                "destination_dataset": {
                    "dataset_reference": reference,
                    "location": self.listings.location,
                },
            }
        )


class Behind:
    """The same questions, asked of the wire server's memory."""

    def __init__(self, listings, server):
        self.listings, self.server = listings, server

    def members(self, catalog):
        policy = self.server.policies.get(self.listings.resource(catalog))
        found = policy.bindings if policy else ()
        return sorted(m for each in found if each.role == SUBSCRIBER for m in each.members)

    def subscribe(self, catalog, principal, project):
        assert principal in self.members(catalog)
        self.server.subscribe(self.listings.resource(catalog), project)


@pytest.fixture
def file_queue(tmp_path):
    adapter = FileQueue(tmp_path / "queue.sqlite", SystemClock())
    yield adapter
    adapter.close()


CLOUD_QUEUES = {each: f"dev-{each}" for each in (WORK, EXPORTS, ENGINE)}
tasks_server = running(
    "tasks_server",
    lambda: TasksServer(
        *(f"projects/p/locations/us-central1/queues/{each}" for each in CLOUD_QUEUES.values())
    ),
)


@pytest.fixture
def cloud_queue(tasks_server):
    def connect():
        channel = grpc.insecure_channel(tasks_server.address)
        return CloudTasksClient(transport=CloudTasksGrpcTransport(channel=channel))

    adapter = CloudTasksQueue(
        "p",
        "us-central1",
        {each: Place(name, "https://tasks.example") for each, name in CLOUD_QUEUES.items()},
        account="queue@p.iam.gserviceaccount.com",
        connect=connect,
    )
    yield adapter
    adapter.close()


queue = one_of("queue", "file", "cloud", slow("google"))


@pytest.fixture
def duck_warehouse(tmp_path):
    return DuckWarehouse(tmp_path / "warehouse")


@pytest.fixture(scope="session")
def bigquery_emulator(tmp_path_factory):
    if not (EMULATOR_ENVIRONMENT / "bin/local-bigquery").exists():
        missing(f"no BigQuery emulator in {EMULATOR_ENVIRONMENT}: run `make tests` on Python 3.13")
    with BigQueryEmulator(tmp_path_factory.mktemp("bigquery")) as emulator:
        yield emulator


@pytest.fixture
def bigquery_warehouse(bigquery_emulator):
    project = f"test-{uuid.uuid4().hex[:12]}"

    def connect():
        return bigquery.Client(
            project=project,
            location="us",
            credentials=AnonymousCredentials(),
            client_options={"api_endpoint": bigquery_emulator.url},
        )

    bucket = PlainBucket(bigquery_emulator.buckets / project)
    adapter = BigQueryWarehouse(project, "us", bucket, project, connect)
    adapter.connect = connect
    yield adapter
    adapter.close()


@pytest.fixture
def ask(warehouse):
    """The rows of a question about the catalog `books`; `{name}` stands for a table of it."""

    def rows(question):
        if isinstance(warehouse, DuckWarehouse):
            with duckdb.connect(warehouse.file("books"), read_only=True) as database:
                found = database.sql(question.replace("{", "").replace("}", ""))
                return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]
        client = warehouse.connect()
        try:
            named = question.replace("{", "`catalog_books.").replace("}", "`")
            return [dict(row) for row in client.query_and_wait(named)]
        finally:
            client.close()

    return rows
