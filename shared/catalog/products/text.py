"""Product text: what is kept of the characters a feed sends, and how HTML reads as text.

Product text is data that language models read, so nothing invisible
survives: no control, zero-width, bidirectional-override, tag or filler characters and no variation
selectors. Words stay as they are.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from hashlib import sha256
from html import unescape
from typing import Final
from unicodedata import category, normalize

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
_ENTITY: Final = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_MARKUP: Final = re.compile(
    r"</?(?:a|abbr|b|blockquote|br|center|dd|div|dl|dt|em|font|h[1-6]|hr|i|img|li|ol|p|pre|section"
    r"|small|span|strong|sub|sup|table|tbody|td|th|thead|tr|u|ul)\b[^<>]*>",
    re.IGNORECASE,
)
_LINES: Final = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")
_BLANK: Final = re.compile(r"\n{3,}")
_LATIN_LETTERS: Final = {"ø": "o", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d", "ð": "d", "þ": "th"}
_TAG: Final = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9]{0,20})(?=[\s/>])")
_QUOTE: Final = re.compile("[\"']")
_ATTRIBUTE: Final = re.compile(r"([^\s=/\"'>]+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?")
_BREAKS: Final = frozenset(
    {"address", "article", "aside", "blockquote", "br", "dd", "details", "div", "dl", "dt"}
    | {"figcaption", "figure", "footer", "form", "header", "hr", "li", "main", "nav", "pre"}
    | {"section", "summary", "tr"}
)
_GAPS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6", "ol", "p", "table", "ul"})
_UNSEEN: Final = frozenset(
    {"head", "iframe", "math", "noscript", "object", "script", "style", "svg", "template", "title"}
)
_RAW: Final = {
    name: re.compile(f"</{name}(?=[\\s/>])", re.IGNORECASE) for name in ("script", "style", "title")
}
_VOID: Final = frozenset(
    {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
)
_HIDING: Final = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(?:font-size|opacity)\s*:\s*0(?![.\d])",
    re.IGNORECASE,
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
    return clean_block("".join(_seen(html)))


def has_markup(text: str) -> bool:
    """Whether the text has tags that shops format texts with."""
    return "<" in text and _MARKUP.search(text) is not None


def unescaped(text: str) -> str:
    """The text with its references (`&eacute;`, `&#8211;`) as the characters they mean."""
    return unescape(text) if "&" in text and _ENTITY.search(text) else text


def plain(text: str) -> str:
    """One line of text as a reader sees it: references as characters, markup as its words."""
    if "<" in text or "&" in text:  # most text has neither
        if not has_markup(text):
            text = unescaped(text)
        if has_markup(text):
            text = html_text(text)
    return clean(text)


@lru_cache(maxsize=1024)  # a feed's brands come again and again
def slug(name: str) -> str:
    """A name for facets and addresses: lower case, words joined by hyphens, Latin accents dropped.

    Other scripts stay: `Citroën` is `citroen`, `資生堂` is itself. A name without letters or digits
    gets a stable one made from its hash.
    """
    kept, base = [], " "
    for char in normalize("NFKD", normalize("NFKD", name).casefold()):
        if category(char)[0] == "M":
            kept.append("" if base.isascii() else char)
        else:
            base = _LATIN_LETTERS.get(char, char) if char.isalnum() else " "
            kept.append(base)
    words = "-".join(normalize("NFC", "".join(kept)).split())
    return words or f"brand-{sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"


def _visible_reference(match: re.Match[str]) -> str:
    code = int(match[1], 16) if match[1] else int(match[2])
    shown = code <= 0x10FFFF and not _INVISIBLE.fullmatch(chr(code))  # noqa: PLR2004  the last code point
    return match[0] if shown else ""


def _seen(html: str) -> Iterator[str]:
    """The text pieces and line breaks that are seen."""
    unseen, depth = "", 0
    for words, tag, closing, attributes in _pieces(html):
        if not unseen:
            yield " ".join(unescape(words).split("\n"))
            if tag and not closing and tag not in _VOID and (tag in _UNSEEN or _hides(attributes)):
                unseen, depth = tag, 1
            else:
                yield _break(tag, closing=closing)
        elif tag == unseen:
            depth += -1 if closing else 1
            unseen = unseen if depth else ""


def _break(tag: str, *, closing: bool) -> str:
    if tag == "li" and not closing:
        return "\n• "
    if tag in ("td", "th"):
        return " "
    return "\n\n" if tag in _GAPS else "\n" if tag in _BREAKS else ""


def _pieces(html: str) -> Iterator[tuple[str, str, bool, str]]:
    """Text and the tag after it: (text, tag name or "", whether it closes, its attributes).

    In linear time, whatever the input: the standard library's parser takes quadratic time for
    markup that is never closed.
    """
    at = start = 0
    while (found := html.find("<", at)) >= 0:
        tag = _TAG.match(html, found)
        if tag is None and not html.startswith(("<!", "<?", "</"), found):
            at = found + 1
            continue
        end = _end_of_comment(html, found) if tag is None else _end_of_tag(html, tag.end())
        name = tag[2].lower() if tag else ""
        attributes = html[tag.end() : end] if tag else ""
        yield html[start:found], name, bool(tag and tag[1]), attributes
        at = start = end + 1
        if tag and not tag[1] and name in _RAW:
            closing = _RAW[name].search(html, start)
            at = start = closing.start() if closing else len(html)
    yield html[start:], "", False, ""


def _end_of_comment(html: str, start: int) -> int:
    """Where the comment (or other declaration) ends; the end of the text when it does not."""
    mark = "-->" if html.startswith("<!--", start) else ">"
    end = html.find(mark, start + 2)
    return len(html) if end < 0 else end + len(mark) - 1


def _end_of_tag(html: str, start: int) -> int:
    """Where the tag's `>` is, outside of quotes; the end of the text when there is none."""
    at = start
    while (end := html.find(">", at)) >= 0:
        quote = _QUOTE.search(html, at, end)
        closing = html.find(quote[0], quote.end()) if quote else -1
        if closing < 0:
            return end
        at = closing + 1
    return len(html)


def _hides(attributes: str) -> bool:
    return any(
        name.lower() == "hidden" or (name.lower() == "style" and _HIDING.search(value))
        for name, value in _ATTRIBUTE.findall(attributes)
    )
