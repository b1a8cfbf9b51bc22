"""docs/admin.md lists the tools as they are declared: it is written from them."""

import os
import re
from pathlib import Path

from functions.admin.describing import category, fields, needs_confirm, risk_of
from functions.admin.tools.catalogue import tools

PAGE = Path(__file__).parents[2] / "docs" / "admin.md"
TABLE = re.compile(
    r"(<!-- the tools, written by UPDATE_SNAPSHOTS=1 -->\n).*?(<!-- end -->)", re.DOTALL
)
UPDATE = os.environ.get("UPDATE_SNAPSHOTS")  # noqa: TID251  asked for on the command line


def declared():
    """The table, a row a tool."""
    yield "| tool | of | risk | confirm | least role | scope | arguments |"
    yield "|---|---|---|---|---|---|---|"
    for name, tool in tools().items():
        takes = ", ".join(
            f"{each}{'' if field.is_required() else '?'}" for each, field in fields(tool).items()
        )
        confirm = "yes" if needs_confirm(tool) else ""
        yield (
            f"| `{name}` | {category(tool)} | {risk_of(tool)} | {confirm} | "
            f"{tool.least_role.word} | `{tool.scope}` | {takes} |"
        )


def test_the_page_lists_the_tools_as_they_are_declared():
    text = PAGE.read_text()
    lines = "".join(f"{line}\n" for line in declared())
    right, written = TABLE.subn(lambda found: f"{found[1]}{lines}{found[2]}", text)
    assert written == 1
    if UPDATE:
        PAGE.write_text(right)
    assert UPDATE or text == right, "run again with UPDATE_SNAPSHOTS=1"
