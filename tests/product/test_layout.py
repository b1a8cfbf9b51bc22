"""What holds for the whole tree, whoever writes in it."""

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.infra.programs import package

ROOT = Path(__file__).parents[2]
CODE = [*ROOT.glob("functions/**/*.py"), *ROOT.glob("shared/**/*.py")]


def tracked(*patterns):
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.split() if os.path.lexists(ROOT / name)]


def test_nothing_in_the_repository_is_a_link_because_it_would_lead_out_of_it_elsewhere():
    assert [path for path in tracked() if path.is_symlink()] == []


def test_no_file_is_longer_than_400_lines():
    long = {
        str(path.relative_to(ROOT)): count
        for path in tracked("*.py")
        if (count := len(path.read_text().splitlines())) > 400
    }
    assert long == {}


def test_no_function_is_longer_than_40_lines():
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for path in CODE
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and own_lines(node) > 40
    ]
    assert long == []


def own_lines(node):
    """Lines of the body without its docstring: prose is not length."""
    body = node.body
    first = body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and len(body) > 1:
        return node.end_lineno - body[1].lineno + 1
    return node.end_lineno - first.lineno + 1


def test_package_files_are_empty():
    assert [path for path in CODE if path.name == "__init__.py" and path.read_text()] == []


def test_imports_stand_at_the_top_except_in_the_composition_root():
    inline = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in CODE
        if path != ROOT / "shared/app.py"
        for function in ast.walk(ast.parse(path.read_text()))
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert inline == []


@pytest.mark.slow
@pytest.mark.parametrize("function", package.functions())
def test_importing_a_function_loads_no_google_client_and_nothing_that_records_spans(function):
    """The MCP SDK imports OpenTelemetry's empty API by itself; the SDK and exporters are ours.

    The engine reads files in its jobs, for which nobody waits. The studio and the portal's pages of
    it know currencies: a draft of an endpoint shows what a partner catalog would refuse of it.
    """
    of_files = {"charset_normalizer", "iso4217", "openpyxl", "shared.catalog.feeds.read"}
    of_files -= {"engine": of_files, "studio": {"iso4217"}, "portal": {"iso4217"}}.get(
        function, set()
    )
    program = (
        f"import sys; import functions.{function}.main;"
        "unwanted = ('grpc', 'google.api_core', 'google.auth', 'httpx', 'duckdb',"
        f" 'opentelemetry.sdk', 'opentelemetry.exporter', 'opentelemetry.proto', *{of_files});"
        "print([name for name in unwanted if name in sys.modules])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert loaded.stdout.strip() == "[]"


def test_a_new_function_is_held_to_the_same_rules_without_being_listed(tmp_path):
    """The lists above come from the tree: a function that imports another one is found."""
    for folder in ("functions", "shared"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    new = tmp_path / "functions" / "unlisted"
    new.mkdir()
    (new / "__init__.py").touch()
    lint = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    for imported, kept in (("shared.errors", True), ("functions.partner.results", False)):
        (new / "main.py").write_text(f"import {imported}\n")
        found = subprocess.run(lint, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ("Functions never import one another KEPT" in found.stdout) is kept, found.stdout
    assert "unlisted" in package.functions(tmp_path)
