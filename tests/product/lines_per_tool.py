"""How much is written for a tool: `python -m tests.product.lines_per_tool`.

Of the modules that declare tools: all lines, what the tools do among them; and of those what only
declares: decorators, signatures, docstrings, arguments and results.
"""

import ast
from collections.abc import Iterator
from pathlib import Path


def declaring(root: Path) -> Iterator[tuple[int, int, int]]:
    """Lines, declaring lines and tools of each module that declares tools."""
    for folder in ("shared", "functions"):
        for path in (root / folder).rglob("*.py"):
            text = path.read_text()
            body = ast.parse(text).body
            tools = [node for node in body if _is_tool(node)]
            if tools:
                classes = [node for node in body if _is_shape(node)]
                declared = sum(map(_head, tools)) + sum(map(_lines, classes))
                yield len(text.splitlines()), declared, len(tools)


def _is_tool(node):
    decorators = getattr(node, "decorator_list", ())
    return any(ast.unparse(each).partition("(")[0].endswith("family.tool") for each in decorators)


def _is_shape(node):
    """Fields, and no methods: arguments or a result."""
    fields = (ast.AnnAssign, ast.Expr)
    return isinstance(node, ast.ClassDef) and all(isinstance(each, fields) for each in node.body)


def _head(tool):
    """From the decorator to the end of the docstring."""
    return tool.body[0].end_lineno - tool.decorator_list[0].lineno + 1


def _lines(node):
    return node.end_lineno - node.lineno + 1


if __name__ == "__main__":
    lines, declared, tools = map(sum, zip(*declaring(Path()), strict=True))
    print(f"{tools} tools, {lines / tools:.1f} lines each, {declared / tools:.1f} declare it")
