"""The portal as a site: its files, its templates, and how values are shown."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import orjson
from jinja2 import Environment
from markupsafe import Markup, escape

from shared.app import App
from shared.auth.keyring import PORTAL
from shared.serve.pages.files import ICON, THEME, Assets, environment
from shared.serve.pages.site import Site
from shared.serve.pages.web import Outgoing

FOLDER: Final = Path(__file__).parent / "templates"
ASSETS: Final = Assets(
    {
        "style.css": (THEME, FOLDER / "style.css"),
        "portal.js": (FOLDER / "portal.js",),
        "upload.js": (FOLDER / "upload.js",),
        "icon.svg": (ICON,),
    }
)
_SEPARATORS: Final = {
    **dict.fromkeys(("de", "es", "it", "nl", "pt", "id", "tr", "da", "el", "hr", "sl"), "."),
    **dict.fromkeys(("fr", "ru", "pl", "cs", "sk", "sv", "nb", "nn", "fi", "uk", "bg"), "\u00a0"),
}
"""What stands between thousands, where it is not a comma."""
MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_TO_SECONDS: Final = len("2026-01-01T00:00:00")
_NOTHING: Final = Markup('<span class="quiet">nothing</span>')


class Portal(Site):
    """One process's portal."""

    def __init__(self, app: App) -> None:
        super().__init__(app, app.settings.portal_url, PORTAL)

    def page(self, template: str, status: int = 200, **values: Any) -> Outgoing:
        """A page from `templates/`, made for this request alone. Every value is escaped."""
        found = _templates().get_template(template)
        html = found.render(base=self.base, asset=ASSETS.url, settings=self.settings, **values)
        return Outgoing(status, html.encode(), "text/html; charset=utf-8")


@cache
def _templates() -> Environment:
    """The portal's templates, with the filters they use."""
    found = environment(FOLDER)
    found.filters |= {
        "amount": shown_amount,
        "changed": shown_change,
        "host": lambda url: urlsplit(url).netloc,
        "number": shown_number,
        "plain": plain,
        "pretty": pretty,
        "time": shown_time,
        "value": shown_value,
    }
    return found


def shown_time(value: str | datetime | None, missing: str = "never") -> str | Markup:
    """A time in UTC, which the script shows in the reader's zone."""
    if value is None:
        return missing
    at = datetime.fromisoformat(value) if isinstance(value, str) else value
    exactly = at.isoformat()[:_TO_SECONDS]
    shown = f"{exactly[8:10]} {MONTHS[at.month - 1]} {exactly[:4]}, {exactly[11:16]} UTC"
    return Markup(f'<time datetime="{exactly}Z">{shown}</time>')  # noqa: S704  digits and names of months


def shown_amount(value: float, language: str = "") -> str:
    """An amount of money, with cents where it has some."""
    whole, _, cents = f"{value:.2f}".partition(".")
    text = shown_number(int(whole), language)
    comma = "," if language in _SEPARATORS else "."
    return text if cents == "00" else f"{text}{comma}{cents}"


def shown_number(value: int | None, language: str = "") -> str:
    """A number with the separators of a reader's language."""
    if value is None:
        return "-"
    return f"{value:,}".replace(",", _SEPARATORS.get(language, ","))


def language_of(accepted: str) -> str:
    """The first of a reader's languages (RFC 9110 12.5.4), if its numbers are not as in English."""
    first = accepted.partition(",")[0].partition(";")[0].strip().lower().partition("-")[0]
    return first if first in _SEPARATORS else ""


def plain(value: Any) -> str:
    """A detail of an event in a few words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(map(plain, value))
    return orjson.dumps(value).decode() if isinstance(value, dict) else str(value)


def shown_value(value: Any) -> Markup:
    """A property's value."""
    return _NOTHING if value is None else escape(plain(value))


def shown_change(change: Mapping[str, Any]) -> Markup:
    """A property's value before and after."""
    of = escape(".".join(filter(None, (change["property"], change["language"]))))
    was, now = shown_value(change["old"]), shown_value(change["new"])
    return Markup(f"<code>{of}</code> {was} \u2192 {now}")  # noqa: S704  each part is escaped


def pretty(value: Mapping[str, Any]) -> Markup:
    """A JSON value for people."""
    return escape(orjson.dumps(value, option=orjson.OPT_INDENT_2).decode())
