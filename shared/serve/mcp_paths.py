"""Which paths are a face's: its endpoint, its tenants' endpoints, and the documents beside them."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

from shared.auth.faces import ENDPOINT, METADATA_PATH
from shared.auth.tenancy import TENANT_PATTERN
from shared.serve.discovery import OAUTH, OPENID, base_path

_TENANT: Final = TENANT_PATTERN.strip("^$")


class Place(NamedTuple):
    """An endpoint: its path as it was asked, and the tenant it is of; empty for the face's own.

    With a slash behind it is the same endpoint. What is said of it keeps the spelling: clients
    compare that with the address they have.
    """

    path: str
    tenant: str = ""


class Paths:
    """The paths of one face.

    Args:
        address: the face's canonical address, which ends in `/mcp`.
        tenants: whether each tenant has an endpoint of its own, `/{tenant}/mcp` beside it.
    """

    def __init__(self, address: str, *, tenants: bool) -> None:
        self.own = Place(base_path(address))
        self._with_slash = f"{self.own.path}/"
        base = re.escape(self.own.path.removesuffix(ENDPOINT))
        self._tenants = re.compile(f"{base}/({_TENANT}){ENDPOINT}/?") if tenants else None

    def endpoint(self, path: str) -> Place | None:
        """The endpoint that stands there."""
        if path == self.own.path:
            return self.own
        if path == self._with_slash:
            return Place(path)
        match = self._tenants.fullmatch(path) if self._tenants else None
        return None if match is None else Place(path, match[1])

    def described(self, path: str) -> Place | None:
        """The endpoint whose resource metadata stands there (RFC 9728 3.1)."""
        return self._beside(path, (METADATA_PATH,))

    def served_by(self, path: str) -> Place | None:
        """The endpoint beside which clients look there for the authorization server (RFC 8414)."""
        return self._beside(path, (OAUTH, OPENID))

    def _beside(self, path: str, names: Iterable[str]) -> Place | None:
        """Clients look at the root, and before and behind an endpoint's path."""
        for name in names:
            if path == name:
                return self.own
            for rest in (path.removeprefix(name), path.removesuffix(name)):
                if rest != path and (place := self.endpoint(rest)) is not None:
                    return place
        return None


def metadata_of(place: Place) -> str:
    """The path of an endpoint's resource metadata that challenges name."""
    return f"{METADATA_PATH}{place.path}"
