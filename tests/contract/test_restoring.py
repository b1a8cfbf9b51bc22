"""What Firestore exported serves again where it is imported, by the emulator's own means."""

import httpx
import pytest

from tests.bench.stock import Emulated
from tests.contract.firestore_emulator import emulator
from tests.platform import Platform, product, value

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
PROJECT = "test-restoring"


def platform(folder, storage, monkeypatch, address):
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", address)
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", storage.url)
    return Platform(
        folder,
        app=Emulated,
        backend="gcp",
        project=PROJECT,
        bucket="test-bucket",
        secrets=folder / "mounted",
    )


def export(address, folder):
    """Have the emulator write its documents to a folder."""
    folder.mkdir()
    asked = {
        "database": f"projects/{PROJECT}/databases/(default)",
        "export_directory": str(folder),
    }
    url = f"http://{address}/emulator/v1/projects/{PROJECT}:export"
    answer = httpx.post(url, json=asked, timeout=60)
    assert answer.status_code == 200, answer.text


async def test_what_was_exported_serves_as_before_where_it_is_imported(
    tmp_path, storage_server, monkeypatch
):
    with emulator() as address:
        before = platform(tmp_path / "data", storage_server, monkeypatch, address)
        before.organization("partner")
        before.catalog("books", [product("1"), product("2")])
        before.grant("partner", "books")
        before.do("pause_work")
        key = before.key()
        export(address, tmp_path / "exported")
        before.close()
    (metadata,) = (tmp_path / "exported").rglob("*.overall_export_metadata")
    with emulator(f"--seed_from_export={metadata}") as address:
        after = platform(tmp_path / "data", storage_server, monkeypatch, address)
        async with after.http(after.token()) as client:
            (catalog,) = await value(client, "list_catalogs")
            found = await value(client, "search_products", {"catalog": "books"})
        async with after.http(key, face="api") as client:
            listed = await client.get("/v1/catalogs")
        paused = {each["queue"] for each in after.do("list_queues") if each["paused"]}
        after.close()
    assert (catalog["catalog"], len(found["items"])) == ("books", 2)
    assert listed.json() == [catalog]
    assert paused == {"work"}
