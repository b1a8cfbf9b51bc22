"""Checks in modules of their own still explain what they found."""

import pytest

pytest.register_assert_rewrite("tests.infra.checks", "tests.infra.roles", "tests.infra.work")


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"
