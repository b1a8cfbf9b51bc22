"""What tests of subscriptions do: a partner calls tools, an operator grants and publishes."""

import orjson

from functions.tasks.jobs.subscriptions import KINDS
from shared.auth.faces import PARTNER
from shared.invoke import Request, invoke
from shared.ports.documents import Query
from shared.subscriptions.readers import family
from tests.platform import product

READER = ("acme-reader", "serviceAccount:etl@acme-reader.iam.gserviceaccount.com")


def call(platform, org, name, **arguments):
    """A tool's value. The member's session is started once and lasts."""
    session = f"session-of-{org}"
    if platform.app.documents.get(f"sessions/own:{session}") is None:
        platform.do("start_session", subject="ada", session=session, days=90)
    token = platform.app.tokens.verify(platform.token(org, session=session), PARTNER)
    reply = invoke(family[name], platform.app, Request(token, "mcp", "test-request"), arguments)
    if reply.problem:
        raise reply.problem
    return orjson.loads(reply.body)


def register(platform, project=READER[0], principal=READER[1]):
    return partner(
        platform,
        "register_bigquery_subscriber",
        request={"subscriberProjectId": project, "subscriberPrincipal": principal},
    )["subscriber"]["subscriberId"]


def partner(platform, name, **arguments):
    """Call a tool as a member of the partner organization; its value."""
    return call(platform, "partner", name, **arguments)


def cell(platform, catalog="books"):
    (found,) = partner(platform, "list_bigquery_subscribers")["cells"]
    assert found["catalogKey"] == catalog
    return found["status"], found["reasonCode"]


def due(platform, kind):
    """The records of a kind that wait for a turn: id to (due, generation)."""
    documents = platform.app.documents
    (overdue,) = (each.overdue for each in KINDS if each.collection == kind)
    page = documents.query(Query(overdue, limit=1000))
    return {each.id: (each.data["due"], each.data["generation"]) for each in page.items}


def subscribe(platform):
    platform.app.listings.subscribe("books", READER[1], READER[0])


def withdraw(platform):
    platform.do("withdraw_grant", org="partner", catalog="books")


def grant(platform):
    platform.grant("partner", "books")


def republish(platform):
    platform.publish("books", [product("1"), product("2")])
