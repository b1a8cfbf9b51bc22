"""The zips that are deployed, run as they will be: environments from Terraform, paths by its URL
map, nothing on the path but the lock."""

import json
import subprocess
from contextlib import ExitStack, contextmanager

import httpx
import pytest

from functions.tasks.main import ROUTES as JOBS
from shared.app import App
from shared.auth import keyring
from shared.auth.caller import Service
from shared.cli.operations import run
from shared.gcp.listings import AnalyticsHubListings
from shared.invoke import Request, invoke
from shared.local.queue import FileQueue
from shared.local.warehouse import DuckWarehouse
from shared.ports.documents import Put
from shared.settings import Settings
from tests.browser import App as Client
from tests.browser import Browser, allowed
from tests.contract.storage_server import StorageServer
from tests.infra.google import Google
from tests.infra.programs import package, smoke
from tests.infra.running import LoadBalancer, MailServer, Runtime, Unpacked
from tests.infra.terraform import Infra
from tests.platform import FAMILIES, product, value

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
FUNCTIONS = package.functions()
READER = {
    "subscriberProjectId": "acme-reader",
    "subscriberPrincipal": "serviceAccount:etl@acme-reader.iam.gserviceaccount.com",
}
CELL = {"catalog_key": "books", "subscriber_principal": READER["subscriberPrincipal"]}


class Operator(App):
    """The platform as the command line sees it. It also does the exports: BigQuery's client has no
    emulator in a process whose other clients are led elsewhere."""

    hub = ""

    @property
    def queue(self):
        return self.once(file_queue)

    @property
    def warehouse(self):
        return self.once(duck_warehouse)

    @property
    def listings(self):
        return self.once(wire_listings)

    def work(self):
        """Do what is due now, and what comes of it."""
        while (due := self.queue.next_at()) is not None and due <= self.clock.time():
            taken = self.queue.take()
            (tool,) = (route.tool for route in JOBS if f"/jobs{route.path}" == taken.job)
            worker = Request(Service(self.settings.tasks_account), "tasks", "test-request")
            assert invoke(tool, self, worker, taken.body).problem is None
            self.queue.finish(taken)

    def do(self, operation, **arguments):
        """Run an operation."""
        (tool,) = (tool for family in FAMILIES for tool in family.tools if tool.name == operation)
        return run(self, tool, arguments)


def file_queue(app):
    return FileQueue(app.settings.data / "queue.sqlite", app.clock)


def duck_warehouse(app):
    return DuckWarehouse(app.settings.data / "warehouse")


def wire_listings(app):
    settings = app.settings
    return AnalyticsHubListings(
        settings.project, settings.location, settings.exchange, address=app.hub
    )


@pytest.fixture(scope="module")
def runtime(tmp_path_factory):
    return Runtime(tmp_path_factory.mktemp("runtime") / "lock")


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    return Infra(tmp_path_factory.mktemp("infra")).applied()


@pytest.fixture(params=["as deployed", "as Google sets it"])
def execution_ids(request):
    """LOG_EXECUTION_ID as our functions have it, and as the platform would set it."""
    return {} if request.param == "as deployed" else {"LOG_EXECUTION_ID": "true"}


@pytest.fixture
def world(tmp_path, firestore_emulator, deployment, runtime, monkeypatch, execution_ids):
    """Every function running, with an operator behind and a load balancer in front."""
    partner = deployment.functions()["partner"]["service_config"][0]
    settings = Settings.read(partner["environment_variables"])
    place = f"projects/{settings.project}/locations/{settings.region}/queues"
    names = (settings.queue, settings.export_queue, settings.engine_queue)
    account = f"partner@{settings.project}.iam.gserviceaccount.com"
    with (
        MailServer(tmp_path / "mail.txt") as mail,
        StorageServer() as storage,
        Google(tmp_path / "google", [f"{place}/{each}" for each in names], account) as google,
    ):
        elsewhere = {
            "CATALOG_MCP_DATABASE": tmp_path.name,  # every test has an empty one
            "FIRESTORE_EMULATOR_HOST": firestore_emulator,
            "STORAGE_EMULATOR_HOST": storage.url,
        }
        for name in ("FIRESTORE_EMULATOR_HOST", "STORAGE_EMULATOR_HOST"):
            monkeypatch.setenv(name, elsewhere[name])
        environments = {
            name: {**here(each, tmp_path, mail.port), **elsewhere, **execution_ids}
            for name, each in deployment.functions().items()
        }
        environments["tasks"] |= trusting(google.identity)
        running = {
            name: Unpacked(name, tmp_path, runtime, {**environments[name], **google.environment})
            for name in FUNCTIONS
        }
        operator = Operator(
            Settings.read({**environments["partner"], "CATALOG_MCP_DATA": str(tmp_path)})
        )
        operator.hub = google.hub.address
        secrets = App(Settings(data=tmp_path / "made")).secrets
        keyring.create_missing(secrets)
        for ring in (keyring.SIGNING, keyring.VERIFYING, *keyring.SEALS):
            (tmp_path / "secrets" / ring).mkdir(parents=True)
            (tmp_path / "secrets" / ring / ring).write_bytes(secrets.read(ring))
        yield World(operator, running, deployment, tmp_path / "mail.txt", google)
        operator.close()


def here(function, folder, mail):
    """A function's environment, with the folders and the mail server of this machine."""
    (service,) = function["service_config"]
    return {
        **service["environment_variables"],
        "CATALOG_MCP_SECRETS": str(folder / "secrets"),
        "CATALOG_MCP_CACHE": str(folder / "segments" / function["name"]),
        "CATALOG_MCP_SMTP": json.dumps(
            {"host": "127.0.0.1", "port": mail, "sender": "a@b.example"}
        ),
        "CATALOG_MCP_UPSTREAMS": "[]",
    }


def trusting(identity):
    """What makes a function take our signature for Google's; in the cloud these are refused."""
    return {
        "K_SERVICE": "",
        "CATALOG_MCP_TASK_ISSUER": json.dumps({"jwks_url": identity.jwks_url}),
        "CATALOG_MCP_FETCH_NETWORKS": '["127.0.0.0/8"]',
    }


class World:
    """The running deployment."""

    def __init__(self, operator, running, deployment, mail, google):
        self.operator = operator
        self.running = running
        self.deployment = deployment
        self.mail = mail
        self.google = google

    @contextmanager
    def serving(self):
        """Every function answers."""
        with ExitStack() as stack:
            for function in self.running.values():
                stack.enter_context(function)
            yield

    def deliver(self, kind):
        """Have Cloud Tasks send what waits of a kind to the tasks function; what it answered."""
        answers = self.google.deliver(self.running["tasks"].port, kind)
        return answers[f"/jobs/{kind}"]

    def http(self, url, bearer=None):
        """A client of one of the public addresses."""
        headers = {"authorization": f"Bearer {bearer}"} if bearer else {}
        transport = LoadBalancer(self.deployment, self.running)
        return httpx.AsyncClient(transport=transport, base_url=url, headers=headers, timeout=60)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_importing_a_zip_needs_nothing_but_the_lock_and_loads_no_google_client(
    name, tmp_path, runtime
):
    function = Unpacked(name, tmp_path, runtime, {})
    program = (
        "import sys, main, shared; from pathlib import Path;"
        "unwanted = ('grpc', 'google.api_core', 'google.auth', 'duckdb', 'httpx',"
        " 'opentelemetry.sdk', 'opentelemetry.exporter', 'opentelemetry.proto');"
        "print([name for name in unwanted if name in sys.modules]);"
        "print(Path(shared.__file__).parent.parent == Path.cwd())"
    )
    command = [runtime.bin / "python", "-c", program]
    done = subprocess.run(
        command, cwd=function.folder, env={}, check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == ["[]", "True"]


async def test_a_partner_signs_in_finds_products_and_subscribes_through_the_zips(world):
    operator, settings = world.operator, world.operator.settings
    publish(operator)
    operator.work()
    key = operator.do("create_api_key", org="partner", name="tests")["secret"]
    with world.serving():
        async with (
            world.http(settings.auth_url) as browser,
            world.http(settings.auth_url) as program,
        ):
            client = await Client(program, settings.auth_url).register()
            person = Browser(browser, world.mail, settings.auth_url)
            tokens = await allowed(client, person, resource=settings.mcp_url)
            refreshed = (await client.refresh(tokens["refresh_token"])).json()
        async with world.http("https://mcp.catalogs.example", refreshed["access_token"]) as mcp:
            (catalog,) = await value(mcp, "list_catalogs")
            page = await value(mcp, "search_products", {"catalog": "books", "query": "product 3"})
            registered = await value(mcp, "register_bigquery_subscriber", {"request": READER})
            handed_over = [task.http_request for task in world.google.tasks.tasks.values()]
            done = [world.deliver("followings"), world.deliver("cells")]
            (waiting,) = (await value(mcp, "list_bigquery_subscribers"))["cells"]
            world.google.hub.subscribe(waiting["listingResource"], READER["subscriberProjectId"])
            subscribed = await value(mcp, "refresh_bigquery_subscription_status", CELL)
            done.append(world.deliver("cells"))
        async with world.http(settings.api_url, key) as rest:
            listed = await rest.get("/catalogs")
            found = await rest.post("/products/search", json={"q": "product 3"})
    assert catalog["catalog"] == "books"
    assert page["items"][0]["title"] == "Product 3"
    assert listed.json() == [catalog]
    assert found.json()["items"][0]["title"] == page["items"][0]["title"]
    assert registered["cells"][0]["status"] == "pending"
    assert waiting["status"] == "awaiting_subscription"
    assert subscribed["status"] == "active"
    assert {status for answers in done for status, _ in answers} == {200}
    assert {task.url for task in handed_over} >= {f"{settings.tasks_url}/jobs/followings"}
    assert {task.oidc_token.audience for task in handed_over} == {settings.tasks_url}
    assert {task.oidc_token.service_account_email for task in handed_over} == {
        settings.tasks_account
    }


def test_the_line_of_a_call_and_of_a_crash_arrive_through_the_zips(world):
    operator, settings = world.operator, world.operator.settings
    publish(operator)
    key = operator.do("create_api_key", org="partner", name="tests")["secret"]
    with world.running["api"] as api:
        transport = LoadBalancer(world.deployment, dict.fromkeys(FUNCTIONS, api))
        headers = {"authorization": f"Bearer {key}"}
        with httpx.Client(transport=transport, base_url=settings.api_url, headers=headers) as rest:
            listed = rest.get("/catalogs")
            operator.documents.commit([Put("heads/books", {"productCount": "no number"})])
            crashed = rest.get("/catalogs")
    assert (listed.status_code, crashed.status_code) == (200, 500)
    calls, (crash,) = api.lines("call"), api.lines("crash")
    assert [line["outcome"] for line in calls] == ["ok", "internal"]
    assert [line["tool"] for line in calls] == ["list_catalogs"] * 2
    assert (crash["severity"], crash["requestId"]) == ("ERROR", crashed.headers["x-request-id"])


async def test_without_a_credential_every_public_host_says_where_to_get_one(world):
    settings = world.operator.settings
    with world.serving():
        async with world.http("https://mcp.catalogs.example") as http:
            refused = await http.post("/mcp", json={})
            path = "/.well-known/oauth-protected-resource/mcp"
            resource = (await http.get(path)).json()
            alias = (await http.get(f"https://codex-mcp.catalogs.example{path}")).json()
            server = (await http.get("/.well-known/oauth-authorization-server")).json()
            document = (await http.get(f"{settings.api_url}/openapi.json")).json()
            portal = await http.get(f"{settings.portal_url}/keys")
            to_sign_in = await http.get(portal.headers["location"])
            sign_in = await http.get(to_sign_in.headers["location"])
            stranger = await http.get("https://mcp.catalogs.example/elsewhere")
        with httpx.Client(transport=LoadBalancer(world.deployment, world.running)) as outside:
            wrong = smoke.problems(outside, settings.mcp_url, settings.api_url)
            spelled_otherwise = smoke.problems(outside, f"{settings.mcp_url}/", settings.api_url)
            elsewhere = f"{settings.mcp_url}/elsewhere"
            also_wrong = smoke.problems(outside, elsewhere, settings.api_url)
        task = httpx.post(  # noqa: ASYNC210  nothing else runs here
            f"http://127.0.0.1:{world.running['tasks'].port}/jobs/sweep",
            headers={"host": httpx.URL(settings.tasks_url).netloc.decode()},
            json={},
        )
    assert refused.status_code == 401
    assert path in refused.headers["www-authenticate"]
    assert resource["resource"] == settings.mcp_url
    assert resource["authorization_servers"] == [settings.auth_url]
    assert alias["resource"] == "https://codex-mcp.catalogs.example/mcp"
    assert server["issuer"] == settings.auth_url
    assert document["openapi"].startswith("3.1")
    assert to_sign_in.headers["set-cookie"].startswith("__Host-portal-sign-in=")
    assert (sign_in.status_code, "E-mail address" in sign_in.text) == (200, True)
    assert stranger.status_code == 404
    assert task.status_code == 401
    assert wrong == spelled_otherwise == []
    assert len(also_wrong) == 2


def publish(operator):
    """One catalog, granted to an organization with one member."""
    feed = operator.settings.data / "feed.jsonl"
    feed.write_text("".join(f"{json.dumps(product(str(n)))}\n" for n in range(1, 6)))
    operator.do("create_organization", id="partner", name="Partner")
    operator.do("create_organization", id="owner", name="Owner", type="catalog_owner")
    operator.do("create_tenant", id="shop", name="Shop", org="owner")
    operator.do(
        "create_catalog",
        catalog="books",
        tenant="shop",
        display_name="Books",
        source_base_url="https://books.example",
    )
    operator.do("publish_catalog", confirm=True, catalog="books", source=str(feed))
    operator.do("grant_catalog", org="partner", catalog="books")
    operator.do("set_member", org="partner", subject="ada", email="ada@example.com")
