"""A busy organization on many instances stays under one write a second on its document."""

from pathlib import Path

import pytest

from tests.shared.auth import busy

PAGE = Path(__file__).parents[3] / "docs" / "operations.md"


@pytest.mark.parametrize("load", busy.LOADS, ids=str)
def test_its_bucket_is_written_less_than_once_a_second_however_many_instances(tmp_path, load):
    found = busy.play(tmp_path, load)
    assert found.settled < 1
    possible = min(1, (load.limit + busy.LASTS * load.limit / 60) / (busy.LASTS * load.calls))
    assert found.served > 0.95 * possible


def test_instances_that_went_away_are_forgotten(tmp_path):
    """Who is alone again renews as often as one that was always alone."""
    alone, crowd = busy.Load(1, 6_000, 50), busy.Load(20, 6_000, 50)
    limiters = busy.limiters(tmp_path, crowd)
    busy.pass_time(limiters, crowd, 100)
    (one,) = limiters.instances[:1]
    written = busy.pass_time(limiters._replace(instances=[one]), alone, 120)
    limiters.documents.close()
    assert sum(written[second] for second in range(60, 120)) == pytest.approx(30, abs=2)


def test_the_page_has_the_table_that_the_simulation_prints():
    assert busy.table() in PAGE.read_text(), "run `make simulate`"
