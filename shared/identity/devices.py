"""What waits for a person who types a code in a browser (RFC 8628): devices, and further tenants.

A device waits to be let in. A connection of an operator's that is in already waits for access to
one more tenant: somebody of the tenant's organization types the code, and the tenant is noted at
the authorization. Nothing else is stored, and no token is made.
"""

import secrets
from datetime import datetime, timedelta
from typing import Final, Literal

from shared.errors import Problem
from shared.identity.records import AUTHORIZATIONS, Authorization
from shared.ports.documents import ABSENT, Delete
from shared.records import Found, Record, Records
from shared.tool import Call

GOOD_FOR: Final = timedelta(minutes=15)
KEPT: Final = timedelta(hours=1)
INTERVAL: Final = 5
LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"
"""No vowels, nothing that looks like a digit (RFC 8628 6.1): 20^8 codes."""
MOST_TENANTS: Final = 50
"""Further ones of one authorization."""


class Device(Record):
    """A request that waits: `devices/{sha256 of the device code}`, or `adds-{authorization}`.

    `adds_to` is the authorization that is to have access to `tenant` besides.
    """

    client: str
    client_name: str
    scopes: tuple[str, ...]
    audience: str
    tenant: str = ""
    adds_to: str = ""
    user_code: str = ""
    state: Literal["pending", "allowed", "denied", "used"] = "pending"
    interval: int = 5
    polled_at: datetime | None = None
    asked_at: datetime | None = None
    address: str = ""
    decided_at: datetime | None = None
    person: str = ""
    org: str = ""
    session: str = ""
    good_until: datetime
    expires_at: datetime


class UserCode(Record):
    """Which device a typed code means: `user_codes/{code}`."""

    device: str
    expires_at: datetime


DEVICES: Final = Records("devices", Device, "device")
USER_CODES: Final = Records("user_codes", UserCode, "code")


def new_user_code() -> str:
    """Letters that a person can type."""
    return "".join(secrets.choice(LETTERS) for _ in range(8))


def shown_code(code: str) -> str:
    """A code as people see it."""
    return f"{code[:4]}-{code[4:]}"


def ask_for_tenant(call: Call, tenant: str) -> str:
    """Ask for access to a tenant for the caller's authorization; the code that a person types.

    What was asked before, and is not decided yet, is forgotten. Whether there is such a tenant is
    not told. Raises `not_supported` for a caller that no client was authorized for.
    """
    found = own_authorization(call)
    if len(found.value.tenants) >= MOST_TENANTS:
        raise Problem("conflict", f"The connection has {MOST_TENANTS} tenants. Connect anew.")
    code, id_ = new_user_code(), _adding(found.id)
    device = Device(
        client=found.value.client,
        client_name=found.value.client_name,
        scopes=found.value.scopes,
        audience=found.value.audience,
        tenant=tenant,
        adds_to=found.id,
        user_code=code,
        interval=INTERVAL,
        asked_at=call.now,
        good_until=call.now + GOOD_FOR,
        expires_at=call.now + KEPT,
    )
    before = DEVICES.find(call.app.documents, id_)
    link = UserCode(device=id_, expires_at=device.expires_at)
    call.app.documents.commit(
        [
            DEVICES.put(id_, device, if_version=before.version if before else ABSENT),
            USER_CODES.put(code, link, if_version=ABSENT),
            *([Delete(USER_CODES.path(before.value.user_code))] if before else []),
        ]
    )
    return code


def asked_for_tenant(call: Call) -> Device | None:
    """What the caller's authorization asked for last, while it is kept."""
    if not call.caller.authorization:
        return None
    found = DEVICES.find(call.app.documents, _adding(call.caller.authorization))
    return found.value if found else None


def own_authorization(call: Call) -> Found[Authorization]:
    """What a person let the caller's client do. Raises `not_supported` where none did."""
    id_ = call.caller.authorization
    found = AUTHORIZATIONS.find(call.app.documents, id_) if id_ else None
    if found is None:
        raise Problem(
            "not_supported",
            "This connection was not authorized in a browser, so no tenant can be added to it. "
            "Sign in through your MCP client.",
        )
    return found


def _adding(authorization: str) -> str:
    """The id of what waits for an authorization: no device code's digest is like it."""
    return f"adds-{authorization}"
