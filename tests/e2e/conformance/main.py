"""The MCP faces' endpoints under conformance test, with and without the suite's fixtures.

The suite's command line cannot send headers, so the bearer token is put in here; everything behind
that line is production's.
"""

import functions_framework.aio

from functions.admin.main import endpoint as admin_endpoint
from functions.partner.main import endpoint
from functions.studio.main import endpoint as studio_endpoint
from shared.app import App
from shared.settings import Settings
from tests.e2e.conformance import fixtures

settings = Settings.read()
_plain = endpoint(App(settings))
_furnished = endpoint(App(settings), streaming=fixtures.STREAMING, **fixtures.HANDLERS)
_admin = admin_endpoint(App(settings))
_admin_furnished = admin_endpoint(App(settings), streaming=fixtures.STREAMING, **fixtures.HANDLERS)
_studio = studio_endpoint(App(settings))
_studio_furnished = studio_endpoint(
    App(settings), streaming=fixtures.STREAMING, **fixtures.HANDLERS
)


def signed_in(app, token_file=fixtures.TOKEN_FILE):
    token = (settings.data / token_file).read_bytes()

    async def serve(scope, receive, send):
        headers = [*scope["headers"], (b"authorization", b"Bearer " + token)]
        await app({**scope, "headers": headers}, receive, send)

    return serve


@functions_framework.aio.http
async def plain(request):
    return signed_in(_plain)


@functions_framework.aio.http
async def furnished(request):
    return signed_in(_furnished)


@functions_framework.aio.http
async def studio(request):
    return signed_in(_studio, fixtures.STUDIO_TOKEN_FILE)


@functions_framework.aio.http
async def studio_furnished(request):
    return signed_in(_studio_furnished, fixtures.STUDIO_TOKEN_FILE)


@functions_framework.aio.http
async def admin(request):
    return signed_in(_admin, fixtures.ADMIN_TOKEN_FILE)


@functions_framework.aio.http
async def admin_furnished(request):
    return signed_in(_admin_furnished, fixtures.ADMIN_TOKEN_FILE)
