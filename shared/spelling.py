"""The letter case of names on the wire: each face's own choice, not the tools'."""

from enum import Enum
from typing import Final, NamedTuple


class Case(Enum):
    """How the words of a name are joined."""

    SNAKE = "snake_case"
    CAMEL = "camelCase"


class Spelling(NamedTuple):
    """How a face writes the names of arguments and of results.

    A face whose arguments are camelCase takes snake_case as well.
    """

    arguments: Case = Case.SNAKE
    results: Case = Case.CAMEL


PLAIN: Final = Spelling()
"""What the partner face, REST, the portal and the command line write."""
