"""The platform these tests begin with."""

import pytest

from tests.interfered import InterferedApp
from tests.platform import Platform, product
from tests.shared.subscriptions.partner import register


@pytest.fixture
def shared(tmp_path):
    platform = Platform(tmp_path / "data", app=InterferedApp)
    platform.organization("partner")
    platform.catalog("books", [product("1")])
    platform.grant("partner", "books")
    register(platform)
    yield platform
    platform.close()
