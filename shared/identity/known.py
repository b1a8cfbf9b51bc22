"""What is known of the people and programs of an organization, for lists that name them."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from shared.auth import activity
from shared.identity.records import MEMBERSHIPS
from shared.ports.documents import Documents


class Known(NamedTuple):
    """What could be found.

    Attributes:
        emails: addresses of members, present and past, by principal.
        seen: what `activity` has, by `activity.key` or `activity.client`.
    """

    emails: Mapping[str, str]
    seen: Mapping[str, Mapping[str, Any]]


def known(documents: Documents, org: str, people: Iterable[str], callers: Iterable[str]) -> Known:
    """What is known of these principals, and of these keys and clients; one read."""
    members = {MEMBERSHIPS.path(f"{org}:{each}"): each for each in set(people) if each}
    called = {activity.path_of(org, each): each for each in set(callers)}
    found = documents.get_many(sorted(members.keys() | called.keys()))
    return Known(
        emails={
            each: found[path].data["email"]
            for path, each in members.items()
            if path in found and found[path].data.get("email")
        },
        seen={each: found[path].data for path, each in called.items() if path in found},
    )
