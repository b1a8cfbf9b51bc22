"""The delivery pipeline and the policy scan: each finds what was broken on purpose."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.infra.programs import beside_python
from tests.infra.terraform import ENVIRONMENT, Infra, program

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
BUILDS = {
    "cloudbuild.check.yaml": ("catalog-mcp-checker", ["check", "tests"]),
    "cloudbuild.yaml": ("catalog-mcp-deployer", ["package", "plan", "apply", "smoke"]),
}
"""Whom each build runs as, and its steps: tests run as somebody who cannot deploy."""
SCHEMA_CHECK = ("check-jsonschema", "--builtin-schema", "vendor.cloudbuild")


def run(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize("name", BUILDS)
def test_a_build_fits_cloud_builds_schema_and_a_misspelt_one_does_not(tmp_path, name):
    check = (beside_python(SCHEMA_CHECK[0]), *SCHEMA_CHECK[1:])
    status, output = run(*check, str(ROOT / name))
    assert status == 0, output
    broken = tmp_path / name
    broken.write_text((ROOT / name).read_text().replace("entrypoint:", "entrypont:"))
    assert run(*check, str(broken))[0] == 1


@pytest.mark.parametrize("name", BUILDS)
def test_every_step_of_a_build_is_a_make_target_and_only_one_account_may_deploy(name):
    account, expected = BUILDS[name]
    build = (ROOT / name).read_text()
    steps = re.findall(r"entrypoint: make\n    args: \[(.+)\]", build)
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert steps == expected
    assert set(steps) <= targets
    assert re.findall(r"^serviceAccount: .*/(.+)@", build, re.MULTILINE) == [account]


def test_a_plan_takes_the_committed_provider_and_no_other_once_there_is_one(tmp_path):
    for name in ("Makefile", "infra"):
        (tmp_path / name).symlink_to(ROOT / name)
    plan = ("make", "--dry-run", "plan", "PROJECT=a-project", "--directory", str(tmp_path))
    assert "-lockfile=readonly" not in run(*plan)[1]
    (tmp_path / "infra").unlink()
    (tmp_path / "infra").mkdir()
    (tmp_path / "infra" / ".terraform.lock.hcl").touch()
    assert "-lockfile=readonly -backend-config=bucket=a-project-terraform" in " ".join(
        run(*plan)[1].replace("\\", "").split()
    )


def test_the_policy_scan_is_clean_and_every_exception_has_a_reason(tmp_path):
    copy = Infra(tmp_path)
    status, output = scan(copy)
    assert status == 0, output
    skipped = re.findall(r"#checkov:skip=(\w+)(.*)", all_text(copy))
    assert all(re.match(r":.{20,}", reason) for _, reason in skipped), skipped


def test_the_policy_scan_finds_a_bucket_that_could_be_public(tmp_path):
    copy = Infra(tmp_path)
    copy.replace("files.tf", '"enforced"', '"inherited"')
    status, output = scan(copy)
    assert status == 1
    assert "CKV_GCP_114" in output


def scan(copy):
    checkov = ENVIRONMENT.get("CHECKOV") or str(ROOT / ".venv-checkov" / "bin" / "checkov")
    if not Path(checkov).exists():
        checkov = program("checkov")
    options = ("--framework", "terraform", "--skip-download", "--compact", "--quiet")
    return run(checkov, "--directory", str(copy.folder), *options)


def all_text(copy):
    return "\n".join(path.read_text() for path in sorted(copy.folder.rglob("*.tf")))
