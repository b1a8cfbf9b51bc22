"""The tasks function: only the work queue may call it."""

from datetime import UTC, datetime

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from functions.engine import turns
from functions.tasks.jobs.subscriptions import KINDS
from shared import queries
from shared.clock import SystemClock
from shared.servers import TaskIssuer
from tests.google_identity import GoogleIdentity
from tests.platform import JOBS, WORKER, Platform

pytestmark = pytest.mark.anyio
AUDIENCE = "http://localhost:8080"
SWEEP = {"json": {}}


@pytest.fixture(scope="module")
def google():
    with GoogleIdentity() as google:
        yield google


@pytest.fixture
def cloud_like(tmp_path, google):
    """A platform that trusts an issuer like Google's."""
    platform = Platform(
        tmp_path / "data",
        SystemClock(),
        task_issuer=TaskIssuer(jwks_url=google.jwks_url),
        fetch_networks=("127.0.0.0/8",),
    )
    yield platform
    platform.close()


async def status(platform, token):
    async with platform.http(token, face="tasks") as client:
        return (await client.post("/jobs/sweep", **SWEEP)).status_code


async def test_the_queues_own_token_is_admitted(cloud_like, google):
    assert await status(cloud_like, google.sign(WORKER, AUDIENCE)) == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "https://other.example"},
        {"aud": [AUDIENCE, "https://other.example"]},
        {"email": "other@local.iam.gserviceaccount.com"},
        {"email": None},
        {"email_verified": False},
        {"email_verified": "true"},
        {"exp": 1},
        {"iat": 4_000_000_000},
        {"iat": "soon"},
        {"headers": {"kid": "unknown"}},
    ],
    ids=str,
)
async def test_any_other_token_is_refused(cloud_like, google, claims):
    assert (
        await status(cloud_like, google.sign(**{"email": WORKER, "audience": AUDIENCE, **claims}))
        == 401
    )


async def test_a_token_that_others_signed_is_refused(cloud_like, google):
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert await status(cloud_like, google.sign(WORKER, AUDIENCE, key=other)) == 401
    assert await status(cloud_like, "no.token.atall") == 401
    assert await status(cloud_like, None) == 401
    unsigned = jwt.encode({"iss": "https://accounts.google.com"}, None, "none")
    assert await status(cloud_like, unsigned) == 401


async def test_partners_credentials_and_our_own_signature_do_not_count_there(cloud_like):
    cloud_like.organization("partner")
    ring = cloud_like.app.keys.signing().current
    now = int(datetime.now(UTC).timestamp())
    claims = {
        "iss": "https://accounts.google.com",
        "aud": AUDIENCE,
        "email": WORKER,
        "email_verified": True,
        "iat": now,
        "exp": now + 60,
    }
    own = jwt.encode(claims, ring.private, "ES256", headers={"kid": ring.kid})
    for token in (cloud_like.token(), cloud_like.key(), own):
        assert await status(cloud_like, token) == 401


async def test_without_a_named_account_nobody_is_admitted(tmp_path):
    platform = Platform(tmp_path / "data", tasks_account="")
    assert await status(platform, platform.app.service_tokens.mint(AUDIENCE)) == 401
    platform.close()


async def test_the_local_queues_token_is_admitted_on_a_laptop_and_nothing_else(platform):
    assert await status(platform, platform.app.service_tokens.mint(AUDIENCE)) == 200
    assert await status(platform, platform.token()) == 401
    platform.clock.advance(3600)
    assert await status(platform, platform.app.service_tokens.mint(AUDIENCE)) == 200


async def test_a_job_that_does_not_exist_or_does_not_fit_is_refused(platform):
    token = platform.app.service_tokens.mint(AUDIENCE)
    async with platform.http(token, face="tasks") as client:
        assert (await client.post("/jobs/other", json={})).status_code == 404
        assert (await client.post("/jobs/cells", json={"id": "x"})).status_code == 422
        assert (await client.get("/jobs/cells")).status_code == 405
        old = await client.post("/jobs/cells", json={"id": "x:y", "generation": 1})
    assert old.json() == {"outcome": "old"}


def test_every_kind_of_work_is_done_at_its_path_and_swept():
    kinds = {*KINDS, *turns.KINDS}
    assert {kind.path for kind in kinds} <= JOBS.keys()
    shapes = {shape for name, shape in vars(queries).items() if name.startswith("DUE_")}
    assert {kind.overdue for kind in kinds} == shapes


async def test_the_engine_is_called_by_its_own_queue_alone(platform):
    async with platform.http(face="engine") as client:
        assert (await client.post("/engine/sweep", json={})).status_code == 401
    async with platform.http(platform.app.service_tokens.mint(AUDIENCE), face="engine") as client:
        assert (await client.post("/engine/sweep", json={})).json() == {"swept": 0}
        turn = await client.post("/engine/snapshots", json={"id": "shop:x", "generation": 1})
    assert turn.json() == {"outcome": "old"}
