"""The command line: operations as commands, what it prints where, and what it refuses."""

import json

import pytest
from click.testing import CliRunner

from shared.auth.faces import PARTNER
from shared.cli.main import main
from shared.cli.operations import FAMILIES

ENVIRONMENT = {"CATALOG_MCP_BACKEND": "local"}


@pytest.fixture
def catalog_mcp(platform, tmp_path):
    """Runs a command on the platform's own deployment."""
    environment = platform.settings.environment()

    def catalog_mcp(*arguments, **more):
        return CliRunner().invoke(main, arguments, env={**environment, **more})

    return catalog_mcp


def value(result):
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout[result.stdout.index("{") :])


def error(result):
    assert result.exit_code == 1, result.output
    assert "Traceback" not in result.output
    return json.loads(result.stderr[result.stderr.index("{") :])


def test_every_operation_is_a_command_with_its_own_words():
    for family in FAMILIES:
        for tool in family.tools:
            command = main.get_command(None, tool.name.replace("_", "-"))
            assert command.help == tool.description
            assert {option.name for option in command.params} == set(tool.takes.model_fields)


def test_plain_options_are_read_by_the_operation_itself(catalog_mcp):
    made = value(
        catalog_mcp("create-organization", "--id", "acme", "--name", "Acme", "--rate-limit", "120")
    )
    assert (made["id"], made["rateLimit"], made["type"]) == ("acme", 120, "catalog_partner")
    expires = "2026-12-24T00:00:00Z"
    key = value(
        catalog_mcp("create-api-key", "--org", "acme", "--name", "k", "--expires-at", expires)
    )
    assert key["key"]["expiresAt"] == expires
    assert key["secret"].startswith("octo_live_")


def test_options_that_are_lists_are_json(catalog_mcp, platform):
    platform.catalog("books", [{"id": "1", "title": "B", "url": "https://books.example/1"}])
    grant = ("grant-catalog", "--org", "partner", "--catalog", "books")
    only = json.dumps([{"name": "color", "values": ["red"]}])
    given = value(catalog_mcp(*grant, "--surfaces", '["mcp","rest"]', "--only", only))
    assert given["surfaces"] == ["mcp", "rest"]
    assert given["only"] == [{"name": "color", "values": ["red"]}]
    refused = catalog_mcp(*grant, "--surfaces", "mcp")
    assert refused.exit_code == 2
    assert "not JSON" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["create-organization", "--id", "partner", "--name", "Again"], "conflict"),
        (["create-organization", "--id", "Not An Id", "--name", "x"], "invalid"),
        (["create-organization", "--id", "x", "--name", "x", "--rate-limit", "many"], "invalid"),
        (["change-organization", "--id", "nobody", "--rate-limit", "5"], "not_found"),
        (["set-member", "--org", "partner", "--subject", "a/b"], "invalid"),
        (["token", "--organization", "partner", "--subject", "nobody"], "not_found"),
        (["publish", "nothing", "nowhere.jsonl"], "not_found"),
        (["rollback", "nothing", "3"], "not_found"),
    ],
)
def test_a_refusal_goes_to_stderr_as_json_with_status_1(catalog_mcp, arguments, code):
    found = error(catalog_mcp(*arguments))
    assert found["error"] == code
    assert found["message"]


@pytest.mark.parametrize(
    "arguments",
    [
        ["create-organization"],
        ["create-organization", "--id", "x", "--name", "x", "--surprise", "1"],
        ["no-such-command"],
        ["rollback", "books", "three"],
    ],
)
def test_a_command_that_is_misspelt_is_a_usage_error(catalog_mcp, arguments):
    refused = catalog_mcp(*arguments)
    assert refused.exit_code == 2
    assert refused.stderr.startswith("Usage:")


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"CATALOG_MCP_SURPRISE": "1"}, "CATALOG_MCP_SURPRISE"),
        ({"CATALOG_MCP_MAX_BODY": "lots"}, "CATALOG_MCP_MAX_BODY"),
        ({"CATALOG_MCP_BACKEND": "moon"}, "CATALOG_MCP_BACKEND"),
        ({"K_SERVICE": "partner"}, "never runs in the cloud"),
        ({"CATALOG_MCP_BACKEND": "gcp"}, "needs project and bucket"),
    ],
)
def test_settings_that_do_not_fit_are_named_and_nothing_runs(catalog_mcp, variables, said):
    refused = catalog_mcp("list-organizations", **variables)
    assert refused.exit_code == 1
    assert said in refused.stderr
    assert "Traceback" not in refused.output
    assert refused.stdout == ""


@pytest.mark.parametrize("cloud", [{}, {"K_SERVICE": "partner"}])
def test_no_development_token_is_made_for_a_google_backend(catalog_mcp, cloud):
    google = {"CATALOG_MCP_BACKEND": "gcp", "CATALOG_MCP_PROJECT": "p", "CATALOG_MCP_BUCKET": "b"}
    if cloud:
        google |= {"CATALOG_MCP_MCP_URL": "https://mcp.example/mcp"}
    found = catalog_mcp("token", "--organization", "partner", "--subject", "ada", **google, **cloud)
    assert error(found)["error"] == "forbidden"


def test_a_development_token_is_good_and_its_session_can_be_ended(catalog_mcp, platform):
    platform.member()
    made = catalog_mcp("token", "--organization", "partner", "--subject", "ada")
    assert made.exit_code == 0
    text = made.stdout.splitlines()[-1]
    from shared.app import App

    app = App(platform.settings)
    assert app.tokens.verify(text, PARTNER).principal == "ada"
    app.close()
