"""Our data exchange: what partners may subscribe to."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol


@dataclass(frozen=True, slots=True)
class ListingText:
    """What a listing says of itself to the people of organizations that may subscribe to it."""

    display_name: str
    description: str
    documentation: str


@dataclass(frozen=True, slots=True)
class Subscription:
    """A subscription to a listing.

    Attributes:
        name: for `Listings.revoke`.
        projects: the ids of the projects its linked dataset may be in.
        state: `active`; `stale` when the listing changed under it; `inactive` when it was ended.
    """

    name: str
    projects: frozenset[str]
    state: Literal["active", "stale", "inactive"]


class Listings(Protocol):
    """Our data exchange: one listing per catalog, over the catalog's dataset in the warehouse.

    Every method may raise `unavailable` (try again later) or `forbidden` (refused: the message is
    ours, and says what to look at). All may be repeated.
    """

    @property
    def location(self) -> str:
        """Where the exchange and its datasets are, such as `us`."""

    def resource(self, catalog: str) -> str:
        """The listing's full name. Asks nobody."""

    def keep(self, catalog: str, text: ListingText) -> None:
        """Create the listing, or make it say this."""

    def remove(self, catalog: str) -> None:
        """Take the listing down, and everybody's access with it. A missing one is fine."""

    def admit(self, catalog: str, principal: str) -> None:
        """Let a principal subscribe; nobody else's access changes. Raises `not_found`, `invalid`.

        `invalid` means that no such principal exists.
        """

    def dismiss(self, catalog: str, principal: str) -> None:
        """Do not let it subscribe any more. A missing listing or principal is fine."""

    def members(self, catalog: str) -> Sequence[str]:
        """Who may subscribe, in order; others' members as well. Raises `not_found`."""

    def subscriptions(self, catalog: str) -> Sequence[Subscription]:
        """Who has subscribed. Raises `not_found` without a listing."""

    def revoke(self, subscription: Subscription) -> None:
        """End a subscription: its linked dataset shows nothing any more. A missing one is fine."""


class OwnListings(Listings, Protocol):
    """An exchange on a laptop, where we play the partner's part too."""

    def subscribe(self, catalog: str, principal: str, project: str) -> str:
        """Subscribe; the subscription's name. Raises `forbidden`, `not_found`."""

    def unsubscribe(self, catalog: str, name: str) -> None:
        """Delete a subscription. Raises `not_found`."""
