"""The operators' view of catalogs: what each serves, its versions, and going back to one."""

from typing import Any
from urllib.parse import quote

from functions.portal.forms import given
from functions.portal.visit import Visit
from shared.catalog import catalogs as admin
from shared.catalog.tools import publishing
from shared.serve.pages.web import Outgoing


def catalogs(visit: Visit) -> Outgoing:
    """Every catalog."""
    asked = given({"cursor": visit.asked("cursor")})
    return visit.page(
        "all_catalogs.html", _listed, visit.read(admin.family["list_all_catalogs"], **asked)
    )


def _listed(found: dict[str, Any]) -> dict[str, Any]:
    return {"catalogs": found["items"], "more": found["nextCursor"]}


def catalog(visit: Visit) -> Outgoing:
    """One catalog and the versions that are kept."""
    key = visit.asked("key")
    asked = {"catalog": key}
    found, versions = visit.read_each(
        (admin.family["get_catalog"], asked), (publishing.family["list_versions"], asked)
    )
    return visit.page("catalog.html", _shown, found, versions)


def _shown(catalog: dict[str, Any], versions: list[dict[str, Any]]) -> dict[str, Any]:
    return {"catalog": catalog, "versions": versions[::-1]}


def roll_back(visit: Visit) -> Outgoing:
    """An earlier version is served again."""
    typed = visit.typed("catalog", "version")
    served = visit.run(publishing.family["roll_back_catalog"], **typed)
    place = f"/catalog?key={quote(typed['catalog'], safe='')}"
    return visit.go(place, f"Version {served['version']} is served now.")
