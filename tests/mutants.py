"""`make mutants`: mistakes put into the code one at a time; which of them does no test notice?

    python -m tests.mutants [PATH …] [--every N]

cosmic-ray makes the mistakes (`<` for `<=`, 1 for 2, `not` left out) in a copy of the tree and runs
the tests that ought to notice. Survivors are printed as diffs. Each is either killed by a new test,
or listed with a reason in CONTRIBUTING.md. `--every 4` tries a quarter of a file's mistakes: the
first in order of place, the fifth, and so on, so that a sample is the same each time.
"""

import argparse
import json
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOOLS = ROOT / ".venv-mutants" / "bin"
WORK = ROOT / "build" / "mutants"
OWN = "shared/identity/test_own shared/identity/test_own_clients"
ENDS = "shared/identity/test_own_clients functions/test_access_ends"
TENANTS = "functions/test_admin_tenants functions/test_tenants"
TARGETS = {
    "shared/catalog/search/cursor.py": "shared/catalog/search/test_paging",
    "shared/cursors.py": "shared/test_cursors",
    "shared/invoke.py": f"functions/test_log {OWN} shared/auth/test_api_keys "
    "functions/test_admin_tenants functions/test_narrowed functions/test_refused "
    "functions/test_studio_metrics functions/test_damaged_files functions/test_admin "
    "functions/test_portal_pages functions/test_tenants functions/test_mcp_host "
    "functions/test_api functions/test_traces",
    "shared/auth/access.py": f"shared/test_pauses shared/auth/test_gate {ENDS} "
    "functions/test_reach functions/test_narrowed functions/test_portal_catalogs",
    "shared/auth/activity.py": f"shared/auth/test_api_keys {OWN} shared/auth/test_usage",
    "shared/auth/api_keys.py": "shared/auth/test_api_keys",
    "shared/auth/caller.py": f"shared/auth/test_api_keys {TENANTS}",
    "shared/auth/faces.py": "functions/auth/test_faces functions/auth/test_metadata "
    "functions/auth/test_authorize functions/test_tenants functions/test_portal_elsewhere",
    "shared/auth/gate.py": f"{ENDS} shared/auth/test_api_keys shared/auth/test_gate {TENANTS} "
    "functions/test_admin_access functions/auth/test_invitations functions/test_access_tokens",
    "shared/auth/jwks.py": "shared/auth/test_clock_steps shared/auth/test_jwks "
    "shared/auth/test_tokens",
    "shared/auth/keyring.py": "shared/auth/test_keyring functions/auth/test_key_rotation "
    "shared/auth/test_clock_steps functions/auth/test_tokens functions/test_portal_upload",
    "shared/auth/lent.py": "functions/test_admin_access",
    "shared/auth/metrics.py": "shared/auth/test_metrics functions/test_studio_metrics",
    "shared/auth/rate.py": "shared/auth/test_api_keys shared/auth/test_rate functions/test_api",
    "shared/auth/service.py": "functions/test_tasks",
    "shared/auth/tenancy.py": f"{TENANTS} functions/test_admin functions/test_studio_access",
    "shared/auth/tokens.py": "shared/identity/test_own_clients functions/test_access_tokens "
    "shared/auth/test_tokens shared/auth/test_clock_steps functions/test_portal_elsewhere",
    "shared/auth/usage.py": f"shared/auth/test_usage {OWN} functions/test_admin_tenants",
    "shared/identity/access_changes.py": "shared/identity/test_access_changes "
    f"shared/identity/test_grants {ENDS}",
    "shared/identity/account.py": "functions/test_portal_pages functions/test_portal_sign_in",
    "shared/identity/address_review.py": "shared/identity/test_addresses",
    "shared/identity/addresses.py": "shared/identity/test_addresses",
    "shared/identity/audit.py": f"{OWN} shared/identity/test_paging",
    "shared/identity/authorizations.py": f"{ENDS} functions/auth/test_tokens "
    "functions/auth/test_key_rotation",
    "shared/identity/credentials.py": ENDS,
    "shared/identity/deleting_tenants.py": f"{TENANTS} functions/test_admin_tenants_killed",
    "shared/identity/devices.py": "functions/auth/test_device functions/test_admin_access",
    "shared/identity/grants.py": "shared/test_pauses shared/identity/test_grants "
    "functions/test_studio_partner_access functions/test_access_ends",
    "shared/identity/invitations.py": "functions/auth/test_invitations",
    "shared/identity/joining.py": "shared/auth/test_gate",
    "shared/identity/keys.py": "shared/auth/test_api_keys functions/test_access_ends "
    "shared/identity/test_own functions/test_tenants functions/test_delivery",
    "shared/identity/known.py": OWN,
    "shared/identity/limits.py": "functions/auth/test_invitations functions/auth/test_mail_limits",
    "shared/identity/making_tenants.py": "functions/test_admin_tenants",
    "shared/identity/me.py": f"shared/auth/test_api_keys {TENANTS}",
    "shared/identity/names.py": "shared/identity/test_addresses shared/identity/test_ids",
    "shared/identity/organizations.py": f"{OWN} shared/auth/test_gate functions/test_access_ends "
    "functions/auth/test_invitations shared/identity/test_ids functions/test_portal_operators "
    "functions/test_tenants",
    "shared/identity/own_keys.py": f"{OWN} functions/test_portal_pages",
    "shared/identity/own_members.py": f"functions/auth/test_invitations {OWN} "
    "shared/identity/test_ids functions/test_access_ends",
    "shared/identity/own_sessions.py": f"{OWN} functions/test_access_ends",
    "shared/identity/own_usage.py": OWN,
    "shared/identity/pauses.py": "shared/test_pauses",
    "shared/identity/people.py": "shared/identity/test_addresses functions/auth/test_invitations "
    "functions/auth/test_upstream",
    "shared/identity/principals.py": f"{OWN} shared/identity/test_ids",
    "shared/identity/records.py": f"{TENANTS} shared/identity/test_grants {OWN}",
    "shared/identity/service_accounts.py": "functions/auth/test_service_accounts",
    "shared/identity/sessions.py": f"{OWN} functions/auth/test_tokens shared/identity/test_ids "
    "shared/auth/test_gate functions/test_access_ends",
    "shared/identity/signing_keys.py": "functions/auth/test_key_rotation",
    "shared/identity/tenant_roles.py": f"{TENANTS} shared/identity/test_free "
    "shared/identity/test_ids functions/test_studio_access",
    "shared/identity/tenants.py": f"{TENANTS} shared/identity/test_free "
    "shared/identity/test_audit functions/test_portal_operators functions/test_studio_access",
    "shared/identity/times.py": "shared/identity/test_ids",
}
"""What is mutated, and the tests that ought to notice: the few that reach its lines soonest."""

SETTINGS = """\
[cosmic-ray]
module-path = "{path}"
timeout = 300.0
excluded-modules = []
test-command = "{python} -m pytest -x -q -p no:schemathesis -m 'not slow' {tests}"

[cosmic-ray.distributor]
name = "local"

[cosmic-ray.filters.operators-filter]
exclude-operators = [
  "core/ReplaceBinaryOperator_(?!Add_Sub|Sub_Add|Mul_Div|Div_Mul|FloorDiv_Mul|BitAnd_BitOr)",
  "core/ReplaceComparisonOperator_(?!Eq_NotEq|NotEq_Eq|Lt_LtE|LtE_Lt|Gt_GtE|GtE_Gt|Is_IsNot|IsNot_Is)",
  "core/ReplaceUnaryOperator_(USub_(?!UAdd)|Delete_USub)",
]
"""
"""One replacement an operator, because the others fail in the same way: an addition that becomes a
shift, an `==` that becomes a `<`. None for `|`, which stands in types, where nothing at run time
notices another operator; nor for `**`, which unpacks here."""

SAMPLE = """\
CREATE TEMP TABLE kept AS SELECT job_id FROM (
  SELECT job_id, row_number() OVER (
    ORDER BY start_pos_row, start_pos_col, operator_name, occurrence
  ) - 1 AS place
  FROM mutation_specs WHERE job_id NOT IN (SELECT job_id FROM work_results)
) WHERE place % {every} = 0;
DELETE FROM work_results;
DELETE FROM mutation_specs WHERE job_id NOT IN kept;
DELETE FROM work_items WHERE job_id NOT IN kept;
"""
"""What is left of a session when the mistakes that are not made, and those not asked for, go."""


def copied():
    """A copy of the tree as it is: mistakes are made there, never here.

    It is compiled once. Python then looks at what a file says, not at when it was written, and
    compiles only the one with the mistake again.
    """
    tree = WORK / "tree"
    shutil.rmtree(tree, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
    compiled = ["-m", "compileall", "-q", "--invalidation-mode", "checked-hash"]
    folders = ["functions", "shared", "tests"]
    subprocess.run([sys.executable, *compiled, *folders], cwd=tree, check=True)
    return tree


def tried(path, tests, tree, every):
    """The mistakes that were made in a file: where, what, and whether a test noticed."""
    name = path.replace("/", ".")
    settings, session = WORK / f"{name}.toml", WORK / f"{name}.sqlite"
    files = " ".join(f"tests/{test}.py" for test in tests.split())
    settings.write_text(SETTINGS.format(path=path, python=sys.executable, tests=files))
    session.unlink(missing_ok=True)

    def run(tool, *arguments):
        command = [TOOLS / tool, *arguments]
        return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True).stdout

    run("cosmic-ray", "baseline", settings)
    run("cosmic-ray", "init", settings, session)
    run("cr-filter-operators", session, settings)
    with closing(sqlite3.connect(session)) as items:
        items.executescript(SAMPLE.format(every=every))
    run("cosmic-ray", "exec", settings, session)
    lines = map(json.loads, run("cosmic-ray", "dump", session).splitlines())
    return [(item["mutations"][0], result) for item, result in lines]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("paths", nargs="*", default=list(TARGETS))
    parser.add_argument("--every", type=int, default=1, help="4: a quarter of the mistakes")
    asked = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    tree = copied()
    for path in [file for path in asked.paths for file in TARGETS if file.startswith(path)]:
        found = tried(path, TARGETS[path], tree, asked.every)
        alive = [each for each in found if each[1]["test_outcome"] == "survived"]
        print(f"{path}: {len(found)} mistakes, {len(alive)} not noticed", flush=True)
        for mutation, result in alive:
            print(f"  {mutation['module_path']}:{mutation['start_pos'][0]}")
            print("".join(f"    {line}\n" for line in result["diff"].splitlines()[3:]))


if __name__ == "__main__":
    main()
