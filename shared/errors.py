"""The one expected error of the platform, and the one table from its codes to HTTP statuses."""

from typing import Any, Final

STATUS: Final[dict[str, int]] = {
    # who is calling
    "unauthenticated": 401,
    "forbidden": 403,
    "insufficient_scope": 403,
    "api_key_forbidden": 403,
    "api_key_org_type_forbidden": 403,
    # what was asked
    "invalid": 422,
    "invalid_limit": 422,
    "invalid_principal": 422,
    "invalid_product_url": 422,
    "invalid_project": 422,
    "unsafe_url": 422,
    "not_supported": 422,
    "confirmation_required": 422,
    "tenant_required": 422,
    "too_broad": 422,
    "answer_full": 422,
    "too_large": 413,
    "unsupported_media_type": 415,
    # what is there
    "not_found": 404,
    "catalog_not_found": 404,
    "catalog_not_granted": 404,
    "domain_not_covered": 404,
    "product_not_found": 404,
    "subscriber_not_found": 404,
    "tenant_not_found": 404,
    "cursor_expired": 410,
    "cursor_mismatch": 422,
    # what stands in the way
    "conflict": 409,
    "type_conflict": 409,
    "publish_conflict": 409,
    "publish_rejected": 422,
    "too_many_grants": 409,
    "too_many_subscribers": 409,
    "rate_limited": 429,
    "unavailable": 503,
    "internal": 500,
}
"""Every code a Problem may carry, and the HTTP status REST answers it with.

docs/errors.md explains each; a test compares the two.
"""


class Problem(Exception):  # noqa: N818  the product's word for it
    """An expected failure: something the caller can read, understand and act on.

    Args:
        code: a key of STATUS.
        message: one or two sentences of ours that say what is wrong and what to do next. Never a
            vendor's or a user's text.
        details: JSON values for a program to read: field names, limits, counts. Never a secret and
            never the refused input itself.
    """

    def __init__(self, code: str, message: str, **details: Any) -> None:
        if code not in STATUS:
            raise ValueError(f"unknown problem code {code!r}")
        super().__init__(message)
        self.code = code
        self.message = message
        self.details = details

    @property
    def status(self) -> int:
        """The HTTP status of this problem's code."""
        return STATUS[self.code]

    def drop_traceback(self) -> None:
        """Forget where it was raised and what from, once it is somebody's answer.

        The frames it came through hold the answer, which holds the problem: only garbage
        collection would find them all, and a served process collects rarely.
        """
        self.__traceback__ = self.__cause__ = self.__context__ = None

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class Conflict(Problem):
    """A precondition of a write did not hold: somebody else changed the document first.

    Raised by `Documents.commit`; nothing of that commit was written. Read again and decide anew.
    """

    def __init__(self, path: str) -> None:
        super().__init__(
            "conflict",
            "This record exists already, or somebody else changed it at the same moment. Read it,"
            " then decide anew.",
            path=path,
        )
        self.path = path
