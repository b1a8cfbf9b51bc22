"""Queries of declared shapes answer alike on every adapter: as this plain model says."""

import random
from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from shared import queries
from shared.errors import Problem
from shared.identity.records import TENANTS, Tenant
from shared.ports.documents import ID, Delete, Put, Query
from shared.queries import SHAPES

START = datetime(2026, 11, 21, tzinfo=UTC)
TEXTS = ["", "a", "a\x00", "a\x00b", "ab", "b", "Z", "é", "z", "\uffee", "🎁", "a" * 40]
NUMBERS = [0, 1, 1.0, -1, 1.5, -1.5, 2**53, 2**53 + 1, float(2**53), 2**63 - 1, 2.0**63, -(2**63)]
NUMBERS += [5e-324, -5e-324, 1e308, -1e308, 0.0]
TIMES = [START + timedelta(microseconds=n) for n in (-1, 0, 1, 10**6, 10**12)]
TIMES += [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC)]
BYTES = [b"", b"\x00", b"\x00\xff", b"\xff", b"a"]
OTHERS = [None, False, True, [], [1], [1, 2], ["a"], [None], {}, {"a": 1}, {"a": 2}, {"b": 0}]
COMPARED = [TEXTS, NUMBERS, TIMES, BYTES, [False, True]]
IDS = ["a", "a:b", "a b", "ab", "b", "B", "0", "10", "9", "é", "🎁", "\uffee", "a\x01", "~"]
SHAPES_BY_TEXT = sorted(SHAPES, key=repr)


def rank(value):  # noqa: PLR0911  one line per type
    """Firestore's order of values, in Python's terms."""
    match value:
        case None:
            return (0,)
        case bool():
            return (1, value)
        case int() | float():
            return (2, value)
        case datetime():
            return (3, value)
        case str():
            return (4, value.encode())
        case bytes():
            return (5, value)
        case list():
            return (6, [rank(item) for item in value])
        case dict():
            return (7, [(rank(key), rank(value[key])) for key in sorted(value)])


def expected(contents, query):
    """The ids a query finds among {id: data}, all pages together."""
    first, descending = query.shape.order[0].removeprefix("-"), query.shape.order[0][0] == "-"
    assert query.shape.order == (query.shape.order[0],)
    found = []
    for name, data in contents.items():
        values = {**data, ID: name}
        if any(field not in values for field in (*query.shape.equal, first)):
            continue
        if any(rank(values[field]) != rank(query.equal[field]) for field in query.shape.equal):
            continue
        place, start, end = rank(values[first]), query.start, query.end
        if start is not None and (place[0] != rank(start)[0] or place < rank(start)):
            continue
        if end is not None and (place[0] != rank(end)[0] or place >= rank(end)):
            continue
        found.append(((place, rank(name)), name))
    return [name for _, name in sorted(found, reverse=descending)]


def walk(documents, query):
    """The ids of every page; the pages but the last are full."""
    ids = []
    while True:
        page = documents.query(query)
        ids += [item.id for item in page.items]
        if page.cursor is None:
            return ids
        assert len(page.items) == query.limit
        query = replace(query, cursor=page.cursor)


def collection(query):
    return query.shape.collection.replace("*", "{}").format(*query.parents)


def fill(documents, query, dice):
    """Random documents in the query's collection, some changed and some deleted again."""
    order = query.shape.order[0].removeprefix("-")
    contents = {}
    for _ in range(2):
        writes = []
        for name in dice.sample([*IDS, *(f"x{n}" for n in range(30))], 36):
            if name in contents and dice.random() < 0.3:
                del contents[name]
                writes.append(Delete(f"{collection(query)}/{name}"))
                continue
            fields = {field: dice.choice(["acme", "ACME", 1]) for field in query.shape.equal}
            fields |= {order: dice.choice(dice.choice([*COMPARED, OTHERS]))} if order != ID else {}
            contents[name] = {k: v for k, v in fields.items() if dice.random() < 0.95}
            writes.append(Put(f"{collection(query)}/{name}", contents[name]))
        documents.commit(writes)
    return contents


@pytest.mark.parametrize("shape", SHAPES_BY_TEXT, ids=str)
def test_every_shape_answers_as_the_model_says(documents, shape):
    dice = random.Random(repr(shape))
    stars = shape.collection.count("*")
    query = Query(shape, parents=("books",) * stars, equal=dict.fromkeys(shape.equal, "acme"))
    contents = fill(documents, query, dice)
    if stars:
        fill(documents, replace(query, parents=("other",) * stars), dice)
    for limit in (1, 7, 1000):
        assert walk(documents, replace(query, limit=limit)) == expected(contents, query)
    for _ in range(12):
        values = IDS if shape.order[0].removeprefix("-") == ID else dice.choice(COMPARED)
        low, high = dice.sample(values, 2)
        for start, end in ((low, high), (low, None), (None, high), (low, low)):
            question = replace(query, start=start, end=end, limit=dice.choice([2, 5, 100]))
            assert walk(documents, question) == expected(contents, question), (start, end)


@pytest.mark.parametrize("values", COMPARED, ids=["texts", "numbers", "times", "bytes", "flags"])
def test_every_bound_cuts_where_the_model_says(documents, values):
    for query in (
        Query(queries.API_KEYS_OF_ORGANIZATION, equal={"org": "a"}),
        Query(queries.AUDIT_OF_ORGANIZATION, equal={"org": "a"}),
    ):
        order = query.shape.order[0].removeprefix("-")
        contents = {f"x{n}": {"org": "a", order: value} for n, value in enumerate(values)}
        others = {f"y{n}": {"org": "a", order: v} for n, v in enumerate([*OTHERS, "", 0, START])}
        contents |= others
        documents.commit([Put(f"{collection(query)}/{n}", data) for n, data in contents.items()])
        for bound in values:
            for start, end in ((bound, None), (None, bound)):
                question = replace(query, start=start, end=end)
                assert walk(documents, question) == expected(contents, question), (start, end)


def test_parents_are_not_mixed(documents):
    documents.commit(
        [
            Put("catalogs/a/versions/1", {}),
            Put("catalogs/ab/versions/2", {}),
            Put("catalogs/b/versions/3", {}),
            Put("catalogs/a", {}),
            Put("catalogs/a/others/4", {}),
            Put("catalogs/a/versions/1/versions/5", {}),
        ]
    )
    assert walk(documents, Query(queries.VERSIONS, parents=("a",))) == ["1"]
    assert walk(documents, Query(queries.CATALOGS)) == ["a"]


def test_a_page_holds_whole_snapshots(documents):
    documents.commit([Put("tenants/a", {"name": "Ä", "at": START})])
    page = documents.query(Query(queries.TENANTS))
    assert page.items == (documents.get("tenants/a"),)
    assert page.cursor is None


@pytest.mark.parametrize("limit", [1, 3, 4, 1000])
def test_every_record_of_a_query_comes_once_whatever_the_size_of_a_page(documents, limit):
    tenants = [TENANTS.put(f"t{n}", Tenant(name="t", org="o", created_at=START)) for n in range(12)]
    documents.commit(tenants)
    query = Query(queries.TENANTS, start="t1", end="t2", limit=limit)
    assert [found.id for found in TENANTS.every(documents, query)] == ["t1", "t10", "t11"]


def test_the_last_full_page_has_no_cursor(documents):
    documents.commit([Put(f"tenants/{n}", {}) for n in range(4)])
    first = documents.query(Query(queries.TENANTS, limit=2))
    assert first.cursor is not None
    assert documents.query(Query(queries.TENANTS, limit=2, cursor=first.cursor)).cursor is None


def test_a_walk_survives_inserts_and_deletes_between_its_pages(documents):
    def audit(n):
        return Put(f"audit/{n:02}", {"org": "a", "at": START + timedelta(seconds=n)})

    documents.commit([audit(n) for n in range(0, 40, 2)])
    query = Query(queries.AUDIT_OF_ORGANIZATION, equal={"org": "a"}, limit=5)
    first = documents.query(query)
    assert [item.id for item in first.items] == ["38", "36", "34", "32", "30"]
    documents.commit([Delete("audit/30"), Delete("audit/28"), audit(31), audit(27), audit(99)])
    second = documents.query(replace(query, cursor=first.cursor))
    assert [item.id for item in second.items] == ["27", "26", "24", "22", "20"]


@pytest.mark.parametrize(
    "change",
    [
        {"limit": 0},
        {"limit": 1001},
        {"parents": ("a",)},
        {"equal": {}},
        {"equal": {"org": "a", "state": "b"}},
        {"equal": {"org": None}},
        {"equal": {"org": ["a"]}},
        {"start": {"a": 1}},
        {"start": datetime(2026, 1, 1)},  # noqa: DTZ001  what is refused
        {"start": float("nan")},
        {"start": 1, "end": "b"},
    ],
    ids=str,
)
def test_a_malformed_question_is_refused(documents, change):
    query = Query(queries.API_KEYS_OF_ORGANIZATION, equal={"org": "a"})
    with pytest.raises(ValueError, match=r".+"):
        documents.query(replace(query, **change))


@pytest.mark.parametrize("change", [{"start": ""}, {"end": "a/b"}, {"start": 1}], ids=str)
def test_bounds_of_ids_are_ids(documents, change):
    with pytest.raises(ValueError, match=r".+"):
        documents.query(replace(Query(queries.TENANTS), **change))


@pytest.mark.parametrize("parent", ["", "a/b", ".."])
def test_a_broken_parent_is_refused(documents, parent):
    with pytest.raises(ValueError, match="id"):
        documents.query(Query(queries.VERSIONS, parents=(parent,)))


def test_a_cursor_of_another_question_or_of_nobody_is_invalid(documents):
    writes = [Put(f"api_keys/{n}", {"org": org, "createdAt": n}) for n in range(3) for org in "a"]
    documents.commit(writes)
    query = Query(queries.API_KEYS_OF_ORGANIZATION, equal={"org": "a"}, limit=1)
    cursor = documents.query(query).cursor
    strange = [b"", b"x", b"{}", b"[]", b"7", b'["a"]', b'["a","b","c"]', b'{"$time":7}', b"\xff"]
    tokens = [urlsafe_b64encode(text).decode() for text in strange]
    cases = [replace(query, cursor=token) for token in ("", "é", "a", "....", *tokens)]
    cases.append(replace(query, equal={"org": "b"}, cursor=cursor))
    cases.append(replace(query, start=0, cursor=cursor))
    for case in cases:
        with pytest.raises(Problem, match="invalid"):
            documents.query(case)
