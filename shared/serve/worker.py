"""What a function that queues call is made of: its host, and what every turn takes and gives."""

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import Field

from shared.app import App
from shared.auth.caller import Credential, Surface
from shared.errors import Problem
from shared.serve.bearer import bearer
from shared.serve.http import Head
from shared.serve.rest import RestHost, Route
from shared.serve.run import Runner
from shared.tool import Args, Result

SCOPE: Final = "work"


class Turn(Args):
    """Whose turn it is."""

    id: Annotated[str, Field(min_length=1, max_length=512, description="The record's id.")]
    generation: Annotated[int, Field(ge=0, description="Which turn; older ones are ignored.")]


class Outcome(Result):
    """What came of it, for the log."""

    outcome: str


class Swept(Result):
    """How many turns were overdue and are handed over again."""

    swept: int


def worker(app: App, routes: Sequence[Route], *, base: str, surface: Surface, url: str) -> RestHost:
    """The host of jobs that only our queues and schedules may call.

    Args:
        app: one process's adapters.
        routes: the jobs.
        base: what their paths begin with.
        surface: how log lines name the function.
        url: its address, which is the audience of what calls it.
    """
    runner = Runner(app)

    async def authenticate(head: Head) -> Credential:
        text = bearer(head)
        if text is None:
            raise Problem("unauthenticated", "Only the work queue may call this.")
        return await runner.hop(lambda: app.service_tokens.verify(text, url))

    return RestHost(routes, runner, base=base, surface=surface, authenticate=authenticate)
