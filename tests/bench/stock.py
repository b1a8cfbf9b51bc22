"""Platforms to measure: one organization that is granted real catalogs, and what it can ask."""

import csv
import gzip
import os
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path

import orjson

from shared.app import App
from shared.clock import SystemClock
from shared.local.queue import FileQueue
from shared.local.secrets import FileSecrets
from tests.bench.load import get, post
from tests.bench.servers import ROOT
from tests.contract.firestore_emulator import emulator
from tests.contract.storage_server import StorageServer
from tests.platform import LEGACY, Platform, message, modern_headers

ENVIRONMENT = os.environ  # noqa: TID251  the run's own: where data is, and where emulators are
DATA = Path(ENVIRONMENT.get("CATALOG_DATA_DIR", ROOT.parent / "shared" / "data"))
ERAS = {"2025-11-25": False, "2026-07-28": True}
DAY = 86_400


def feed_rows(amount=None):
    """The first rows of icecat_19k; all of them without an amount."""
    with gzip.open(DATA / "icecat_19k.jsonl.gz", "rb") as stream:
        yield from map(orjson.loads, islice(stream, amount))


def pages(amount=200):
    """Addresses of product pages, spread over the whole catalog."""
    found = [row["url"] for row in feed_rows()]
    return found[:: len(found) // amount][:amount]


def words():
    """What people searched for: every query of the human judgments."""
    with (DATA / "icecat_judgments.csv").open(newline="", encoding="utf-8") as rows:
        return sorted({row["query"] for row in csv.DictReader(rows)})


def stocked(platform):
    """The platform with icecat_19k published and granted to its organization `partner`."""
    platform.organization("partner", rate_limit=1_000_000)
    platform.organization("owner", type="catalog_owner")
    platform.do("create_tenant", id="shop", name="Shop", org="owner")
    platform.do(
        "create_catalog",
        catalog="icecat",
        tenant="shop",
        display_name="Icecat",
        source_base_url="https://icecat.biz",
    )
    source = str(DATA / "icecat_19k.jsonl.gz")
    platform.do("publish_catalog", confirm=True, catalog="icecat", source=source)
    platform.grant("partner", "icecat")
    return platform


@contextmanager
def embedded(folder):
    """A stocked platform on embedded adapters."""
    platform = stocked(Platform(Path(folder), SystemClock()))
    try:
        yield platform
    finally:
        platform.close()


class Emulated(App):
    """Google's adapters for documents and files; secrets and work stay in folders."""

    @property
    def secrets(self):
        return self.once(_mounted_secrets)

    @property
    def queue(self):
        return self.once(_file_queue)


class MountedSecrets(FileSecrets):
    """Also writes each secret where Cloud Run would mount it."""

    def __init__(self, folder, mount):
        super().__init__(folder)
        self.mount = mount

    def write(self, name, value, *, if_absent=False):
        super().write(name, value, if_absent=if_absent)
        (self.mount / name).mkdir(parents=True, exist_ok=True)
        (self.mount / name / name).write_bytes(value)


def _mounted_secrets(app):
    return MountedSecrets(app.settings.data / "kept", app.settings.secrets)


def _file_queue(app):
    return FileQueue(app.settings.data / "queue.sqlite", app.clock)


@contextmanager
def google_stores(folder):
    """The settings of a platform on the Firestore emulator and a storage server."""
    with ExitStack() as stack:
        storage = stack.enter_context(StorageServer())
        ENVIRONMENT["FIRESTORE_EMULATOR_HOST"] = stack.enter_context(emulator())
        ENVIRONMENT["STORAGE_EMULATOR_HOST"] = storage.url
        where = {"backend": "gcp", "project": "test-bench", "bucket": "test-bucket"}
        yield {"app": Emulated, "secrets": Path(folder) / "mounted", **where}


@contextmanager
def emulated(folder, stock=stocked):
    """A stocked platform on the Firestore emulator and a storage server."""
    with google_stores(folder) as settings:
        platform = Platform(Path(folder), SystemClock(), **settings)
        try:
            yield stock(platform)
        finally:
            platform.close()


def tool_calls(name, arguments, token, *, modern, path="/mcp"):
    """A request for each of these arguments."""
    era = modern_headers("tools/call", name) if modern else LEGACY
    headers = {"Authorization": f"Bearer {token}", **era}
    return [
        post(path, _message("tools/call", {"name": name, "arguments": each}, at, modern), headers)
        for at, each in enumerate(arguments, 1)
    ]


def tool_lists(token, *, modern, amount=100):
    """Requests for the list of tools, each with another id."""
    era = modern_headers("tools/list") if modern else LEGACY
    headers = {"Authorization": f"Bearer {token}", **era}
    return [
        post("/mcp", _message("tools/list", None, at, modern), headers)
        for at in range(1, amount + 1)
    ]


def rest_searches(key, limit=10):
    """REST searches for the same words."""
    headers = {"Authorization": f"Bearer {key}"}
    bodies = ({"catalog": "icecat", "q": query, "limit": limit} for query in words())
    return [post("/v1/products/search", orjson.dumps(body), headers) for body in bodies]


def rest_catalogs(key):
    """The REST list of catalogs: it has nothing to vary."""
    return [get("/v1/catalogs", {"Authorization": f"Bearer {key}"})]


def _message(method, params, number, modern):
    return orjson.dumps(message(method, params, id_=number, modern=modern))
