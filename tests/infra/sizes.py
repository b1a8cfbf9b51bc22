"""That a first apply fits a new project: what instances take together, and who builds them."""

from shared.settings import Settings

GIB = 1 << 30
SERVING = ("api", "partner", "portal")
"""The functions that answer from catalogs."""
NEW_PROJECT = {"cpu": 20, "memory": 40 * GIB}
"""What Cloud Run lets a new project have in a region at once (Cloud Run, "Quotas and limits")."""
LEAST_CPUS = ((24, 8), (16, 6), (8, 4), (4, 2), (0, 1))
"""Over so many GiB takes so many vCPUs (Cloud Run, "Configure memory limits")."""
BUILDING = {
    ("roles/artifactregistry.writer", None),
    ("roles/logging.logWriter", None),
    ("roles/storage.objectViewer", "gcf-v2-sources"),
}
"""What a build's account needs in the project (Cloud Build, "Custom service account")."""


def all_instances_fit_a_new_project(deployment):
    """Google refuses a revision whose most instances would not fit the region's quota."""
    services = [each["service_config"][0] for each in deployment.functions().values()]
    most = [each["max_instance_count"] for each in services]
    cpus = sum(int(each["available_cpu"]) * n for each, n in zip(services, most, strict=True))
    memory = sum(memory_of(each) * n for each, n in zip(services, most, strict=True))
    assert cpus <= NEW_PROJECT["cpu"]
    assert memory <= NEW_PROJECT["memory"]
    assert deployment.outputs["largest"] == {"cpu": cpus, "memory_gib": memory / GIB}


def memory_cpus_and_cache_fit_together(deployment):
    """As many vCPUs as Cloud Run wants for the memory, one process, and half for opened files."""
    for name, each in deployment.functions().items():
        (service,) = each["service_config"]
        memory = memory_of(service)
        wanted = next(cpus for over, cpus in LEAST_CPUS if memory > over * GIB)
        assert int(service["available_cpu"]) == wanted, name
        variables = service["environment_variables"]
        assert int(variables["CATALOG_MCP_CACHE_BYTES"]) == memory // 2
        assert variables["WORKERS"] == "1"


def catalogs_that_can_be_published_can_be_served_and_built(deployment):
    """Every serving function holds the largest version, and one that builds has it twice."""
    functions = deployment.functions()
    serving = [memory_of(functions[name]["service_config"][0]) for name in SERVING]
    for name in functions:
        assert deployment.settings(name).version_bytes == min(serving) // 2
    operators = Settings.read(deployment.outputs["operator_environment"])
    assert operators.version_bytes == min(serving) // 2
    queue = deployment.all("google_cloud_tasks_queue")["google_cloud_tasks_queue.exports"]
    at_once = queue["rate_limits"][0]["max_concurrent_dispatches"]
    (tasks,) = functions["tasks"]["service_config"]
    assert memory_of(tasks) >= 4 * min(serving) * at_once
    assert tasks["max_instance_request_concurrency"] >= at_once


def builds_can_read_their_source_and_wait_until_they_may(deployment):
    """The builder reads our zips and Google's copies of them, and no function is built earlier."""
    (builder,) = (
        each["member"]
        for address, each in deployment.all("google_service_account").items()
        if address.endswith(".builder")
    )
    bindings = {
        address: each
        for address, each in deployment.all("google_project_iam_member").items()
        if each["member"] == builder
    }
    number = deployment.settings("tasks").tasks_url.rpartition("-tasks-")[2].split(".")[0]
    region = deployment.settings("tasks").region
    for role, bucket in BUILDING:
        (found,) = (each for each in bindings.values() if each["role"] == role)
        conditions = [each["expression"] for each in found["condition"]]
        named = f"resource.name.startsWith('projects/_/buckets/{bucket}-{number}-{region}')"
        assert conditions == ([] if bucket is None else [named])
    needs = {each["address"]: each.get("depends_on", []) for each in deployment.resources}
    waits = needs["time_sleep.builder_is_ready"]
    assert {address.partition("[")[0] for address in bindings} <= set(waits)
    for address in deployment.all("google_cloudfunctions2_function"):
        assert "time_sleep.builder_is_ready" in needs[address]


def one_certificate_serves_every_host(deployment):
    """It is issued by a DNS record, before any host has an address, and no host changes it."""
    (certificate,) = deployment.all("google_certificate_manager_certificate").values()
    (entry,) = deployment.all("google_certificate_manager_certificate_map_entry").values()
    (proof,) = deployment.all("google_certificate_manager_dns_authorization").values()
    (proxy,) = deployment.all("google_compute_target_https_proxy").values()
    assert certificate["managed"][0]["domains"] == [f"*.{proof['domain']}"] == [entry["hostname"]]
    assert certificate["managed"][0]["dns_authorizations"] == [proof["id"]]
    assert entry["certificates"] == [certificate["id"]]
    (catalog_map,) = deployment.all("google_certificate_manager_certificate_map").values()
    assert proxy["certificate_map"].endswith(catalog_map["id"])
    assert not proxy["ssl_certificates"]
    hosts = set(deployment.outputs["dns"])
    assert {host.partition(".")[2] for host in hosts} == {proof["domain"]}
    assert deployment.outputs["certificate_dns"] == proof["dns_resource_record"]


def memory_of(service):
    """An instance's memory in bytes."""
    text = service["available_memory"]
    return int(text[:-2]) * {"Gi": GIB, "Mi": 1 << 20}[text[-2:]]
