"""Checks in modules of their own still explain what they found; the emulator is the contracts'."""

import pytest

from tests.contract.conftest import firestore_emulator

__all__ = ["firestore_emulator"]
pytest.register_assert_rewrite("tests.infra.checks", "tests.infra.roles", "tests.infra.work")


@pytest.fixture(scope="session")
def anyio_backend():
    return "asyncio"
