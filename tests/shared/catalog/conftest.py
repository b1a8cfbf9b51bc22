"""Catalogs to search in: made-up ones, and two real ones, built once a session."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson
import pytest

from shared.catalog.feeds.read import read_feed
from shared.catalog.feeds.rows import Accepted
from shared.catalog.products.product import Product
from shared.catalog.search.cursor import unseal
from shared.catalog.search.search import Page, Question, search
from shared.catalog.search.shelf import Shelf
from shared.catalog.segment.reader import Segment
from shared.catalog.segment.writer import apply, build
from tests.shared.catalog import invented

KEY = b"the signing key"
NOW = datetime(2026, 11, 21, tzinfo=UTC)
"""When these catalogs are asked."""
AT = NOW.timestamp()


@dataclass(frozen=True)
class Catalog:
    """A built version of a catalog, as a caller without restrictions sees it."""

    segment: Segment
    key: str = "shop"
    at: float = AT

    @property
    def shelf(self) -> Shelf:
        return Shelf(self.key, "The Shop", "1", self.segment, self.segment, self.at)

    def page(self, query: str | None = None, limit: int = 50, **asked) -> Page:
        return search([self.shelf], Question(query=query, **asked), limit=limit, key=KEY)

    def items(self, query: str | None = None, limit: int = 50, **asked) -> list[dict]:
        return [orjson.loads(item) for item in self.page(query, limit, **asked).items]

    def keys(self, query: str | None = None, limit: int = 50, **asked) -> list[str]:
        return [key_of(item) for item in self.items(query, limit, **asked)]


def key_of(item: dict) -> str:
    return item["productUrl"].rpartition("/")[2]


def walk(
    shelves: Callable[[dict | None], list[Shelf]], question: Question, limit: int
) -> list[dict]:
    """Every item of every page. `shelves` gets the cursor's places, None on the first page."""
    items: list[dict] = []
    cursor = None
    while True:
        places = unseal(cursor, question.digest(), KEY)
        assert (places is None) == (cursor is None), "the walk would begin again for ever"
        page = search(shelves(places), question, limit=limit, key=KEY, places=places)
        items += [orjson.loads(item) for item in page.items]
        cursor = page.cursor
        if cursor is None:
            return items


def made(key: str, title: str = "Thing", **fields) -> Product:
    return Product(key=key, title=title, **{"url": f"https://shop.example/p/{key}", **fields})


@pytest.fixture
def product() -> Callable[..., Product]:
    """A product whose page is named like its key."""
    return made


@pytest.fixture
def catalog(tmp_path: Path) -> Callable[[Iterable[Product]], Catalog]:
    """Builds a catalog of these products."""
    directories = iter(range(1_000))

    def built(products: Iterable[Product], key: str = "shop") -> Catalog:
        directory = tmp_path / f"built{next(directories)}"
        return Catalog(Segment(directory, build(products, key, directory)), key)

    return built


@pytest.fixture
def applied(tmp_path: Path) -> Callable[..., Catalog]:
    """The next version of a catalog, with these upserts and deletes."""
    directories = iter(range(1_000))

    def after(catalog: Catalog, upserts: Iterable[Product] = (), deletes=()) -> Catalog:
        directory = tmp_path / f"applied{next(directories)}"
        manifest = apply(catalog.segment, upserts, deletes, directory)
        return Catalog(Segment(directory, manifest), catalog.key)

    return after


def _real(catalog_data: Path, name: str, directory: Path) -> tuple[list[Product], Catalog]:
    rows = read_feed(catalog_data / f"{name}.jsonl.gz", base_url="https://shop.example")
    products = [row.product for row in rows if isinstance(row, Accepted)]
    return products, Catalog(Segment(directory, build(products, name, directory)), name)


@pytest.fixture(scope="session")
def icecat(catalog_data: Path, tmp_path_factory) -> tuple[list[Product], Catalog]:
    """19,406 products of electronics."""
    return _real(catalog_data, "icecat_19k", tmp_path_factory.mktemp("icecat"))


@pytest.fixture(scope="session")
def bestbuy(catalog_data: Path, tmp_path_factory) -> tuple[list[Product], Catalog]:
    """3,291 products of electronics, with category paths."""
    return _real(catalog_data, "bestbuy_3k", tmp_path_factory.mktemp("bestbuy"))


def _invented(products: list[Product], name: str, directory: Path) -> tuple[list[Product], Catalog]:
    return products, Catalog(Segment(directory, build(products, name, directory)), name)


@pytest.fixture(scope="session")
def electronics(tmp_path_factory) -> tuple[list[Product], Catalog]:
    """400 made-up products of electronics, with category paths."""
    directory = tmp_path_factory.mktemp("electronics")
    return _invented(invented.electronics(400), "electronics", directory)


@pytest.fixture(scope="session")
def gadgets(tmp_path_factory) -> tuple[list[Product], Catalog]:
    """300 others."""
    directory = tmp_path_factory.mktemp("gadgets")
    return _invented(invented.electronics(300, seed=2), "gadgets", directory)


@pytest.fixture(scope="session")
def warehouse(tmp_path_factory) -> tuple[list[Product], Catalog]:
    """5,000 of them: more than one window of the reranker for most queries."""
    directory = tmp_path_factory.mktemp("warehouse")
    return _invented(invented.electronics(5_000, seed=3), "warehouse", directory)


@pytest.fixture(scope="session")
def clothes(tmp_path_factory) -> tuple[list[Product], Catalog]:
    """40 made-up pieces of clothing with 240 variants."""
    directory = tmp_path_factory.mktemp("clothes")
    return _invented(invented.clothes(40), "clothes", directory)
