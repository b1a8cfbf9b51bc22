"""The published SDK's BigQuery commands, unmodified, against `catalog-mcp dev`.

Analytics Hub is the wire server of `tests/contract`: our adapter and the SDK's own client both talk
to it, the SDK over TLS at `analyticshub.localhost`, which its universe domain leads to.
"""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from shared.cli.processes import free_port
from tests.contract.hub_server import HubServer
from tests.e2e.octogen import log_in
from tests.e2e.running import facts_of, start, stop

pytestmark = pytest.mark.slow
PROJECT = "acme-reader"
ACCOUNT = f"etl@{PROJECT}.iam.gserviceaccount.com"
PRINCIPAL = f"serviceAccount:{ACCOUNT}"


def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def certificate(subject, key, issuer, issuer_key, *, authority=False):
    now = datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if not authority:
        names = x509.SubjectAlternativeName([x509.DNSName("analyticshub.localhost")])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@pytest.fixture(scope="module")
def trust(tmp_path_factory):
    """An authority of our own, and a service account key that signs for nobody but this test."""
    folder = tmp_path_factory.mktemp("trust")
    authority, server = (
        ec.generate_private_key(ec.SECP256R1()),
        ec.generate_private_key(ec.SECP256R1()),
    )
    root = certificate(name("test"), authority, name("test"), authority, authority=True)
    leaf = certificate(name("hub"), server, name("test"), authority)
    (folder / "ca.pem").write_bytes(root.public_bytes(serialization.Encoding.PEM))
    account = {
        "type": "service_account",
        "project_id": PROJECT,
        "private_key_id": "1",
        "private_key": pem(rsa.generate_private_key(65537, 2048)).decode(),
        "client_email": ACCOUNT,
        "client_id": "1",
        "token_uri": "https://oauth2.localhost/token",
    }
    (folder / "account.json").write_text(json.dumps(account))
    return folder, pem(server), leaf.public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="module")
def hub(trust):
    with HubServer(tls=trust[1:]) as server:
        server.owners[PROJECT] = {PRINCIPAL}
        yield server


@pytest.fixture(scope="module")
def dev(tmp_path_factory, hub):
    """A dev deployment with the built-in catalog, on that Analytics Hub."""
    folder = tmp_path_factory.mktemp("dev")
    empty = tmp_path_factory.mktemp("no-catalogs")
    process = start(
        folder / "data", "--port", str(free_port()), "--catalogs", str(empty),
        "--analytics-hub", hub.address,
    )  # fmt: skip
    facts = facts_of(process)
    yield {**facts, "folder": folder / "data"}
    stop(process)


@pytest.fixture(scope="module")
def signed_in(dev, tmp_path_factory):
    """Where `octogen-mcp-login` left a client id and our authorization server's refresh token."""
    home = tmp_path_factory.mktemp("home")
    log_in(dev, home)
    return home


@pytest.fixture
def sdk(dev, hub, trust, signed_in):
    """Runs a command of the SDK, as the person who signed in; its exit code and JSON."""
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(trust[0]),
        "GOOGLE_CLOUD_UNIVERSE_DOMAIN": f"localhost:{hub.secure_port}",
        "GOOGLE_APPLICATION_CREDENTIALS": str(trust[0] / "account.json"),
        "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(trust[0] / "ca.pem"),
        "OCTOGEN_MCP_URL": dev["mcp_url"],
        "OCTOGEN_MCP_TOKEN_ENDPOINT": f"{dev['auth_url']}/oauth2/token",
        "OCTOGEN_MCP_CLIENT_ID_FILE": str(signed_in / "client"),
        "OCTOGEN_MCP_REFRESH_TOKEN_FILE": str(signed_in / "token"),
    }

    def run(command, *arguments):
        done = subprocess.run(
            [Path(sys.executable).parent / command, *arguments, "--json"],
            env=environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        found = re.search(r"\{.*\}", done.stdout, re.DOTALL)
        return done.returncode, json.loads(found.group()) if found else done.stderr

    return run


@pytest.fixture
def autosubscribe(sdk):
    def run(*arguments):
        reader = ("--subscriber-project-id", PROJECT, "--subscriber-principal", PRINCIPAL)
        code, found = sdk("octogen-bq-autosubscribe", *reader, *arguments)
        assert code == 0, found
        return {each["catalog_key"]: each["action"] for each in found["catalogs"]}

    return run


def tool(dev, name, **arguments):
    params = {"name": name, "arguments": arguments}
    answer = httpx.post(
        dev["mcp_url"],
        json={"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params},
        headers={"authorization": f"Bearer {dev['token']}"},
        timeout=30,
    )
    return answer.json()["result"]["structuredContent"]["result"]


def wait_for(dev, catalog, status):
    deadline = datetime.now(UTC) + timedelta(seconds=60)
    while datetime.now(UTC) < deadline:
        cells = tool(dev, "list_bigquery_subscribers")["cells"]
        found = {(c["catalogKey"], c["status"], c.get("reasonCode")) for c in cells}
        if (catalog, *status) in found:
            return
    raise AssertionError(found)


def wait_for_listing(dev, catalog):
    deadline = datetime.now(UTC) + timedelta(seconds=60)
    while datetime.now(UTC) < deadline:
        listed = tool(dev, "list_bigquery_listing_resources")
        if catalog in {each["catalogKey"] for each in listed}:
            return next(each for each in listed if each["catalogKey"] == catalog)
    raise AssertionError(listed)


def operate(dev, *arguments):
    done = subprocess.run(
        [sys.executable, "-m", "shared.cli", "--data", str(dev["folder"]), *arguments],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_a_reader_is_registered_subscribed_and_kept_by_the_published_command(
    dev, hub, sdk, autosubscribe, signed_in
):
    first = (signed_in / "token").read_text()
    listing = wait_for_listing(dev, "demo_shop")
    assert autosubscribe() == {"demo_shop": "pending"}
    assert tool(dev, "list_bigquery_subscribers")["subscribers"] == []

    code, _ = sdk(
        "octogen-bq-subscribe", "--listing", listing["listingResource"], "--project", PROJECT,
        "--apply",
    )  # fmt: skip
    assert code == 3  # access is not granted yet

    if autosubscribe("--apply") == {"demo_shop": "pending"}:
        wait_for(dev, "demo_shop", ("awaiting_subscription", None))
        assert autosubscribe("--apply") == {"demo_shop": "subscribed"}
    assert autosubscribe("--apply") == {"demo_shop": "already_active"}
    code, again = sdk(
        "octogen-bq-subscribe", "--listing", listing["listingResource"], "--project", PROJECT,
        "--apply",
    )  # fmt: skip
    assert (code, again["already_subscribed"]) == (0, True)

    operate(dev, "create-catalog", "--catalog", "extra", "--tenant", "demo", "--display-name",
            "Extra", "--source-base-url", "https://demo-shop.example")  # fmt: skip
    source = Path(__file__).parents[2] / "shared/cli/demo_catalog.jsonl"
    operate(dev, "publish", "extra", str(source))
    operate(dev, "grant-catalog", "--org", "demo", "--catalog", "extra")
    wait_for(dev, "extra", ("awaiting_subscription", None))
    assert autosubscribe("--apply") == {"demo_shop": "already_active", "extra": "subscribed"}

    operate(dev, "withdraw-grant", "--org", "demo", "--catalog", "extra")
    assert autosubscribe("--apply") == {"demo_shop": "already_active", "extra": "skipped"}
    deadline = datetime.now(UTC) + timedelta(seconds=60)
    while hub._members(listing["listingResource"].replace("demo_shop", "extra")):
        assert datetime.now(UTC) < deadline
    assert (signed_in / "token").read_text() != first  # every run refreshed, and kept what it got


def test_nothing_but_the_queue_may_call_the_jobs(dev):
    address = dev["mcp_url"].removesuffix("/mcp")
    for headers in ({}, {"authorization": f"Bearer {dev['token']}"}):
        answer = httpx.post(f"{address}/jobs/sweep", json={}, headers=headers)
        assert answer.status_code == 401
