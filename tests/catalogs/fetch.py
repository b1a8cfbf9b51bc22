"""`make data`: the public catalogs that benchmarks and some tests read, from their repositories.

    python -m tests.catalogs.fetch FOLDER

Each source stands at one commit, so everybody measures on the same rows. A file that is there
already is left alone. The data keeps the licences of its sources: it is never committed here.
"""

import argparse
import csv
import gzip
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.catalogs import convert

QUERIES = frozenset(Path(__file__).with_name("judged_queries.txt").read_text().split())
"""SHA-256 of those of the 135 judged queries that search was measured and fitted with.

The others stay unseen, so that search can be asked something that nobody has tuned it for.
Digests, since what people judged is not kept in this repository.
"""


@dataclass(frozen=True)
class Source:
    """One file of ours: where it comes from, how its rows are read, and whose data it is."""

    file: str
    repository: str
    commit: str
    paths: tuple[str, ...]
    rows: Callable[..., Iterable[convert.Row]]
    licence: str

    def addresses(self) -> list[str]:
        root = f"https://raw.githubusercontent.com/{self.repository}/{self.commit}"
        return [f"{root}/{path}" for path in self.paths]


CHORUS = ("querqy/chorus", "96edf8b536e521be06cab910e0f6a9b25e3016fc")
SOURCES = (
    Source(
        "icecat_19k.jsonl.gz",
        *CHORUS,
        tuple(f"data-encoder/ecommerce/vectors/data/{part}.json.zip" for part in range(1, 5)),
        convert.icecat,
        "Icecat Open Content License (name the source)",
    ),
    Source(
        "icecat_judgments.csv",
        *CHORUS,
        ("katas/Broad_Query_Set_rated.csv",),
        lambda file: convert.judgments(file, QUERIES),
        "Apache-2.0",
    ),
    Source(
        "luma_variants_2k.jsonl.gz",
        "magento/magento2-sample-data",
        "53807565ba9f23c9409268c02bb995cf39ef553d",
        ("app/code/Magento/ConfigurableSampleData/fixtures/products.csv",),
        convert.luma,
        "OSL-3.0 / AFL-3.0",
    ),
    Source(
        "books_10k.jsonl.gz",
        "zygmuntz/goodbooks-10k",
        "6dd165b555a7b47b2dd36743a425776e641ff50c",
        ("books.csv",),
        convert.books,
        "CC BY-SA 4.0",
    ),
    Source(
        "bestbuy_3k.jsonl.gz",
        "typesense/showcase-ecommerce-store",
        "896175ba471c0845298a6b4065deab1f4d050a57",
        ("scripts/data/ecommerce.json",),
        convert.bestbuy,
        "Apache-2.0",
    ),
)


def download(address: str) -> bytes:
    """A file of a public repository."""
    answer = httpx.get(address, timeout=120)
    answer.raise_for_status()
    return answer.content


def fill(folder: Path, fetched: Callable[[str], bytes] = download) -> dict[str, int | None]:
    """Write every file that is missing: its rows by its name, None for one that was there."""
    folder.mkdir(parents=True, exist_ok=True)
    return {source.file: _fill(folder / source.file, source, fetched) for source in SOURCES}


def _fill(path: Path, source: Source, fetched: Callable[[str], bytes]) -> int | None:
    if path.exists():
        return None
    rows = list(source.rows(*map(fetched, source.addresses())))
    unfinished = path.with_name(f"{path.name}.unfinished")
    (_write_csv if path.suffix == ".csv" else _write_lines)(unfinished, rows)
    unfinished.rename(path)
    return len(rows)


def _write_lines(path: Path, rows: Iterable[convert.Row]) -> None:
    with gzip.open(path, "wt", encoding="utf-8") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n")


def _write_csv(path: Path, rows: list[convert.Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    parser = argparse.ArgumentParser(description="Fetch the public catalogs into a folder.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    filled = fill(folder)
    for source in SOURCES:
        rows = filled[source.file]
        said = "is there already" if rows is None else f"{rows:,} rows"
        print(f"{source.file}: {said}; {source.repository}, {source.licence}")


if __name__ == "__main__":
    main()
