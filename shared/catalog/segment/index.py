"""The inverted index of a segment: its schema, and tantivy's files as the manifest names them.

Traps: a custom analyzer is registered again at every open; an unsigned field
panics the writer; meta.json is the only file that a commit rewrites, so it lives in the manifest.
Documents stand in browse order inside each part of the index (the engine's own segments), so equal
scores come in browse order from each. What was built whole is one part.
"""

import json
from pathlib import Path
from typing import Final

import tantivy
from tantivy import Order, SchemaBuilder

from shared.catalog.segment.analysis import TEXT
from shared.indexes.guard import guarded
from shared.indexes.meta import write_meta
from shared.indexes.words import analyzer

NUMBER: Final = "number"
RANK: Final = "rank"
PRICE: Final = "price"
WORDS: Final = "words"
FACETS: Final = "facets"
IDENTIFIERS: Final = "identifiers"
SINCE: Final = "since"
UNTIL: Final = "until"
FOREVER: Final = 1 << 40
"""Seconds since 1970 that no clock shows: the end of an offer that never changes."""


def schema() -> tantivy.Schema:
    """Fields of format 2.

    `words` is the one weighted text field (frequencies, no positions); `identifiers` and `facets`
    hold ready terms; `number` is generation << 32 | ordinal. No text is stored.

    A product whose offer changes with time stands in the index once for each stretch of it, from
    `since` until before `until` (seconds since 1970), each with the price, the facets and the rank
    of then. So a query that asks for one moment finds what holds, and no republish is needed. The
    first stretch of a product begins at 0. Format 1 has neither field.
    """
    builder = SchemaBuilder()
    builder.add_text_field(WORDS, tokenizer_name=TEXT, index_option="freq")
    builder.add_text_field(IDENTIFIERS, tokenizer_name="raw", index_option="basic")
    builder.add_text_field(FACETS, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field(NUMBER, indexed=True, fast=True)
    builder.add_integer_field(RANK, fast=True)
    builder.add_float_field(PRICE, fast=True)
    builder.add_integer_field(SINCE, fast=True)
    builder.add_integer_field(UNTIL, fast=True)
    return builder.build()


@guarded
def create(directory: Path, language: str) -> tantivy.Index:
    """A new, empty index in a directory that has none."""
    index = tantivy.Index(
        schema(), path=str(directory), reuse=False, sort_by_field=RANK, sort_order=Order.Desc
    )
    index.register_tokenizer(TEXT, analyzer(language))
    return index


@guarded
def open_index(directory: Path, meta: str, language: str) -> tantivy.Index:
    """The index as `meta` describes it.

    The binding has a thread look at meta.json twice a second, for as long as the index or a
    searcher of it lives. A version never changes, and a searcher stays what it was when it was
    taken.
    """
    write_meta(directory, meta)
    index = tantivy.Index.open(str(directory))
    index.register_tokenizer(TEXT, analyzer(language))
    return index


def documents(meta: str) -> int:
    """How many documents the engine's frequencies are of, deleted ones among them."""
    return sum(segment["max_doc"] for segment in json.loads(meta)["segments"])
