"""A day of small changes, in short: `python -m tests.shared.catalog.day` is the whole of it."""

import pytest

from tests.shared.catalog.day import simulate


@pytest.mark.slow
def test_a_change_costs_the_same_however_many_there_were(tmp_path):
    """One every three minutes for four hours."""
    hours = list(simulate(tmp_path / "data", hours=4, every=180, products=50))
    costs = [per_change for per_change, *_ in hours]
    for cost in costs[1:]:
        assert cost["listings"] == 0
        assert cost["reads"] <= 1.1 * costs[0]["reads"] <= 25
        assert cost["writes"] <= 1.1 * costs[0]["writes"] <= 15
        assert cost["stored"] <= 1.2 * costs[0]["stored"] <= 20
    kept = [versions for _, _, versions, _ in hours]
    assert max(kept) <= 70  # not many more than two hours' worth
    later = [work["reads"] for _, work, *_ in hours]
    assert later[-1] <= 1.3 * later[1]
