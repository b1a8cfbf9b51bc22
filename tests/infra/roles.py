"""Who may do what in a deployment, and that docs/operations.md says exactly that."""

import re
from pathlib import Path
from typing import Final

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
CONDITIONS = {"documents": "database", "build sources": "build copies"}
"""What the condition of a role in the project comes to, by its title."""
QUEUES = {"engine": "engine queue", "exports": "export queue", "work": "queue"}
WHERE = {
    "google_bigquery_analytics_hub_data_exchange_iam_member": lambda _: "exchange",
    "google_cloud_run_v2_service_iam_member": lambda each: each["name"].rpartition("-")[2],
    "google_cloud_tasks_queue_iam_member": lambda each: QUEUES[each["name"].rpartition("-")[2]],
    "google_project_iam_member": lambda each: (
        CONDITIONS[each["condition"][0]["title"]] if each.get("condition") else "project"
    ),
    "google_secret_manager_secret_iam_member": lambda each: each["secret_id"],
    "google_service_account_iam_member": lambda each: each["service_account_id"],
    "google_storage_bucket_iam_member": lambda each: (
        "transfers" if each.get("condition") else each["bucket"].rpartition("-")[2]
    ),
}
"""What a role is given on, by the type of the binding."""

TRACES = ("telemetry.tracesWriter", "project")
"""Every function's, where traces are on."""


def roles_are_those_of_the_page(deployment):
    """Every binding is in "Who may do what", and every line there is a binding."""
    assert granted(deployment) == described()


TYPED: Final = {"gcloud run services describe": ("run.viewer", "project")}
"""What the runbook has operators type when something happens, and the role that takes."""


def operators_may_do_what_the_runbook_asks_of_them(deployment):
    """Every gcloud command of the two sections for when something happens. What else there is of
    gcloud in the page is an owner's, and says so."""
    text = PAGE.read_text()
    asked = "".join(
        text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
        for title in ("When an alert comes", "When something else")
    )
    typed = re.findall(r"`(gcloud(?: [a-z][a-z-]+)+)", asked)
    assert typed
    operators = {(role, on) for who, role, on in granted(deployment) if who == "operators"}
    for command in typed:
        (role,) = (role for known, role in TYPED.items() if command.startswith(known))
        assert role in operators, command


def granted(deployment):
    """(who, role, on what) of every binding; operators are one."""
    accounts = {
        each["member"]: each["account_id"].rpartition("-")[2]
        for each in deployment.all("google_service_account").values()
    }
    names = {
        each["name"]: each["account_id"].rpartition("-")[2]
        for each in deployment.all("google_service_account").values()
    }
    accounts |= {
        each["writer_identity"]: "sink"
        for each in deployment.all("google_logging_project_sink").values()
    }
    found = set()
    for type_, where in WHERE.items():
        for each in deployment.all(type_).values():
            who = accounts.get(each["member"], "anybody")
            who = "operators" if "@" in each["member"] else who
            on = where(each)
            found.add((who, each["role"].removeprefix("roles/"), names.get(on, on)))
    bindings = {each["type"] for each in deployment.resources if "_iam_" in each["type"]}
    assert bindings == set(WHERE)
    return {each for each in found if each[1:] != TRACES}


def described():
    """The same, as the page says it."""
    section = PAGE.read_text().partition("### Who may do what")[2].partition("\n#")[0]
    return {
        (who, role, where)
        for who, roles in re.findall(r"^\| (\w+) \| (.+) \|$", section, re.MULTILINE)
        for role, places in re.findall(r"`([\w.]+)` on ([^;|]+)", roles)
        for where in re.split(r", | and ", places.strip())
    }
