"""Google Merchant feeds as XML: RSS 2.0 or Atom, with attributes in the `g:` namespace.

Source: support.google.com/merchants/answer/14987622. Read as a stream, one item in memory at a
time. A document type declaration is refused, and with it every entity.
"""

import re
from collections.abc import Iterator
from typing import Final
from xml.sax import SAXParseException
from xml.sax.handler import feature_namespaces

from defusedxml.common import DefusedXmlException
from defusedxml.expatreader import DefusedExpatParser

from shared.catalog.feeds.grouping import Item
from shared.catalog.feeds.merchant import merchant_item
from shared.catalog.feeds.rows import MAX_ROW, Defaults, Rejected, refused, shown
from shared.catalog.feeds.source import Source
from shared.catalog.feeds.xml_items import XmlItems
from shared.errors import Problem

_CHUNK: Final = 64 * 1024
_UNREADABLE: Final = re.compile("[\ud800-\udfff]")
_REPLACED: Final = "\ufffd"
_CONTROL: Final = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f]")
"""Characters XML may not hold, which word processors leave in texts. They mean white space."""
_LATE: Final = re.compile(r"(\s+)(<\?xml\b[^>]{0,200}\?>)")
"""A declaration that does not stand first, as programs write it that print a blank line before."""
_CAUSES: Final = (
    ("undefined entity", "it names a character that XML does not know; write &#160; for &nbsp;"),
    ("mismatched tag", "a tag is closed that was not opened last"),
    ("not well-formed", "a character stands where none may; write &amp; for & and &lt; for <"),
    ("no element found", "it is cut off"),
    ("unclosed", "it is cut off"),
    ("duplicate attribute", "an element has an attribute twice"),
    ("unbound prefix", 'a prefix is not declared; g: is xmlns:g="http://base.google.com/ns/1.0"'),
    ("junk after document", "something stands behind its end"),
    ("invalid character number", "it names a character that does not exist"),
)


def read_merchant_xml(source: Source, defaults: Defaults) -> Iterator[Item | Rejected]:
    """Every item of the feed. Raises `invalid` where the document as a whole is broken."""
    handler = XmlItems()
    parser = DefusedExpatParser(forbid_dtd=True)
    parser.setFeature(feature_namespaces, True)  # noqa: FBT003  SAX's own signature
    parser.setContentHandler(handler)
    number = events = silent = 0
    late = _LATE.match(source.head)
    while chunk := source.read(_CHUNK):
        if late:
            chunk, late = late[1] + " " * len(late[2]) + chunk[late.end() :], None
        _advance(parser, handler, _CONTROL.sub(" ", _UNREADABLE.sub(_REPLACED, chunk)))
        silent = 0 if handler.events != events else silent + len(chunk)
        events = handler.events
        if silent > MAX_ROW:
            raise _broken("holds a tag without end", handler)
        while handler.found:
            number += 1
            given = handler.found.popleft()
            if given is None:
                why = f"longer than {MAX_ROW} characters."
                yield refused(number, None, "row", why)
            else:
                yield merchant_item(number, given, defaults)
    _advance(parser, handler, None)


def _advance(parser: DefusedExpatParser, handler: XmlItems, chunk: str | None) -> None:
    try:
        if chunk is None:
            parser.close()
        else:
            parser.feed(chunk)
    except SAXParseException as fault:
        said = str(fault.getMessage())
        cause = next((why for part, why in _CAUSES if part in said), "")
        line, column = fault.getLineNumber() or 0, (fault.getColumnNumber() or 0) + 1
        raise _broken(
            f"is not well-formed XML at line {line}, column {column}"
            + (f": {cause}" if cause else ""),
            handler,
            line=line,
            column=column,
        ) from None
    except DefusedXmlException:
        what = "declares a document type or entities, which are not taken"
        raise _broken(what, handler) from None


def _broken(what: str, handler: XmlItems, **where: int) -> Problem:
    after = f" The last good item is {shown(handler.last)}." if handler.last else ""
    return Problem(
        "invalid",
        f"The feed {what}.{after} Nothing of it was read; mend it and upload again.",
        **where,
        **({"last_item": shown(handler.last)} if handler.last else {}),
    )
