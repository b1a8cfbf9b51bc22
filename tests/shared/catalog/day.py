"""A day of small changes: what each costs, by the clock that tests move.

python -m tests.shared.catalog.day [--hours 24] [--every 5] [--products 200]

Printed for every hour: documents read and written, files stored, and listings of files, per change;
the same for all turns of later work together; and how many versions and files are kept. A change
costs the same in the last hour as in the first.

What a change costs is counted, not timed, and is the same in a catalog of 1,000 products and on any
disk. So the catalog is small; with TMPDIR=/dev/shm nothing waits for a disk, which halves the time.
"""

import argparse
from collections import Counter

from shared.app import App
from shared.catalog.products.product import Product
from shared.catalog.publishing import change
from shared.catalog.versions import every_version
from shared.indexes.folders import temporary_folder
from shared.tool import silently
from tests.platform import Platform, product

HOUR = 3600
KEPT = 600
"""Seconds an instance keeps a file that no version it has open names."""
WHAT = ("reads", "writes", "stored", "listings")


class Counted:
    """Passes everything on to an adapter, and counts what it is asked."""

    def __init__(self, adapter, counts):
        self._adapter = adapter
        self._counts = counts

    def __getattr__(self, name):
        return getattr(self._adapter, name)

    def get(self, path):
        self._counts["reads"] += 1
        return self._adapter.get(path)

    def get_many(self, paths):
        self._counts["reads"] += len(paths)
        return self._adapter.get_many(paths)

    def query(self, query):
        page = self._adapter.query(query)
        self._counts["reads"] += max(1, len(page.items))
        return page

    def commit(self, writes):
        self._counts["writes"] += len(writes)
        self._adapter.commit(writes)

    def put(self, name, source):
        self._counts["stored"] += 1
        self._adapter.put(name, source)

    def list(self, prefix):
        self._counts["listings"] += 1
        return self._adapter.list(prefix)


class CountedApp(App):
    """Counts documents, and files of the store."""

    def __init__(self, settings, clock=None):
        super().__init__(settings, clock)
        self.counts = Counter()

    @property
    def documents(self):
        return Counted(super().documents, self.counts)

    @property
    def blobs(self):
        return Counted(super().blobs, self.counts)


def forget_unnamed(files):
    """What an instance does with files of its own disk, which cannot be made as old as the clock.

    Otherwise it would keep and look through those of hours, which are made in a minute.
    """
    for file in files.iterdir():
        if file.stat().st_nlink == 1:
            file.unlink()


def simulate(folder, *, hours, every, products):
    """For every hour: (per change, of later work, versions kept, files kept)."""
    platform = Platform(folder, app=CountedApp, export_every=10 * 365 * 24 * HOUR)
    platform.catalog("books", [product(str(n)) for n in range(products)])
    platform.work(HOUR)
    counts, changes = platform.app.counts, HOUR // every
    for hour in range(hours):
        changed, later = Counter(), Counter()
        for turn in range(changes):
            number = (hour * changes + turn) % products
            page = f"https://books.example/p/{number}"
            edited = Product(key=str(number), url=page, title=f"Edition {hour} {turn}")
            counts.clear()
            change(platform.operator(), "books", [edited], (), progress=silently)
            changed.update(counts)
            counts.clear()
            platform.work(every)
            later.update(counts)
            if not turn * every % KEPT:
                forget_unnamed(platform.settings.cache / "books" / "files")
        kept = sum(1 for _ in every_version(platform.app.documents, "books"))
        files = sum(1 for _ in platform.app.blobs.list("catalogs/books/"))
        per_change = {what: changed[what] / changes for what in WHAT}
        yield per_change, {what: later[what] for what in WHAT}, kept, files
    platform.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=int, default=24)
    parser.add_argument("--every", type=int, default=5, help="seconds between changes")
    parser.add_argument("--products", type=int, default=200)
    options = parser.parse_args()
    print(f"{'':5} {'per change':^36}   {'later work, in the hour':^36}   {'kept':^16}")
    print(f"{'hour':5}", *(f"{what:>8}" for what in WHAT), "  ", end="")
    print(*(f"{what:>8}" for what in WHAT), "  ", f"{'versions':>8} {'files':>8}")
    with temporary_folder() as folder:
        told = simulate(folder, **vars(options))
        for hour, (per_change, later, kept, files) in enumerate(told, 1):
            print(f"{hour:5}", *(f"{per_change[what]:8.2f}" for what in WHAT), "  ", end="")
            print(*(f"{later[what]:8}" for what in WHAT), "  ", f"{kept:8} {files:8}", flush=True)


if __name__ == "__main__":
    main()
