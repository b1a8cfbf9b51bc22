"""Principals: under which id memberships and sessions of a person are kept."""

import re
from typing import Annotated, Final

from pydantic import Field

from shared.auth.gate import SAFE_ID_PATTERN, is_safe_id
from shared.auth.tokens import principal_id
from shared.errors import Problem
from shared.tool import Call

SERVICE_ACCOUNT_PATTERN: Final = r"^sa-[0-9a-f]{16}$"
PrincipalId = Annotated[
    str, Field(pattern=SAFE_ID_PATTERN, description="The person, as members are listed.")
]
SessionId = Annotated[str, Field(pattern=SAFE_ID_PATTERN, description="The sign-in's id.")]
IssuerId = Annotated[
    str, Field(max_length=64, description="The issuer's short id; `own` is our own.")
]


_SERVICE_ACCOUNT: Final = re.compile(SERVICE_ACCOUNT_PATTERN)


def is_service_account(principal: str) -> bool:
    """Whether this is a program's principal. A program is no owner of an organization."""
    return _SERVICE_ACCOUNT.fullmatch(principal) is not None


def known_principal(call: Call, issuer: str, subject: str) -> str:
    """The principal of an issuer's subject. Raises `invalid` for one that no token could name."""
    check_issuer(call, issuer)
    if issuer == "own" and not is_safe_id(subject):
        raise Problem(
            "invalid",
            "A subject of our own issuer is 1 to 128 letters, digits and _.~@|+=-.",
            field="subject",
        )
    return principal_id(issuer, subject)


def check_issuer(call: Call, issuer: str) -> None:
    """Raise `invalid` unless the issuer is ours or a configured one."""
    if issuer not in ("own", *(each.id for each in call.app.settings.issuers)):
        raise Problem(
            "invalid", "No issuer of that id is configured. `own` is our own.", field="issuer"
        )
