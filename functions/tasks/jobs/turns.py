"""What every job of a scheduled record takes and gives."""

from typing import Annotated, Final

from pydantic import Field

from shared.tool import Args, Result

SCOPE: Final = "work"


class Turn(Args):
    """Whose turn it is."""

    id: Annotated[str, Field(min_length=1, max_length=200, description="The record's id.")]
    generation: Annotated[int, Field(ge=0, description="Which turn; older ones are ignored.")]


class Outcome(Result):
    """What came of it, for the log."""

    outcome: str
