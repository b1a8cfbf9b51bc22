"""Product text: what is kept of the characters a feed sends, and how HTML reads as text.

Product text is data that language models read (design/auth.md, item 20), so nothing invisible
survives: no control, zero-width, bidirectional-override, tag or filler characters and no variation
selectors. Words stay as they are.
"""

import re
from hashlib import sha256
from html.parser import HTMLParser
from typing import Final
from unicodedata import normalize

_INVISIBLE: Final = re.compile(
    "["
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"  # control characters that are not white space
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f"  # zero width, bidirectional embedding and override
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff"  # not characters
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"  # tags, variation selectors
    "]+"
)
_REFERENCE: Final = re.compile(r"&#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}));?")
_LINES: Final = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")
_BLANK: Final = re.compile(r"\n{3,}")
_NOT_WORD: Final = re.compile(r"[\W_]+")
_LATIN_MARKS: Final = re.compile(r"(?<=[a-z])[\u0300-\u036f]+")
_LATIN_LETTERS: Final = str.maketrans(
    {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"}
)


def clean(text: str) -> str:
    """One line of text: NFC, nothing invisible, runs of white space as one space, none at the ends.

    Idempotent; empty when nothing is left.
    """
    if not text.isascii():
        text = normalize("NFC", _INVISIBLE.sub("", text))
    elif not text.isprintable():
        text = _INVISIBLE.sub("", text)
    return " ".join(text.split())


def clean_block(text: str) -> str:
    """Text of several lines: each line clean, at most one blank line between two."""
    lines = "\n".join(clean(line) for line in _LINES.split(text))
    return _BLANK.sub("\n\n", lines).strip("\n")


def clean_html(html: str) -> str:
    """HTML as the feed sent it, without invisible characters, be they written or referenced."""
    return clean_block(_REFERENCE.sub(_visible_reference, html))


def html_text(html: str) -> str:
    """What a reader of the HTML sees, as a clean block of text.

    Comments, scripts, styles, templates and what is marked `hidden` are left out; blocks and line
    breaks begin new lines; list items begin with a bullet.
    """
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return clean_block("".join(reader.parts))


def slug(name: str) -> str:
    """A name for facets and addresses: lower case, words joined by hyphens, Latin accents dropped.

    Other scripts stay: `Citroën` is `citroen`, `資生堂` is itself. A name without letters or digits
    gets a stable one made from its hash.
    """
    folded = _LATIN_MARKS.sub("", normalize("NFKD", name.casefold())).translate(_LATIN_LETTERS)
    words = _NOT_WORD.sub("-", normalize("NFC", folded)).strip("-")
    return words or f"brand-{sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _visible_reference(match: re.Match[str]) -> str:
    code = int(match[1], 16) if match[1] else int(match[2])
    shown = code <= 0x10FFFF and not _INVISIBLE.fullmatch(chr(code))  # noqa: PLR2004  the last code point
    return match[0] if shown else ""


_BREAKS: Final = frozenset(
    {"address", "article", "aside", "blockquote", "br", "dd", "details", "div", "dl", "dt"}
    | {"figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header"}
    | {"hr", "li", "main", "nav", "ol", "p", "pre", "section", "summary", "table", "tr", "ul"}
)
_GAPS: Final = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "table", "ul", "ol"})
_UNSEEN: Final = frozenset(
    {"head", "iframe", "math", "noscript", "object", "script", "style", "svg", "template", "title"}
)
_VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
_HIDING: Final = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:font-size|opacity)\s*:\s*0(?![.\d])",
    re.IGNORECASE,
)


class _Reader(HTMLParser):
    """Collects the text a person would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = ""
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._unseen:
            self._depth += tag == self._unseen
        elif tag not in _VOID and (tag in _UNSEEN or _hides(attrs)):
            self._unseen, self._depth = tag, 1
        elif tag == "li":
            self.parts.append("\n• ")
        elif tag in ("td", "th"):
            self.parts.append(" ")
        elif tag in _BREAKS:
            self.parts.append("\n\n" if tag in _GAPS else "\n")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _VOID:
            self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        if self._unseen:
            self._depth -= tag == self._unseen
            if self._depth == 0:
                self._unseen = ""
        elif tag in _BREAKS:
            self.parts.append("\n\n" if tag in _GAPS else "\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(" ".join(data.split("\n")))


def _hides(attrs: list[tuple[str, str | None]]) -> bool:
    return any(
        name == "hidden" or (name == "style" and value and _HIDING.search(value))
        for name, value in attrs
    )
