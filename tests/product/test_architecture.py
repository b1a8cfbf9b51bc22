"""The drawings of docs/architecture.md are what the code is."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "architecture.md").read_text()


def drawings():
    return re.findall(r"```mermaid\n(.*?)```", PAGE, re.DOTALL)


def contract():
    """The layers that `lint-imports` holds, top to bottom: the names in each."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (layers,) = [each["layers"] for each in project["contracts"] if each["type"] == "layers"]
    return [
        {name.removeprefix("shared.") for name in re.findall(r"[\w.]+", layer)} for layer in layers
    ]


def test_the_drawing_of_imports_has_every_layer_in_its_place():
    drawing = drawings()[1]
    boxes = dict(re.findall(r'^ +(\w+)\["<b>[^<]+</b><br>(.+)"\]$', drawing, re.MULTILINE))
    (chain,) = re.findall(r"^ +(\w+(?: --> \w+)+)$", drawing, re.MULTILINE)
    lines = [line for box in chain.split(" --> ") for line in boxes.pop(box).split("<br>")]
    assert boxes == {}
    assert [set(line.split(", ")) for line in lines] == contract()


def test_the_drawing_of_calls_and_its_table_have_every_function():
    folders = {path.parent.name for path in (ROOT / "functions").glob("*/main.py")}
    drawn = {
        name
        for line in re.findall(r"^ +\w+(?: ~~~ \w+)+$", drawings()[0], re.MULTILINE)
        for name in line.split()
        if name != "~~~"
    }
    assert drawn == folders
    assert set(re.findall(r"^\| `functions/(\w+)` \|", PAGE, re.MULTILINE)) == folders


def test_every_library_we_ask_for_has_its_reason():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    reasons = PAGE[PAGE.index("| library |") : PAGE.index("## Deployment")]
    named = [name.partition("[")[0] for name in re.findall(r"`([^`]+)`", reasons)]
    for library in project["dependencies"]:
        name = re.split(r"[\[<>=]", library)[0]
        known = name in named or any(
            each.endswith("*") and name.startswith(each[:-1]) for each in named
        )
        assert known, name


def test_every_check_in_the_table_of_rules_exists():
    rules = PAGE[PAGE.index("## Rules of the house") : PAGE.index("## Libraries")]
    files = re.findall(r"`(tests/[\w/]+\.py)`", rules)
    assert files
    assert [file for file in files if not (ROOT / file).exists()] == []
