"""A page that a client shows beside a tool's answer: one text with its style and its script."""

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import orjson

from shared.tool import Tool

_SHARED: Final = Path(__file__).parent
_LESS: Final = "\\u003c"


@dataclass(frozen=True, eq=False)
class AppPage:
    """A page, and whose answers it shows.

    Attributes:
        uri: `ui://…`.
        name: what clients call it.
        title: what people read.
        description: what it is for.
        tools: names of the tools whose answers it shows.
        folder: where its own files are, `{stem}.css` and `{stem}.js`.
        stem: their name.
        facts: says what its script knows beside the answer, by the constant's name.
        origins: a tool that says, as `origins`, from where it loads pictures; None: from nowhere.
    """

    uri: str
    name: str
    title: str
    description: str
    tools: Sequence[str]
    folder: Path
    stem: str
    facts: Callable[[], Mapping[str, Any]] = dict
    origins: Tool[Any] | None = None

    @cached_property
    def text(self) -> str:
        """The whole document. It asks nobody for anything but pictures."""
        style = self._joined(".css")
        script = self._facts() + self._joined(".js")
        return (
            '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            f"<title>{html.escape(self.title)}</title><style>\n{style}</style></head>"
            f'<body><main id="page"></main><script>\n"use strict";\n{script}</script></body></html>'
        )

    def _joined(self, kind: str) -> str:
        """What all pages have, then what this one has."""
        paths = (_SHARED / f"app{kind}", self.folder / f"{self.stem}{kind}")
        return "".join(path.read_text() for path in paths if path.exists())

    def _facts(self) -> str:
        """Constants: `<` is escaped, so no text ends the script."""
        values = {name: orjson.dumps(value).decode() for name, value in self.facts().items()}
        return "".join(
            f"const {name} = {value.replace('<', _LESS)};\n" for name, value in values.items()
        )
