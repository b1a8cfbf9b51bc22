"""Times that people and programs type."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime
from pydantic_core import PydanticCustomError


def _utc(time: datetime) -> datetime:
    try:
        return time.astimezone(UTC)
    except OverflowError:
        raise PydanticCustomError(
            "time_range", "This time is beyond the years that can be kept."
        ) from None


Moment = Annotated[AwareDatetime, AfterValidator(_utc)]
"""An argument that is a time with its zone, read into UTC."""
