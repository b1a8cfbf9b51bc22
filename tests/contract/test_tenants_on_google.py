"""Whose tenant it is, on Google's stores: the tests of `tests/functions` once more."""

# ruff: noqa: F403  every test and fixture of the module

import pytest

from tests.functions.test_tenants import *

pytestmark = [pytest.mark.slow, pytest.mark.anyio]


@pytest.fixture
def stores(google_stores):
    return google_stores
