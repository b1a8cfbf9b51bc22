"""Runs after everything else: no log of the whole run holds a secret that was issued in it."""

import secrets
import shutil
import tempfile
import time
from pathlib import Path

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from shared.app import App
from shared.cli.deployment import last_settings
from shared.cli.operations import run
from shared.identity import service_accounts
from tests.e2e.issued import known, leaks
from tests.e2e.signing_in import Client

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
KINDS = {
    "access_token",
    "api_key",
    "client_assertion",
    "code",
    "code_verifier",
    "cookie",
    "csrf",
    "device_code",
    "mailed_code",
    "refresh_token",
    "request",
    "user_code",
}


async def a_program_signs_in(site):
    """A service account, with an assertion signed by a key of its own."""
    key = ec.generate_private_key(ec.SECP256R1())
    public = ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    app = App(last_settings(Path(site["data"])))
    given = {"org": "demo", "name": "Nightly", "keys": [public]}
    id_ = run(app, service_accounts.family["create_service_account"], given)["id"]
    app.close()
    endpoint = f"{site['auth_url']}/oauth2/token"
    claims = {"iss": id_, "sub": id_, "aud": endpoint, "exp": time.time() + 60}
    sent = {
        "grant_type": "client_credentials",
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": jwt.encode({**claims, "jti": secrets.token_hex(8)}, key, "ES256"),
    }
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        response = await client.post(endpoint, data=sent)
        assert response.status_code == 200, response.text
        headers = {"authorization": f"Bearer {site['api_key']}"}
        assert (await client.get(f"{site['api_url']}/catalogs", headers=headers)).is_success


@pytest.fixture
async def lived(site):
    """Whatever ran before, every kind of secret was issued at least once."""
    client = Client(site, lambda: httpx.AsyncClient(trust_env=False, timeout=30))
    await client.discover()
    await client.use(*await client.sign_in())
    await client.use(*await client.connect_device())
    await client.close()
    await a_program_signs_in(site)


@pytest.mark.usefixtures("lived")
async def test_no_log_of_the_whole_run_holds_any_secret_that_was_issued_in_it(run_folder):
    issued = known(run_folder)
    assert {kind for kind, _ in issued} >= KINDS
    logs = list(run_folder.rglob("*.log"))
    text = "".join(log.read_text(errors="replace") for log in logs)
    print(f"{len(issued)} secrets, {len(logs)} logs of {len(text)} characters")
    assert '"surface":"mcp"' in text
    assert '"surface":"rest"' in text
    assert leaks(run_folder) == []


@pytest.mark.usefixtures("lived")
async def test_a_secret_of_any_kind_that_is_put_into_a_log_is_found_there(run_folder):
    one_of_each = {kind: secret for kind, secret in known(run_folder) if kind in KINDS}
    with tempfile.TemporaryDirectory() as elsewhere:
        folder = Path(elsewhere)
        for number, file in enumerate(run_folder.rglob("*.log")):
            shutil.copy(file, folder / f"{number}.log")
        lines = [f"{kind} {secret}\n" for kind, secret in one_of_each.items()]
        (folder / "issued.txt").write_text("".join(lines))
        assert leaks(folder) == []
        for kind, secret in one_of_each.items():
            planted = folder / "planted.log"
            planted.write_text(f'{{"message":"call","detail":"got {secret} from the client"}}\n')
            assert (kind, planted) in leaks(folder)
