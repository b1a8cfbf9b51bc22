"""A process of its own: `python -m tests.contract.refresher CLIENT TOKEN`.

One instance of the authorization server on the deployment the environment describes. Prints one
line when it is ready, waits for one line, then refreshes and prints the answer.
"""

import asyncio
import sys

import httpx

from functions.auth.host import AuthHost
from shared.app import App
from shared.settings import Settings


async def refresh(app, client, token):
    """What the token endpoint of this instance answers, as JSON text."""
    data = {"grant_type": "refresh_token", "refresh_token": token, "client_id": client}
    transport = httpx.ASGITransport(AuthHost(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as http:
        return (await http.post("/auth/oauth2/token", data=data)).text


if __name__ == "__main__":
    app = App(Settings.read())
    app.keys.sealing()
    app.documents.get("sessions/none")
    print("ready", flush=True)
    sys.stdin.readline()
    print(asyncio.run(refresh(app, *sys.argv[1:])), flush=True)
