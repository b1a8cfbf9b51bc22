"""The cost table of the runbook is what its arithmetic gives."""

import re

from tests.infra.programs import costs


def test_the_page_has_the_table_that_the_arithmetic_gives():
    for table in (costs.table(), costs.studio(), costs.rarely()):
        assert table in costs.PAGE.read_text(), "run `python infra/costs.py --write`"


def test_every_scale_costs_what_its_lines_do():
    lines = dict(re.findall(r"^\| (.+?) \| (.+) \|$", costs.table(), re.MULTILINE))
    sums = [int(each.strip("*")) for each in lines["**sum**"].split(" | ")]
    rows = [[float(cost) for cost in lines[row.what].split(" | ")] for row in costs.rows()]
    for at, total in enumerate(sums):
        assert abs(sum(row[at] for row in rows) - total) <= len(rows) / 2


def test_every_function_that_is_kept_warm_is_counted():
    text = (costs.ROOT / "infra" / "functions.tf").read_text()
    assert len(costs.warm()) == text.count("min = var.min_instances")
