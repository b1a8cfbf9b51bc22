"""Build a version of a catalog's segment in a local directory: whole, or on top of a parent.

Streams: memory is the index writer's buffer plus about 60 bytes a product.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import chain, islice
from pathlib import Path
from typing import Any, Final, Literal

import tantivy
from tantivy import Document, FieldType, Query

from shared.catalog.products.product import Product
from shared.catalog.segment import index as engine
from shared.catalog.segment.entry import Entry, Place, entry
from shared.catalog.segment.generation import GenerationWriter
from shared.catalog.segment.manifest import (
    FORMAT,
    MOST_PICTURES,
    Generation,
    Manifest,
    SegmentFile,
    describe,
)
from shared.catalog.segment.reader import Segment
from shared.catalog.segment.records import train
from shared.indexes.files import link
from shared.indexes.guard import guarded
from shared.indexes.meta import META, living_files
from shared.indexes.words import DEFAULT_LANGUAGE, base_language

SAMPLES: Final = 2_000
_BASE_HEAP: Final = 256_000_000
_BATCH_HEAP: Final = 32_000_000


@guarded
def build(
    products: Iterable[Product], catalog: str, directory: Path, *, since: datetime | None = None
) -> Manifest:
    """Build a whole segment in a new or empty directory (ValueError otherwise).

    `products` is read once; keys must be unique (ValueError otherwise). An inactive product is
    kept with its source but is neither found nor counted. The catalog's language is the one most
    of the first 2,000 products name, English when none does. What ended before `since` is not
    indexed.
    """
    empty(directory)
    stream = iter(products)
    head = list(islice(stream, SAMPLES))
    entries = [entry(product, catalog, since) for product in head]
    dictionary = train([each.record for each in entries])
    (directory / "dictionary").write_bytes(dictionary)
    language = _language(head)
    index = engine.create(directory, language)
    with GenerationWriter(directory, 0, catalog, language, dictionary) as files:
        batch = _Batch(index.writer(_BASE_HEAP, 1), files, 0)
        for each in chain(entries, (entry(product, catalog, since) for product in stream)):
            batch.add(each)
        made = batch.finish()
    return _manifest(
        directory,
        catalog=catalog,
        language=language,
        hosts=batch.hosts,
        pictures=batch.pictures,
        generations=batch.generations(()),
        files=[describe(directory, "dictionary", "serve"), *made],
    )


@guarded
def apply(
    segment: Segment,
    products: Iterable[Product],
    deletes: Iterable[str],
    directory: Path,
    *,
    since: datetime | None = None,
) -> Manifest:
    """Build the next version on top of an opened segment, in a new or empty directory.

    Upserts `products` (unique keys, ValueError otherwise) and removes the products whose keys are
    in `deletes` (an unknown key is fine; a key that is also upserted stays). The parent's files
    are linked, only new ones are written; the parent keeps answering as before. Hosts of products
    that are gone stay in the manifest until a full build. On a parent of format 1 the offers are
    indexed as they are at `since`.
    """
    parent = segment.manifest
    empty(directory)
    link(parent.files, segment.directory, directory)
    index = engine.open_index(directory, parent.index, parent.language)
    number = parent.generation + 1
    with GenerationWriter(
        directory, number, parent.catalog, parent.language, segment.dictionary
    ) as files:
        batch = _Batch(index.writer(_BATCH_HEAP, 1), files, number, parent.format)
        for key in deletes:
            batch.bury(segment.number_of(key))
        for product in products:
            batch.bury(segment.number_of(product.key))
            batch.add(entry(product, parent.catalog, since))
        made = batch.finish()
    return _manifest(
        directory,
        catalog=parent.catalog,
        language=parent.language,
        hosts=batch.hosts.union(parent.hosts),
        pictures=batch.pictures.union(parent.pictures),
        generations=batch.generations(parent.generations),
        files=[*(file for file in parent.files if file.role != "index"), *made],
        form=parent.format,
    )


class _Batch:
    """One generation being written, and its products being indexed."""

    def __init__(
        self,
        writer: tantivy.IndexWriter,
        files: GenerationWriter,
        number: int,
        form: Literal[1, 2] = FORMAT,
    ) -> None:
        self._writer = writer
        self._files = files
        self._number = number
        self._form = form
        self._dead: set[int] = set()
        self.hosts: set[str] = set()
        self.pictures: set[str] = set()

    def add(self, each: Entry) -> None:
        ordinal = self._files.add(each)
        if not each.active:
            return
        self.hosts.update(each.hosts)
        self.pictures.update(each.pictures)
        for place in each.places if self._form > 1 else each.places[:1]:
            document = _document(each, place, self._number << 32 | ordinal)
            if self._form > 1:
                document.add_integer(engine.SINCE, place.since)
                document.add_integer(engine.UNTIL, place.until)
            self._writer.add_document(document)

    def bury(self, number: int | None) -> None:
        """The record of this number is replaced or removed."""
        if number is not None and number not in self._dead:
            self._dead.add(number)
            self._writer.delete_documents_by_term(engine.NUMBER, number)

    def finish(self) -> list[SegmentFile]:
        """The entries of this generation's own files."""
        files = self._files.finish(self._dead)
        self._writer.commit()
        self._writer.wait_merging_threads()
        return files

    def generations(self, parents: Sequence[Generation]) -> tuple[Generation, ...]:
        """The parents' with those counted that died in this batch, and this one."""
        died = Counter(number >> 32 for number in self._dead)
        return (
            *(
                each.model_copy(
                    update={"dead": each.dead + sum(died[batch] for batch in each.batches)}
                )
                for each in parents
            ),
            Generation(number=self._number, records=len(self._files)),
        )


def empty(directory: Path) -> None:
    """A new directory to build a version in. ValueError where it is in use."""
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise ValueError("a version is built in a directory of its own, and this one is in use")


def _document(each: Entry, place: Place, number: int) -> Document:
    document = Document()
    for text in each.texts:
        document.add_text(engine.WORDS, text)
    for identifier in each.identifiers:
        document.add_text(engine.IDENTIFIERS, identifier)
    for term in place.facets:
        document.add_text(engine.FACETS, term)
    document.add_integer(engine.NUMBER, number)
    document.add_integer(engine.RANK, place.rank)
    if place.price is not None:
        document.add_float(engine.PRICE, place.price)
    return document


def _manifest(
    directory: Path,
    *,
    catalog: str,
    language: str,
    hosts: Iterable[str],
    pictures: Iterable[str],
    generations: tuple[Generation, ...],
    files: list[SegmentFile],
    form: Literal[1, 2] = FORMAT,
) -> Manifest:
    meta = (directory / META).read_text()
    files.extend(describe(directory, name, "index") for name in living_files(directory, meta))
    index = engine.open_index(directory, meta, language)
    return Manifest(
        format=form,
        catalog=catalog,
        language=language,
        product_count=_products(index) if form > 1 else index.searcher().num_docs,
        hosts=tuple(sorted(hosts)),
        pictures=tuple(sorted(pictures)[:MOST_PICTURES]),
        generations=generations,
        files=tuple(sorted(files, key=lambda file: file.name)),
        index=meta,
    )


def _products(index: tantivy.Index) -> int:
    """How many products the index has: each has one first place."""
    first = Query.range_query(index.schema, engine.SINCE, FieldType.Integer, upper_bound=0)
    found: Any = index.searcher().search(first, 1, count=True)
    return int(found.count)


def _language(products: Iterable[Product]) -> str:
    named = Counter(filter(None, (base_language(product.language) for product in products)))
    return named.most_common(1)[0][0] if named else DEFAULT_LANGUAGE
