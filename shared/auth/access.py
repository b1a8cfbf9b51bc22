"""What an organization may do now: the one small document every call reads.

`access/{org}` holds state, type, rate, revision and all grants as one field of JSON bytes
(docs/data.md). The source of truth for a grant is `grants/{org}:{catalog}`; both change together.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import orjson

from shared.ports.documents import Snapshot

MOST_GRANTS: Final = 500
MOST_RESTRICTION_BYTES: Final = 1024


@dataclass(frozen=True, slots=True)
class Grant:
    """One catalog an organization may use.

    Attributes:
        hosts: the hosts of the catalog's product pages; may name more than the catalog has now,
            never fewer.
        surfaces: a subset of mcp, rest, bigquery; None means all.
        only: facets (search's syntax) every product must match; None means all products.
        expires_at: epoch seconds when the grant ends by itself; None means never.
    """

    catalog: str
    hosts: frozenset[str]
    surfaces: frozenset[str] | None
    only: tuple[Mapping[str, Any], ...] | None
    expires_at: float | None

    def holds(self, surface: str, now: float) -> bool:
        """Whether the grant counts on this surface at this time (epoch seconds).

        The portal shows what can be searched over MCP or REST.
        """
        if self.expires_at is not None and self.expires_at <= now:
            return False
        asked = {"mcp", "rest"} if surface == "portal" else {surface}
        return self.surfaces is None or bool(asked & self.surfaces)


@dataclass(frozen=True)
class Access:
    """An organization's access as one read found it.

    `valid_after`: what was issued before (epoch seconds) is refused; it was disabled then.
    """

    org: str
    state: str
    type: str
    rate: int
    revision: int
    version: str
    packed: bytes = field(repr=False)
    valid_after: float = 0.0

    @classmethod
    def of(cls, snapshot: Snapshot) -> "Access":
        """Read from `access/{org}`."""
        data = snapshot.data
        return cls(
            org=snapshot.id,
            state=data["state"],
            type=data["type"],
            rate=data["rate"],
            revision=data["revision"],
            version=snapshot.version,
            packed=data["grants"],
            valid_after=data.get("validAfter", 0.0),
        )

    @cached_property
    def grants(self) -> dict[str, Grant]:
        """Every grant by catalog, in order of catalog key, also those that do not hold now."""
        return {grant.catalog: grant for grant in map(_unpack, orjson.loads(self.packed))}

    @cached_property
    def by_host(self) -> dict[str, tuple[str, ...]]:
        """The granted catalogs a product page's host may belong to."""
        found: dict[str, list[str]] = {}
        for grant in self.grants.values():
            for host in grant.hosts:
                found.setdefault(host, []).append(grant.catalog)
        return {host: tuple(catalogs) for host, catalogs in found.items()}


def pack(grants: Iterable[Grant]) -> bytes:
    """The `grants` field of an access document."""
    return orjson.dumps(
        [
            {
                "catalog": grant.catalog,
                "hosts": sorted(grant.hosts),
                **({"surfaces": sorted(grant.surfaces)} if grant.surfaces is not None else {}),
                **({"only": list(grant.only)} if grant.only is not None else {}),
                **({"expiresAt": grant.expires_at} if grant.expires_at is not None else {}),
            }
            for grant in sorted(grants, key=lambda grant: grant.catalog)
        ]
    )


def _unpack(data: dict[str, Any]) -> Grant:
    surfaces = data.get("surfaces")
    only = data.get("only")
    return Grant(
        catalog=data["catalog"],
        hosts=frozenset(data["hosts"]),
        surfaces=None if surfaces is None else frozenset(surfaces),
        only=None if only is None else tuple(only),
        expires_at=data.get("expiresAt"),
    )
