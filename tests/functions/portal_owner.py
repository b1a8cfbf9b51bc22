"""An owner's organization in the portal as its tests use it: the tenant north, and olga in it."""

from contextlib import contextmanager

from orjson import loads

from shared.auth.faces import PORTAL
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
    platform = site.platform
    text = platform.token(
        "shop", subject, scopes=PORTAL.scopes, audience=platform.settings.portal_url
    )
    token = platform.app.tokens.verify(text, PORTAL)
    request = Request(token, "portal", "test-request", tenant="north")
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
