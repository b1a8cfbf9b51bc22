"""Lists come in pages, whichever tool lists."""

import pytest

from shared.errors import Problem
from tests.platform import Platform


@pytest.fixture
def platform(tmp_path):
    platform = Platform(tmp_path / "data")
    for number in range(5):
        platform.organization(f"org-{number}")
    yield platform
    platform.close()


def test_pages_that_follow_each_other_list_everything_once(platform):
    seen, more = [], {}
    while True:
        page = platform.do("list_organizations", limit=2, **more)
        seen.append([each["id"] for each in page["items"]])
        if page["nextCursor"] is None:
            break
        more = {"cursor": page["nextCursor"]}
    assert seen == [["org-0", "org-1"], ["org-2", "org-3"], ["org-4"]]


@pytest.mark.parametrize("limit", [0, 201, "all"])
def test_a_page_is_of_one_to_two_hundred_items(platform, limit):
    with pytest.raises(Problem, match="limit"):
        platform.do("list_organizations", limit=limit)


def test_a_cursor_of_another_list_is_refused(platform):
    cursor = platform.do("list_organizations", limit=2)["nextCursor"]
    with pytest.raises(Problem, match="cursor does not belong"):
        platform.do("list_members", org="org-0", cursor=cursor)
