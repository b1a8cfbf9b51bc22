"""What the studio promises, on Google's stores: the tests of `tests/functions` once more."""

# ruff: noqa: F403  every test and fixture of the module

import pytest

from tests.functions.test_studio import *

pytestmark = [pytest.mark.slow, pytest.mark.anyio]


@pytest.fixture
def stores(google_stores):
    return google_stores
