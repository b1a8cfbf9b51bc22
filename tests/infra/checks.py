"""What holds between `infra/` and the code, asked of the resources an apply would make."""

import importlib
import json
import re
from pathlib import Path

from shared.auth import keyring
from shared.cli.dev import ROUTES
from shared.ports import ID
from shared.queries import SHAPES
from shared.records import Records
from shared.settings import PREFIX, Settings
from tests.infra.package import package

ROOT = Path(__file__).parents[2]
PUBLIC = {"api", "partner"}
"""The functions that answer anybody, since they check credentials themselves."""

NOT_IN_THE_CLOUD = {"data", "fetch_networks", "cloud"}
"""Settings without a variable there: the local backend's folder, the opening for tests, and what
K_SERVICE says."""

KEPT_PAST_THEIR_TIME = {"api_keys": "expired keys are shown with their last use"}


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
        given = each["service_config"][0]["environment_variables"]
        assert set(given) == {f"{PREFIX}{field.upper()}" for field in fields}
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
    assert everything.count('"allUsers"') == 2 * len(PUBLIC)  # the member, and its key in for_each
    assert "allAuthenticatedUsers" not in everything
    ingress = {
        name: each["service_config"][0]["ingress_settings"]
        for name, each in deployment.functions().items()
    }
    assert ingress == {
        name: "ALLOW_INTERNAL_AND_GCLB" if name in PUBLIC else "ALLOW_INTERNAL_ONLY"
        for name in ingress
    }


def every_query_has_its_index(deployment):
    """Composite indexes are those that the declared query shapes need, and no others."""
    wanted = set()
    for shape in SHAPES:
        order = [field for field in shape.order if field != ID]
        if shape.equal and order:
            collection = shape.collection.rpartition("/")[2]
            wanted.add((collection, *shape.equal, *order))
    made = {
        (
            each["collection"],
            *(
                ("-" if field["order"] == "DESCENDING" else "") + field["field_path"]
                for field in each["fields"]
            ),
        )
        for each in deployment.all("google_firestore_index").values()
    }
    assert made == wanted


def what_expires_is_removed(deployment):
    """Every stored record with an `expiresAt` has a TTL policy, or a reason to be kept."""
    expiring = {
        found.collection.rpartition("/")[2]
        for found in declared(Records)
        if "expires_at" in found.model.model_fields
    }
    policies = {
        each["collection"]: each["field"]
        for each in deployment.all("google_firestore_field").values()
        if each["ttl_config"]
    }
    assert policies == dict.fromkeys(expiring - set(KEPT_PAST_THEIR_TIME), "expiresAt")


def secrets_are_those_of_the_code(deployment):
    """Each function mounts the key rings where shared/gcp/secrets.py looks, and may read them."""
    for name, each in deployment.functions().items():
        volumes = each["service_config"][0]["secret_volumes"]
        mounted = {volume["secret"]: volume["mount_path"] for volume in volumes}
        assert mounted == {ring: f"/secrets/{ring}" for ring in (keyring.SIGNING, keyring.SEALING)}
        assert all(volume["versions"] == [] for volume in volumes)
        readers = deployment.all("google_secret_manager_secret_iam_member")
        granted = {
            binding["secret_id"]
            for address, binding in readers.items()
            if address.startswith(f"module.{name}.")
        }
        assert granted == set(mounted)


def the_load_balancer_routes_as_dev_does(deployment):
    """Every host has the table of `make dev`, and each host of our addresses is served."""
    maps = deployment.all("google_compute_url_map")["google_compute_url_map.platform"]
    backends = {
        each["id"]: address.split('"')[1]
        for address, each in deployment.all("google_compute_backend_service").items()
    }
    for matcher in maps["path_matcher"]:
        table = {tuple(rule["paths"]): backends[rule["service"]] for rule in matcher["path_rule"]}
        assert table == {(path, f"{path}/*"): function for path, function in ROUTES}
    paths = [path for path, _ in ROUTES]
    assert not [a for a in paths for b in paths if a != b and a.startswith(f"{b}/")]
    settings = Settings.read(
        deployment.functions()["partner"]["service_config"][0]["environment_variables"]
    )
    served = {host for rule in maps["host_rule"] for host in rule["hosts"]}
    assert served == settings.known_hosts == set(deployment.outputs["dns"])


def every_alert_is_explained(deployment):
    """Each alert has a paragraph in docs/operations.md, and each paragraph an alert."""
    text = (ROOT / "docs" / "operations.md").read_text()
    section = text.partition("## When an alert comes")[2].partition("\n## ")[0]
    explained = set(re.findall(r"^- \*\*(.+?)\*\*", section, re.MULTILINE))
    alerts = deployment.all("google_monitoring_alert_policy").values()
    assert {each["display_name"] for each in alerts} == explained


def data_is_hard_to_lose(deployment):
    """Deletion protection, point-in-time recovery, backups, soft delete."""
    (database,) = deployment.all("google_firestore_database").values()
    assert database["delete_protection_state"] == "DELETE_PROTECTION_ENABLED"
    assert database["point_in_time_recovery_enablement"] == "POINT_IN_TIME_RECOVERY_ENABLED"
    assert len(deployment.all("google_firestore_backup_schedule")) == 2
    files = deployment.all("google_storage_bucket")["google_storage_bucket.files"]
    assert not files["force_destroy"]
    assert files["soft_delete_policy"][0]["retention_duration_seconds"] >= 7 * 86_400


def declared(type_):
    """Every instance of a class that is a module's constant in our code."""
    for path in sorted([*ROOT.glob("shared/**/*.py"), *ROOT.glob("functions/**/*.py")]):
        if path.name in {"__init__.py", "__main__.py", "main.py"}:
            continue
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, type_):
                yield value


CHECKS = (
    every_function_is_deployed,
    functions_get_exactly_the_settings,
    no_account_is_shared,
    no_role_is_basic,
    only_partners_functions_are_public,
    every_query_has_its_index,
    what_expires_is_removed,
    secrets_are_those_of_the_code,
    the_load_balancer_routes_as_dev_does,
    every_alert_is_explained,
    data_is_hard_to_lose,
)
