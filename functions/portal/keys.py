"""API keys: create (the secret is shown once), see their last use, deactivate."""

from functions.portal.forms import end_of_day, given
from functions.portal.refused import NOTHING_REFUSED, Refused
from functions.portal.visit import Visit
from shared.auth.faces import STUDIO
from shared.identity import own_keys
from shared.serve.pages.web import Outgoing


def show(visit: Visit, refused: Refused = NOTHING_REFUSED) -> Outgoing:
    """Every key of the organization."""
    listed = visit.run(
        own_keys.family["list_own_api_keys"], **given({"cursor": visit.asked("cursor")})
    )
    settings = visit.portal.settings
    return visit.page(
        "keys.html",
        keys=listed["items"],
        more=listed["nextCursor"],
        refused=refused,
        ingest_url=STUDIO.base(settings) if STUDIO.address(settings) else "",
    )


def create(visit: Visit) -> Outgoing:
    """A new key. Its secret travels to the next page hidden from everybody but us."""
    typed = visit.typed("name", "tenant", "expires_at")
    made = visit.change(
        own_keys.family["create_own_api_key"],
        given({**typed, "expires_at": end_of_day(typed["expires_at"])}),
        typed=typed,
        again=lambda refused: show(visit, refused),
        form="create",
    )
    return visit.go(
        "/keys",
        "The key was created. Copy its secret now: it is not shown again.",
        secret=made["secret"],
    )


def deactivate(visit: Visit) -> Outgoing:
    """A key is no good any more."""
    visit.run(own_keys.family["deactivate_own_api_key"], **visit.typed("id"))
    return visit.go("/keys", "The key was deactivated. It is refused from now on.")
