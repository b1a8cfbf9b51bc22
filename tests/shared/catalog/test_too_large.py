"""A catalog that serving instances cannot hold: it is refused when it is published, and where one
is met all the same, the others are served."""

import pytest

from shared.catalog.heads import Head
from shared.catalog.opened import opened_segments
from shared.errors import Problem
from tests.platform import Platform, call, product, value

pytestmark = pytest.mark.anyio
LARGE = 400


def rows(amount):
    words = [f"word{n}" for n in range(12)]
    return [
        product(str(n), title=" ".join(words[n % 7 :] + words[: n % 5]) + f" {n}")
        for n in range(1, amount + 1)
    ]


@pytest.fixture
def platform(tmp_path):
    """A platform with a small catalog and a large one, granted to one partner."""
    platform = Platform(tmp_path / "data")
    platform.organization("partner")
    platform.catalog("books", rows(3))
    platform.catalog("pens", rows(LARGE))
    for catalog in ("books", "pens"):
        platform.grant("partner", catalog)
    yield platform
    platform.close()


def size(platform, catalog):
    """Bytes that answering from the served version takes."""
    head = Head.of(platform.app.documents.get(f"heads/{catalog}"))
    segment = platform.app.once(opened_segments).open(catalog, head.number)
    return sum({file.sha256: file.size for file in segment.manifest.served}.values())


def test_a_version_that_no_serving_function_could_hold_is_refused_with_the_numbers(platform):
    limit = size(platform, "pens") - 1
    small = Platform(platform.folder, platform.clock, version_bytes=limit)
    with pytest.raises(Problem) as raised:
        small.publish("pens", rows(2 * LARGE))
    problem = raised.value
    assert problem.code == "too_large"
    assert "memory_gib" in problem.message
    assert (problem.details["limit"], problem.details["products"]) == (limit, 2 * LARGE)
    assert problem.details["size"] > limit
    assert LARGE / 2 < problem.details["most_products"] < 2 * LARGE
    assert small.do("list_versions", catalog="pens")[0]["productCount"] == LARGE
    small.publish("pens", rows(problem.details["most_products"] // 2))
    small.close()


async def test_an_instance_that_cannot_hold_one_catalog_serves_the_others(platform):
    most = size(platform, "pens") - 1
    cache = platform.folder / "small"
    small = Platform(platform.folder, platform.clock, cache=cache, cache_bytes=most)
    async with small.http(small.token()) as client:
        for _ in range(2):
            answer = await call(client, "search_products", {"catalog": "pens"})
            assert "unavailable" in answer.text
            found = await value(client, "search_products", {"catalog": "books"})
            assert len(found["items"]) == 3
    small.close()
