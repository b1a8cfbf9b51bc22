"""Files that go bad, are missing, or have no room: healed where they can be, else said."""

import errno

import pytest

from shared.app import App
from shared.errors import Problem
from shared.local.documents import SqliteDocuments
from shared.local.queue import FileQueue
from tests.platform import Platform, call, product, value

pytestmark = pytest.mark.anyio
POSITIONS = {"header": 0.0, "middle": 0.5, "end": 1.0}
ROWS = [product(str(n), title=f"Kettle {n}") for n in range(1, 6)]


def cached(platform):
    """The files of the served version, where they are kept by what is in them."""
    return sorted(
        path for path in (platform.settings.cache / "books" / "files").iterdir() if path.is_file()
    )


def flip(path, position):
    """Change one byte in place, as a bad disk would: every name of the file has it."""
    size = path.stat().st_size
    at = min(size - 1, int(size * position))
    with path.open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ 0xFF]))


async def found(platform):
    """What a search and a lookup answer."""
    async with platform.http(platform.token()) as client:
        page = await value(client, "search_products", {"catalog": "books", "query": "kettle"})
        url = {"canonical_url": "https://books.example/p/3"}
        one = await value(client, "lookup_product", url)
    return [item["title"] for item in page["items"]], one["product"]["title"]


@pytest.fixture
def platform(tmp_path):
    platform = Platform(tmp_path / "data")
    platform.organization()
    platform.catalog("books", ROWS)
    platform.grant("partner", "books")
    yield platform
    platform.close()


@pytest.mark.parametrize("position", POSITIONS)
async def test_whatever_byte_of_a_cached_file_is_wrong_it_is_fetched_again(platform, position):
    right = await found(platform)
    files = [path for path in cached(platform) if path.stat().st_size]
    assert len(files) > 5
    for path in files:
        before = path.read_bytes()
        flip(path, POSITIONS[position])
        assert await found(platform.again()) == right
        assert path.read_bytes() == before, path.name


async def test_a_file_that_goes_bad_while_it_is_open_is_healed_by_the_call_that_meets_it(
    platform, logged
):
    right = await found(platform)
    logged()
    for path in cached(platform):
        path.write_bytes(b"\xff" * path.stat().st_size)
    assert await found(platform) == right
    said = [line["message"] for line in logged()[1]]
    assert said.count("index reopened") == 1
    assert "crash" not in said


async def test_a_file_missing_in_the_store_is_unavailable_and_wakes_somebody_up(platform, logged):
    for path in (platform.settings.data / "blobs").rglob("*"):
        if path.is_file():
            path.unlink()
    logged()
    other = Platform(platform.folder, platform.clock, cache=platform.folder / "other")
    async with other.http(other.token()) as client:
        answer = (await call(client, "search_products", {"catalog": "books"})).json()["result"]
    assert answer["structuredContent"]["result"]["error"] == "unavailable"
    (line,) = [each for each in logged()[1] if each["message"] == "index file missing in the store"]
    assert (line["severity"], line["index"]) == ("ERROR", "books")
    other.close()


class Full(App):
    """An app on a machine without room for another file."""

    @property
    def blobs(self):
        return _NoRoom()


class _NoRoom:
    def fetch(self, name, target):
        raise OSError(errno.ENOSPC, f"No space left on device for {name}", str(target))


async def test_a_full_disk_is_unavailable_and_wakes_somebody_up(platform, logged):
    full = Platform(platform.folder, platform.clock, app=Full, cache=platform.folder / "other")
    logged()
    async with full.http(full.token()) as client:
        answer = (await call(client, "search_products", {"catalog": "books"})).json()["result"]
    assert answer["structuredContent"]["result"]["error"] == "unavailable"
    assert [each["message"] for each in logged()[1] if each["severity"] == "ERROR"] == ["disk full"]
    full.close()


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" * 200])
def test_a_file_that_is_no_database_says_so(tmp_path, platform, content):
    path = tmp_path / "some.sqlite"
    path.write_bytes(content)
    documents, queue = SqliteDocuments(path), FileQueue(path, platform.clock)
    for asked in (lambda: documents.get("organizations/partner"), queue.take):
        with pytest.raises(Problem, match=r"some\.sqlite is not a database") as raised:
            asked()
        assert raised.value.code == "unavailable"
    documents.close()
    queue.close()
