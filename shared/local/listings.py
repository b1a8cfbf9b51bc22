"""A data exchange in one SQLite file, for a laptop and for tests.

What Analytics Hub would know: listings, who may subscribe to them, and who has. `subscribe` and
`unsubscribe` play the partner's own part.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from shared.errors import Conflict, Problem
from shared.local.documents import SqliteDocuments
from shared.ports import ABSENT, Delete, ListingText, Put, Snapshot, Subscription

LOCATION: Final = "us"
EXCHANGE: Final = f"projects/local-exchange/locations/{LOCATION}/dataExchanges/catalog_mcp"


class FileListings:
    """`ports.Listings` in the SQLite file at `path`."""

    location = LOCATION

    def __init__(self, path: Path) -> None:
        self._documents = SqliteDocuments(path)

    def resource(self, catalog: str) -> str:
        """The listing's full name."""
        return f"{EXCHANGE}/listings/catalog_{catalog}_exported_product_view_v1"

    def keep(self, catalog: str, text: ListingText) -> None:
        """Create the listing, or make it say this."""
        said = {
            "displayName": text.display_name,
            "description": text.description,
            "documentation": text.documentation,
        }
        self._change(catalog, lambda data: {**data, **said}, create=True)

    def remove(self, catalog: str) -> None:
        """Take the listing down."""
        self._documents.commit([Delete(_path(catalog))])

    def admit(self, catalog: str, principal: str) -> None:
        """Let a principal subscribe. Raises `not_found`."""
        self._change(
            catalog, lambda data: {**data, "members": sorted({*data["members"], principal})}
        )

    def dismiss(self, catalog: str, principal: str) -> None:
        """Do not let it subscribe any more."""
        if self._documents.get(_path(catalog)) is not None:
            self._change(
                catalog, lambda data: {**data, "members": sorted({*data["members"]} - {principal})}
            )

    def subscriptions(self, catalog: str) -> Sequence[Subscription]:
        """Who has subscribed. Raises `not_found`."""
        return [
            Subscription(name, frozenset({given["project"]}), given["state"])
            for name, given in self._get(catalog).data["subscriptions"].items()
        ]

    def revoke(self, subscription: Subscription) -> None:
        """End a subscription."""
        catalog, _, name = subscription.name.partition(":")
        if self._documents.get(_path(catalog)) is not None:
            self._set_state(catalog, f"{catalog}:{name}", "inactive")

    def members(self, catalog: str) -> list[str]:
        """Who may subscribe, in order. Raises `not_found`."""
        return list(self._get(catalog).data["members"])

    def subscribe(self, catalog: str, principal: str, project: str) -> str:
        """What a partner does: the new subscription's name. Raises `forbidden`, `not_found`."""
        name = f"{catalog}:{secrets.token_hex(6)}"

        def add(data: Mapping[str, Any]) -> dict[str, Any]:
            if principal not in data["members"]:
                raise Problem("forbidden", "This principal may not subscribe to this listing.")
            made = {"project": project, "state": "active"}
            return {**data, "subscriptions": {**data["subscriptions"], name: made}}

        self._change(catalog, add)
        return name

    def unsubscribe(self, catalog: str, name: str) -> None:
        """What a partner does: delete a subscription."""

        def drop(data: Mapping[str, Any]) -> dict[str, Any]:
            kept = {key: each for key, each in data["subscriptions"].items() if key != name}
            return {**data, "subscriptions": kept}

        self._change(catalog, drop)

    def close(self) -> None:
        """Close the file."""
        self._documents.close()

    def _set_state(self, catalog: str, name: str, state: str) -> None:
        def change(data: Mapping[str, Any]) -> dict[str, Any]:
            found = data["subscriptions"]
            if name not in found:
                return dict(data)
            changed = {**found, name: {**found[name], "state": state}}
            return {**data, "subscriptions": changed}

        self._change(catalog, change)

    def _get(self, catalog: str) -> Snapshot:
        found = self._documents.get(_path(catalog))
        if found is None:
            raise Problem("not_found", "There is no listing of this catalog.")
        return found

    def _change(
        self,
        catalog: str,
        edit: Callable[[Mapping[str, Any]], dict[str, Any]],
        *,
        create: bool = False,
    ) -> None:
        while True:
            found = self._documents.get(_path(catalog)) if create else self._get(catalog)
            data = found.data if found else {"members": [], "subscriptions": {}}
            version = found.version if found else ABSENT
            try:
                self._documents.commit([Put(_path(catalog), edit(data), if_version=version)])
            except Conflict:
                continue
            return


def _path(catalog: str) -> str:
    return f"exchange/{catalog}"
