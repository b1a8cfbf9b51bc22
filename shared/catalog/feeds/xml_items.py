"""The items of an RSS or Atom document, collected from its parser's events.

A value is text, or parts of its own (`g:shipping`), or text with markup in it, as Atom's `xhtml`
has it: then it becomes HTML again, which is read as text like any other feed's.
"""

from collections import deque
from dataclasses import dataclass, field
from html import escape
from typing import Final
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesNSImpl

from shared.catalog.feeds.given import Given, Value
from shared.catalog.feeds.rows import MAX_ROW
from shared.catalog.products.text import has_markup, html_text
from shared.errors import Problem

_MERCHANT: Final = ("http://base.google.com/ns/1.0", "http://base.google.com/cns/1.0")
_XHTML: Final = "http://www.w3.org/1999/xhtml"
_ROOTS: Final = frozenset({"rss", "feed", "RDF"})
_ITEMS: Final = frozenset({"item", "entry"})
_PLAIN_NAMES: Final = {"summary": "description", "content": "description", "encoded": "description"}
_OVERHEAD: Final = 64


@dataclass(slots=True)
class _Element:
    namespace: str | None
    name: str
    href: str | None
    is_markup: bool
    has_markup: bool = False
    words: bool = False
    text: list[str] = field(default_factory=list)
    inner: list[tuple[str, bool]] = field(default_factory=list)
    """The same with markup: pieces, and whether each is a tag."""
    parts: dict[str, str] = field(default_factory=dict)

    def value(self) -> Value:
        if self.has_markup:
            pieces = (each if is_tag else escape(each, quote=False) for each, is_tag in self.inner)
            html = "".join(pieces).strip()
            return html if has_markup(html) else html_text(html)
        text = "".join(self.text).strip()
        return self.parts if self.parts and not self.words else text or self.href or ""


class XmlItems(ContentHandler):
    """Collects the attributes of each item; None for one that is too long.

    Attributes:
        found: items not yet taken away.
        events: rises with all that the parser tells.
        last: the id of the last whole item.
    """

    def __init__(self) -> None:
        super().__init__()
        self.found: deque[Given | None] = deque()
        self.events = 0
        self.last = ""
        self._depth = 0
        self._item_depth = 0
        self._size = 0
        self._open: list[_Element] = []
        self._google: Given = {}
        self._plain: Given = {}

    def startElementNS(  # noqa: N802  SAX's own name
        self, name: tuple[str | None, str], _qname: str | None, attrs: AttributesNSImpl
    ) -> None:
        """An element begins."""
        self.events += 1
        self._depth += 1
        namespace, local = name
        if self._depth == 1 and local not in _ROOTS:
            raise Problem(
                "invalid",
                f"This is XML whose outermost element is <{local[:40]}>, neither RSS nor Atom. "
                "Give the Google Merchant feed of the shop.",
            )
        if self._item_depth:
            if self._room(_OVERHEAD + len(local)):
                rel = attrs.get((None, "rel"), "alternate") if attrs else ""
                href = attrs.get((None, "href")) if rel == "alternate" else None
                self._open.append(
                    _Element(namespace, local, href, self._is_markup(namespace, local))
                )
        elif local in _ITEMS:
            self._item_depth, self._size = self._depth, 0
            self._google, self._plain = {}, {}

    def characters(self, content: str) -> None:
        """Text of the element that is open."""
        self.events += 1
        if self._item_depth and self._room(len(content)) and self._open:
            element = self._open[-1]
            element.text.append(content)
            element.inner.append((content, False))
            element.words = element.words or not content.isspace()

    def endElementNS(  # noqa: N802  SAX's own name
        self, _name: tuple[str | None, str], _qname: str | None
    ) -> None:
        """An element ends."""
        self.events += 1
        if self._depth == self._item_depth:
            self.found.append(self._finished())
            self._item_depth = 0
        elif self._item_depth and self._open:
            self._close(self._open.pop())
        self._depth -= 1

    def _is_markup(self, namespace: str | None, local: str) -> bool:
        """Whether an element within a value formats its text, rather than being a part of it."""
        if not self._open or namespace in _MERCHANT:
            return False
        return namespace == _XHTML or has_markup(f"<{local}>")

    def _room(self, size: int) -> bool:
        self._size += size
        if self._size > MAX_ROW:
            self._open.clear()
        return self._size <= MAX_ROW

    def _close(self, element: _Element) -> None:
        if self._open and element.is_markup:
            above = self._open[-1]
            above.has_markup = True
            begin, end = (f"<{element.name}>", True), (f"</{element.name}>", True)
            above.inner += [begin, *element.inner, end]
            return
        value = element.value()
        if self._open:
            self._part_of(self._open[-1], element.name, value)
        elif value:
            google = element.namespace in _MERCHANT
            name = element.name if google else _PLAIN_NAMES.get(element.name, element.name)
            (self._google if google else self._plain).setdefault(name, []).append(value)

    def _part_of(self, above: _Element, name: str, value: Value) -> None:
        text = value if isinstance(value, str) else ", ".join(value.values())
        above.parts[name] = f"{above.parts[name]}, {text}" if name in above.parts else text
        above.text.append(text)
        above.inner.append((text, False))

    def _finished(self) -> Given | None:
        if self._size > MAX_ROW:
            return None
        given = {**self._plain, **self._google}
        ids = given.get("id", [])
        self.last = ids[0] if ids and isinstance(ids[0], str) else self.last
        return given
