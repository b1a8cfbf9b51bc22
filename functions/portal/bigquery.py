"""BigQuery: who reads, how far each catalog is for them, and what to run."""

from shlex import quote
from typing import Any

from functions.portal.refused import NOTHING_REFUSED, Refused
from functions.portal.visit import Visit
from shared.serve.pages.web import Outgoing
from shared.subscriptions import readers

family = readers.family


def show(visit: Visit, refused: Refused = NOTHING_REFUSED) -> Outgoing:
    """Readers with their cells, and the catalogs that can be linked."""
    found, listings = visit.run_each(
        (family["list_bigquery_subscribers"], {}), (family["list_bigquery_listing_resources"], {})
    )
    cells = found["cells"]
    readers = [
        {
            **each,
            "command": _command(each),
            "cells": [cell for cell in cells if cell["subscriberId"] == each["subscriberId"]],
        }
        for each in found["subscribers"]
    ]
    return visit.page(
        "bigquery.html",
        readers=sorted(readers, key=lambda each: each["desiredState"] != "enabled"),
        listings=listings,
        refused=refused,
    )


def register(visit: Visit) -> Outgoing:
    """A reader of every granted catalog; a disabled one is enabled again."""
    typed = visit.typed("subscriberProjectId", "subscriberPrincipal")
    visit.change(
        family["register_bigquery_subscriber"],
        {"request": typed},
        typed=typed,
        again=lambda refused: show(visit, refused),
        form="register",
    )
    return visit.go("/bigquery", "The reader is registered. Access follows in a moment.")


def disable(visit: Visit) -> Outgoing:
    """A reader's access is taken back."""
    visit.run(family["delete_bigquery_subscriber"], **visit.typed("subscriber_id"))
    return visit.go("/bigquery", "The reader is disabled; its access is being taken back.")


def refresh(visit: Visit) -> Outgoing:
    """Ask Analytics Hub now."""
    typed = visit.typed("catalog_key", "subscriber_principal")
    cell = visit.run(family["refresh_bigquery_subscription_status"], **typed)
    return visit.go("/bigquery", f"{cell['catalogKey']} is {cell['status'].replace('_', ' ')}.")


def _command(reader: dict[str, Any]) -> str:
    """What links every catalog, and keeps it so, when it is run again and again."""
    project, principal = reader["subscriberProjectId"], reader["subscriberPrincipal"]
    return (
        f"octogen-bq-autosubscribe --subscriber-project-id {quote(project)} \\\n"
        f"  --subscriber-principal {quote(principal)} --apply"
    )
