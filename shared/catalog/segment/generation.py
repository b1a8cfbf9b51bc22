"""The files of one generation as they are written: all but the engine's.

records, sources   the records, see `segment.records`
urls, keys         which records answer to a URL form or a product's UUID, which to its key
titles             what products call themselves, hashed
lexicon            the words of titles and kinds
dead               numbers of the records of older generations that died by this one
numbers            only of a generation made of several: the number of each of its records
"""

from array import array
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any, Final, Self

from numpy.typing import NDArray

from shared.catalog.products.product import product_uuid
from shared.catalog.segment.addresses import AddressWriter, uuid_form
from shared.catalog.segment.entry import Entry
from shared.catalog.segment.lexicon import LexiconWriter
from shared.catalog.segment.manifest import SegmentFile, describe
from shared.catalog.segment.records import RecordWriter
from shared.catalog.segment.titles import TitleWriter
from shared.indexes.words import analyzer, surface_analyzer

_SERVED: Final = ("records", "urls", "keys", "titles", "lexicon", "dead")
_SOURCES: Final = "sources"
_NUMBERS: Final = "numbers"
FILES: Final = frozenset({*_SERVED, _SOURCES, _NUMBERS})
"""What the files of a generation are called, before the point and its number."""


class GenerationWriter:
    """Writes generation `number` to a directory. All but records stays in memory until `finish`.

    Used in a `with`, which closes what was begun and came to nothing.
    `dictionary` is the catalog's, the same in all its generations; `language` decides the stemmer.
    """

    def __init__(
        self, directory: Path, number: int, catalog: str, language: str, dictionary: bytes
    ) -> None:
        self._catalog = catalog
        self._directory = directory
        self._number = number
        self._records = RecordWriter(self._path("records"), self._path(_SOURCES), dictionary)
        self._urls = AddressWriter()
        self._keys = AddressWriter()
        self._lexicon = LexiconWriter()
        self._titles = TitleWriter()
        self._surface = surface_analyzer()
        self._analyzer = analyzer(language)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._records.abandon()

    def __len__(self) -> int:
        return len(self._records)

    def add(self, each: Entry) -> int:
        """Append a product's record; returns its ordinal."""
        ordinal = self._records.add(each.record)
        title, kind = self._analyzer.analyze(each.title), self._analyzer.analyze(each.kind)
        self._titles.add(title, kind)
        self._register(ordinal, each.record.key, each.record.claims, (each.title, each.kind))
        return ordinal

    def copy(
        self,
        frames: tuple[memoryview, memoryview],
        row: NDArray[Any],
        claims: tuple[str, Collection[str]],
        names: tuple[str, str],
    ) -> None:
        """Append a record of another generation.

        Args:
            frames: its stored bytes, served and source.
            row: its row of titles.
            claims: its key, and the URL forms it claims.
            names: the product's, see `entry.names`.
        """
        self._titles.copy(row)
        self._register(self._records.copy(*frames), *claims, names)

    def _register(
        self, ordinal: int, key: str, forms: Collection[str], names: tuple[str, str]
    ) -> None:
        self._keys.add(key, ordinal)
        for form in forms:
            self._urls.add(form, ordinal)
        self._urls.add(uuid_form(product_uuid(self._catalog, key)), ordinal)
        if forms:  # what claims no page is inactive: kept, but not found
            self._lexicon.add(self._surface.analyze(" ".join(names)))

    def finish(self, dead: Iterable[int], numbers: "array[int] | None" = None) -> list[SegmentFile]:
        """Write what is left; the entries of all files. `numbers`: of its records, if copied."""
        self._records.close()
        self._urls.write(self._path("urls"))
        self._keys.write(self._path("keys"), unique=True)
        self._lexicon.write(self._path("lexicon"))
        self._titles.write(self._path("titles"))
        self._path("dead").write_bytes(array("Q", sorted(dead)).tobytes())
        served = list(_SERVED)
        if numbers is not None:
            self._path(_NUMBERS).write_bytes(numbers.tobytes())
            served.append(_NUMBERS)
        return [
            *(describe(self._directory, self._path(name).name, "serve") for name in served),
            describe(self._directory, self._path(_SOURCES).name, "source"),
        ]

    def _path(self, name: str) -> Path:
        return self._directory / f"{name}.{self._number}"
