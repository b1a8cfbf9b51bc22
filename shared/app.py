"""The composition root: which adapter stands behind each port.

The only place that imports adapters, and imports them where they are chosen: a function that does
not need a Google client never loads it. Nothing is built before it is used, so a process may be
forked after import.
"""

import ssl
import threading
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

from shared.auth.demand import Demand
from shared.auth.gate import Gate
from shared.auth.jwks import RemoteKeys
from shared.auth.keyring import CURSORS, KeyRings
from shared.auth.metrics import Metrics
from shared.auth.rate import RateLimiter
from shared.auth.service import ServiceTokens
from shared.auth.tokens import Tokens
from shared.auth.usage import Usage
from shared.clock import SystemClock
from shared.ports.addresses import Addresses, OwnAddresses
from shared.ports.blobs import Blobs
from shared.ports.clock import Clock
from shared.ports.documents import Documents
from shared.ports.fetch import Fetch
from shared.ports.listings import Listings, OwnListings
from shared.ports.mail import Mailer
from shared.ports.queue import ENGINE, EXPORTS, WORK, OwnQueue, Queue
from shared.ports.secrets import Secrets
from shared.ports.warehouse import Warehouse
from shared.settings import Settings
from shared.tracing import Traced, Tracer

T = TypeVar("T")


class App:
    """One process's adapters and what stands on them.

    Args:
        settings: what the deployment decided.
        clock: the source of time; tests hand in their own.
    """

    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self._lock = threading.RLock()
        self._made: dict[Any, Any] = {}

    def once(self, make: Callable[["App"], T]) -> T:
        """What `make(self)` gives, made once per process. For what lives longer than a call."""
        made: T | None = self._made.get(make)
        return self._first(make) if made is None else made

    def _first(self, make: Callable[["App"], T]) -> T:
        with self._lock:
            made: T | None = self._made.get(make)
            if made is None:
                made = self._made[make] = self._observed(make, make(self))
            return made

    def _observed(self, make: Callable[["App"], T], made: T) -> T:
        """What was made; if it reaches outside and spans are recorded, with a span per call."""
        port = _OUTSIDE.get(make)
        if port is None or self.tracer is None:
            return made
        return cast(T, Traced(made, port, self.tracer))

    def _own(self, adapter: object) -> object:
        if self.settings.cloud or self.settings.backend != "local":
            raise ValueError("this is only done on a laptop")
        return adapter

    def close(self) -> None:
        """Let go of what adapters hold open. The app can be used again afterwards."""
        with self._lock:
            made, self._made = list(self._made.values()), {}
        for each in reversed(made):
            close = getattr(each, "close", None)
            if close is not None:
                close()

    @property
    def tracer(self) -> Tracer | None:
        """Spans of requests, where they are recorded."""
        return self.once(_tracer) if self.settings.traces else None

    @property
    def documents(self) -> Documents:
        """Small documents with compare-and-set."""
        return self.once(_documents)

    @property
    def bulk_documents(self) -> Documents:
        """The same documents by a way of their own, for many at once.

        Reading hundreds of records, or a log, would make every other call's one read wait.
        """
        return self.once(_bulk_documents)

    @property
    def blobs(self) -> Blobs:
        """Immutable files."""
        return self.once(_blobs)

    @property
    def addresses(self) -> Addresses:
        """Where single files can be fetched or put for a while."""
        return self.once(_addresses)

    @property
    def own_addresses(self) -> OwnAddresses:
        """The addresses, where we serve them ourselves. Raises ValueError in the cloud."""
        return cast(OwnAddresses, self._own(self.addresses))

    @property
    def secrets(self) -> Secrets:
        """Key material."""
        return self.once(_secrets)

    @property
    def fetch(self) -> Fetch:
        """Outgoing HTTP, guarded."""
        return self.once(_fetch)

    @property
    def mailer(self) -> Mailer:
        """Outgoing e-mail."""
        return self.once(_mailer)

    @property
    def queue(self) -> Queue:
        """Work for later."""
        return self.once(_queue)

    @property
    def own_queue(self) -> OwnQueue:
        """The queue, where we drain it ourselves. Raises ValueError in the cloud."""
        return cast(OwnQueue, self._own(self.queue))

    @property
    def own_listings(self) -> OwnListings:
        """The exchange, where we play the partner too. Raises ValueError elsewhere."""
        if self.settings.analytics_hub:
            raise ValueError("the exchange is not our own here")
        return cast(OwnListings, self._own(self.listings))

    @property
    def listings(self) -> Listings:
        """Our data exchange."""
        return self.once(_listings)

    @property
    def warehouse(self) -> Warehouse:
        """Tables partners query."""
        return self.once(_warehouse)

    @property
    def service_tokens(self) -> ServiceTokens:
        """Verifying what calls the tasks function."""
        return self.once(_service_tokens)

    @property
    def keys(self) -> KeyRings:
        """Signing and sealing keys."""
        return self.once(_keys)

    @property
    def tokens(self) -> Tokens:
        """Minting and verifying access tokens."""
        return self.once(_tokens)

    @property
    def gate(self) -> Gate:
        """Who may come in."""
        return self.once(_gate)

    @property
    def usage(self) -> Usage:
        """Counters."""
        return self.once(_usage)

    @property
    def metrics(self) -> Metrics:
        """What tenants can see of what happened to their data."""
        return self.once(_metrics)

    @property
    def demand(self) -> Demand:
        """What catalogs' owners can see of what partners ask."""
        return self.once(_demand)

    @property
    def rate(self) -> RateLimiter:
        """The organizations' budgets."""
        return self.once(_rate)


def _documents(app: App) -> Documents:
    if app.settings.backend == "gcp":
        from shared.gcp.documents import FirestoreDocuments

        return FirestoreDocuments(app.settings.project, app.settings.database)
    from shared.local.documents import SqliteDocuments

    return SqliteDocuments(app.settings.data / "documents.sqlite")


def _bulk_documents(app: App) -> Documents:
    # a second adapter has a channel and a queue of reads of its own; a file has neither
    return _documents(app) if app.settings.backend == "gcp" else app.documents


def _blobs(app: App) -> Blobs:
    if app.settings.backend == "gcp":
        from shared.gcp.blobs import StorageBlobs

        return StorageBlobs(app.settings.bucket)
    from shared.local.blobs import FolderBlobs

    return FolderBlobs(app.settings.data / "blobs")


def _addresses(app: App) -> Addresses:
    if app.settings.backend == "gcp":
        from shared.gcp.addresses import StorageAddresses

        return StorageAddresses(app.settings.bucket)
    from shared.local.addresses import FolderAddresses

    return FolderAddresses(
        app.settings.files_url, lambda: app.keys.sealing(CURSORS).keys, app.clock
    )


def _secrets(app: App) -> Secrets:
    if app.settings.backend == "gcp":
        from shared.gcp.secrets import SecretManagerSecrets

        return SecretManagerSecrets(app.settings.project, app.settings.secrets, _secret_manager)
    from shared.local.secrets import FileSecrets

    return FileSecrets(app.settings.data / "secrets")


def _secret_manager() -> Any:
    from shared.gcp.secret_manager import connect

    return connect()


def _fetch(app: App) -> Fetch:
    from shared.fetch import GuardedFetch

    settings = app.settings
    tls = ssl.create_default_context(cafile=settings.fetch_ca) if settings.fetch_ca else None
    return GuardedFetch(settings.fetch_networks, settings.fetch_hosts, tls)


def _mailer(app: App) -> Mailer:
    if app.settings.smtp is None:
        from shared.local.mail import FileMailer

        return FileMailer(app.settings.data / "mail.txt")
    from shared.mail import Outbox, SmtpMailer

    return Outbox(SmtpMailer(app.settings.smtp, app.secrets))


def _queue(app: App) -> Queue:
    settings = app.settings
    if settings.backend == "gcp":
        from shared.gcp.queue import CloudTasksQueue, Place

        return CloudTasksQueue(
            settings.project,
            settings.region,
            {
                WORK: Place(settings.queue, settings.tasks_url),
                EXPORTS: Place(settings.export_queue, settings.tasks_url),
                ENGINE: Place(settings.engine_queue, settings.engine_url),
            },
            account=settings.tasks_account,
        )
    from shared.local.queue import FileQueue

    return FileQueue(settings.data / "queue.sqlite", app.clock)


def _listings(app: App) -> Listings:
    settings = app.settings
    if settings.backend == "gcp" or settings.analytics_hub:
        from shared.gcp.listings import AnalyticsHubListings

        return AnalyticsHubListings(
            settings.project or "local-exchange",
            settings.location,
            settings.exchange,
            settings.exchanges,
            address=settings.analytics_hub,
        )
    from shared.local.listings import FileListings

    return FileListings(settings.data / "listings.sqlite")


def _warehouse(app: App) -> Warehouse:
    settings = app.settings
    if settings.backend == "gcp":
        from shared.gcp.warehouse import BigQueryWarehouse

        return BigQueryWarehouse(settings.project, settings.location, app.blobs, settings.bucket)
    from shared.local.warehouse import DuckWarehouse

    return DuckWarehouse(settings.data / "warehouse")


def _service_tokens(app: App) -> ServiceTokens:
    issuer = app.settings.trusted_task_issuer
    remote = RemoteKeys(issuer.jwks_url, app.fetch, app.clock) if issuer else None
    return ServiceTokens(app.settings, app.keys, remote, app.clock)


def _keys(app: App) -> KeyRings:
    return KeyRings(app.secrets, app.clock)


def _tokens(app: App) -> Tokens:
    remote = {
        issuer.id: RemoteKeys(issuer.jwks_url, app.fetch, app.clock)
        for issuer in app.settings.issuers
    }
    return Tokens(app.settings, app.keys, remote, app.clock)


def _gate(app: App) -> Gate:
    return Gate(app.documents, app.clock)


def _usage(app: App) -> Usage:
    return Usage(app.clock)


def _metrics(app: App) -> Metrics:
    return Metrics(app.clock)


def _rate(app: App) -> RateLimiter:
    return RateLimiter(app.documents, app.clock, app.usage, app.metrics, app.demand)


def _demand(app: App) -> Demand:
    return Demand(app.clock)


def _tracer(app: App) -> Tracer:
    from shared.gcp.traces import OtlpTracer

    settings = app.settings
    service = settings.service or "catalog-mcp"
    return OtlpTracer(str(settings.traces), project=settings.project, service=service)


_OUTSIDE: Final[dict[Callable[[App], Any], str]] = {
    _addresses: "addresses",
    _blobs: "blobs",
    _bulk_documents: "bulk_documents",
    _documents: "documents",
    _fetch: "fetch",
    _listings: "listings",
    _mailer: "mailer",
    _queue: "queue",
    _warehouse: "warehouse",
}
"""What talks to other machines, by the name of its spans."""
