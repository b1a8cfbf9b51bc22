"""Handing in a file that an assistant asked for: it goes from the browser straight to the store."""

from typing import Final

from functions.portal.visit import Visit
from shared.pipeline import own_uploads
from shared.serve.pages.files import talking_to
from shared.serve.pages.web import Outgoing, as_json

_OWN: Final = "'self'"


def show(visit: Visit) -> Outgoing:
    """What is waited for, and where to drop it."""
    visit.in_tenant()
    upload = visit.run(own_uploads.family["get_own_upload"], id=visit.asked("id"))
    page = visit.page("upload.html", upload=upload, tenant=visit.tenant, id=visit.asked("id"))
    return talking_to(page, _OWN, visit.portal.app.addresses.origin)


def start(visit: Visit) -> Outgoing:
    """Where the page's script sends the file to."""
    typed = visit.typed("id")
    visit.in_tenant()
    return as_json(visit.run(own_uploads.family["start_own_upload"], id=typed["id"]))
