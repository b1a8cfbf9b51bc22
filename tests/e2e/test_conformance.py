"""The official conformance suite against our MCP faces, under functions-framework.

Two hosts of each face: its endpoint as it is, for what needs no fixture, and the same endpoint with
the suite's fixtures behind it. Nothing is tolerated for 2026-07-28; for 2025-11-25 only what cannot
be without a session that outlives its request.
"""

import pytest

from shared.auth import faces
from shared.cli.processes import ROOT, free_port, start
from shared.clock import SystemClock
from shared.settings import machine_environment
from tests.e2e.conformance.fixtures import ADMIN_TOKEN_FILE, STUDIO_TOKEN_FILE, TOKEN_FILE
from tests.e2e.issued import note
from tests.e2e.programs import run
from tests.platform import Platform, product

pytestmark = pytest.mark.slow
STUDIO = "http://localhost:8080/studio/mcp"
ADMIN = "http://localhost:8080/admin/mcp"
PATHS = {
    "plain": "/mcp",
    "furnished": "/mcp",
    "studio": "/studio/north/mcp",
    "studio_furnished": "/studio/north/mcp",
    "admin": "/admin/mcp",
    "admin_furnished": "/admin/plant/mcp",
}
"""Where each host under test is asked."""
SOURCE = ROOT / "tests/e2e/conformance/main.py"
NEED_A_SESSION = (
    "tools-call-sampling",
    "tools-call-elicitation",
    "elicitation-sep1034-defaults",
    "elicitation-sep1330-enums",
    "server-sse-multiple-streams",
)
NEED_NO_FIXTURE = [
    ("2025-11-25", "server-initialize"),
    ("2025-11-25", "ping"),
    ("2025-11-25", "tools-list"),
    ("2025-11-25", "dns-rebinding-protection"),
    ("2026-07-28", "tools-list"),
    ("2026-07-28", "http-header-validation"),
    ("2026-07-28", "dns-rebinding-protection"),
    ("2026-07-28", "input-required-result-unsupported-methods"),
]


@pytest.fixture(scope="module")
def urls(tmp_path_factory):
    """The address of each host under test: two of each face."""
    ports = {name: free_port() for name in PATHS}
    hosts = tuple(f"localhost:{port}" for port in ports.values())
    platform = Platform(
        tmp_path_factory.mktemp("conformance"),
        SystemClock(),
        hosts=hosts,
        origins=tuple(f"http://{host}" for host in hosts),
        faces={"studio": STUDIO, "admin": ADMIN},
    )
    platform.organization("partner")
    platform.catalog("books", [product("1")])
    platform.grant("partner", "books")
    platform.organization("shop", type="catalog_owner")
    platform.do("create_tenant", id="north", name="North", org="shop")
    owners = platform.token(
        "shop", "olga", scopes=faces.STUDIO.scopes, audience=STUDIO, lifetime=3600
    )
    platform.organization("operators", type="operator")
    platform.do("create_tenant", id="plant", name="Plant", org="operators")
    operators = platform.token(
        "operators", "ops", scopes=faces.ADMIN.scopes, audience=ADMIN, lifetime=3600
    )
    for file, token in (
        (TOKEN_FILE, platform.token(lifetime=3600)),
        (STUDIO_TOKEN_FILE, owners),
        (ADMIN_TOKEN_FILE, operators),
    ):
        (platform.folder / file).write_text(token)
        note(platform.folder / "issued.txt", ("access_token", token))
    environment = {**machine_environment(), **platform.settings.environment()}
    log = platform.folder / "functions.log"
    running = [
        start(name, environment, log, source=SOURCE, port=port) for name, port in ports.items()
    ]
    try:
        for function in running:
            function.wait()
        yield {name: f"http://localhost:{port}{PATHS[name]}" for name, port in ports.items()}
    finally:
        for function in running:
            function.kill()
        platform.close()


def conformance(folder, url, *options):
    result = run(folder, "conformance", "server", "--url", url, *options, timeout=300)
    return result.returncode, f"{result.stdout}\n{result.stderr}"


@pytest.mark.parametrize("host", ["furnished", "studio_furnished", "admin_furnished"])
def test_everything_2026_07_28_requires_passes(urls, tmp_path, host):
    status, said = conformance(tmp_path, urls[host], "--requirements", "2026-07-28")
    assert status == 0, said


@pytest.mark.parametrize("host", ["furnished", "studio_furnished", "admin_furnished"])
def test_2025_11_25_lacks_only_what_needs_a_session(urls, tmp_path, host):
    baseline = tmp_path / "baseline.yml"
    lines = [f"  - {name}\n" for name in NEED_A_SESSION]
    baseline.write_text(f"server:\n{''.join(lines)}client: []\n")
    status, said = conformance(
        tmp_path,
        urls[host],
        "--requirements",
        "2025-11-25",
        "--expected-failures",
        baseline,
    )
    assert status == 0, said


@pytest.mark.parametrize("host", ["plain", "studio", "admin"])
@pytest.mark.parametrize(("version", "scenario"), NEED_NO_FIXTURE)
def test_a_face_as_it_ships_passes(urls, tmp_path, version, scenario, host):
    status, said = conformance(
        tmp_path, urls[host], "--scenario", scenario, "--spec-version", version
    )
    assert status == 0, said
