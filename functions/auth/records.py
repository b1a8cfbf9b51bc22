"""What a sign-in keeps while it lasts. Each document names the time it may be removed."""

from datetime import datetime
from typing import Final

from shared.records import Record, Records


class EmailCode(Record):
    """A one-time code that was sent by e-mail: `email_codes/{id}`.

    `person` is None for an address nobody has: then no code was sent, and none fits. `browser` is
    the hash of the browser that began, the only one the code works in. With `upstream`, typing it
    confirms that the person is also that provider's `subject`.
    """

    email: str
    person: str | None = None
    proof: str
    browser: str
    request: str
    tries: int = 0
    upstream: str = ""
    subject: str = ""
    expires_at: datetime


class Flow(Record):
    """A sign-in at an upstream provider: `flows/{sha256 of the state}`, for one browser."""

    upstream: str
    request: str
    browser: str
    expires_at: datetime


class Code(Record):
    """An authorization code: `codes/{sha256}`. Kept after its use to notice a replay."""

    person: str
    org: str
    session: str
    client: str
    client_name: str
    redirect_uri: str
    challenge: str
    scopes: tuple[str, ...]
    audience: str
    good_until: datetime
    authorization: str | None = None
    expires_at: datetime


class Decision(Record):
    """That a request was decided: `decisions/{request id}`. Each is decided once."""

    allowed: bool
    expires_at: datetime


class Seen(Record):
    """That something may not come twice: `seen/{hash}`."""

    expires_at: datetime


EMAIL_CODES: Final = Records("email_codes", EmailCode, "code")
FLOWS: Final = Records("flows", Flow, "sign-in")
CODES: Final = Records("codes", Code, "code")
DECISIONS: Final = Records("decisions", Decision, "decision")
SEEN: Final = Records("seen", Seen, "assertion")
