"""Operations that take a catalog away from everybody, and give it back to be granted anew."""

from typing import Literal

from shared import work
from shared.catalog.catalogs import CATALOGS, EXPORT, CatalogView, WhichCatalog, view
from shared.catalog.heads import Head, head_path
from shared.identity.grants import organizations_granted, withdraw
from shared.tool import Call, Effect, Family, Risk

family = Family("withdrawal", org_types=frozenset({"operator"}))


@family.tool(
    scope="catalog:write",
    effect=Effect.DESTROY,
    risk=Risk.HIGH,
    title="Withdraw a catalog",
    idempotent=True,
)
def withdraw_catalog(call: Call, args: WhichCatalog) -> CatalogView:
    """Take a catalog away from every organization, and take its BigQuery listing down.

    Safe to run again after it was cut off. First nothing new can be granted, then every grant is
    withdrawn, then the listing goes, then the tables. Its versions stay.
    """
    changed = _set_state(call, args.catalog, "withdrawn")
    for org in list(organizations_granted(call.app.documents, args.catalog)):
        withdraw(call, org, args.catalog)
    return changed


@family.tool(
    scope="catalog:write",
    effect=Effect.WRITE,
    risk=Risk.HIGH,
    title="Restore a withdrawn catalog",
    idempotent=True,
)
def restore_catalog(call: Call, args: WhichCatalog) -> CatalogView:
    """Let a withdrawn catalog be granted and shared again. Its former grants stay withdrawn."""
    return _set_state(call, args.catalog, "active")


def _set_state(call: Call, key: str, state: Literal["active", "withdrawn"]) -> CatalogView:
    documents = call.app.documents
    found = CATALOGS.get(documents, key)
    changed = found.value.model_copy(update={"state": state})
    if changed != found.value:
        call.commit(
            [
                CATALOGS.put(key, changed, if_version=found.version),
                work.ask(EXPORT, key, call.now),
            ],
            event="catalog.withdrawn" if state == "withdrawn" else "catalog.restored",
            target=key,
        )
        work.hand_over(call.app, EXPORT, key)
    head = documents.get(head_path(key))
    return view(key, changed, Head.of(head) if head else None)
