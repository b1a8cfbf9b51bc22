"""Ask a deployment, from outside and without a credential, whether it is up and says who it is."""

import sys
import time
from typing import Final

import httpx

PATIENCE: Final = 60.0
"""Seconds; a certificate or a revision may still be on its way."""


def problems(client: httpx.Client, mcp: str, api: str) -> list[str]:
    """What is wrong with the deployment of these addresses; nothing, where all is well."""
    parts = httpx.URL(mcp)
    metadata = parts.copy_with(path=f"/.well-known/oauth-protected-resource{parts.path}")
    found = []
    refused = client.post(mcp, json={})
    if refused.status_code != httpx.codes.UNAUTHORIZED:
        found.append(f"{mcp} answered {refused.status_code} to a call without a token, not 401")
    elif str(metadata) not in refused.headers.get("www-authenticate", ""):
        found.append(f"{mcp} does not say where its metadata is")
    resource = client.get(metadata)
    if resource.status_code != httpx.codes.OK or resource.json().get("resource") != mcp:
        return [*found, f"{metadata} does not describe {mcp}"]
    for issuer in resource.json()["authorization_servers"]:
        server = client.get(f"{issuer}/.well-known/oauth-authorization-server")
        if server.status_code != httpx.codes.OK or server.json().get("issuer") != issuer:
            found.append(f"{issuer} has no metadata of its own")
    document = client.get(f"{api}/openapi.json")
    if document.status_code != httpx.codes.OK or not document.json().get("paths"):
        found.append(f"{api}/openapi.json answered {document.status_code} or describes nothing")
    return found


def main() -> None:
    """Exit with 1 and say why unless all is well within PATIENCE."""
    mcp, api = sys.argv[1:]
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with httpx.Client(timeout=30) as client:
                found = problems(client, mcp, api)
        except httpx.HTTPError as error:
            found = [f"{type(error).__name__}: {error}"]
        if not found or time.monotonic() > deadline:
            break
        time.sleep(5)
    sys.stdout.write("\n".join(found or [f"{mcp} and {api} answer as they should"]) + "\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
