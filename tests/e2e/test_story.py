"""The whole way of a partner into BigQuery, against real processes, in seconds."""

import re
import subprocess
import sys

import duckdb
import pytest

from shared.cli.processes import free_port
from tests.e2e.running import facts_of, start, stop

pytestmark = pytest.mark.slow
STEPS = [
    "published, granted",
    "listed: ",
    "registered demo-reader: pending",
    "awaiting_subscription",
    "subscribed on the local exchange",
    "active",
    "source_stale",
    "published again",
    "active",
]


def test_a_partner_registers_subscribes_goes_stale_and_is_fresh_again(tmp_path):
    folder = tmp_path / "data"
    process = start(
        folder, "--port", str(free_port()), "--catalogs", str(tmp_path), "--fresh-for", "12"
    )
    try:
        facts_of(process)
        told = subprocess.run(
            [sys.executable, "-m", "shared.cli", "--data", str(folder), "story"],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    finally:
        stop(process)
    assert told.returncode == 0, told.stderr
    lines = [re.sub(r"^ *[\d.]+ s  ", "", line) for line in told.stdout.splitlines()]
    assert len(lines) == len(STEPS)
    assert all(step in line for step, line in zip(STEPS, lines, strict=True)), lines
    with duckdb.connect(folder / "warehouse/catalog_demo_shop.duckdb", read_only=True) as tables:
        shown = tables.sql("SELECT count(*), max(catalog_version) FROM products_current_v1")
        count, version = shown.fetchone()
    assert count > 0
    assert version == 2
