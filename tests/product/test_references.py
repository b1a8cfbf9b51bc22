"""What code and docs refer to is in this repository, and is called so."""

import re
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
TEXT = (".py", ".md", ".toml", ".tf", ".yaml", ".html", ".sh", ".in")


def texts():
    """Every text file that is, or is about to be, tracked: its path, and what is in it."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.exists() and (path.suffix in TEXT or path.name == "Makefile"):
            yield name, path.read_text()


def headings(page):
    return set(re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE))


def test_every_page_of_the_docs_that_is_named_exists_and_has_the_section_that_is_named():
    missing = []
    for name, text in texts():
        for page, section in re.findall(r'docs/([\w-]+\.md)(?:, "([^"\n]+)")?', text):
            path = ROOT / "docs" / page
            if not path.exists() or (section and section not in headings(path)):
                missing.append((name, page, section))
    assert missing == []


def test_every_link_between_pages_leads_somewhere():
    missing = []
    for name, text in texts():
        if name.endswith(".md"):
            folder = (ROOT / name).parent
            links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text)
            missing += [
                (name, link) for link in links if "://" not in link and not (folder / link).exists()
            ]
    assert missing == []


def test_every_page_of_the_docs_can_be_found_from_the_readme():
    linked = set(re.findall(r"\]\(docs/([\w-]+\.md)\)", (ROOT / "README.md").read_text()))
    assert {path.name for path in (ROOT / "docs").glob("*.md")} - linked == set()


def test_nothing_refers_to_a_document_outside_the_repository():
    outside = re.compile(
        r"shared/(?:design|contract|cases)/|(?:design|contract)/\w+\.md|engine\.md"
    )
    found = [
        (name, match)
        for name, text in texts()
        if name != "tests/product/test_references.py"
        for match in outside.findall(text)
    ]
    assert found == []
