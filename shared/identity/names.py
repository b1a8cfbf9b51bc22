"""Names that people see: of organizations, tenants, keys, catalogs, clients.

A character that nobody sees, or that turns the text around it (Unicode TR 36), would let one name
pass for another. Such names are refused where they are typed, never changed.
"""

import unicodedata
from typing import Final

from pydantic import AfterValidator
from pydantic_core import PydanticCustomError

_UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
"""Control, format (bidirectional controls, zero width), surrogate, private use, line separators."""


def is_plain(text: str) -> bool:
    """Whether a name shows everything it holds."""
    return not any(unicodedata.category(c) in _UNSEEN for c in text)


def _checked(text: str) -> str:
    if not is_plain(text):
        raise PydanticCustomError(
            "plain_name",
            "A name holds no line breaks, control, zero-width or text-direction characters.",
        )
    return text


PLAIN: Final = AfterValidator(_checked)
"""Annotates an argument that is a name, after its length."""
