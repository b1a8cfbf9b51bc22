"""One `catalog-mcp dev` for every test that only talks to it."""

import pytest

from shared.cli.processes import free_port
from tests.e2e.running import facts_of, start, stop


@pytest.fixture(scope="session")
def dev(tmp_path_factory):
    """What a running dev printed; it serves the built-in catalog, `demo_shop`."""
    folder = tmp_path_factory.mktemp("dev")
    process = start(folder / "data", "--port", str(free_port()), "--catalogs", str(folder))
    try:
        yield facts_of(process)
    finally:
        stop(process)
