"""What every Addresses adapter promises: one file out, or in, by its address alone."""

import base64
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import httpx
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from google.oauth2 import credentials, service_account
from starlette.applications import Starlette
from starlette.testclient import TestClient

from shared.app import App
from shared.auth import keyring
from shared.cli.front_files import file_routes
from shared.gcp.addresses import StorageAddresses, signing_by_iam
from shared.settings import Settings
from tests.contract.conftest import one_of

CONTENT = bytes(range(256)) * 1024
ACCOUNT = "studio@books.iam.gserviceaccount.com"


@pytest.fixture
def folder_addressed(tmp_path):
    """Addresses of folders, the blobs behind them, and a client of the front that serves them."""
    app = App(Settings(data=tmp_path / "data"))
    (tmp_path / "data").mkdir()
    keyring.create_missing(app.secrets)
    with TestClient(Starlette(routes=file_routes(app)), base_url="http://localhost:8080") as client:
        yield app.addresses, app.blobs, client
    app.close()


@pytest.fixture
def storage_addressed(storage_blobs, storage_server):
    """The same of a bucket, signed with a key whose public half the server knows."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    storage_server.signers[ACCOUNT] = key.public_key()
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    known = {"client_email": ACCOUNT, "private_key": pem.decode(), "token_uri": "https://unused"}
    adapter = StorageAddresses(
        "test-bucket", lambda: service_account.Credentials.from_service_account_info(known)
    )
    with httpx.Client() as client:
        yield adapter, storage_blobs, client
    adapter.close()


addressed = one_of("addressed", "folder", "storage")


@pytest.fixture
def addresses(addressed):
    return addressed[0]


@pytest.fixture
def blobs_behind(addressed):
    return addressed[1]


@pytest.fixture
def visitor(addressed):
    """A client of whatever the addresses lead to."""
    return addressed[2]


@pytest.fixture
def until():
    return datetime.now(UTC) + timedelta(hours=1)


@pytest.fixture
def content(blobs_behind, tmp_path):
    def read(name):
        blobs_behind.fetch(name, tmp_path / "read")
        return (tmp_path / "read").read_bytes()

    return read


@pytest.fixture
def stored(blobs_behind, tmp_path):
    (tmp_path / "source").write_bytes(CONTENT)
    blobs_behind.put("transfers/north/a b.csv", tmp_path / "source")
    return "transfers/north/a b.csv"


class Instance(credentials.Credentials):
    """An instance's credentials: a token, an account's name once it was asked for, and no key."""

    service_account_email = "default"

    def refresh(self, _):
        self.service_account_email = ACCOUNT


def test_an_instance_without_a_key_has_iam_sign_for_its_account(
    storage_server, storage_blobs, tmp_path, until
):
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    storage_server.signers[ACCOUNT] = key.public_key()
    asked = []

    def iam(url, method, body=None, headers=None, **_):
        asked.append((method, url, headers["authorization"]))
        payload = base64.b64decode(json.loads(body)["payload"])
        signature = key.sign(payload, padding.PKCS1v15(), hashes.SHA256())
        signed = {"signedBlob": base64.b64encode(signature).decode()}
        return SimpleNamespace(status=200, headers={}, data=json.dumps(signed).encode())

    (tmp_path / "source").write_bytes(CONTENT)
    storage_blobs.put("transfers/north/a", tmp_path / "source")
    adapter = StorageAddresses("test-bucket", lambda: signing_by_iam(Instance("a token"), iam))
    url = adapter.to_download("transfers/north/a", "a.csv", until)
    assert httpx.get(url).content == CONTENT
    place = f"projects/-/serviceAccounts/{ACCOUNT}:signBlob"
    assert asked == [
        ("POST", f"https://iamcredentials.googleapis.com/v1/{place}", "Bearer a token")
    ]
    adapter.close()


def parts(first, last, total):
    return {"content-range": f"bytes {first}-{last}/{total}"}


def test_a_file_is_fetched_by_its_address_under_the_name_it_was_given(
    addresses, visitor, stored, until
):
    answer = visitor.get(addresses.to_download(stored, "Räv list.csv", until))
    assert (answer.status_code, answer.content) == (200, CONTENT)
    said = answer.headers["content-disposition"]
    assert said == "attachment; filename*=UTF-8''R%C3%A4v%20list.csv"


def test_an_address_ends_when_it_was_to_end(addresses, visitor, stored):
    ended = addresses.to_download(stored, "a.csv", datetime.now(UTC) + timedelta(seconds=0))
    assert visitor.get(ended).status_code in (400, 404)


def test_an_address_opens_nothing_but_its_file(addresses, visitor, stored, until):
    url = addresses.to_download(stored, "a.csv", until)
    assert visitor.get(f"{url[:-4]}0000").status_code in (403, 404)
    gone = addresses.to_download("transfers/north/other", "a.csv", until)
    assert visitor.get(gone).status_code == 404
    assert visitor.put(url, content=b"x").status_code >= 400


def test_a_file_is_put_whole_and_once(addresses, visitor, content):
    url = addresses.to_upload("transfers/north/new", len(CONTENT), "")
    assert visitor.put(url, content=CONTENT).status_code == 200
    assert content("transfers/north/new") == CONTENT
    visitor.put(url, content=CONTENT[::-1])
    assert content("transfers/north/new") == CONTENT


def test_a_file_of_unknown_size_is_put_too(addresses, visitor, content):
    url = addresses.to_upload("transfers/north/new", 0, "https://portal.example")
    assert visitor.put(url, content=CONTENT).status_code == 200
    assert content("transfers/north/new") == CONTENT


def test_an_upload_that_broke_off_goes_on_where_it_says_it_is(
    addresses, visitor, content, blobs_behind
):
    total, half = len(CONTENT), len(CONTENT) // 2
    url = addresses.to_upload("transfers/north/new", total, "")
    begun = visitor.put(url, content=CONTENT[:half], headers=parts(0, half - 1, total))
    assert (begun.status_code, begun.headers["range"]) == (308, f"bytes=0-{half - 1}")
    asked = visitor.put(url, headers={"content-range": f"bytes */{total}"})
    assert (asked.status_code, asked.headers["range"]) == (308, f"bytes=0-{half - 1}")
    assert list(blobs_behind.list("")) == []
    ended = visitor.put(url, content=CONTENT[half:], headers=parts(half, total - 1, total))
    assert ended.status_code == 200
    assert content("transfers/north/new") == CONTENT


def test_another_size_than_was_announced_is_refused(addresses, visitor, blobs_behind):
    url = addresses.to_upload("transfers/north/new", 10, "")
    assert visitor.put(url, content=b"eleven char").status_code == 400
    assert list(blobs_behind.list("")) == []


def test_an_upload_address_is_no_download_address(addresses, visitor, stored):
    assert visitor.get(addresses.to_upload("transfers/north/x", 0, "")).status_code >= 400
