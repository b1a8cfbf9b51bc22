"""What tests of the hosts share."""

import io
import sys
from importlib import import_module

import orjson
import pytest

from shared import log
from tests.platform import Platform, product


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


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A stocked platform that many tests only ask."""
    platform = Platform(tmp_path_factory.mktemp("shop"))
    platform.organization("partner", rate_limit=1_000_000)
    rows = [product(str(n), title=f"Book about shoes {n}", price=float(n)) for n in range(1, 12)]
    platform.catalog("books", rows)
    platform.grant("partner", "books")
    platform.bearers = {"partner": platform.token(), "api": platform.key()}
    yield platform
    platform.close()
