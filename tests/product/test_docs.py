"""The docs name what exists: every error code, setting, stored collection and command."""

import re
import shlex
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path

import click
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


@pytest.mark.parametrize("shape", sorted(SHAPES, key=repr), ids=lambda shape: shape.collection)
def test_every_queried_collection_is_described(shape):
    collection = shape.collection.replace("*", "{key}")
    assert f"`{collection}/" in page("data.md")


def typed():
    """Every `catalog-mcp` command line in README and docs, in a code span or a block."""
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))):
        text = path.read_text()
        spans = re.findall(r"`(?:\.venv/bin/)?catalog-mcp ([^`]+)`", text)
        lines = re.findall(r"^ *(?:\.venv/bin/)?catalog-mcp (.+)$", text, re.MULTILINE)
        yield from ((path.name, line) for line in [*spans, *lines])


@pytest.mark.parametrize(("page", "line"), sorted(set(typed())), ids=str)
def test_every_command_line_in_the_docs_can_be_typed(page, line):
    command, words = main, shlex.split(line, comments=True)
    while words and words[0] == "--data":
        words = words[2:]
    while isinstance(command, click.Group) and words and not words[0].startswith("--"):
        command = command.get_command(None, words.pop(0))
        assert command is not None, page
    known = {option for each in command.params for option in each.opts} | {"--help", "--data"}
    assert {word for word in words if word.startswith("--")} <= known


def shown():
    """The lines of docs/security.md that say which test shows a promise: its number, its tests."""
    for number, text in re.findall(
        r"^\| (\d+)\. .* \| (.+) \|$", page("security.md"), re.MULTILINE
    ):
        tests = [
            (file, name)
            for file, names in re.findall(r"`([\w/]+\.py)` ([^;]+)", text)
            for name in names.strip().split(", ")
        ]
        yield int(number), tests


def test_every_promise_of_the_security_page_names_a_test_that_exists():
    assert [number for number, _ in shown()] == list(range(1, 28))
    for number, tests in shown():
        assert tests, number
        for file, name in tests:
            text = (ROOT / "tests" / file).read_text()
            assert re.search(rf"^(async )?def test_{name}\(", text, re.MULTILINE), (file, name)


def test_every_make_target_in_the_docs_exists():
    readme = (ROOT / "README.md").read_text()
    text = "\n".join([readme, *(path.read_text() for path in (ROOT / "docs").glob("*.md"))])
    spans = re.findall(r"`make ([a-z -]+?)(?= [A-Z]|`)", text)
    lines = re.findall(r"^make ([a-z -]+?)(?= [A-Z]| +#|$)", readme, re.MULTILINE)
    named = " ".join([*spans, *lines])
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    targets |= {"apply", "smoke"}  # one rule for both where nothing is applied
    assert set(named.split()) <= targets
    assert {"dev", "test", "plan"} <= set(named.split())


def test_the_installed_command_is_the_command_line():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    entry = EntryPoint("catalog-mcp", project["scripts"]["catalog-mcp"], "console_scripts")
    assert entry.load() is main
