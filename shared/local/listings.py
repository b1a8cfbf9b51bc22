"""A data exchange in one SQLite file, for a laptop and for tests.

What Analytics Hub would know: listings, who may subscribe to them, and who has. `subscribe` and
`unsubscribe` play the partner's own part.
"""

import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from shared.errors import Problem
from shared.local.sqlite import Database
from shared.ports.listings import ListingText, Subscription

LOCATION: Final = "us"
EXCHANGE: Final = f"projects/local-exchange/locations/{LOCATION}/dataExchanges/catalog_mcp"
_SCHEMA: Final = """
CREATE TABLE listings (
  catalog TEXT PRIMARY KEY, display_name TEXT, description TEXT, documentation TEXT
);
CREATE TABLE members (catalog TEXT, principal TEXT, PRIMARY KEY (catalog, principal));
CREATE TABLE subscriptions (
  catalog TEXT, name TEXT, project TEXT, state TEXT, PRIMARY KEY (catalog, name)
);
"""


class FileListings:
    """`Listings` in the SQLite file at `path`."""

    location = LOCATION

    def __init__(self, path: Path) -> None:
        self._file = Database(path, _SCHEMA)

    def resource(self, catalog: str) -> str:
        """The listing's full name."""
        return f"{EXCHANGE}/listings/catalog_{catalog}_exported_product_view_v1"

    def keep(self, catalog: str, text: ListingText) -> None:
        """Create the listing, or make it say this."""
        with self._file.transaction() as database:
            database.execute(
                "INSERT OR REPLACE INTO listings VALUES (?, ?, ?, ?)",
                (catalog, text.display_name, text.description, text.documentation),
            )

    def remove(self, catalog: str) -> None:
        """Take the listing down."""
        with self._file.transaction() as database:
            for table in ("listings", "members", "subscriptions"):
                database.execute(f"DELETE FROM {table} WHERE catalog = ?", (catalog,))  # noqa: S608  our own names

    def admit(self, catalog: str, principal: str) -> None:
        """Let a principal subscribe. Raises `not_found`."""
        with self._listing(catalog) as database:
            database.execute("INSERT OR IGNORE INTO members VALUES (?, ?)", (catalog, principal))

    def dismiss(self, catalog: str, principal: str) -> None:
        """Do not let it subscribe any more."""
        with self._file.transaction() as database:
            database.execute(
                "DELETE FROM members WHERE catalog = ? AND principal = ?", (catalog, principal)
            )

    def subscriptions(self, catalog: str) -> Sequence[Subscription]:
        """Who has subscribed. Raises `not_found`."""
        with self._listing(catalog) as database:
            rows = database.execute(
                "SELECT name, project, state FROM subscriptions WHERE catalog = ?", (catalog,)
            ).fetchall()
        return [Subscription(name, frozenset({project}), state) for name, project, state in rows]

    def revoke(self, subscription: Subscription) -> None:
        """End a subscription."""
        with self._file.transaction() as database:
            database.execute(
                "UPDATE subscriptions SET state = 'inactive' WHERE catalog = ? AND name = ?",
                (subscription.name.partition(":")[0], subscription.name),
            )

    def members(self, catalog: str) -> list[str]:
        """Who may subscribe, in order. Raises `not_found`."""
        with self._listing(catalog) as database:
            rows = database.execute(
                "SELECT principal FROM members WHERE catalog = ? ORDER BY principal", (catalog,)
            ).fetchall()
        return [principal for (principal,) in rows]

    def subscribe(self, catalog: str, principal: str, project: str) -> str:
        """What a partner does: the new subscription's name. Raises `forbidden`, `not_found`."""
        name = f"{catalog}:{secrets.token_hex(6)}"
        with self._listing(catalog) as database:
            admitted = database.execute(
                "SELECT 1 FROM members WHERE catalog = ? AND principal = ?", (catalog, principal)
            ).fetchone()
            if admitted is None:
                raise Problem("forbidden", "This principal may not subscribe to this listing.")
            database.execute(
                "INSERT INTO subscriptions VALUES (?, ?, ?, 'active')", (catalog, name, project)
            )
        return name

    def unsubscribe(self, catalog: str, name: str) -> None:
        """What a partner does: delete a subscription. Raises `not_found` without a listing."""
        with self._listing(catalog) as database:
            database.execute(
                "DELETE FROM subscriptions WHERE catalog = ? AND name = ?", (catalog, name)
            )

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    @contextmanager
    def _listing(self, catalog: str) -> Iterator[sqlite3.Connection]:
        """A transaction about a listing that exists."""
        with self._file.transaction() as database:
            found = database.execute("SELECT 1 FROM listings WHERE catalog = ?", (catalog,))
            if found.fetchone() is None:
                raise Problem("not_found", "There is no listing of this catalog.")
            yield database
