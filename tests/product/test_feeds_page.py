"""docs/feeds.md shows what the code does: its tables are made from it."""

import os
import re
from pathlib import Path

from shared.catalog.feeds import rows
from shared.catalog.feeds.attributes import ATTRIBUTES
from shared.catalog.feeds.json_row import MEANINGS, JsonRow
from shared.catalog.feeds.vocabulary import AGE_GROUPS, AVAILABILITY, CONDITIONS, GENDERS

PAGE = Path(__file__).parents[2] / "docs/feeds.md"
UPDATE = os.environ.get("UPDATE_SNAPSHOTS")  # noqa: TID251  the test run's own


def table(head, lines):
    return "\n".join([f"| {' | '.join(head)} |", "|---" * len(head) + "|", *lines])


def fields():
    return table(
        ("field", "meaning"),
        (f"| `{name}` | {MEANINGS[name]} |" for name in JsonRow.model_fields),
    )


def attributes():
    lines = []
    for each in ATTRIBUTES:
        kept = f"`{each.shown}`" if each.shown else "kept" if each.is_kept else "left out"
        searched = "yes" if each.searched else ""
        lines.append(f"| `{each.name}` | {kept} | {searched} | {each.facet} | {each.note} |")
    return table(("attribute", "shown", "searched", "facet", "remarks"), lines)


def words():
    return table(
        ("field", "word", "means", "whose word"),
        (
            f"| {field} | `{word}` | {meaning} | {source} |"
            for field, known in (
                ("availability", AVAILABILITY),
                ("condition", CONDITIONS),
                ("gender", GENDERS),
                ("age group", AGE_GROUPS),
            )
            for word, meaning, source in known
        ),
    )


def limits():
    return table(
        ("what", "most"),
        (
            f"| {what} | {most:,} |"
            for what, most in (
                ("characters of a row (a line, an item, a Shopify product)", rows.MAX_ROW),
                ("variants of a product", rows.MAX_VARIANTS),
                ("characters of an id", rows.MAX_KEY),
                ("characters of a title", rows.MAX_TITLE),
                ("characters of a description", rows.MAX_DESCRIPTION),
                ("characters of any other text", rows.MAX_VALUE),
                ("entries of a list", rows.MAX_VALUES),
                ("levels of a category path", rows.MAX_DEPTH),
                ("pictures", rows.MAX_IMAGES),
                ("attributes", rows.MAX_ATTRIBUTES),
            )
        ),
    )


def test_the_tables_of_the_feeds_page_are_made_from_the_code():
    page = PAGE.read_text()
    made = page
    for name, content in (
        ("fields", fields()),
        ("attributes", attributes()),
        ("words", words()),
        ("limits", limits()),
    ):
        block = re.compile(rf"(<!-- table: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        assert block.search(made), name
        made = block.sub(lambda found, content=content: f"{found[1]}{content}\n{found[2]}", made)
    if UPDATE:
        PAGE.write_text(made)
    assert made == page or UPDATE, "UPDATE_SNAPSHOTS=1 if that is meant"


def test_every_field_of_our_own_feed_has_a_meaning():
    assert list(MEANINGS) == list(JsonRow.model_fields)


def test_every_attribute_says_what_becomes_of_it():
    names = [each.name for each in ATTRIBUTES]
    assert len(names) == len(set(names))
    assert all(each.is_kept or each.note for each in ATTRIBUTES)
