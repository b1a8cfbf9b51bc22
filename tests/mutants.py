"""`make mutants`: mistakes put into the code one at a time; which of them does no test notice?

    python -m tests.mutants [PATH …]

cosmic-ray makes the mistakes (`<` for `<=`, 1 for 2, `not` left out) in a copy of the tree and runs
the tests that ought to notice. Survivors are printed as diffs. Each is either killed by a new test,
or listed with a reason in CONTRIBUTING.md.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOOLS = ROOT / ".venv-mutants" / "bin"
WORK = ROOT / "build" / "mutants"
CALLS = "tests/functions/test_partner.py tests/functions/test_tenants.py"
PEOPLE = "tests/shared/identity tests/functions/test_access_ends.py tests/functions/auth"
TARGETS = {
    "shared/catalog/search/cursor.py": "tests/shared/catalog/search/test_paging.py",
    "shared/cursors.py": "tests/shared/test_cursors.py",
    "shared/invoke.py": f"{CALLS} tests/functions/test_refused.py tests/functions/test_habits.py",
    "shared/auth": f"tests/shared/auth {CALLS} {PEOPLE}",
    "shared/identity": f"{PEOPLE} {CALLS} tests/functions/test_admin_tenants.py",
}
"""What is mutated, and the tests that ought to notice: a file or folder of each."""

SETTINGS = """\
[cosmic-ray]
module-path = "{path}"
timeout = 90.0
excluded-modules = []
test-command = "{python} -m pytest -x -q -m 'not slow' {tests}"

[cosmic-ray.distributor]
name = "local"

[cosmic-ray.filters.operators-filter]
exclude-operators = ["core/ReplaceBinaryOperator_BitOr_.*"]
"""
"""`|` stands in types here, where nothing at run time notices another operator."""


def copied():
    """A copy of the tree as it is: mistakes are made there, never here."""
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
    return tree


def tried(path, tests, tree):
    """Every mistake that was made in a file or folder: where, what, and whether a test noticed."""
    name = path.replace("/", ".")
    settings, session = WORK / f"{name}.toml", WORK / f"{name}.sqlite"
    settings.write_text(SETTINGS.format(path=path, python=sys.executable, tests=tests))
    session.unlink(missing_ok=True)

    def run(tool, *arguments):
        command = [TOOLS / tool, *arguments]
        return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=True).stdout

    run("cosmic-ray", "baseline", settings)
    run("cosmic-ray", "init", settings, session)
    run("cr-filter-operators", session, settings)
    run("cosmic-ray", "exec", settings, session)
    lines = map(json.loads, run("cosmic-ray", "dump", session).splitlines())
    return [
        (item["mutations"][0], result)
        for item, result in lines
        if result and result["worker_outcome"] != "skipped"
    ]


def main():
    asked = sys.argv[1:] or list(TARGETS)
    WORK.mkdir(parents=True, exist_ok=True)
    tree = copied()
    for path in asked:
        tests = next(tests for known, tests in TARGETS.items() if path.startswith(known))
        found = tried(path, tests, tree)
        alive = [each for each in found if each[1]["test_outcome"] == "survived"]
        print(f"{path}: {len(found)} mistakes, {len(alive)} not noticed", flush=True)
        for mutation, result in alive:
            print(f"  {mutation['module_path']}:{mutation['start_pos'][0]}")
            print("".join(f"    {line}\n" for line in result["diff"].splitlines()[3:]))


if __name__ == "__main__":
    main()
