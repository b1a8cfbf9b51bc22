"""The index of a collection: the same fields for every one, whatever properties its records have.

| field | holds |
|---|---|
| `id` | the key |
| `d` | typed values, by kind and property: `d.n.price`, `d.m.name.sv`, `d.m.name._` (any) |
| `h` | what a record has: `p`, `p~sv`; `p~~cleared`, `~~long`, `~~several`; `~segment`, `~type~T` |
| `x` | the words of all texts but addresses |
| `seq`, `updated` | the commit that changed the record last, and when (microseconds) |
| `body` | the record's version and body as JSON |

Traps. Text begins with `=`, because the engine turns a text that looks like a time into one, and an
empty text would be no term. Text of more than LONGEST letters is cut and its digest added: such
values are found whole, and looked at in the body for anything else. The engine has two registries
of tokenizers: under the same name, terms fold letter case and columns keep it. Both are registered
at every open. A path's dots would be levels, so a property's are written otherwise. The letter case
of a digest is that of the folded text, so that equality ignores case for long text too.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

import orjson
import tantivy
from tantivy import Filter, SchemaBuilder, TextAnalyzerBuilder, Tokenizer

from shared.indexes.meta import write_managed, write_meta
from shared.indexes.words import analyzer
from shared.query.answers import Item
from shared.query.kinds import SEGMENTS, Body, Kind, folded
from shared.query.values import compared, flat, marks, sought

KEY: Final = "id"
VALUES: Final = "d"
HAS: Final = "h"
WORDS: Final = "x"
SEQ: Final = "seq"
UPDATED: Final = "updated"
BODY: Final = "body"
LONGEST: Final = 200
"""Letters of a text that is a term as it is."""
ANY_LANGUAGE: Final = "_"
_FOLDING: Final = "value"
_DIGEST: Final = 8
_SMALL_HEAP: Final = 15_000_000
_HEAP: Final = 60_000_000
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@cache
def schema() -> tantivy.Schema:
    """The fields above."""
    builder = SchemaBuilder()
    builder.add_text_field(KEY, tokenizer_name="raw", index_option="basic", fast=True, stored=True)
    builder.add_json_field(VALUES, tokenizer_name=_FOLDING, index_option="basic", fast=True)
    builder.add_text_field(HAS, tokenizer_name="raw", index_option="basic", fast=True)
    builder.add_text_field(WORDS, tokenizer_name=WORDS, index_option="freq")
    builder.add_integer_field(SEQ, indexed=True, fast=True)
    builder.add_integer_field(UPDATED, indexed=True, fast=True)
    builder.add_bytes_field(BODY, stored=True, indexed=False)
    return builder.build()


@dataclass(frozen=True)
class View:
    """One moment of an index, as questions see it: nothing written later shows."""

    index: tantivy.Index
    searcher: tantivy.Searcher
    language: str

    @cached_property
    def terms(self) -> Callable[[str], list[str]]:
        """Text to the words it is searched by."""
        return analyzer(self.language).analyze

    def items(self, addresses: list[tantivy.DocAddress]) -> Iterator[Item]:
        """The records at these places, in this order."""
        if not addresses:
            return
        updated = self.searcher.fast_field_values(UPDATED, addresses)
        seqs = self.searcher.fast_field_values(SEQ, addresses)
        for address, at, seq in zip(addresses, updated, seqs, strict=True):
            stored: Any = self.searcher.doc(address)
            version, body = orjson.loads(stored.get_first(BODY))
            yield Item(stored.get_first(KEY), body, moment(int(at or 0)), int(seq or 0), version)


def view(index: tantivy.Index, language: str) -> View:
    """The index as it is now."""
    index.reload()
    return View(index, index.searcher(), language)


def keys(view: View) -> Iterator[str]:
    """The keys of all records, in no order."""
    most = view.searcher.num_docs
    hits = view.searcher.search(tantivy.Query.all_query(), most, count=False).hits if most else ()
    return (str(view.searcher.doc(address).get_first(KEY)) for _, address in hits)


def create(directory: Path, language: str) -> tantivy.Index:
    """A new, empty index in a directory that has none."""
    return _ready(tantivy.Index(schema(), path=str(directory), reuse=False), language)


def open_index(directory: Path, meta: str, names: list[str], language: str) -> tantivy.Index:
    """The index that `meta` describes, whose files are `names`; it can be written to."""
    write_meta(directory, meta)
    write_managed(directory, names)
    return _ready(tantivy.Index.open(str(directory)), language)


def _ready(index: tantivy.Index, language: str) -> tantivy.Index:
    index.register_tokenizer(_FOLDING, _as_terms())
    index.register_fast_field_tokenizer(_FOLDING, TextAnalyzerBuilder(Tokenizer.raw()).build())
    index.register_tokenizer(WORDS, analyzer(language))
    return index


def _as_terms() -> tantivy.TextAnalyzer:
    return TextAnalyzerBuilder(Tokenizer.raw()).filter(Filter.lowercase()).build()


_FOLD: Final = _as_terms()


def document(item: Item) -> tantivy.Document:
    """What is written of a record."""
    made = tantivy.Document()
    found = [(*each, compared(each.kind, each.value)) for each in flat(item.body)]
    made.add_text(KEY, item.key)
    made.add_json(VALUES, _values(found))
    for each in _has(found, item.body):
        made.add_text(HAS, each)
    for _, kind, _, values in found:
        for text in sought(values) if kind.is_text else ():
            made.add_text(WORDS, text)
    made.add_integer(SEQ, item.seq)
    made.add_integer(UPDATED, microseconds(item.updated))
    made.add_bytes(BODY, orjson.dumps((item.version, item.body)))
    return made


def write(index: tantivy.Index, records: Iterable[tuple[str, Item | None]], *, small: bool) -> None:
    """Put records in the place of those with their keys, or remove them, all or none.

    Merges are waited for: left alone they never end, because each commit starts anew. There can
    only be one writer, so it is let go in any case.
    """
    writer = index.writer(_SMALL_HEAP if small else _HEAP, 1)
    try:
        for key, item in records:
            writer.delete_documents_by_term(KEY, key)
            if item is not None:
                writer.add_document(document(item))
        writer.commit()
        writer.wait_merging_threads()
    finally:
        del writer


def path_of(kind: Kind, property_: str, language: str | None = None) -> str:
    """Where the values of a property are."""
    path = f"{VALUES}.{kind.value}.{_name(property_)}"
    return f"{path}.{_name(language or ANY_LANGUAGE)}" if kind.is_localized else path


def stored_text(text: str) -> str:
    """A text as the column has it."""
    return "=" + (text if not is_long(text) else f"{text[:LONGEST]}…{_digest(text)}")


def text_term(text: str) -> str:
    """A text as the term it is found by: letter case does not count."""
    return folded_term(stored_text(text))


def folded_term(stored: str) -> str:
    """The term of a text that a column has."""
    return str(_FOLD.analyze(stored)[0])


def is_long(text: str) -> bool:
    """Whether a text is cut, folded or not: some letters become two."""
    return len(text) > LONGEST or len(folded(text)) > LONGEST


def was_cut(stored: str) -> bool:
    """Whether what a column has is a cut text, which is longer than any other."""
    return is_long(stored[1:])


def decimal(value: float) -> float:
    """A decimal as it is written and asked for: always a float, and zero has no sign."""
    return float(value) or 0.0


def microseconds(at: datetime) -> int:
    """Since 1970."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def moment(value: int) -> datetime:
    """The moment."""
    return _EPOCH + timedelta(microseconds=value)


_Found = Sequence[tuple[str, Kind, Any, list[Any]]]
"""A body's properties: the id, the kind, the value, and what of it is compared."""


def _values(found: _Found) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for property_, kind, value, values in found:
        if kind is Kind.RECORDS:
            continue
        name = _name(property_)
        if kind.is_localized:
            by_language = {
                _name(language): _stored(kind, compared(kind, value, language))
                for language in value
            }
            by_language[ANY_LANGUAGE] = _stored(kind, values)
            made.setdefault(kind.value, {})[name] = by_language
        elif values:
            made.setdefault(kind.value, {})[name] = _stored(kind, values)
    return made


def _stored(kind: Kind, values: list[Any]) -> list[Any]:
    if kind.is_text:
        return [stored_text(text) for text in values]
    return [decimal(value) for value in values] if kind is Kind.DECIMAL else values


def _has(found: _Found, body: Body) -> Iterator[str]:
    for property_, kind, value, values in found:
        if not values:
            yield cleared(property_)
            continue
        yield property_
        if kind.is_localized:
            for language in value:
                if compared(kind, value, language):
                    yield f"{property_}~{language}"
        if kind.is_text and any(map(is_long, values)):
            yield has_long(property_)
        if not kind.is_text and len(values) > 1:
            yield has_several(property_)
    for segment in body.get(SEGMENTS, ()):
        yield in_segment(segment)
    for name, value in marks(body):
        yield marked(name, value)


def cleared(property_: str) -> str:
    """The term of `h` of a property that is there and has no value."""
    return f"{property_}~~cleared"


def has_long(property_: str) -> str:
    """The term of `h` of a property with a text that was cut."""
    return f"{property_}~~long"


def has_several(property_: str) -> str:
    """The term of `h` of a property with more than one value that is no text."""
    return f"{property_}~~several"


def in_segment(segment: str) -> str:
    """The term of `h` of a record that is in a segment."""
    return f"~{segment}"


def marked(name: str, value: str) -> str:
    """The term of `h` of a record that has one of the engine's keys; no segment has a ~."""
    return f"~{name}~{value}"


def _name(part: str) -> str:
    """A part of a path."""
    return part.replace("\\", "~5c~").replace(".", "~2e~")


def _digest(text: str) -> str:
    return blake2b(folded(text).encode(), digest_size=_DIGEST).hexdigest()
