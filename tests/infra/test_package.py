"""What is in a function's source zip."""

import subprocess
import sys
import zipfile

import pytest

from tests.infra.programs import package

FUNCTIONS = package.functions()


@pytest.fixture(params=FUNCTIONS)
def name(request):
    return request.param


def test_every_folder_of_functions_with_an_entry_point_is_packed():
    assert {"api", "partner"} <= set(FUNCTIONS)


@pytest.mark.slow
def test_packing_twice_gives_the_same_bytes_whenever_files_were_touched(name, tmp_path):
    for path in package.ROOT.glob("functions/*/main.py"):
        path.touch()
    first = package.pack(name, tmp_path / "first").read_bytes()
    command = [sys.executable, package.__file__, name, "--target", str(tmp_path / "second")]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    assert (tmp_path / "second" / f"{name}.zip").read_bytes() == first


def test_a_zip_holds_its_function_and_no_other(name, tmp_path):
    with zipfile.ZipFile(package.pack(name, tmp_path)) as file:
        names = file.namelist()
    assert {"main.py", "requirements.txt", f"functions/{name}/main.py"} <= set(names)
    folders = {each.split("/")[1] for each in names if each.count("/") > 1 and "functions/" in each}
    assert folders == {name}


def test_a_zip_holds_no_command_line_no_tests_no_demo_data_and_no_caches(name):
    unwanted = ("shared/cli", "tests/", "__pycache__", ".jsonl", "pyproject.toml", "infra/")
    assert [at for at in package.contents(name) for word in unwanted if word in at] == []


def test_a_change_of_code_that_a_function_does_not_reach_leaves_its_zip_alone(tmp_path):
    root = small_repository(tmp_path)
    before = package.contents("one", root)
    (root / "shared/unused.py").write_text("changed = True\n")
    assert package.contents("one", root) == before
    (root / "shared/used.py").write_text("changed = True\n")
    assert package.contents("one", root) != before


def test_templates_beside_code_are_packed_and_imports_inside_functions_are_followed(tmp_path):
    root = small_repository(tmp_path)
    (root / "shared/used.py").write_text("def later():\n    from shared import lazy\n")
    (root / "shared/lazy.py").write_text("")
    (root / "functions/one/templates").mkdir()
    (root / "functions/one/templates/page.html").write_text("<p>")
    assert list(package.contents("one", root)) == [
        "functions/__init__.py",
        "functions/one/__init__.py",
        "functions/one/main.py",
        "functions/one/templates/page.html",
        "main.py",
        "requirements.txt",
        "shared/__init__.py",
        "shared/lazy.py",
        "shared/used.py",
    ]


def small_repository(folder):
    for at, text in {
        "functions/__init__.py": "",
        "functions/requirements.txt": "",
        "functions/one/__init__.py": "",
        "functions/one/main.py": "import json\nfrom shared.used import changed\n",
        "functions/two/main.py": "",
        "shared/__init__.py": "",
        "shared/used.py": "changed = False\n",
        "shared/unused.py": "",
    }.items():
        path = folder / at
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder
