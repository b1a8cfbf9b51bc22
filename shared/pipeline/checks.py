"""What was looked at where something is missing: each check, and the cause it blocks with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Cause = Literal[
    "no_entry", "card_failed", "card_pending", "no_card", "version_new", "version_publishing",
    "version_stopped", "segment_not_active", "not_in_segment", "excluded", "filter",
    "entry_failed", "entry_pending", "language", "catalog_taken_over", "catalog_paused",
    "catalog_withdrawn", "catalog_rejected", "catalog_failed", "catalog_pending",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Fix:
    """A call that makes the difference; None where waiting is all."""

    tool: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `cause` is what it blocks with; None where it is fine."""

    name: str
    detail: str
    cause: Cause | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    fix: Fix | None = None
