"""The pages people see. Plain HTML forms: they work without JavaScript."""

from functools import cache
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment

from functions.auth.server import AuthServer
from shared.serve.pages.files import ICON, THEME, Assets, environment
from shared.serve.pages.web import Outgoing

FOLDER: Final = Path(__file__).parent / "templates"
ASSETS: Final = Assets(
    {
        "style.css": (THEME, FOLDER / "style.css"),
        "code.js": (FOLDER / "code.js",),
        "icon.svg": (ICON,),
    }
)
CURE: Final = (
    "Claude Code: claude mcp logout NAME && claude mcp login NAME",
    "octogen: delete its mcp.client-id file and log in again",
    "Others: remove the server and add it again",
)
"""What makes clients that replay a dead client id register again."""


def page(server: AuthServer, template: str, status: int = 200, **values: Any) -> Outgoing:
    """A page from `templates/`. Every value is escaped."""
    html = _templates().get_template(template).render(base=server.base, asset=ASSETS.url, **values)
    return Outgoing(status, html.encode(), "text/html; charset=utf-8")


def error_page(
    server: AuthServer, message: str, *, status: int = 400, cure: tuple[str, ...] = ()
) -> Outgoing:
    """A page that says what went wrong and what to do next."""
    return page(server, "error.html", status, message=message, cure=cure)


@cache
def _templates() -> Environment:
    return environment(FOLDER)
