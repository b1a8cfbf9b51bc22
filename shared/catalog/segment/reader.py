"""An opened version of a catalog's segment: immutable, memory-mapped, for any number of threads."""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache, partial
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import numpy as np
import orjson
import tantivy
from numpy.typing import NDArray
from tantivy import FieldType, Occur, Query

from shared.catalog.products.compact import card, without_empty
from shared.catalog.products.product import Product, product_uuid
from shared.catalog.products.urls import Claim, LookupForm, winner
from shared.catalog.segment import index as engine
from shared.catalog.segment.addresses import Addresses, uuid_form
from shared.catalog.segment.columns import digest
from shared.catalog.segment.format1 import full_of_today, item_of_today
from shared.catalog.segment.lexicon import Lexicon
from shared.catalog.segment.manifest import Generation, Manifest
from shared.catalog.segment.records import (
    Claims,
    Decompressor,
    RecordFile,
    SourceFile,
    claim_of,
    dictionary_of,
    variant_of,
)
from shared.catalog.segment.terms import terms_of, words_of
from shared.catalog.segment.titles import ROW, open_titles
from shared.indexes.files import map_file, require
from shared.indexes.words import surface_analyzer

MOST_WORDS: Final = 2048
"""Words of queries, and terms of those, that an opened segment remembers what it knows of."""
MOST_CARDS: Final = 8192
MOST_BARE: Final = 1024
"""Short views that an opened segment remembers: 4 MB of cards, and 2 MB of bare full views."""
BATCH: Final = 32
"""A product's number is that of its batch, and below it so many bits of its place there."""
_ORDINAL: Final = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True)
class Found:
    """A product found by URL: its number in the segment, the form that hit, what `via` says.

    `variant`: the place of the variant that the form leads to, if it tells one from the others.
    """

    number: int
    form: str
    via: str
    variant: int | None = None


class Dispute(NamedTuple):
    """A URL several products claim: the key it resolves to (the lower), and the other keys."""

    form: str
    key: str
    others: tuple[str, ...]


class Stretch(NamedTuple):
    """Matches in order: the score (or order key) of each, and its number."""

    keys: list[Any]
    numbers: list[int]


class _Generation:
    """The opened files of a generation.

    Attributes: `batches` it holds; `records`, `urls`, `keys` and `titles`, all by ordinal.
    """

    def __init__(self, directory: Path, about: Generation, decompressor: Decompressor) -> None:
        number = about.number
        self.batches = about.batches
        self.records = RecordFile(directory / f"records.{number}", decompressor)
        self.urls = Addresses(directory / f"urls.{number}")
        self.keys = Addresses(directory / f"keys.{number}")
        self.titles = open_titles(directory / f"titles.{number}")
        self._open_sources = partial(SourceFile, directory / f"sources.{number}", decompressor)
        self._base = number << 32
        self._numbers: memoryview | None = None
        if about.first is not None:
            self._numbers = map_file(directory / f"numbers.{number}").cast("Q")

    @cached_property
    def sources(self) -> SourceFile:
        """The products as they came. The file need not be there."""
        return self._open_sources()

    def ordinal(self, number: int) -> int:
        """Where the product of this number stands."""
        if self._numbers is None:
            return number & _ORDINAL
        return bisect_left(self._numbers, number)

    def number(self, ordinal: int) -> int:
        """The number of the product that stands there."""
        return self._base | ordinal if self._numbers is None else self._numbers[ordinal]

    def holds(self, number: int) -> bool:
        """Whether it has a record of this number, of one of its batches, dead or not."""
        at = self.ordinal(number)
        return at < len(self.records) and self.number(at) == number


class Segment:
    """A version of a catalog, opened.

    A product is known by its number, generation << 32 | ordinal, within this version and every
    version built on top of it. Attributes: `manifest`, `directory`, `searcher` and `schema`
    (tantivy's), `lexicons`, `dictionary` (zstd), `timed` (whether any offer changes with time, so
    that queries have to say for when). `word(text)` is what is `Known` of a surface word,
    `term(text)` the `Term` of an indexed one; the last ones asked for are remembered.
    """

    def __init__(self, directory: Path, manifest: Manifest) -> None:
        require(directory, manifest.served)
        self.manifest = manifest
        self.directory = directory
        index = engine.open_index(directory, manifest.index, manifest.language)
        self.searcher: tantivy.Searcher = index.searcher()
        self.schema: tantivy.Schema = index.schema
        self._surface = surface_analyzer()
        self.word = lru_cache(maxsize=MOST_WORDS)(words_of(self.searcher, manifest.language))
        self.dictionary = (directory / "dictionary").read_bytes()
        self._decompressor = Decompressor(dictionary_of(self.dictionary))
        newest_first = manifest.generations[::-1]
        self._generations = [
            _Generation(directory, each, self._decompressor) for each in newest_first
        ]
        self._of = {batch: each for each in self._generations for batch in each.batches}
        self.lexicons = [Lexicon(directory / f"lexicon.{each.number}") for each in newest_first]
        self._dead = self._read_dead()
        self._cards: dict[int, bytes] = {}
        self._bare: dict[int, bytes] = {}
        self.timed = manifest.format > 1 and self.count(_before(self.schema, engine.FOREVER)) > 0
        documents = engine.documents(manifest.index)
        self.term = lru_cache(maxsize=MOST_WORDS)(terms_of(self.searcher, self.schema, documents))

    def _read_dead(self) -> "array[int]":
        dead = array("Q")
        for each in self.manifest.generations:
            dead.frombytes(map_file(self.directory / f"dead.{each.number}"))
        return array("Q", sorted(dead))

    def find(
        self,
        query: Query,
        limit: int,
        offset: int = 0,
        *,
        by: str | None = None,
        ties: bool = False,
    ) -> Stretch:
        """Matches of a query at places offset .. offset + limit - 1 of its order.

        The order is by score, or by the fast field `by`, highest first. Equal scores stand in
        browse order in each part of the index, one part behind the other. With `ties` those that
        are found stand in browse order over all parts.
        """
        result = self.searcher.search(query, limit, count=False, order_by_field=by, offset=offset)
        hits = result.hits
        keys, places = [key for key, _ in hits], [place for _, place in hits]
        numbers: Any = self.searcher.fast_field_values(engine.NUMBER, places)
        if ties and self.searcher.num_segments > 1:
            ranks: Any = self.searcher.fast_field_values(engine.RANK, places)
            found = sorted(zip(keys, ranks, numbers, strict=True), reverse=True)
            keys, numbers = [key for key, _, _ in found], [number for _, _, number in found]
        return Stretch(keys, numbers)

    def count(self, query: Query) -> int:
        """How many products match."""
        result: Any = self.searcher.search(query, 1, count=True)
        total: int = result.count
        return total

    def lookup(self, forms: Iterable[LookupForm], at: float) -> Found | None:
        """The product, offered at a second since 1970, that the first claimed form resolves to.

        A form several products claim goes to the strongest claim, then the lower key; where that
        cannot be told (`shared.catalog.products.urls.winner`), the next form is tried.
        """
        for form, via in forms:
            claims: dict[str, tuple[int, int]] = {}
            for number in self._claimants(form):
                claimed = self.claims(number)
                if form in claimed.forms and claimed.holds(at):
                    claims[claimed.key] = (claimed.forms[form], number)
            best, _ = winner((claim_of(stored), key) for key, (stored, _) in claims.items())
            if best is not None:
                stored, number = claims[best]
                return Found(number, form, via, variant_of(stored))
        return None

    def disputes(self) -> Iterator[Dispute]:
        """URLs that a product of the newest generation claims and another product claims as well.

        What `lookup` answers for each is decided; the catalog's owner should know all the same.
        """
        newest, *older = self._generations
        for hashed in newest.urls.repeated(each.urls for each in older):
            claims: dict[str, list[tuple[Claim, str]]] = {}
            for number in self._at(hashed):
                key, claimed, _ = self.claims(number)
                for form in (form for form in claimed if digest(form) == hashed):
                    claims.setdefault(form, []).append((claim_of(claimed[form]), key))
            for form, rivals in claims.items():
                best, disagree = winner(rivals)
                if best is not None and disagree:
                    others = sorted({key for _, key in rivals} - {best})
                    yield Dispute(form, best, tuple(others))

    def number_of(self, key: str) -> int | None:
        """The number of the product with this key, active or not, or None."""
        hashed = digest(key)
        for generation in self._generations:
            for ordinal in generation.keys.find(hashed):
                number = generation.number(ordinal)
                if not self._is_dead(number) and self.claims(number).key == key:
                    return number
        return None

    def active_number_of(self, key: str, at: float) -> int | None:
        """The number of the product with this key, if it is offered at a second since 1970."""
        number = self.number_of(key)
        return number if number is not None and self.claims(number).holds(at) else None

    def active_number_of_uuid(self, uuid: UUID, at: float) -> int | None:
        """The number of the product with this UUID, if it is offered at a second since 1970.

        Nothing where the product was published before UUIDs were kept as addresses.
        """
        for number in self._at(digest(uuid_form(uuid))):
            claimed = self.claims(number)
            if product_uuid(self.manifest.catalog, claimed.key) == uuid and claimed.holds(at):
                return number
        return None

    def surface(self, text: str) -> list[str]:
        """The text's words, lower case and without accents, not stemmed."""
        words: list[str] = self._surface.analyze(text)
        return words

    def together(self, words: Iterable[str]) -> int:
        """In how many products all these surface words occur."""
        terms = [term for word in words for term in self.word(word).terms]
        if not all(self.searcher.doc_freq(engine.WORDS, term) for term in terms):
            return 0
        return self.count(
            Query.boolean_query([(Occur.Must, self.term(term).query) for term in terms])
        )

    def claims(self, number: int) -> Claims:
        """The product's key, and each URL form it claims; an inactive one claims none."""
        generation = self._of[number >> 32]
        return generation.records.claims(generation.ordinal(number))

    def item(self, number: int, at: float) -> bytes:
        """The list item's JSON members, as they are at a second since 1970."""
        generation = self._of[number >> 32]
        members = generation.records.item(generation.ordinal(number), at)
        return members if self.manifest.format > 1 else item_of_today(members)

    def full(self, number: int, at: float) -> bytes:
        """The full view's JSON members, as they are at a second since 1970."""
        generation = self._of[number >> 32]
        members = generation.records.full(generation.ordinal(number), at)
        return members if self.manifest.format > 1 else full_of_today(members)

    def card(self, number: int, at: float) -> bytes:
        """The JSON members of a card (`products.compact`), as they are at a second since 1970.

        Remembered where offers do not change with time: parsing costs as much as all else.
        """
        found = self._cards.get(number)
        if found is None:
            found = orjson.dumps(card(_object(self.item(number, at))))[1:-1]
            self._remember(self._cards, MOST_CARDS, number, found)
        return found

    def bare(self, number: int, at: float) -> bytes:
        """The full view's JSON members that are not empty, as they are at a second since 1970."""
        found = self._bare.get(number)
        if found is None:
            found = orjson.dumps(without_empty(_object(self.full(number, at))))[1:-1]
            self._remember(self._bare, MOST_BARE, number, found)
        return found

    def _remember(self, known: dict[int, bytes], most: int, number: int, view: bytes) -> None:
        if self.timed:
            return
        if len(known) >= most:
            known.clear()
        known[number] = view

    def title(self, number: int) -> str:
        """The product's title."""
        title: str = _object(self.item(number, 0.0))["title"]
        return title

    def titles(self, numbers: list[int]) -> NDArray[Any]:
        """Hashed titles and kinds of these products, a row each: see `segment.titles`."""
        *newer, oldest = self._generations
        asked = np.array(numbers, np.int64)
        rows: NDArray[Any]
        if not newer:
            rows = oldest.titles.take(asked, axis=0)
            return rows
        rows = np.zeros((len(numbers), ROW), np.uint16)
        most = asked <= _ORDINAL  # in what was built whole
        rows[most] = oldest.titles[asked[most]]
        for at in np.flatnonzero(~most).tolist():
            generation = self._of[numbers[at] >> 32]
            rows[at] = generation.titles[generation.ordinal(numbers[at])]
        return rows

    def products(self) -> Iterator[Product]:
        """Every living product, active or not, oldest record first.

        Needs the source files (`unavailable` otherwise). What a rebuild, a merge or an export
        reads.
        """
        require(self.directory, self.manifest.files)
        for about in self.manifest.generations:
            for number in self.living(about):
                yield self.read(number)

    def product(self, key: str) -> Product | None:
        """The canonical product with this key, active or not: what a partial change starts from.

        Needs the source files (`unavailable` otherwise).
        """
        require(self.directory, self.manifest.files)
        number = self.number_of(key)
        if number is None:
            return None
        return self.read(number)

    def living(self, about: Generation) -> Iterator[int]:
        """The numbers of a generation's living products, active or not, in order."""
        generation = self._of[about.number]
        for ordinal in range(len(generation.records)):
            number = generation.number(ordinal)
            if not self._is_dead(number):
                yield number

    def lives(self, number: int) -> bool:
        """Whether the product that had this number in an earlier version is still the same."""
        return self._of[number >> 32].holds(number) and not self._is_dead(number)

    def read(self, number: int) -> Product:
        """The canonical product. Needs its generation's source file."""
        generation = self._of[number >> 32]
        return Product.model_validate_json(generation.sources[generation.ordinal(number)])

    def stored(self, number: int) -> tuple[memoryview, memoryview]:
        """A record's bytes as they are, served and source. Needs its generation's source file."""
        generation = self._of[number >> 32]
        ordinal = generation.ordinal(number)
        return generation.records.stored(ordinal), generation.sources.stored(ordinal)

    def _claimants(self, form: str) -> Iterator[int]:
        return self._at(digest(form))

    def _at(self, hashed: int) -> Iterator[int]:
        for generation in self._generations:
            for ordinal in generation.urls.find(hashed):
                number = generation.number(ordinal)
                if not self._is_dead(number):
                    yield number

    def _is_dead(self, number: int) -> bool:
        at = bisect_left(self._dead, number)
        return at < len(self._dead) and self._dead[at] == number


def _object(members: bytes) -> Any:
    """Members as the object they are the inside of."""
    return orjson.loads(b"{%b}" % members)


def _before(schema: tantivy.Schema, moment: int) -> Query:
    """Places in the index that end before a second since 1970."""
    return Query.range_query(
        schema, engine.UNTIL, FieldType.Integer, upper_bound=moment, include_upper=False
    )
