"""The operators' view of catalogs: what each serves, its versions, and going back to one."""

from urllib.parse import quote

from functions.portal.forms import given
from functions.portal.visit import Visit
from shared.catalog import catalogs as admin
from shared.catalog.tools import versions
from shared.serve.pages.web import Outgoing


def catalogs(visit: Visit) -> Outgoing:
    """Every catalog."""
    asked = given({"cursor": visit.asked("cursor")})
    listed = visit.run(admin.family["list_all_catalogs"], **asked)
    return visit.page("all_catalogs.html", catalogs=listed["items"], more=listed["nextCursor"])


def catalog(visit: Visit) -> Outgoing:
    """One catalog and the versions that are kept."""
    asked = {"catalog": visit.asked("key")}
    found, kept = visit.run_each(
        (admin.family["get_catalog"], asked), (versions.family["list_versions"], asked)
    )
    return visit.page("catalog.html", catalog=found, versions=kept[::-1])


def roll_back(visit: Visit) -> Outgoing:
    """An earlier version is served again."""
    typed = visit.typed("catalog", "version")
    served = visit.run(versions.family["roll_back_catalog"], **typed)
    place = f"/catalog?key={quote(typed['catalog'], safe='')}"
    return visit.go(place, f"Version {served['version']} is served now.")
