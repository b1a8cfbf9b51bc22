"""The docs name what exists: every error code, setting, stored collection and command."""

import re
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from shared.cli.main import main
from shared.errors import STATUS
from shared.queries import SHAPES
from shared.settings import Settings

ROOT = Path(__file__).parents[2]


def page(name):
    return (ROOT / "docs" / name).read_text()


def test_every_error_code_is_explained_with_its_status():
    rows = dict(re.findall(r"^\| `(\w+)` \| (\d+) \|", page("errors.md"), re.MULTILINE))
    assert rows == {code: str(status) for code, status in STATUS.items()}


def test_every_setting_is_in_the_operations_page():
    named = set(re.findall(r"`([A-Z_]+)`", page("operations.md")))
    assert {name.upper() for name in Settings.model_fields} - named == {"SERVICE"}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.collection)
def test_every_queried_collection_is_described(shape):
    collection = shape.collection.replace("*", "{key}")
    assert f"`{collection}/" in page("data.md")


def test_every_command_the_readme_names_exists():
    readme = (ROOT / "README.md").read_text()
    named = set(re.findall(r"^catalog-mcp ([a-z-]+)", readme, re.MULTILINE))
    assert named <= set(main.commands)


def test_the_installed_command_is_the_command_line():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    entry = EntryPoint("catalog-mcp", project["scripts"]["catalog-mcp"], "console_scripts")
    assert entry.load() is main
