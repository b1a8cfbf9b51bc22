"""`infra/` against the real provider's schema, offline, and against the code it deploys."""

import re

import pytest

from tests.infra import checks, sizes, work
from tests.infra.terraform import ROOT, Infra

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
        ("functions.tf", '["roles/bigquery.user"]', '["roles/editor"]', "No basic roles"),
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
            "    partner      = module.partner.name\n",
            "    partner      = module.partner.name\n    other        = module.partner.name\n",
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


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_the_tfvars_of_each_environment_make_a_plan(copy, environment):
    tests = copy.folder / "tests" / "platform.tftest.hcl"
    mocked = tests.read_text().partition("\nvariables {")[0]
    tests.write_text(f'{mocked}\nrun "plan" {{\n  command = plan\n}}\n')
    status, output = copy.run("test", f"-var-file=environments/{environment}.tfvars")
    assert status == 0, output


def test_every_variable_and_output_says_what_it_is_for():
    for path in sorted((ROOT / "infra").rglob("*.tf")):
        for kind, name, body in re.findall(
            r'^(variable|output) "(\w+)" \{\n(.*?)^\}', path.read_text(), re.MULTILINE | re.DOTALL
        ):
            assert re.search(r'^  description = ".{10,}"$', body, re.MULTILINE), (kind, name)


BREAKS = {
    checks.every_function_is_deployed: (
        "modules/function/main.tf",
        "entry_point     = var.name",
        'entry_point     = "main"',
    ),
    checks.functions_get_exactly_the_settings: ("functions.tf", "CATALOG_MCP_MAX_BODY", "MAX_BODY"),
    checks.no_account_is_shared: (
        "modules/function/main.tf",
        "account_id   = local.name",
        "account_id   = var.platform.prefix",
    ),
    checks.no_role_is_basic: ("operators.tf", "roles/logging.viewer", "roles/viewer"),
    checks.only_partners_functions_are_public: ("files.tf", "module.api.member", '"allUsers"'),
    checks.every_query_has_its_index: ("documents.tf", '"-at"', '"at"'),
    checks.what_every_lease_writes_has_no_rising_index: (
        "documents.tf",
        'rates        = "*"',
        'rates        = "at"',
    ),
    checks.what_expires_is_removed: ("documents.tf", '"seen",', ""),
    checks.secrets_are_those_of_the_code: (
        "functions.tf",
        'partner      = ["cursor-keys", "verifying-keys"]',
        'partner      = ["cursor-keys", "signing-keys"]',
    ),
    checks.the_load_balancer_routes_as_dev_does: ("routing.tf", '"/v1" ', '"/v2" '),
    checks.every_alert_is_explained: ("alerts.tf", "A function crashed", "Something crashed"),
    checks.data_is_hard_to_lose: ("documents.tf", "_RECOVERY_ENABLED", "_RECOVERY_DISABLED"),
    checks.metrics_read_what_is_logged: ("monitoring.tf", "jsonPayload.ms", "jsonPayload.took"),
    checks.roles_are_those_of_the_page: ("functions.tf", "roles/bigquery.user", "roles/run.viewer"),
    checks.operators_may_do_what_the_runbook_asks_of_them: (
        "operators.tf",
        "roles/run.viewer",
        "roles/cloudtrace.user",
    ),
    checks.outputs_are_what_is_handed_out: ("outputs.tf", "_API_URL", "_MCP_URL"),
    checks.the_edge_limits_every_address: (
        "edge.tf",
        "'/auth/'",
        "'/other/'",
    ),
    checks.audit_records_are_kept_where_nobody_changes_them: (
        "audit.tf",
        "storage.objectCreator",
        "storage.objectAdmin",
    ),
    checks.what_is_kept_is_as_the_page_says: ("files.tf", "1209600", "950400"),
    work.work_is_sent_where_it_is_done: ("work.tf", "/jobs/sweep", "/sweep"),
    work.work_is_done_as_simulated: (
        "work.tf",
        "dispatches_per_second = 10",
        "dispatches_per_second = 9",
    ),
    checks.what_was_left_behind_is_removed: ("files.tf", '["exports/"]', '["catalogs/"]'),
    checks.only_the_portal_may_send_files_from_a_browser: ("files.tf", '["PUT"]', '["GET"]'),
    sizes.all_instances_fit_a_new_project: (
        "variables.tf",
        "partner      = optional(number, 3)",
        "partner      = optional(number, 20)",
    ),
    sizes.memory_cpus_and_cache_fit_together: (
        "modules/function/main.tf",
        "1024 * 1024 * 1024 / 2",
        "1024 * 1024 * 1024",
    ),
    sizes.builds_can_read_their_source_and_wait_until_they_may: (
        "functions.tf",
        "time_sleep.builder_is_ready.triggers.account",
        "google_service_account.builder.id",
    ),
    sizes.catalogs_that_can_be_published_can_be_served_and_built: (
        "functions.tf",
        "min(var.memory_gib.api, ",
        "max(var.memory_gib.tasks, ",
    ),
    sizes.one_certificate_serves_every_host: (
        "routing.tf",
        '["*.${var.domain}"]',
        "sort(keys(local.rest))",
    ),
}
"""What each check has to find, in a copy that has all of it."""


@pytest.fixture(scope="module")
def broken(tmp_path_factory):
    copy = Infra(tmp_path_factory.mktemp("broken"))
    for file, before, after in BREAKS.values():
        copy.replace(file, before, after)
    tests = copy.folder / "tests" / "platform.tftest.hcl"
    given = tests.read_text().partition("\nrun ")[0]
    room = "variables { quota = { cpu = 1000, memory_gib = 1000 } }"
    tests.write_text(f'{given}\nrun "apply" {{\n  command = apply\n  {room}\n}}\n')
    return copy.applied()


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.__name__)
def test_a_deployment_that_does_not_fit_the_code_is_found(broken, check):
    with pytest.raises(AssertionError):
        check(broken)
