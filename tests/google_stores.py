"""Google's stores as tests have them: the Firestore emulator, and a server for Cloud Storage.

Fixtures for every test. A module with `BOTH_STORES = True` runs each test that asks for `stores`,
or for a platform, on embedded adapters and, in the slow tier, on these.
"""

import os
import uuid

import pytest

ENVIRONMENT = os.environ  # noqa: TID251  the test run's own: is this CI


def pytest_generate_tests(metafunc):
    if getattr(metafunc.module, "BOTH_STORES", False) and "stores" in metafunc.fixturenames:
        google = pytest.param("google", marks=pytest.mark.slow)
        metafunc.parametrize("stores", ["embedded", google], indirect=True)


@pytest.fixture
def stores(request):
    """What a platform stands on: embedded adapters, where a module does not ask for both."""
    if getattr(request, "param", "embedded") == "google":
        return request.getfixturevalue("google_stores")
    return {}


def missing(reason):
    """Skip with a reason that is printed; fail where the tests decide (CI)."""
    if ENVIRONMENT.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def firestore_emulator():
    """The address of a running Firestore emulator."""
    from tests.contract import firestore_emulator as firestore

    if reason := firestore.absent():
        missing(reason)
    with firestore.emulator() as address:
        yield address


@pytest.fixture
def firestore_project(firestore_emulator, monkeypatch):
    """A project of its own in the emulator, which the library finds by its environment."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator)
    return f"test-{uuid.uuid4().hex[:20]}"


@pytest.fixture
def storage_server():
    """A server that speaks Cloud Storage."""
    from tests.contract.storage_server import StorageServer

    with StorageServer() as running:
        yield running


@pytest.fixture
def google_stores(firestore_project, storage_server, monkeypatch, tmp_path):
    """What a platform stands on in the cloud: Firestore, and a bucket."""
    from tests.bench.stock import Emulated

    monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage_server.url)
    return {
        "app": Emulated,
        "backend": "gcp",
        "project": firestore_project,
        "bucket": "test-bucket",
        "secrets": tmp_path / "mounted",
    }
