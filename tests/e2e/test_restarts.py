"""A sign-in does not depend on any process: they end between all its steps, or take turns at it."""

import asyncio

import httpx
import pytest

from tests.e2e.instances import deployment
from tests.e2e.signing_in import Client

pytestmark = [pytest.mark.slow, pytest.mark.anyio]


def site_of(deployed):
    platform = deployed.platform
    platform.organization("partner")
    platform.member(email="ada@example.com")
    return {
        "mcp_url": platform.settings.mcp_url,
        "mail": str(platform.folder / "mail.txt"),
        "email": "ada@example.com",
    }


async def test_every_process_is_killed_between_all_steps_of_a_sign_in_and_nothing_is_lost(tmp_path):
    with deployment(tmp_path / "data", ("auth", "partner"), 1, sign_in=True) as deployed:
        steps = []

        async def restart(request):
            steps.append(f"{request.method} {request.url.path}")
            await asyncio.to_thread(deployed.restart_all)

        def connect():
            hooks = {"request": [restart]}
            return httpx.AsyncClient(event_hooks=hooks, trust_env=False, timeout=30)

        client = Client(site_of(deployed), connect)
        await client.discover()
        await client.use(*await client.connect_device())
        await client.use(*await client.sign_in())
        await client.close()
    print(len(steps), "steps")
    assert {"POST /auth/oauth2/token", "POST /auth/consent", "POST /mcp"} <= set(steps)


async def test_two_instances_of_each_function_may_take_turns_at_one_sign_in(tmp_path):
    with deployment(tmp_path / "data", ("auth", "partner"), 2, sign_in=True) as deployed:
        client = Client(site_of(deployed), lambda: httpx.AsyncClient(trust_env=False, timeout=30))
        await client.discover()
        await client.use(*await client.sign_in())
        await client.use(*await client.connect_device())
        await client.close()
