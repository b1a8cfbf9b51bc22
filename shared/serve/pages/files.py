"""Templates, and the files pages refer to: one stylesheet and one script, served by the function.

A file's address holds a hash of its content, so browsers keep it for a year and never an old one.
"""

import hashlib
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from shared.serve.pages.web import Outgoing, Pair

THEME: Final = Path(__file__).parent / "theme.css"
"""The colours every page has, in light and in dark."""
ICON: Final = Path(__file__).parent / "icon.svg"

# No form-action: Chromium applies it to the redirect that follows the form as well, and the client
# is somewhere else.
_POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_POLICY_NAME: Final = "content-security-policy"
_ALWAYS: Final[tuple[Pair, ...]] = (("x-frame-options", "DENY"), ("referrer-policy", "same-origin"))
PAGE_HEADERS: Final[tuple[Pair, ...]] = ((_POLICY_NAME, _POLICY), *_ALWAYS)


def talking_to(page: Outgoing, *origins: str) -> Outgoing:
    """A page whose script may send requests, to these origins alone."""
    return page.having((_POLICY_NAME, f"{_POLICY}; connect-src {' '.join(origins)}"))


def guarded(page: Outgoing) -> Outgoing:
    """The page with the headers that every page has; a policy of its own stays."""
    own = any(name == _POLICY_NAME for name, _ in page.headers)
    return page.having(*(_ALWAYS if own else PAGE_HEADERS))


_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
_FOREVER: Final = (("cache-control", "public, max-age=31536000, immutable"),)


class Assets:
    """The files of one function's pages.

    Args:
        files: by name, what each is made of, joined in order.
    """

    def __init__(self, files: Mapping[str, Sequence[Path]]) -> None:
        self._files = files

    def url(self, name: str) -> str:
        """Where a file is, below the site's base."""
        return self._places[name]

    def at(self, path: str) -> Outgoing | None:
        """The file at a path below the site's base, or None."""
        return self._answers.get(path)

    @cached_property
    def _bodies(self) -> dict[str, bytes]:
        return {
            name: b"".join(part.read_bytes() for part in parts)
            for name, parts in self._files.items()
        }

    @cached_property
    def _places(self) -> dict[str, str]:
        places = {}
        for name, body in self._bodies.items():
            stem, dot, kind = name.rpartition(".")
            places[name] = f"/{stem}-{hashlib.sha256(body).hexdigest()[:16]}{dot}{kind}"
        return places

    @cached_property
    def _answers(self) -> dict[str, Outgoing]:
        return {
            self._places[name]: Outgoing(200, body, _TYPES[Path(name).suffix], _FOREVER)
            for name, body in self._bodies.items()
        }


def environment(folder: Path) -> Environment:
    """The templates of a folder. Every value is escaped; an unknown name is an error."""
    return Environment(
        loader=FileSystemLoader(folder),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
