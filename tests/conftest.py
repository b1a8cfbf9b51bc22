"""What every test may ask for."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def catalog_data() -> Path:
    """The folder of real catalogs: CATALOG_DATA_DIR, else ../shared/data; CI must have it."""
    environ = os.environ  # noqa: TID251  where the data is, and whether this is CI, is the machine's
    folder = Path(environ.get("CATALOG_DATA_DIR", ROOT / ".." / "shared" / "data")).resolve()
    if not (folder / "icecat_19k.jsonl.gz").is_file():
        why = f"no real catalogs in {folder}; set CATALOG_DATA_DIR"
        if environ.get("CI"):
            pytest.fail(why)
        pytest.skip(why)
    return folder
