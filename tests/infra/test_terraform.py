"""`infra/` against the real provider's schema, offline, and against the code it deploys."""

import pytest

from tests.infra import checks
from tests.infra.terraform import Infra

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def deployment(tmp_path_factory):
    """What one apply would make."""
    return Infra(tmp_path_factory.mktemp("whole")).applied()


@pytest.fixture
def copy(tmp_path):
    return Infra(tmp_path)


def test_the_files_are_formatted_and_valid(copy):
    assert copy.run("fmt", "-check", "-recursive", "-diff") == (0, "")
    status, output = copy.run("validate")
    assert status == 0, output


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
def test_the_deployment_fits_the_code(deployment, check):
    check(deployment)


@pytest.mark.parametrize(
    ("file", "before", "after", "message"),
    [
        (
            "modules/function/main.tf",
            "timeout_seconds  ",
            "timeout_secnds  ",
            "Unsupported argument",
        ),
        ("documents.tf", "  location_id  ", "  #location_id ", "Missing required argument"),
        ("edge.tf", "google_compute_security_policy", "google_compute_policy", "Invalid resource"),
        ("sources.tf", "google_storage_bucket.sources.name", "var.bucket", "undeclared"),
    ],
)
def test_validation_finds_what_the_provider_does_not_know(copy, file, before, after, message):
    copy.replace(file, before, after)
    status, output = copy.run("validate")
    assert status != 0
    assert message in output


def test_formatting_finds_a_line_out_of_place(copy):
    copy.replace("edge.tf", "  priority ", "      priority ")
    assert copy.run("fmt", "-check", "-recursive")[0] != 0


@pytest.mark.parametrize(
    ("file", "before", "after", "message"),
    [
        ("functions.tf", '["roles/datastore.user"]', '["roles/editor"]', "No basic roles"),
        (
            "functions.tf",
            "ALLOW_INTERNAL_AND_GCLB",
            "ALLOW_ALL",
            "No function answers the internet directly",
        ),
        (
            "files.tf",
            'public_access_prevention    = "enforced"',
            'public_access_prevention    = "inherited"',
            "No file is public",
        ),
        (
            "routing.tf",
            "    partner = module.partner.name\n",
            "    partner = module.partner.name\n    other = module.partner.name\n",
            "Only the intended functions",
        ),
        ("variables.tf", 'can(regex("^(user|', 'true || can(regex("^(user|', "expected"),
    ],
)
def test_the_policy_tests_stop_what_must_not_be_deployed(copy, file, before, after, message):
    copy.replace(file, before, after)
    status, output = copy.run("test")
    assert status != 0
    assert message in " ".join(output.split())


@pytest.mark.parametrize(
    ("check", "file", "before", "after"),
    [
        (checks.every_function_is_deployed, "functions.tf", 'module "api"', 'module "rest"'),
        (
            checks.functions_get_exactly_the_settings,
            "functions.tf",
            'CATALOG_MCP_MAX_BODY       = "1048576"',
            "",
        ),
        (
            checks.functions_get_exactly_the_settings,
            "functions.tf",
            'CATALOG_MCP_BACKEND        = "gcp"',
            'CATALOG_MCP_BACKEND        = "local"',
        ),
        (
            checks.no_account_is_shared,
            "modules/function/main.tf",
            "local.name\n  display",
            "var.platform.prefix\n  display",
        ),
        (checks.no_role_is_basic, "operators.tf", "roles/logging.viewer", "roles/viewer"),
        (
            checks.only_partners_functions_are_public,
            "files.tf",
            "module.api.member",
            '"allUsers"',
        ),
        (
            checks.every_query_has_its_index,
            "documents.tf",
            '"audit", "org", "-at"',
            '"audit", "org", "at"',
        ),
        (checks.what_expires_is_removed, "documents.tf", 'sessions = "expiresAt"', ""),
        (
            checks.secrets_are_those_of_the_code,
            "modules/function/main.tf",
            '"/secrets/${secret_volumes.key}"',
            '"/keys/${secret_volumes.key}"',
        ),
        (
            checks.the_load_balancer_routes_as_dev_does,
            "routing.tf",
            '"/v1"                                   = "api"',
            '"/v1"                                   = "partner"',
        ),
        (checks.every_alert_is_explained, "alerts.tf", "A function crashed", "Something crashed"),
        (checks.data_is_hard_to_lose, "documents.tf", "_RECOVERY_ENABLED", "_RECOVERY_DISABLED"),
    ],
)
def test_a_deployment_that_does_not_fit_the_code_is_found(copy, check, file, before, after):
    copy.replace(file, before, after)
    if check is checks.every_function_is_deployed:
        for each in ("files.tf", "routing.tf"):
            copy.replace(each, "module.api.", "module.rest.")
    (copy.folder / "tests" / "platform.tftest.hcl").write_text(without_assertions(copy))
    deployment = copy.applied()
    with pytest.raises((AssertionError, ValueError)):
        check(deployment)


def without_assertions(copy):
    """The test file as a plain apply, so that the check alone has to find it."""
    text = (copy.folder / "tests" / "platform.tftest.hcl").read_text()
    return f'{text.partition("run ")[0]}run "apply" {{\n  command = apply\n}}\n'
