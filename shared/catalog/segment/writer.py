"""Build a version of a catalog's segment in a local directory: whole, or on top of a parent.

Streams: memory is the index writer's buffer plus about 60 bytes a product.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Final

import tantivy
from tantivy import Document

from shared.catalog.products.product import Product
from shared.catalog.segment import index as engine
from shared.catalog.segment.addresses import AddressWriter
from shared.catalog.segment.analysis import (
    DEFAULT_LANGUAGE,
    analyzer,
    base_language,
    surface_analyzer,
)
from shared.catalog.segment.entry import Entry, entry
from shared.catalog.segment.lexicon import LexiconWriter
from shared.catalog.segment.manifest import Generation, Manifest, SegmentFile, describe
from shared.catalog.segment.reader import Segment
from shared.catalog.segment.records import RecordWriter, train
from shared.catalog.segment.titles import TitleWriter
from shared.indexes.files import link
from shared.indexes.guard import guarded

SAMPLES: Final = 2_000
_SERVED: Final = ("records", "urls", "keys", "titles", "lexicon", "dead")
_BASE_HEAP: Final = 256_000_000
_BATCH_HEAP: Final = 32_000_000


@guarded
def build(products: Iterable[Product], catalog: str, directory: Path) -> Manifest:
    """Build a whole segment in a new or empty directory (ValueError otherwise).

    `products` is read once; keys must be unique (ValueError otherwise). An inactive product is
    kept with its source but is neither found nor counted. The catalog's language is the one most
    of the first 2,000 products name, English when none does.
    """
    _empty(directory)
    stream = iter(products)
    head = list(islice(stream, SAMPLES))
    entries = [entry(product, catalog) for product in head]
    dictionary = train([each.record for each in entries])
    (directory / "dictionary").write_bytes(dictionary)
    language = _language(head)
    index = engine.create(directory, language)
    batch = _Batch(index.writer(_BASE_HEAP, 1), directory, 0, language, dictionary)
    for each in chain(entries, (entry(product, catalog) for product in stream)):
        batch.add(each)
    batch.finish()
    return _manifest(
        directory,
        catalog=catalog,
        language=language,
        hosts=batch.hosts,
        generations=batch.generations(()),
        files=[describe(directory, "dictionary", "serve"), *batch.files()],
    )


@guarded
def apply(
    segment: Segment, products: Iterable[Product], deletes: Iterable[str], directory: Path
) -> Manifest:
    """Build the next version on top of an opened segment, in a new or empty directory.

    Upserts `products` (unique keys, ValueError otherwise) and removes the products whose keys are
    in `deletes` (an unknown key is fine; a key that is also upserted stays). The parent's files
    are linked, only new ones are written; the parent keeps answering as before. Hosts of products
    that are gone stay in the manifest until a full build.
    """
    parent = segment.manifest
    _empty(directory)
    link(parent.files, segment.directory, directory)
    index = engine.open_index(directory, parent.index, parent.language)
    writer = index.writer(_BATCH_HEAP, 1)
    number = parent.generation + 1
    batch = _Batch(writer, directory, number, parent.language, segment.dictionary)
    for key in deletes:
        batch.bury(segment.number_of(key))
    for product in products:
        batch.bury(segment.number_of(product.key))
        batch.add(entry(product, parent.catalog))
    batch.finish()
    return _manifest(
        directory,
        catalog=parent.catalog,
        language=parent.language,
        hosts=batch.hosts.union(parent.hosts),
        generations=batch.generations(parent.generations),
        files=[*(file for file in parent.files if file.role != "index"), *batch.files()],
    )


class _Batch:
    """One generation being written."""

    def __init__(
        self,
        writer: tantivy.IndexWriter,
        directory: Path,
        number: int,
        language: str,
        dictionary: bytes,
    ) -> None:
        self._writer = writer
        self._directory = directory
        self._number = number
        self._records = RecordWriter(
            directory / f"records.{number}", directory / f"sources.{number}", dictionary
        )
        self._urls = AddressWriter()
        self._keys = AddressWriter()
        self._lexicon = LexiconWriter()
        self._titles = TitleWriter()
        self._surface = surface_analyzer()
        self._analyzer = analyzer(language)
        self._dead: set[int] = set()
        self.hosts: set[str] = set()

    def add(self, each: Entry) -> None:
        ordinal = self._records.add(each.record)
        self._keys.add(each.record.key, ordinal)
        kind = f"{each.brand} {each.kind}"
        self._titles.add(self._analyzer.analyze(each.title), self._analyzer.analyze(kind))
        if not each.active:
            return
        for form in each.record.claims:
            self._urls.add(form, ordinal)
        self.hosts.update(each.hosts)
        self._lexicon.add(self._surface.analyze(f"{each.title} {kind}"))
        self._writer.add_document(_document(each, self._number << 32 | ordinal))

    def bury(self, number: int | None) -> None:
        """The record of this number is replaced or removed."""
        if number is not None and number not in self._dead:
            self._dead.add(number)
            self._writer.delete_documents_by_term(engine.NUMBER, number)

    def finish(self) -> None:
        self._records.close()
        self._urls.write(self._path("urls"))
        self._keys.write(self._path("keys"), unique=True)
        self._lexicon.write(self._path("lexicon"))
        self._titles.write(self._path("titles"))
        self._path("dead").write_bytes(array("Q", sorted(self._dead)).tobytes())
        self._writer.commit()
        self._writer.wait_merging_threads()

    def files(self) -> list[SegmentFile]:
        """The entries of this generation's own files."""
        names = [self._path(name).name for name in _SERVED]
        return [
            *(describe(self._directory, name, "serve") for name in names),
            describe(self._directory, self._path("sources").name, "source"),
        ]

    def generations(self, parents: Sequence[Generation]) -> tuple[Generation, ...]:
        """The parents' with those counted that died in this batch, and this one."""
        died = Counter(number >> 32 for number in self._dead)
        return (
            *(each.model_copy(update={"dead": each.dead + died[each.number]}) for each in parents),
            Generation(number=self._number, records=len(self._records)),
        )

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.{self._number}"


def _empty(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    if any(directory.iterdir()):
        raise ValueError("a version is built in a directory of its own, and this one is in use")


def _document(each: Entry, number: int) -> Document:
    document = Document()
    for text in each.texts:
        document.add_text(engine.WORDS, text)
    for identifier in each.identifiers:
        document.add_text(engine.IDENTIFIERS, identifier)
    for term in each.facets:
        document.add_text(engine.FACETS, term)
    document.add_integer(engine.NUMBER, number)
    document.add_integer(engine.RANK, each.rank)
    if each.price is not None:
        document.add_float(engine.PRICE, each.price)
    return document


def _manifest(
    directory: Path,
    *,
    catalog: str,
    language: str,
    hosts: Iterable[str],
    generations: tuple[Generation, ...],
    files: list[SegmentFile],
) -> Manifest:
    meta = (directory / engine.META).read_text()
    files.extend(
        describe(directory, name, "index") for name in engine.living_files(directory, meta)
    )
    return Manifest(
        catalog=catalog,
        language=language,
        product_count=engine.open_index(directory, meta, language).searcher().num_docs,
        hosts=tuple(sorted(hosts)),
        generations=generations,
        files=tuple(sorted(files, key=lambda file: file.name)),
        index=meta,
    )


def _language(products: Iterable[Product]) -> str:
    named = Counter(filter(None, (base_language(product.language) for product in products)))
    return named.most_common(1)[0][0] if named else DEFAULT_LANGUAGE
