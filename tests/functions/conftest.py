"""What tests of the hosts share."""

import io
import sys

import orjson
import pytest

from shared import log
from tests.platform import Platform, product


@pytest.fixture
def logged(monkeypatch):
    """What was logged since it was last asked: as text, and line by line."""
    root = log.logging.getLogger()
    before = root.handlers[:]
    text = io.TextIOWrapper(io.BytesIO())
    with monkeypatch.context() as patched:
        patched.setattr(sys, "stdout", text)
        log.configure("a-project")

    def since():
        said = text.buffer.getvalue().decode()
        text.buffer.seek(0)
        text.buffer.truncate()
        return said, [orjson.loads(line) for line in said.splitlines()]

    yield since
    root.handlers[:] = before


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
