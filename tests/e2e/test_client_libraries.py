"""Libraries that agents are built with list, convert and call our tools; docs/clients.md says how.

Each is unmodified, in an environment of its own; a call passes null for an argument left out, as
their models do.
"""

import json
import os
import subprocess
from functools import partial
from pathlib import Path

import pytest

from functions.partner.main import FAMILIES
from tests.e2e.programs import BIN

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PYTHON = ROOT / ".venv-clients" / "bin" / "python"
NODE = ROOT / "tests" / "e2e"
PAGE = ROOT / "docs" / "clients.md"
UPDATE = os.environ.get("UPDATE_SNAPSHOTS")  # noqa: TID251  asked for on the command line
QUIRKS = {
    "google-genai": "gives a model the text block and the structured content, so an answer twice",
    "langchain-mcp-adapters": "gives a model the text block",
    "openai-agents": "strict: every argument is required, so its models send null for one left out",
    "pydantic-ai-slim": "gives a model the structured content",
    "google-adk": "gives a model the text block and the structured content, so an answer twice",
    "@ai-sdk/mcp": "checks an answer by the output schema where its program asks for that",
    "@langchain/mcp-adapters": "checks arguments by our schema itself: null is refused there",
}
TOOLS = sorted(tool.name for family in FAMILIES for tool in family.tools)


def missing(library):
    if library.startswith("@"):
        return not (NODE / "node_modules" / library).is_dir()
    return not PYTHON.exists()


@pytest.fixture(scope="module")
def asked(dev):
    """What a library says of the running dev; each is asked once."""
    known = {}

    def ask(library):
        if missing(library):
            assert "CI" not in os.environ, f"{library} is not installed"  # noqa: TID251
            pytest.skip(f"{library} is not installed: make client-libraries")
        if library not in known:
            given = [library, dev["mcp_url"], dev["api_key"]]
            folder = ROOT / "tests" / "clients"
            command = [PYTHON, folder / "libraries.py", *given]
            if library.startswith("@"):
                command = [BIN / "node", folder / "libraries.mjs", *given, NODE]
            run = partial(subprocess.run, capture_output=True, text=True, timeout=120)
            done = run(command, check=False)
            assert done.returncode == 0, done.stderr[-2000:]
            known[library] = json.loads(done.stdout.splitlines()[-1])
        return known[library]

    return ask


@pytest.mark.parametrize("library", QUIRKS)
def test_a_library_lists_and_converts_every_tool_and_calls_one(asked, library):
    said = asked(library)
    assert said["tools"] == TOOLS
    assert said["answer"]["items"][0]["title"] == "Alpine 2 tent"
    assert said["answer"]["understood"] == {"query": "tent", "priceMax": 500.0}


def test_the_page_has_the_table_of_what_was_tried(asked):
    rows = [
        f"| {library} | {asked(library)['version']} | yes | yes | yes | key or token | {quirk} |"
        for library, quirk in QUIRKS.items()
    ]
    begin, end = "| library |", "\n\n<!-- the end of the table -->"
    page = PAGE.read_text()
    first = page.index(begin)
    header = page[first:].splitlines()[:2]
    table = "\n".join([*header, *rows])
    made = page[:first] + table + page[page.index(end) :]
    if UPDATE:
        PAGE.write_text(made)
    assert PAGE.read_text() == made, "make client-libraries writes it anew"
