"""Two days of twenty organizations: nothing is left unscheduled, nothing is wrong for long."""

import logging

import pytest

from tests.shared.subscriptions.simulation import Simulation

pytestmark = pytest.mark.slow


def test_two_days_with_faults_leave_every_cell_scheduled_and_true(tmp_path, capsys):
    logging.disable(logging.INFO)
    try:
        simulation = Simulation(tmp_path, orgs=20, catalogs=10, subscribers=3)
        first, second = simulation.run(2)
    finally:
        logging.disable(logging.NOTSET)
    simulation.platform.close()
    with capsys.disabled():
        print(capsys.readouterr().out)
    assert len(simulation.readers) == 60
    settled = second["hub subscriptions"] / (24 * 10)
    assert settled < 12  # an hourly question a listing, and what still happens on the second day
    assert second["queue add"] < first["queue add"]
