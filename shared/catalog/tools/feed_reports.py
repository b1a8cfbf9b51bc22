"""What publish, upsert and check say of a feed, and when they change nothing."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.catalog.feeds.report import Account, Group, why_left_out
from shared.catalog.feeds.rows import Row
from shared.catalog.products.offers import offer_at
from shared.catalog.products.product import Product
from shared.errors import Problem
from shared.tool import Result

SHRINKS: Final = 0.30
"""A publish that leaves out more than this share of a catalog's products has to be confirmed."""


class RejectedRow(Result):
    """A row that was not taken, and why."""

    line: int
    key: str | None
    reasons: tuple[str, ...]


class NoteGroup(Result):
    """Notes on one field for one reason: how many, and the first lines and keys."""

    field: str
    reason: str
    count: int
    lines: tuple[int, ...]
    keys: tuple[str, ...]


class LeftOutColumn(Result):
    """A column that is not kept: in how many rows it had a value, and why."""

    column: str
    rows: int
    why: str


class FeedReport(Result):
    """What reading a feed came to. Rows are counted with rows, products with products.

    `accepted` counts products; `rejected` rows, of `rows`. `rejected_rows`, `rejections` and
    `warnings` show at most 100 each; a report file has all.
    """

    rows: int
    accepted: int
    rejected: int
    rejected_rows: list[RejectedRow]
    rejections: list[NoteGroup]
    warned: int
    warnings: list[NoteGroup]
    left_out_columns: list[LeftOutColumn]
    notes: list[str]


@dataclass
class Judge:
    """Lets a feed's products through, and at its end says whether they may be published.

    Attributes:
        account: what was read.
        most_share: of rejected rows.
        now: the catalog's time.
        before: how many products the catalog has; 0 where nothing is replaced.
        confirmed: whether a catalog may shrink.
        active: products read that are offered now.
    """

    account: Account
    most_share: float
    now: datetime
    before: int = 0
    confirmed: bool = True
    active: int = 0

    def products(self, rows: Iterable[Row]) -> Iterator[Product]:
        """The products. At the end raises `publish_rejected` when they may not be published."""
        for product in self.account.products(rows):
            self.active += offer_at(product, self.now).active
            yield product
        self._tolerated()
        if self.before and not self.confirmed:
            self._shrinking()

    def _tolerated(self) -> None:
        account = self.account
        details = {
            "rows": account.rows,
            "rejected": account.rejected,
            "rejections": [row.model_dump(mode="json", by_alias=True) for row in _groups(account)],
            "rejectedRows": [row.model_dump(mode="json", by_alias=True) for row in _first(account)],
            "notes": account.said,
        }
        if not account.accepted:
            raise Problem(
                "publish_rejected",
                "The feed holds no product that can be taken. Nothing was changed.",
                **details,
            )
        if account.rejected > account.rows * self.most_share:
            raise Problem(
                "publish_rejected",
                f"{account.rejected} of {account.rows} rows were rejected, more than the "
                f"{self.most_share:.0%} that are tolerated. Nothing was changed. Correct the feed, "
                "or allow a larger share.",
                **details,
            )

    def _shrinking(self) -> None:
        """Refuse, unless it was confirmed, what looks like a part of the catalog."""
        details = {"productsBefore": self.before, "productsAfter": self.active}
        page = self.account.full_page
        if page and self.before > page:
            raise Problem(
                "publish_rejected",
                f"The feed is exactly one full page of {page} products, and would "
                f"replace a catalog of {self.before}. Nothing was changed. Fetch every page; or "
                "publish it all the same with --yes (confirm).",
                **details,
            )
        if self.active < self.before * (1 - SHRINKS):
            raise Problem(
                "publish_rejected",
                f"The catalog would shrink from {self.before} to {self.active} products, by more "
                f"than {SHRINKS:.0%}. Nothing was changed. Check that the feed is whole; or "
                "publish it all the same with --yes (confirm).",
                **details,
            )


def of_account(account: Account) -> dict[str, Any]:
    """The fields of a `FeedReport`."""
    return {
        "rows": account.rows,
        "accepted": account.accepted,
        "rejected": account.rejected,
        "rejected_rows": _first(account),
        "rejections": _groups(account),
        "warned": account.warnings.count,
        "warnings": [_shown(group) for group in account.warnings.most()],
        "left_out_columns": [
            LeftOutColumn(column=name, rows=count, why=why_left_out(name))
            for name, count in account.left_out.most_common()
        ],
        "notes": account.said,
    }


def _first(account: Account) -> list[RejectedRow]:
    return [RejectedRow(line=row.line, key=row.key, reasons=row.reasons) for row in account.first]


def _groups(account: Account) -> list[NoteGroup]:
    return [_shown(group) for group in account.rejections.most()]


def _shown(group: Group) -> NoteGroup:
    return NoteGroup(
        field=group.field,
        reason=group.reason,
        count=group.count,
        lines=tuple(group.lines),
        keys=tuple(group.keys),
    )
