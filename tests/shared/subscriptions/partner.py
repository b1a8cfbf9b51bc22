"""A partner's member calling tools, in process."""

import orjson

from shared.subscriptions.tools import family
from shared.tool import Request, invoke


def call(platform, org, name, **arguments):
    """A tool's value. The member's session is started once and lasts."""
    session = f"session-of-{org}"
    if platform.app.documents.get(f"sessions/own:{session}") is None:
        platform.do("start_session", subject="ada", session=session, days=90)
    token = platform.app.tokens.verify(platform.token(org, session=session))
    reply = invoke(family[name], platform.app, Request(token, "mcp", "test-request"), arguments)
    if reply.problem:
        raise reply.problem
    return orjson.loads(reply.body)
