"""`make dev` as a newcomer meets it: one command, two faces, real processes."""

import gzip
import json
import os
import re
import signal
import subprocess
import sys

import httpx
import pytest

from shared.cli.demo import EMAIL
from shared.cli.processes import free_port
from tests.browser import App, Browser
from tests.e2e.running import facts_of, log_of, program_of, start, stop
from tests.shared.catalog.invented import electronics

pytestmark = [pytest.mark.slow, pytest.mark.anyio]
RPC = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "list_catalogs"}}


def catalogs_over_both_faces(facts):
    mcp = httpx.post(
        facts["mcp_url"], json=RPC, headers={"authorization": f"Bearer {facts['token']}"}
    )
    rest = httpx.get(
        f"{facts['api_url']}/catalogs", headers={"authorization": f"Bearer {facts['api_key']}"}
    )
    return mcp.json()["result"]["structuredContent"]["result"], rest.json()


CATALOGS = {"icecat_19k": 40, "luma_variants_2k": 30, "books_10k": 20, "bestbuy_3k": 10}
"""The files that dev knows, and how many products the test writes into each."""


@pytest.fixture(scope="module")
def catalogs(tmp_path_factory):
    """A folder with a file for each catalog that dev knows."""
    folder = tmp_path_factory.mktemp("catalogs")
    for at, (name, amount) in enumerate(CATALOGS.items(), start=1):
        rows = [
            {"id": device.key, "title": device.title, "url": device.url}
            for device in electronics(amount, seed=at)
        ]
        with gzip.open(folder / f"{name}.jsonl.gz", "wt", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
    return folder


@pytest.fixture(scope="module")
def prepared(tmp_path_factory, catalogs):
    """A data folder that dev has started in once, with those catalogs published."""
    folder = tmp_path_factory.mktemp("dev")
    process = start(folder, "--port", str(free_port()), "--catalogs", str(catalogs))
    try:
        facts = facts_of(process)
        mcp, rest = catalogs_over_both_faces(facts)
    finally:
        rest_of_output = stop(process)
    assert mcp == rest
    assert {catalog["catalog"] for catalog in mcp} == {"icecat", "luma", "books", "bestbuy"}
    assert rest_of_output == ""
    return folder


def test_the_first_start_publishes_the_catalogs_of_its_folder_and_prints_one_line(prepared):
    assert (prepared / "documents.sqlite").exists()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "sigterm"])
def test_a_later_start_keeps_the_data_and_leaves_no_process_behind(prepared, catalogs, how):
    process = start(prepared, "--port", str(free_port()), "--catalogs", str(catalogs))
    facts = facts_of(process)
    mcp, _ = catalogs_over_both_faces(facts)
    stop(process, how)
    assert {catalog["productCount"] for catalog in mcp} == set(CATALOGS.values())
    assert process.returncode == 0
    children = subprocess.run(
        ["pgrep", "-f", str(prepared)], capture_output=True, text=True, check=False
    )
    assert children.stdout == ""


def test_a_page_that_is_named_in_origins_may_call_the_endpoint(tmp_path):
    page = "https://browser-client.example"
    process = start(
        tmp_path / "data",
        "--port",
        str(free_port()),
        "--catalogs",
        str(tmp_path),
        CATALOG_MCP_ORIGINS=json.dumps([page]),
    )
    facts = facts_of(process)
    asked = {"authorization": f"Bearer {facts['token']}"}
    known = httpx.post(facts["mcp_url"], json=RPC, headers={**asked, "origin": page})
    other = httpx.post(facts["mcp_url"], json=RPC, headers={**asked, "origin": f"{page}.other"})
    stop(process)
    assert known.headers["access-control-allow-origin"] == page
    assert (known.status_code, other.status_code) == (200, 403)


def test_without_real_catalogs_the_built_in_one_is_served_and_said(tmp_path):
    process = start(tmp_path / "data", "--port", str(free_port()), "--catalogs", str(tmp_path))
    facts = facts_of(process)
    mcp, _ = catalogs_over_both_faces(facts)
    stop(process)
    assert [catalog["catalog"] for catalog in mcp] == ["demo_shop"]


@pytest.fixture
def console(tmp_path):
    """A dev deployment as a person starts it: its address, what it prints by line, its process."""
    port = free_port()
    command = [*program_of(tmp_path / "data"), "dev", "--port", str(port), "--catalogs", tmp_path]
    both = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    process = subprocess.Popen(command, **both, text=True)

    def until(pattern):
        while line := process.stdout.readline():
            if re.search(pattern, line):
                return line
        raise AssertionError("it ended")

    yield f"http://localhost:{port}", until, process.pid
    stop(process)


async def test_the_console_shows_the_mail_that_nobody_delivers(console, tmp_path):
    origin, until, _ = console
    until("Stop with Ctrl-C")
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        app = await App(client, f"{origin}/auth").register()
        browser = Browser(client, tmp_path / "data" / "mail.txt", f"{origin}/auth")
        await browser.send(await browser.open(app.request()), "/sign-in", email=EMAIL)
    assert until(r"^ +\d{4} \d{4}$").strip() == browser.code()


@pytest.mark.parametrize("kill", [os.kill, os.killpg], ids=["without its workers", "whole"])
def test_a_function_that_is_killed_is_started_again_and_said(console, kill):
    origin, until, dev = console
    until("Stop with Ctrl-C")
    partner = subprocess.check_output(["pgrep", "-P", str(dev), "-f", "target=partner "])
    kill(int(partner), signal.SIGKILL)
    assert "functions.log" in until("partner ended, and was started again")
    assert httpx.post(f"{origin}/mcp", json=RPC, timeout=30).status_code == 401


def test_a_taken_port_is_a_clear_error_and_nothing_is_left_running(prepared):
    port = free_port()
    first = start(prepared, "--port", str(port))
    facts_of(first)
    second = start(prepared, "--port", str(port))
    second.communicate(timeout=30)
    stop(first)
    assert second.returncode == 1
    assert f"Port {port} is taken" in log_of(prepared).read_text()


def test_tokens_and_operations_act_on_the_data_folder(prepared):
    def command(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "shared.cli", "--data", str(prepared), *arguments],
            capture_output=True,
            text=True,
            check=False,
        )

    assert command("token", "--organization", "demo").stdout.count(".") == 2
    refused = command("token", "--organization", "demo", "--subject", "nobody")
    assert refused.returncode == 1
    assert json.loads(refused.stderr)["error"] == "not_found"
    assert json.loads(command("versions", "luma").stdout)[0]["served"] is True
