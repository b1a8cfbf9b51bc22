"""An owner's organization in the portal as its tests use it: the tenant north, and olga in it."""

from contextlib import contextmanager

from orjson import loads

from shared.auth.faces import PORTAL, STUDIO
from shared.invoke import Request, invoke
from shared.studio.tools import entries
from tests.functions.studio_shop import ADDRESS
from tests.portal import Served, cookie_of


@contextmanager
def owners(folder):
    """The portal with the shop's tenant north, a rival's east, and olga, signed in, of the shop."""
    with Served(folder, faces={"studio": ADDRESS}) as site:
        site.platform.organization("shop", type="catalog_owner")
        site.platform.organization("rival", type="catalog_owner")
        site.platform.do("create_tenant", id="north", name="North", org="shop")
        site.platform.do("create_tenant", id="east", name="East", org="rival")
        site.olga = site.person("shop", "olga")
        yield site


def run(site, tool, subject="olga", **arguments):
    """What a tool answers a person of the shop in the tenant north."""
    return _answered(site, PORTAL, tool, arguments, subject=subject)


def run_by_assistant(site, client, tool, **arguments):
    """What a tool of the studio answers to olga's assistant of this name."""
    return _answered(site, STUDIO, tool, arguments, subject="olga", client_name=client)


def _answered(site, face, tool, arguments, **who):
    platform = site.platform
    audience = platform.settings.addresses[face.name]
    text = platform.token("shop", scopes=face.scopes, audience=audience, **who)
    token = platform.app.tokens.verify(text, face)
    request = Request(token, face.surface, "test-request", tenant="north")
    reply = invoke(tool, platform.app, request, arguments)
    assert reply.problem is None, reply.problem
    return loads(reply.body)


def imported(site, *rows, source="goods"):
    """What import_data answers to these entries."""
    return run(site, entries.family["import_data"], source_id=source, entries=list(rows))


def in_role(site, role, subject):
    """A member of the shop with a role of their own in north, signed in."""
    browser = site.person("shop", subject, role="member")
    site.platform.do("set_tenant_role", tenant="north", principal=subject, role=role)
    site.platform.clock.advance(1)  # what was issued before the role was lost is refused
    browser.http.cookies.set(*cookie_of(site.platform, "shop", subject))
    return browser
