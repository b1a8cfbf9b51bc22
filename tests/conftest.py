"""What every test may ask for."""

import io
import os
import sys
from importlib import import_module
from pathlib import Path

import orjson
import pytest
from hypothesis import settings

from shared import log
from tests.platform import Platform, product

ENVIRONMENT = os.environ  # noqa: TID251  the test run's own: where data is, whether this is CI


pytest_plugins = ["tests.google_stores"]
settings.register_profile("no clock", deadline=None)  # how busy the machine is decides nothing
settings.load_profile("no clock")

WHOLE = {"catalog_data", "firestore_emulator"}
"""Fixtures that take real catalogs or an emulator: what asks for them is not in the fast tier."""


def pytest_collection_modifyitems(items):
    for item in items:
        if WHOLE & set(item.fixturenames):
            item.add_marker("slow")


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def platform(tmp_path, stores):
    """A platform with one partner organization and nothing granted."""
    platform = Platform(tmp_path / "data", **stores)
    platform.organization("partner")
    yield platform
    platform.close()


@pytest.fixture
def stocked(platform):
    """A platform whose partner is granted one small published catalog, `books`."""
    platform.catalog("books", [product(str(n)) for n in range(1, 6)])
    platform.grant("partner", "books")
    return platform


@pytest.fixture
def with_sign_in(tmp_path, stores):
    """A platform people sign in to: Ada belongs to `partner`."""
    platform = Platform(tmp_path / "data", sign_in=True, **stores)
    platform.organization("partner")
    platform.member(email="ada@example.com")
    yield platform
    platform.close()


@pytest.fixture
def logged(monkeypatch):
    """What was logged since it was last asked: as text, and line by line."""
    for face in ("partner", "studio", "admin"):
        import_module(f"functions.{face}.main")  # which sends lines elsewhere when it is imported
    text = io.TextIOWrapper(io.BytesIO())
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", text)
        undo = log.configure("a-project")

    def since():
        said = text.buffer.getvalue().decode()
        text.buffer.seek(0)
        text.buffer.truncate()
        return said, [orjson.loads(line) for line in said.splitlines()]

    yield since
    undo()


@pytest.fixture(scope="session")
def catalog_data():
    """The folder of real catalogs; tests that need it fail in CI when it is missing."""
    folder = Path(ENVIRONMENT.get("CATALOG_DATA_DIR", Path(__file__).parents[2] / "shared/data"))
    if not folder.is_dir():
        reason = f"no real catalogs in {folder}: `make data` fetches them"
        (pytest.fail if ENVIRONMENT.get("CI") else pytest.skip)(reason)
    return folder
