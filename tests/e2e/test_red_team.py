"""Every hostile input of the tests, over HTTP on a running platform; `make red-team` prints it."""

import pytest

from tests.red_team import attack

pytestmark = pytest.mark.slow


def test_a_running_platform_holds_on_every_group_of_attack(tmp_path):
    found = attack(tmp_path)
    assert {name: failed for name, _, failed in found if failed} == {}
    assert all(number > 5 for _, number, _ in found)
