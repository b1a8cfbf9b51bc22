"""Operations that take a catalog away from everybody, and give it back to be granted anew."""

from typing import Literal

from shared import work
from shared.catalog.catalogs import CATALOGS, EXPORT, CatalogView, WhichCatalog, view
from shared.catalog.heads import Head, head_path
from shared.catalog.publishing import put_up, take_down
from shared.engine.later import PUBLICATION
from shared.identity.grants import organizations_granted, withdraw
from shared.ports.documents import Write
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

    Safe to run again after it was cut off. First nothing new can be granted, then it is hidden from
    everybody at once, then every grant is withdrawn, then the listing goes, then the tables. Its
    versions stay.
    """
    changed = _set_state(call, args.catalog, "withdrawn")
    if changed.version is not None:
        take_down(call, args.catalog)
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
    """Let a withdrawn catalog be granted and shared again. Its former grants stay withdrawn.

    One that an endpoint feeds is shown once it has followed what changed meanwhile.
    """
    changed = _set_state(call, args.catalog, "active")
    fed_by = CATALOGS.get(call.app.documents, args.catalog).value.fed_by
    if fed_by is not None:
        work.hand_over(call.app, PUBLICATION, fed_by)
    elif changed.version is not None:
        put_up(call, args.catalog)
    return changed


def _set_state(call: Call, key: str, state: Literal["active", "withdrawn"]) -> CatalogView:
    documents = call.app.documents
    found = CATALOGS.get(documents, key)
    changed = found.value.model_copy(update={"state": state})
    if changed != found.value:
        writes: list[Write] = [CATALOGS.put(key, changed, if_version=found.version)]
        writes.append(work.ask(EXPORT, key, call.now))
        if changed.fed_by is not None:
            writes.append(work.ask(PUBLICATION, changed.fed_by, call.now))
        call.commit(
            writes,
            event="catalog.withdrawn" if state == "withdrawn" else "catalog.restored",
            target=key,
        )
        work.hand_over(call.app, EXPORT, key)
    head = documents.get(head_path(key))
    return view(key, changed, Head.of(head) if head else None)
