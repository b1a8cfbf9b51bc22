"""Checks in modules of their own still explain what they found."""

import pytest

pytest.register_assert_rewrite("tests.infra.checks")
