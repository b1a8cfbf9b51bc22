"""Ids, times and cursors are validated where arguments are read: anything else is no crash."""

import base64
import json
import random
from contextlib import suppress

import orjson
import pytest

from shared.errors import Problem
from shared.identity import (
    account,
    audit,
    own_keys,
    own_members,
    own_sessions,
    own_usage,
)
from shared.ports.documents import Query
from shared.queries import ORGANIZATIONS
from tests.platform import FAMILIES
from tests.portal import acting

OWN = (
    account.family,
    audit.own_family,
    own_keys.family,
    own_members.family,
    own_sessions.family,
    own_usage.family,
)
IDS = (
    "a/b",
    "../x",
    "..",
    ".",
    "/",
    "",
    "__x__",
    "a\x00b",
    "a\nb",
    "\u202e",
    "x" * 2_000,
    "\ud7ff",
    "{}",
    "a:b",
    "*",
)
FILES = {"report", "source"}
TIMES = (
    "9999-12-31T23:59:59-14:00",
    "9999-12-31T23:59:59.999999-23:59",
    "0001-01-01T00:00:00+14:00",
    "2026-11-21T12:00:00",
    "soon",
    "1e400",
    "99999-01-01T00:00:00Z",
)
PLACES = (
    [],
    [1],
    {"$time": "9999-12-31T23:59:59-14:00"},
    {"$time": 5},
    {"$bytes": 5},
    {"$": 1},
    orjson.loads(b"[" * 500 + b"]" * 500),
    orjson.loads(b'{"$a":' * 500 + b"1" + b"}" * 500),
)


def cursors():
    for place in PLACES:
        for text in (place, ["x", place, "id"], [place, "a/b"]):
            raw = orjson.dumps(text) if place not in PLACES[-2:] else deep(text)
            yield base64.urlsafe_b64encode(raw).decode()
    yield from ("", "!", "A" * 100_000, "\u00e9", base64.urlsafe_b64encode(b'{"a":1}').decode())


def deep(value):
    """JSON of what orjson does not write."""
    return json.dumps(value).encode()


def hostile(name):
    if "expires" in name:
        return TIMES
    return (*cursors(), *IDS) if name == "cursor" else IDS


def questions(family):
    """Every operation, with one argument at a time that is none, the others made up.

    Arguments that name a file of the operator's own machine are left out: any name is one.
    """
    chance = random.Random(family.name)
    for tool in family.tools:
        for name in tool.takes.model_fields.keys() - FILES:
            for value in hostile(name):
                others = {
                    other: chance.choice(("partner", "ada", "own", "0" * 32))
                    for other, field in tool.takes.model_fields.items()
                    if field.is_required()
                }
                yield tool, {**others, name: value}


@pytest.mark.parametrize("family", OWN, ids=lambda each: each.name)
def test_what_people_send_is_answered_or_refused(platform, family):
    run = acting(platform)
    for tool, arguments in questions(family):
        with suppress(Problem):
            run(tool, **arguments)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda each: each.name)
def test_what_operators_send_is_answered_or_refused(platform, family):
    platform.member()
    for tool, arguments in questions(family):
        with suppress(Problem):
            platform.do(tool.name, **arguments)


@pytest.mark.parametrize("time", TIMES[:3])
def test_a_time_that_cannot_be_kept_is_refused_at_its_field(platform, time):
    with pytest.raises(Problem) as raised:
        platform.do("create_api_key", org="partner", name="x", expires_at=time)
    assert raised.value.details["errors"][0]["loc"] == ("expires_at",)


def test_no_cursor_of_somebody_elses_making_is_a_crash(platform):
    for cursor in cursors():
        if not cursor:
            continue
        with pytest.raises(Problem) as raised:
            platform.app.documents.query(Query(ORGANIZATIONS, cursor=cursor))
        assert raised.value.code == "invalid"
