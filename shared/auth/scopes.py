"""The scopes an access token may carry, and what each allows, in the words a consent page shows."""

from typing import Final

SCOPES: Final[dict[str, str]] = {
    "catalog:read": "Look up and search the catalogs granted to your organization",
    "subscriptions:read": "See your organization's BigQuery subscriptions",
    "subscriptions:write": "Register and remove your organization's BigQuery subscribers",
}

PARTNER: Final = tuple(SCOPES)
"""What the partner endpoint offers a client that asks for none of its scopes."""

PORTAL: Final = (
    *SCOPES,
    "organization:read",
    "organization:write",
    "identity:read",
    "identity:write",
    "catalog:write",
)
"""What the portal's own tokens carry, and no other client's: what a person may do there is decided
by their role and the type of their organization."""
