"""What holds between `infra/` and the code, asked of the resources an apply would make."""

import json
import re
from contextlib import redirect_stdout
from io import BytesIO, TextIOWrapper
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

from shared import log
from shared.auth import keyring
from shared.cli.deployment import FURTHER, ROUTES
from shared.settings import PREFIX, Settings
from shared.tool import AUDIT_LINE
from tests.infra.documents import (
    every_query_has_its_index,
    what_every_lease_writes_has_no_rising_index,
    what_expires_is_removed,
)
from tests.infra.files import (
    only_the_portal_may_send_files_from_a_browser,
    what_was_left_behind_is_removed,
)
from tests.infra.programs import package
from tests.infra.roles import (
    operators_may_do_what_the_runbook_asks_of_them,
    roles_are_those_of_the_page,
)
from tests.infra.sizes import (
    all_instances_fit_a_new_project,
    builds_can_read_their_source_and_wait_until_they_may,
    catalogs_that_can_be_published_can_be_served_and_built,
    memory_cpus_and_cache_fit_together,
    one_certificate_serves_every_host,
)
from tests.infra.work import work_is_done_as_simulated, work_is_sent_where_it_is_done
from tests.platform import Platform

ROOT = Path(__file__).parents[2]
PUBLIC = {*package.functions()} - {"tasks", "engine"}
"""The functions that answer anybody, since they check credentials themselves."""

NOT_IN_THE_CLOUD = {
    "analytics_hub",
    "data",
    "fetch_ca",
    "fetch_hosts",
    "fetch_networks",
    "files_url",
    "service",
    "task_issuer",
}
"""Settings without a variable there: the local backend's folder, openings for tests, what K_SERVICE
says, and who signs for Cloud Tasks, which is Google by default."""

ONLY_WHERE_USED = {"portal_client"}
"""Settings whose variable is left out where people sign in at our own authorization server."""

RINGS = {
    "admin": {keyring.VERIFYING, keyring.CURSORS},
    "api": {keyring.CURSORS},
    "auth": {keyring.SIGNING, keyring.VERIFYING, keyring.SEALING},
    "destinations": {keyring.CURSORS},
    "engine": set(),
    "partner": {keyring.VERIFYING, keyring.CURSORS},
    "portal": {keyring.VERIFYING, keyring.CURSORS, keyring.PORTAL},
    "studio": {keyring.VERIFYING, keyring.CURSORS},
    "tasks": set(),
}
"""The key rings each function reads. Only one signs; nobody else could make a refresh token."""


def every_function_is_deployed(deployment):
    """One block per folder of functions/, each with the folder's entry point."""
    functions = deployment.functions()
    assert set(functions) == set(package.functions())
    assert {name: each["build_config"][0]["entry_point"] for name, each in functions.items()} == {
        name: name for name in functions
    }


def functions_get_exactly_the_settings(deployment):
    """One variable per field, and values that Settings accepts in the cloud."""
    fields = set(Settings.model_fields) - NOT_IN_THE_CLOUD
    for each in deployment.functions().values():
        given = dict(each["service_config"][0]["environment_variables"])
        del given["WORKERS"]  # the server's
        # Google would set it to true; then functions-framework takes over stdout and `logging`.
        assert given.pop("LOG_EXECUTION_ID") == "false"
        assert all(name.startswith(PREFIX) for name in given)
        named = {name.removeprefix(PREFIX).lower() for name in given}
        assert named - ONLY_WHERE_USED == fields - ONLY_WHERE_USED
        assert Settings.read({**given, "K_SERVICE": each["name"]}).cloud


def no_account_is_shared(deployment):
    """An account per function, and one that builds them."""
    accounts = deployment.all("google_service_account")
    addresses = {
        f"{address.removesuffix('.google_service_account.this')}.google_cloudfunctions2_function.this"
        for address in accounts
        if address.startswith("module.")
    }
    assert addresses == set(deployment.all("google_cloudfunctions2_function"))
    ids = [each["account_id"] for each in accounts.values()]
    assert len(set(ids)) == len(ids)
    assert all(len(each) <= 30 for each in ids)
    emails = [
        each["service_config"][0]["service_account_email"]
        for each in deployment.functions().values()
    ]
    assert len(set(emails)) == len(emails)


def no_role_is_basic(deployment):
    """Nobody is owner, editor or viewer of the project, nor admin of anything."""
    for type_ in ("google_project_iam_member", "google_storage_bucket_iam_member"):
        for address, each in deployment.all(type_).items():
            role = each["role"]
            assert role not in {"roles/owner", "roles/editor", "roles/viewer"}, address
            assert "admin" not in role.lower(), address


def only_partners_functions_are_public(deployment):
    """`allUsers` may call what partners reach, through the load balancer alone; nothing else."""
    members = {
        address.split(".")[1]: each["member"]
        for address, each in deployment.all("google_cloud_run_v2_service_iam_member").items()
    }
    assert {name for name, member in members.items() if member == "allUsers"} == PUBLIC
    everything = json.dumps(deployment.resources)
    assert everything.count('"allUsers"') == len(PUBLIC)
    assert "allAuthenticatedUsers" not in everything
    assert not deployment.all("google_service_account_key")
    ingress = {
        name: each["service_config"][0]["ingress_settings"]
        for name, each in deployment.functions().items()
    }
    assert ingress == {
        name: "ALLOW_INTERNAL_AND_GCLB" if name in PUBLIC else "ALLOW_INTERNAL_ONLY"
        for name in ingress
    }


def secrets_are_those_of_the_code(deployment):
    """Each function mounts what it reads where shared/gcp/secrets.py looks, and no more."""
    for name, each in deployment.functions().items():
        (service,) = each["service_config"]
        volumes = service["secret_volumes"]
        settings = Settings.read(service["environment_variables"])
        wanted = set(RINGS[name])
        if name == "auth":
            wanted |= {upstream.secret for upstream in settings.upstreams}
        if name in ("auth", "portal"):
            wanted |= {settings.smtp.secret}
        mounted = {volume["secret"]: volume["mount_path"] for volume in volumes}
        assert mounted == {secret: f"{settings.secrets}/{secret}" for secret in wanted}
        assert all(volume["versions"] == [] for volume in volumes)
        readers = deployment.all("google_secret_manager_secret_iam_member")
        granted = {
            binding["secret_id"]
            for address, binding in readers.items()
            if address.startswith(f"module.{name}.")
        }
        assert granted == wanted


def the_load_balancer_routes_as_dev_does(deployment):
    """Every host has the public part of `make dev`'s table; all hosts of our addresses work."""
    maps = deployment.all("google_compute_url_map")["google_compute_url_map.platform"]
    backends = {
        each["id"]: address.split('"')[1]
        for address, each in deployment.all("google_compute_backend_service").items()
    }
    further = {face.name for face in FURTHER}
    alone = {*further, "destinations"}
    shared_paths = [(path, function) for path, function in ROUTES if function not in alone]
    for matcher in maps["path_matcher"]:
        table = {tuple(rule["paths"]): backends[rule["service"]] for rule in matcher["path_rule"]}
        whole_host = backends[matcher["default_service"]] in alone
        assert table == {
            (path, f"{path}/*"): function
            for path, function in shared_paths
            if function in PUBLIC and not whole_host
        }
    paths = [path for path, _ in shared_paths]
    assert not [a for a in paths for b in paths if a != b and a.startswith(f"{b}/")]
    settings = deployment.settings("partner")
    served = {host for rule in maps["host_rule"] for host in rule["hosts"]}
    assert served == settings.known_hosts - {
        urlsplit(url).netloc for url in (settings.tasks_url, settings.engine_url)
    }
    assert served == set(deployment.outputs["dns"])
    rest = {
        host: backends[matcher["default_service"]]
        for rule in maps["host_rule"]
        for matcher in maps["path_matcher"]
        for host in rule["hosts"]
        if matcher["name"] == rule["path_matcher"]
    }
    assert rest[urlsplit(settings.mcp_url).netloc] == "partner"
    assert rest[urlsplit(settings.api_url).netloc] == "api"
    assert rest[urlsplit(settings.auth_url).netloc] == "auth"
    assert rest[urlsplit(settings.portal_url).netloc] == "portal"
    assert rest[urlsplit(settings.destinations_url).netloc] == "destinations"
    for name, address in settings.faces.items():
        assert rest[urlsplit(address).netloc] == name
    assert settings.faces.keys() == further


def outputs_are_what_is_handed_out(deployment):
    """The addresses for partners are those that functions answer to, and operators' variables are
    settings."""
    settings = deployment.settings("partner")
    names = ("mcp_url", "api_url", "portal_url", "destinations_url")
    given = {name: deployment.outputs[name] for name in names}
    assert given == {name: getattr(settings, name) for name in given}
    operator = Settings.read(deployment.outputs["operator_environment"])
    assert (operator.project, operator.bucket) == (settings.project, settings.bucket)
    assert operator.traces is None


def every_alert_is_explained(deployment):
    """Each alert has a paragraph in docs/operations.md, and each paragraph an alert."""
    text = (ROOT / "docs" / "operations.md").read_text()
    section = text.partition("## When an alert comes")[2].partition("\n## ")[0]
    explained = set(re.findall(r"^- \*\*(.+?)\*\*", section, re.MULTILINE))
    alerts = deployment.all("google_monitoring_alert_policy").values()
    assert {each["display_name"] for each in alerts} == explained


def metrics_read_what_is_logged(deployment):
    """Every field that a metric reads is in the line a call writes; charts name metrics we have."""
    line = a_logged_call()
    metrics = {each["name"]: each for each in deployment.all("google_logging_metric").values()}
    for name in ("catalog-mcp/calls", "catalog-mcp/call_ms"):
        metric = metrics[name]
        read = [metric["value_extractor"], *metric["label_extractors"].values(), metric["filter"]]
        fields = set(re.findall(r"jsonPayload\.(\w+)", " ".join(filter(None, read))))
        assert fields <= set(line), name
        assert f'jsonPayload.message="{line["message"]}"' in metric["filter"]
    (dashboard,) = deployment.all("google_monitoring_dashboard").values()
    charted = set(re.findall(r"user_(\w+?)(?:_bucket)?[\[{]", dashboard["dashboard_json"]))
    ours = {re.sub(r"\W", "_", name) for name in metrics}
    assert charted <= ours
    assert len(charted) > 1


def a_logged_call():
    """The line that a call writes, of a platform that was made for it."""
    with TemporaryDirectory() as folder, redirect_stdout(TextIOWrapper(BytesIO())) as written:
        undo = log.configure()
        platform = Platform(Path(folder))
        platform.organization()
        platform.close()
        undo()
    lines = [json.loads(line) for line in written.buffer.getvalue().splitlines()]
    return next(line for line in lines if line["message"] == "call")


def the_edge_limits_every_address(deployment):
    """Each public backend is behind the policy: signing in has a rate, and everything together.

    No header lifts either: an Authorization header proves nothing before a function accepted it.
    """
    (policy,) = deployment.all("google_compute_security_policy").values()
    backends = deployment.all("google_compute_backend_service").values()
    assert {each["security_policy"] for each in backends} == {policy["id"]}
    strangers, everybody, default = sorted(policy["rule"], key=lambda rule: rule["priority"])
    expression = strangers["match"][0]["expr"][0]["expression"]
    assert "authorization" not in expression
    host = urlsplit(deployment.settings("auth").auth_url).netloc
    paths = {path for path, function in ROUTES if function == "auth"}
    assert f"request.headers['host'] == '{host}'" in expression
    begins = re.findall(r"startsWith\('(.+?)/'\)", expression)
    assert all(path.startswith(tuple(begins)) for path in paths)
    for rule in (strangers, everybody):
        (limit,) = rule["rate_limit_options"]
        assert (rule["action"], limit["exceed_action"]) == ("throttle", "deny(429)")
        assert limit["enforce_on_key"] == "IP"
        assert limit["rate_limit_threshold"][0]["interval_sec"] == 60
    assert default["action"] == "allow"


def what_is_kept_is_as_the_page_says(deployment):
    """The days of docs/operations.md, "What is kept how long"."""
    text = (ROOT / "docs" / "operations.md").read_text()
    section = text.partition("### What is kept how long")[2].partition("\n## ")[0]
    days = {int(days) for days in re.findall(r"\b(\d+) days", section)}
    (logs,) = deployment.all("google_logging_project_bucket_config").values()
    files = deployment.all("google_storage_bucket")["google_storage_bucket.files"]
    backups = deployment.all("google_firestore_backup_schedule").values()
    kept = {
        logs["retention_days"],
        files["soft_delete_policy"][0]["retention_duration_seconds"] // 86_400,
        *(int(each["retention"].removesuffix("s")) // 86_400 for each in backups),
    }
    assert kept <= days


def data_is_hard_to_lose(deployment):
    """Deletion protection, point-in-time recovery, backups, soft delete."""
    (database,) = deployment.all("google_firestore_database").values()
    assert database["delete_protection_state"] == "DELETE_PROTECTION_ENABLED"
    assert database["point_in_time_recovery_enablement"] == "POINT_IN_TIME_RECOVERY_ENABLED"
    assert len(deployment.all("google_firestore_backup_schedule")) == 2
    files = deployment.all("google_storage_bucket")["google_storage_bucket.files"]
    assert not files["force_destroy"]
    assert files["soft_delete_policy"][0]["retention_duration_seconds"] >= 7 * 86_400


def audit_records_are_kept_where_nobody_changes_them(deployment):
    """The lines that the code writes, by an identity of the sink's own, in a locked bucket."""
    (sink,) = deployment.all("google_logging_project_sink").values()
    bucket = deployment.all("google_storage_bucket")["google_storage_bucket.audit"]
    (policy,) = bucket["retention_policy"]
    assert policy["is_locked"]
    assert int(policy["retention_period"]) >= 365 * 86_400
    assert sink["destination"] == f"storage.googleapis.com/{bucket['name']}"
    assert sink["unique_writer_identity"]
    assert f'jsonPayload.message="{AUDIT_LINE}"' in sink["filter"]
    bindings = deployment.all("google_storage_bucket_iam_member").values()
    (writer,) = [each for each in bindings if each["bucket"] == bucket["name"]]
    assert (writer["role"], writer["member"]) == (
        "roles/storage.objectCreator",
        sink["writer_identity"],
    )


CHECKS = (
    every_function_is_deployed,
    functions_get_exactly_the_settings,
    no_account_is_shared,
    no_role_is_basic,
    only_partners_functions_are_public,
    every_query_has_its_index,
    what_every_lease_writes_has_no_rising_index,
    what_expires_is_removed,
    secrets_are_those_of_the_code,
    the_load_balancer_routes_as_dev_does,
    every_alert_is_explained,
    data_is_hard_to_lose,
    metrics_read_what_is_logged,
    roles_are_those_of_the_page,
    operators_may_do_what_the_runbook_asks_of_them,
    outputs_are_what_is_handed_out,
    the_edge_limits_every_address,
    what_is_kept_is_as_the_page_says,
    audit_records_are_kept_where_nobody_changes_them,
    work_is_sent_where_it_is_done,
    work_is_done_as_simulated,
    what_was_left_behind_is_removed,
    only_the_portal_may_send_files_from_a_browser,
    all_instances_fit_a_new_project,
    memory_cpus_and_cache_fit_together,
    builds_can_read_their_source_and_wait_until_they_may,
    catalogs_that_can_be_published_can_be_served_and_built,
    one_certificate_serves_every_host,
)
