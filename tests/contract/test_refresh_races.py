"""Eight processes refresh one token at once, on both kinds of documents: one successor."""

import json
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from functions.auth.host import AuthHost
from shared.app import App
from shared.auth import keyring
from shared.auth.faces import PARTNER
from shared.cli.operations import run
from shared.identity import authorizations, organizations
from shared.local.secrets import FileSecrets
from shared.settings import Settings, machine_environment
from tests.browser import signed_in

pytestmark = [pytest.mark.anyio, pytest.mark.slow]
PROCESSES = 8


class Deployment:
    """A deployment on either kind of documents, with one person in one organization."""

    def __init__(self, folder, **settings):
        self.settings = Settings(data=folder, sign_in=True, **settings)
        self.app = App(self.settings)
        self.do(organizations.family["create_organization"], id="partner", name="Partner")
        self.do(organizations.family["set_member"], org="partner", email="ada@example.com")

    def do(self, tool, **arguments):
        return run(self.app, tool, arguments)

    def http(self, face):
        assert face == "auth"
        transport = httpx.ASGITransport(AuthHost(self.app))
        return httpx.AsyncClient(transport=transport, base_url="http://localhost:8080")


@pytest.fixture
def on_sqlite(tmp_path):
    keyring.create_missing(FileSecrets(tmp_path / "secrets"))
    return Deployment(tmp_path)


@pytest.fixture
def on_firestore(tmp_path, firestore_project):
    keyring.create_missing(FileSecrets(tmp_path / "secrets"))
    for name in (keyring.SIGNING, keyring.VERIFYING, keyring.SEALING):
        (tmp_path / "mounted" / name).mkdir(parents=True)
        shutil.copy(tmp_path / "secrets" / name, tmp_path / "mounted" / name / name)
    return Deployment(
        tmp_path,
        backend="gcp",
        project=firestore_project,
        bucket="none",
        secrets=tmp_path / "mounted",
    )


@pytest.fixture(params=["on_sqlite", "on_firestore"])
def deployment(request):
    deployment = request.getfixturevalue(request.param)
    yield deployment
    deployment.app.close()


def all_at_once(deployment, client, token):
    """What eight processes are answered that refresh the same token at the same time."""
    environment = {**machine_environment(), **deployment.settings.environment()}
    command = [sys.executable, "-m", "tests.contract.refresher", client, token]
    with ExitStack() as stack:
        running = []
        for _ in range(PROCESSES):
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                cwd=Path(__file__).parents[2],
                env=environment,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            running.append(process)
        for process in running:
            assert process.stdout.readline() == "ready\n"
        for process in running:
            process.stdin.write("go\n")
            process.stdin.flush()
        return [json.loads(process.stdout.readline()) for process in running]


async def test_racing_refreshes_converge_on_one_successor(deployment):
    app, tokens, _ = await signed_in(deployment)
    for _ in range(2):
        answers = all_at_once(deployment, app.id, tokens["refresh_token"])
        (successor,) = {answer["refresh_token"] for answer in answers}
        assert len({answer["access_token"] for answer in answers}) == PROCESSES
        assert successor != tokens["refresh_token"]
        tokens = answers[0]
    (kept,) = deployment.do(
        authorizations.family["list_authorizations"], person=person_of(deployment, tokens)
    )["items"]
    assert kept["state"] == "active"
    assert tokens["refresh_token"].startswith(f"ort_{kept['id']}_3_")
    assert (await app.refresh(tokens["refresh_token"])).status_code == 200


def person_of(deployment, tokens):
    return deployment.app.tokens.verify(tokens["access_token"], PARTNER).principal
