"""Google Merchant feeds as XML: RSS 2.0 or Atom, with attributes in the `g:` namespace.

Source: support.google.com/merchants/answer/14987622. Read as a stream, one item in memory at a
time. A document type declaration is refused, and with it every entity.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler, feature_namespaces
from xml.sax.xmlreader import AttributesNSImpl

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from shared.catalog.feeds.grouping import Item
from shared.catalog.feeds.merchant import Given, Value, merchant_item
from shared.catalog.feeds.rows import MAX_ROW, Defaults, Rejected
from shared.catalog.feeds.source import Source
from shared.errors import Problem

_CHUNK: Final = 64 * 1024
_MERCHANT: Final = ("http://base.google.com/ns/1.0", "http://base.google.com/cns/1.0")
_ROOTS: Final = frozenset({"rss", "feed", "RDF"})
_ITEMS: Final = frozenset({"item", "entry"})
_PLAIN_NAMES: Final = {"summary": "description", "content": "description"}
_OVERHEAD: Final = 64


def read_merchant_xml(source: Source, defaults: Defaults) -> Iterator[Item | Rejected]:
    """Every item of the feed. Raises `invalid` where the document as a whole is broken."""
    handler = _Items()
    parser = DefusedExpatParser(forbid_dtd=True)
    parser.setFeature(feature_namespaces, True)  # noqa: FBT003  SAX's own signature
    parser.setContentHandler(handler)
    number = events = silent = 0
    while chunk := source.read(_CHUNK):
        _advance(parser, chunk)
        silent = 0 if handler.events != events else silent + len(chunk)
        events = handler.events
        if silent > MAX_ROW:
            raise _broken("holds a tag without end")
        while handler.found:
            number += 1
            given = handler.found.popleft()
            if given is None:
                yield Rejected(number, None, (f"row: longer than {MAX_ROW} characters.",))
            else:
                yield merchant_item(number, given, defaults)
    _advance(parser, None)


def _advance(parser: DefusedExpatParser, chunk: bytes | None) -> None:
    try:
        if chunk is None:
            parser.close()
        else:
            parser.feed(chunk)
    except SAXParseException as fault:
        raise _broken(f"is not well-formed XML at line {fault.getLineNumber()}") from None
    except DefusedXmlException:
        raise _broken("declares a document type or entities, which are not taken") from None


def _broken(what: str) -> Problem:
    return Problem("invalid", f"The feed {what}. Nothing of it was read; mend it and upload again.")


@dataclass(slots=True)
class _Element:
    namespace: str | None
    name: str
    href: str | None
    words: bool = False
    text: list[str] = field(default_factory=list)
    parts: dict[str, str] = field(default_factory=dict)

    def value(self) -> Value:
        text = "".join(self.text).strip()
        return self.parts if self.parts and not self.words else text or self.href or ""


class _Items(ContentHandler):
    """Collects the attributes of each item; None for one that is too long."""

    def __init__(self) -> None:
        super().__init__()
        self.found: deque[Given | None] = deque()
        self.events = 0
        self._depth = 0
        self._item_depth = 0
        self._size = 0
        self._open: list[_Element] = []
        self._google: Given = {}
        self._plain: Given = {}

    def startElementNS(  # noqa: N802  SAX's own name
        self, name: tuple[str | None, str], _qname: str | None, attrs: AttributesNSImpl
    ) -> None:
        self.events += 1
        self._depth += 1
        namespace, local = name
        if self._depth == 1 and local not in _ROOTS:
            raise _broken("is XML but neither RSS nor Atom")
        if self._item_depth:
            if self._room(_OVERHEAD + len(local)):
                rel = attrs.get((None, "rel"), "alternate")
                href = attrs.get((None, "href")) if rel == "alternate" else None
                self._open.append(_Element(namespace, local, href))
        elif local in _ITEMS:
            self._item_depth, self._size = self._depth, 0
            self._google, self._plain = {}, {}

    def characters(self, content: str) -> None:
        self.events += 1
        if self._item_depth and self._room(len(content)) and self._open:
            self._open[-1].text.append(content)
            self._open[-1].words |= not content.isspace()

    def endElementNS(  # noqa: N802  SAX's own name
        self, _name: tuple[str | None, str], _qname: str | None
    ) -> None:
        self.events += 1
        if self._depth == self._item_depth:
            self.found.append(self._finished())
            self._item_depth = 0
        elif self._item_depth and self._open:
            self._close(self._open.pop())
        self._depth -= 1

    def _room(self, size: int) -> bool:
        self._size += size
        if self._size > MAX_ROW:
            self._open.clear()
        return self._size <= MAX_ROW

    def _close(self, element: _Element) -> None:
        value = element.value()
        if self._open:
            above = self._open[-1]
            text = value if isinstance(value, str) else ", ".join(value.values())
            above.parts[element.name] = (
                f"{above.parts[element.name]}, {text}" if element.name in above.parts else text
            )
            above.text.append(text)
        elif value:
            google = element.namespace in _MERCHANT
            name = element.name if google else _PLAIN_NAMES.get(element.name, element.name)
            (self._google if google else self._plain).setdefault(name, []).append(value)

    def _finished(self) -> Given | None:
        return None if self._size > MAX_ROW else {**self._plain, **self._google}
