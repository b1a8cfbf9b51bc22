"""What tests of the hosts share."""

import pytest

from tests.platform import Platform, product


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
