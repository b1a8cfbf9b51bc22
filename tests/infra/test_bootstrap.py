"""What is run once by hand, and the image builds run in: as far as they can be tried here."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.infra.programs import INFRA, beside_python
from tests.infra.terraform import program

ROOT = Path(__file__).parents[2]
SCRIPTS = (INFRA / "bootstrap.sh", ROOT / ".ci" / "run")
BUCKET = "gs://a-project-terraform"
DEPLOYER = "catalog-mcp-deployer@a-project.iam.gserviceaccount.com"
CLOSED = "--uniform-bucket-level-access --public-access-prevention"
NAMED = "--display-name Deploys from Cloud Build"
CHECKS = "--display-name Checks and tests in Cloud Build"
LOGS = "--role roles/logging.logWriter --condition None --quiet"
CHECKER = DEPLOYER.replace("deployer", "checker")

GCLOUD = r"""#!/bin/sh
# Writes down what it is asked, and knows which buckets and accounts were made.
printf '%s\n' "$*" >> "$STATE/calls"
case "$*" in
  *"$REFUSED"*) exit 1 ;;
  *" iam.allowedPolicyMemberDomains "*) printf '%s' "$RESTRICTED" ;;
  "storage buckets describe "*) test -e "$STATE/$(basename "$4")" ;;
  "storage buckets create "*) mkdir "$STATE/$(basename "$4")" ;;
  "iam service-accounts describe "*) test -e "$STATE/${4%%@*}" ;;
  "iam service-accounts create "*) mkdir "$STATE/$4" ;;
esac
"""

MAKES = {
    "analyticshub.admin": {"bigquery_analytics_hub"},
    "certificatemanager.owner": {"certificate_manager"},
    "cloudfunctions.admin": {"cloudfunctions2"},
    "cloudscheduler.admin": {"cloud_scheduler"},
    "cloudtasks.queueAdmin": {"cloud_tasks"},
    "compute.loadBalancerAdmin": {"compute"},
    "compute.securityAdmin": {"compute_security", "compute_ssl"},
    "datastore.owner": {"firestore"},
    "iam.serviceAccountAdmin": {"service_account"},
    "logging.configWriter": {"logging"},
    "monitoring.editor": {"monitoring"},
    "resourcemanager.projectIamAdmin": {"project_iam"},
    "run.admin": {"cloud_run_v2"},
    "secretmanager.admin": {"secret_manager"},
    "serviceusage.serviceUsageAdmin": {"project_service"},
    "storage.admin": {"storage"},
}
"""Which role the deployer needs for which kinds of resources in infra/."""

BUILDS = {"bigquery.user", "iam.serviceAccountUser", "logging.logWriter"}
"""Roles for what is no resource: BigQuery's project, deploying as accounts, build logs."""


class Bootstrap:
    """The script, with a gcloud that only writes down what it is asked."""

    def __init__(self, folder):
        self.state = folder / "state"
        self.bin = folder / "bin"
        for each in (self.state, self.bin):
            each.mkdir()
        gcloud = self.bin / "gcloud"
        gcloud.write_text(GCLOUD)
        gcloud.chmod(0o755)

    def run(self, *arguments, refused="no such call", restricted=""):
        """Its exit status, and the calls it made."""
        calls = self.state / "calls"
        calls.write_text("")
        done = subprocess.run(
            [str(INFRA / "bootstrap.sh"), *arguments],
            env={
                "PATH": f"{self.bin}:/usr/bin:/bin",
                "STATE": str(self.state),
                "REFUSED": refused,
                "RESTRICTED": restricted,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        self.said = done.stdout + done.stderr
        return done.returncode, calls.read_text().splitlines()


@pytest.fixture
def bootstrap(tmp_path):
    return Bootstrap(tmp_path)


def roles(calls):
    binding = rf"projects add-iam-policy-binding a-project --member serviceAccount:{DEPLOYER}"
    found = (
        re.fullmatch(rf"{binding} --role roles/(\S+) --condition None --quiet", c) for c in calls
    )
    return [match[1] for match in found if match]


def test_the_first_run_makes_the_state_bucket_and_the_account_that_deploys(bootstrap):
    status, calls = bootstrap.run("a-project", "europe-west1")
    assert (status, bootstrap.said) == (
        0,
        f"Ready: state in {BUCKET}, deployments as {DEPLOYER}\n",
    )
    enabled = calls[0].split()
    assert enabled[:4] == ["services", "enable", "--project", "a-project"]
    assert {"cloudresourcemanager.googleapis.com", "serviceusage.googleapis.com"} <= set(enabled)
    assert calls[1].startswith("resource-manager org-policies describe iam.allowed")
    assert calls[2:7] == [
        f"storage buckets describe {BUCKET}",
        f"storage buckets create {BUCKET} --project a-project --location europe-west1 {CLOSED}",
        f"storage buckets update {BUCKET} --versioning",
        f"iam service-accounts describe {DEPLOYER} --project a-project",
        f"iam service-accounts create catalog-mcp-deployer --project a-project {NAMED}",
    ]
    assert calls[7:10] == [
        f"iam service-accounts describe {CHECKER} --project a-project",
        f"iam service-accounts create catalog-mcp-checker --project a-project {CHECKS}",
        f"projects add-iam-policy-binding a-project --member serviceAccount:{CHECKER} {LOGS}",
    ]
    assert len(roles(calls)) == len(calls) - 10


def test_an_organization_that_lets_nobody_else_in_is_named_before_anything_is_made(bootstrap):
    status, calls = bootstrap.run("a-project", restricted="C0abcdefg")
    assert (status, len(calls)) == (1, 2)
    assert "exception" in bootstrap.said
    assert "Ready" not in bootstrap.said


def test_a_second_run_changes_nothing(bootstrap):
    _, first = bootstrap.run("a-project")
    status, second = bootstrap.run("a-project")
    assert status == 0
    assert [call for call in first if " create " in call] == [
        call for call in first if call not in second
    ]


@pytest.mark.parametrize(
    "refused", ["services enable", "buckets create", "accounts create", "roles/run.admin"]
)
def test_a_refusal_of_google_ends_it_there(bootstrap, refused):
    status, calls = bootstrap.run("a-project", refused=refused)
    assert status != 0
    assert refused in calls[-1]
    assert "Ready" not in bootstrap.said


def test_without_a_project_it_says_how_it_is_called(bootstrap):
    status, calls = bootstrap.run()
    assert (status, calls) == (1, [])
    assert "usage: infra/bootstrap.sh PROJECT [REGION]" in bootstrap.said


def test_the_deployer_may_make_every_kind_of_resource_and_nothing_else(bootstrap):
    granted = roles(bootstrap.run("a-project")[1])
    text = "\n".join(path.read_text() for path in sorted(INFRA.rglob("*.tf")))
    made = set(re.findall(r'^resource "google_(\w+)"', text, re.MULTILINE))
    kinds = {kind for found in MAKES.values() for kind in found}
    assert [each for each in made if not each.startswith(tuple(kinds))] == []
    assert [kind for kind in kinds if not any(each.startswith(kind) for each in made)] == []
    assert sorted(granted) == sorted({*MAKES, *BUILDS})


def gcloud_finds(commands, folder):
    """What gcloud says is wrong with commands, by its own grammar and without running them."""
    file = folder / "commands.json"
    file.write_text(json.dumps([{"command_string": command} for command in commands]))
    lint = [program("gcloud"), "meta", "lint-gcloud-commands", f"--commands-file={file}"]
    done = subprocess.run(lint, capture_output=True, text=True, check=False)
    found = json.loads(done.stdout)
    assert len(found) == len(commands), done.stderr
    return {each["command_string"]: each["error_message"] for each in found if not each["success"]}


@pytest.mark.slow
def test_every_gcloud_command_of_the_script_and_the_runbook_is_one(bootstrap, tmp_path):
    runbook = (ROOT / "docs" / "operations.md").read_text()
    typed = re.findall(r"`(gcloud [^`]+)`", runbook)
    commands = [part for line in typed for part in line.split(" && ")]
    commands += re.findall(r"^ .*\| (gcloud .+)$", runbook, re.MULTILINE)
    commands = [re.sub(r"(OLD-|NEW-)?PROJECT", "a-project", line) for line in commands]
    made = [f"gcloud {call}" for call in bootstrap.run("a-project")[1]]
    made = [call for call in made if NAMED not in call and CHECKS not in call]
    assert len(commands) > 10
    assert gcloud_finds([*commands, *made], tmp_path) == {}
    broken = [made[0].replace("--project", "--projct"), "gcloud firestore databases restorex"]
    assert len(gcloud_finds(broken, tmp_path)) == len(broken)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_shell_scripts_are_clean_and_a_careless_one_is_not(script, tmp_path):
    check = beside_python("shellcheck")
    done = subprocess.run([check, script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    careless = tmp_path / "careless.sh"
    careless.write_text(script.read_text() + "\nrm -r $1/*\n")
    assert subprocess.run([check, careless], capture_output=True, check=False).returncode == 1


def test_the_build_image_is_well_formed_and_a_broken_one_is_not(tmp_path):
    check = beside_python("hadolint")
    image = INFRA / "build.Dockerfile"
    done = subprocess.run([check, image], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")
    for before, after in (("RUN echo", "RUM echo"), ("--from=terraform", "--from=terrafrom")):
        broken = tmp_path / "Dockerfile"
        broken.write_text(image.read_text().replace(before, after))
        assert subprocess.run([check, broken], capture_output=True, check=False).returncode == 1


def test_the_build_image_has_the_versions_that_are_deployed_and_promised():
    image = (INFRA / "build.Dockerfile").read_text()
    python = re.search(r"^FROM python:(\d+)\.(\d+)\.\d+-", image, re.MULTILINE)
    module = (INFRA / "modules" / "function" / "main.tf").read_text()
    assert f'runtime         = "python{python[1]}{python[2]}"' in module
    terraform = re.search(r"^FROM hashicorp/terraform:(\d+)\.(\d+)\.\d+ ", image, re.MULTILINE)
    (least,) = re.findall(
        r'required_version = ">= (\d+\.\d+)"', (INFRA / "versions.tf").read_text()
    )
    assert (int(terraform[1]), int(terraform[2])) >= tuple(map(int, least.split(".")))
    assert (
        f"`terraform` {least} or later and Python {python[1]}.{python[2]}"
        in (ROOT / "docs" / "operations.md").read_text()
    )


def test_the_build_image_has_one_emulator_and_the_java_that_newer_ones_want():
    image = (INFRA / "build.Dockerfile").read_text()
    packages = re.findall(r"(?<= )google-cloud-cli\S*(?= )", image)
    assert len(packages) == 2
    assert {each.partition("=")[2] for each in packages} == {"528.0.0-0"}
    (java,) = re.findall(r"openjdk-(\d+)-jre", image)
    assert int(java) >= 21
