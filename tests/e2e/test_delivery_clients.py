"""Applications as people write them keep a copy of an endpoint while somebody writes to it."""

import json
import random
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from shared.app import App
from shared.cli import demo
from shared.cli.deployment import last_settings
from shared.cli.operations import run as operate
from shared.identity import keys
from tests.e2e.programs import BIN, SECONDS, run, surroundings

pytestmark = pytest.mark.slow
PROGRAMS = Path(__file__).parent / "delivery"
WRITES = 60
MOST_LOOKS = 1_000
STARTING = 503


@pytest.fixture
def endpoint(dev):
    """The address of the demo shop's endpoint, and the key that opens it."""
    return f"{dev['destinations_url']}/products", dev["destinations_key"]


@pytest.fixture
def erp(dev):
    """What imports into the demo shop: a client with a key for that alone."""
    app = App(last_settings(Path(dev["data"])))
    asked = {"org": demo.OWNER, "tenant": demo.SHOP, "name": "erp"}
    key = operate(app, keys.family["create_api_key"], asked)["secret"]
    app.close()
    base = dev["studio_url"].removesuffix("/mcp")
    headers = {"authorization": f"Bearer {key}"}
    with httpx.Client(base_url=base, headers=headers, timeout=60) as client:
        yield client


def started(dev):
    """Wait for the functions that start behind what is needed first."""
    url = dev["studio_url"]
    assert any(httpx.get(url, timeout=60).status_code != STARTING for _ in range(5))


def whole(endpoint):
    """All entries of the endpoint by id, as they are now."""
    address, key = endpoint
    found, asked = {}, {"sortAsc": ["id"], "top": 500}
    with httpx.Client(headers={"authorization": f"Bearer {key}"}, timeout=60) as http:
        while True:
            answer = http.post(address, json=asked).raise_for_status().json()
            found |= {each["id"]: each for each in answer["results"]}
            if answer["cursor"] is None:
                return found
            asked["cursor"] = answer["cursor"]


def imported(erp, *entries):
    answer = erp.post("/v1/sources/products", json={"entries": entries})
    assert answer.status_code == 202, answer.text


def written(erp, prefix):
    """Sixty imports that create, change and delete; the titles that have to be there then."""
    some = random.Random(prefix)
    titles = {}
    for number in range(WRITES):
        id_ = f"{prefix}-{some.randrange(12):02}"
        if id_ in titles and some.random() < 0.4:
            del titles[id_]
            imported(erp, {"id": id_, "delete": True})
        else:
            titles[id_] = f"Title {number}"
            imported(erp, {"id": id_, "properties": [{"id": "title", "value": titles[id_]}]})
    return titles


def python(home, endpoint):
    """The program in Python, begun."""
    del home
    return subprocess.Popen(
        [sys.executable, PROGRAMS / "copy_of.py", *endpoint],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def typescript(home, endpoint):
    """The program in TypeScript, begun: types generated, checked, compiled."""
    address, key = endpoint
    description = address.rpartition("/")[0] + "/openapi"
    answer = httpx.get(description, headers={"authorization": f"Bearer {key}"}, timeout=60)
    home.mkdir(parents=True, exist_ok=True)
    (home / "openapi.json").write_bytes(answer.content)
    done = run(home, "openapi-typescript", "openapi.json", "--output", "schema.d.ts")
    assert done.returncode == 0, done.stderr
    shutil.copy(PROGRAMS / "copy_of.mts", home)
    strict = ("--strict", "--target", "es2022", "--lib", "es2022,dom")
    modules = ("--module", "esnext", "--moduleResolution", "bundler")
    done = run(home, "tsc", *strict, *modules, "copy_of.mts")
    assert done.returncode == 0, done.stdout
    return subprocess.Popen(
        [BIN / "node", home / "copy_of.mjs", *endpoint],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=surroundings(home),
    )


@pytest.mark.parametrize("begin", [python, typescript])
def test_a_program_that_asks_for_what_changed_has_exactly_the_endpoint(
    dev, endpoint, erp, tmp_path, begin
):
    started(dev)
    prefix = f"e2e-{secrets.token_hex(3)}"
    with begin(tmp_path / "home", endpoint) as program:
        try:
            titles = written(erp, prefix)

            def arrived():
                found = whole(endpoint)
                mine = {id_: each["title"] for id_, each in found.items() if id_.startswith(prefix)}
                return found if mine == titles else None

            found = next(each for _ in range(MOST_LOOKS) if (each := arrived()))
            said, _ = program.communicate("", timeout=SECONDS)
        finally:
            program.kill()
    assert program.returncode == 0
    assert json.loads(said) == found
