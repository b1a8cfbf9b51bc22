"""Settings: the only reader of the environment.

Every field is one variable, `CATALOG_MCP_` and the field's name in capitals. Unknown variables with
that prefix are refused, so a misspelt one is found at start and not in production's behaviour.
"""

import os
from collections.abc import Mapping
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import orjson
from pydantic import Field, ValidationError, model_validator

from shared.servers import ExternalIssuer, Frozen, PortalClient, Smtp, TaskIssuer, Upstream, Url

PREFIX: Final = "CATALOG_MCP_"


class Settings(Frozen):
    """What a deployment decides.

    Attributes:
        backend: `local` embeds SQLite and folders; `gcp` uses Google's services.
        service: what this process is deployed as, by Cloud Run's K_SERVICE; none on a laptop.
        data, cache: the folders of the local backend and of opened segments, which may be lost.
        cache_bytes: most bytes kept there.
        version_bytes: most bytes that answering from a version of a catalog may take: what every
            serving function holds.
        project, database, bucket, secrets: the Google project, its Firestore database, the bucket
            of published files, the folder secrets are mounted in.
        region, queue: where the Cloud Tasks queue is, and its name.
        location, exchange: where partners' tables and the Analytics Hub exchange are, its name.
        exchanges: how many there are; the second is `exchange` and `_1`.
        dataset_prefix: what suggested names of linked datasets begin with.
        export_every: seconds between two exports of a catalog that is published more often.
        export_fresh_for: seconds after its export that a table is promised to be fresh.
        export_queue: the queue of exports and whole builds of catalogs, which take minutes.
        engine_queue: the queue of what collections leave for later.
        tasks_url, engine_url: the addresses of the functions that queues call, and the audiences
            of what calls them.
        tasks_account: the service account that may call them.
        task_issuer: who signs its tokens: Google in the cloud, ourselves on a laptop.
        analytics_hub: host:port of an Analytics Hub without TLS, for tests; refused in the cloud.
        mcp_url, api_url, auth_url, portal_url: the public addresses; `mcp_url` is the partner
            audience, `auth_url` our issuer, `portal_url` the portal's audience and client id;
            `files_url` is where a laptop's front serves files, `destinations_url` what
            applications read stands below.
        faces: the addresses of further faces by name (`shared.auth.faces`), such as `studio`.
        portal_client: where the portal signs people in, if not at `auth_url`.
        hosts, origins: further Host and Origin header values that are accepted.
        issuers: external authorization servers.
        sign_in: whether an authorization server answers at `auth_url`; only then does a 401 name
            resource metadata.
        upstreams: OpenID providers people sign in with; without any, by a code sent by e-mail.
        smtp: where that e-mail is handed in; without it, it is written to a file of `data`.
        client_documents: whether clients may be named by a metadata document's URL; when not set,
            they may where `auth_url` is https (a laptop cannot fetch the real ones).
        access_seconds: how long our access tokens live.
        trusted_proxies: how many entries of X-Forwarded-For, from the right, our own
            infrastructure wrote.
        api_key_prefix: what a key begins with.
        max_body: most bytes of a request's body.
        traces: where spans of requests are sent (OTLP over HTTP); nowhere when not set.
        fetch_networks: networks (CIDR) beyond the public ones that outgoing requests may reach; for
            tests and laptops, refused in the cloud.
        fetch_hosts: addresses of names, asked before the resolver; likewise.
        fetch_ca: a file of certificate authorities outgoing requests trust instead; likewise.
    """

    backend: Literal["local", "gcp"] = "local"
    data: Path = Path("data")
    cache: Path | None = None
    cache_bytes: Annotated[int, Field(gt=0)] = 1_500_000_000
    version_bytes: Annotated[int, Field(gt=0)] = 1_500_000_000
    project: str = ""
    database: str = "(default)"
    bucket: str = ""
    secrets: Path = Path("/secrets")
    region: str = "us-central1"
    queue: str = "work"
    export_queue: str = "exports"
    engine_queue: str = "engine"
    location: str = "us"
    exchange: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,63}$")] = "catalog_mcp"
    exchanges: Annotated[int, Field(ge=1, le=100)] = 1
    dataset_prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9_]{1,40}$")] = "octogen"
    export_every: Annotated[int, Field(ge=0)] = 900
    export_fresh_for: Annotated[int, Field(gt=0)] = 172_800
    tasks_url: Url = "http://localhost:8080"
    engine_url: Url = "http://localhost:8080"
    tasks_account: str = ""
    task_issuer: TaskIssuer | None = None
    analytics_hub: str = ""
    mcp_url: Url = "http://localhost:8080/mcp"
    api_url: Url = "http://localhost:8080/v1"
    auth_url: Url = "http://localhost:8080/auth"
    portal_url: Url = "http://localhost:8080/portal"
    files_url: Url = "http://localhost:8080/files"
    destinations_url: Url = "http://localhost:8080/destinations"
    faces: dict[str, Url] = Field(
        default_factory=lambda: {
            on: f"http://localhost:8080/{on}/mcp" for on in ("admin", "studio")
        }
    )
    portal_client: PortalClient | None = None
    hosts: tuple[str, ...] = ()
    origins: tuple[str, ...] = ()
    issuers: tuple[ExternalIssuer, ...] = ()
    sign_in: bool = False
    upstreams: tuple[Upstream, ...] = ()
    smtp: Smtp | None = None
    client_documents: bool | None = None
    access_seconds: Annotated[int, Field(ge=60, le=3600)] = 600
    trusted_proxies: Annotated[int, Field(ge=0, le=5)] = 0
    api_key_prefix: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,20}$")] = "octo_live"
    max_body: Annotated[int, Field(gt=0)] = 1_048_576
    traces: Url | None = None
    fetch_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    fetch_hosts: dict[str, str] = Field(default_factory=dict)
    fetch_ca: Path | None = None
    service: str = ""

    @model_validator(mode="after")
    def _cloud_needs_the_cloud(self) -> "Settings":
        if self.cloud and self.backend == "local":
            raise ValueError(
                "the embedded backend keeps data on one machine; it never runs in the cloud"
            )
        if self.cloud and (self.fetch_networks or self.fetch_hosts or self.fetch_ca):
            raise ValueError("fetch_* opens private addresses; it is never set in the cloud")
        if self.cloud and self.sign_in and not (self.upstreams or self.smtp):
            raise ValueError("sign_in needs upstreams or smtp: nobody could sign in otherwise")
        known = {issuer.id for issuer in self.issuers}
        if self.portal_client is not None and self.portal_client.issuer not in known:
            raise ValueError("portal_client names an issuer that issuers does not hold")
        ids = ["own", *(issuer.id for issuer in self.issuers)]
        names = [self.auth_url, *(issuer.issuer for issuer in self.issuers)]
        if len(set(ids)) < len(ids) or len(set(names)) < len(names):
            raise ValueError("two issuers share an id or an address; `own` and auth_url are ours")
        if self.cloud and self.analytics_hub:
            raise ValueError("analytics_hub is for tests; it is never set in the cloud")
        if self.backend == "gcp" and not (self.project and self.bucket):
            raise ValueError("backend gcp needs project and bucket")
        return self

    @property
    def cloud(self) -> bool:
        """Whether this process runs in Google's cloud."""
        return bool(self.service)

    @property
    def takes_client_documents(self) -> bool:
        """Whether a client may be named by the URL of its metadata document."""
        if self.client_documents is None:
            return self.auth_url.startswith("https://")
        return self.client_documents

    @property
    def trusted_task_issuer(self) -> TaskIssuer | None:
        """Who signs the tokens of tasks; None means that we do, which is only so on a laptop."""
        if self.task_issuer is None and self.backend == "gcp":
            return TaskIssuer()
        return self.task_issuer

    @cached_property
    def addresses(self) -> dict[str, str]:
        """The canonical address of every face that is deployed, by the face's name."""
        return {**self.faces, "partner": self.mcp_url, "portal": self.portal_url}

    @cached_property
    def known_hosts(self) -> frozenset[str]:
        """The Host header values this deployment answers to."""
        called = (
            self.api_url, self.auth_url, self.tasks_url, self.engine_url, self.destinations_url,
        )  # fmt: skip
        own = (urlsplit(url).netloc for url in (*self.addresses.values(), *called))
        return frozenset({*own, *self.hosts})

    @cached_property
    def known_origins(self) -> frozenset[str]:
        """The Origin header values a browser may send."""
        own = (self.mcp_url, *self.faces.values(), self.api_url, self.auth_url)
        return frozenset(
            {*(f"{urlsplit(url).scheme}://{urlsplit(url).netloc}" for url in own), *self.origins}
        )

    @classmethod
    def read(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the environment. Raises ValueError naming the variable that does not fit.

        `K_SERVICE` (set by Cloud Run) is what makes this the cloud. Fields that are not plain text
        are written as JSON.
        """
        environ = os.environ if environ is None else environ  # noqa: TID251  the one reader
        given: dict[str, Any] = {
            name.removeprefix(PREFIX).lower(): _value(text)
            for name, text in environ.items()
            if name.startswith(PREFIX)
        }
        given["service"] = environ.get("K_SERVICE", "")
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            problems = "; ".join(
                f"{PREFIX}{'.'.join(str(part) for part in item['loc']).upper()}: {item['msg']}"
                for item in error.errors(include_input=False, include_url=False)
            )
            raise ValueError(f"The environment does not fit: {problems}") from None

    def environment(self) -> dict[str, str]:
        """The variables that would make `read` return these settings, for starting a process."""
        given = self.model_dump(mode="json", exclude={"service"}, exclude_none=True)
        return {
            f"{PREFIX}{name.upper()}": text
            if isinstance(text, str)
            else orjson.dumps(text).decode()
            for name, text in given.items()
        }


def _value(text: str) -> Any:
    """JSON where the text is a JSON list or object; else the text, which fields read themselves."""
    if text[:1] in "[{":
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
    return text


def machine_environment() -> dict[str, str]:
    """This machine's variables without the platform's own, to hand on to a child process."""
    machine = os.environ  # noqa: TID251  the one reader
    return {name: value for name, value in machine.items() if not name.startswith(PREFIX)}


def is_described() -> bool:
    """Whether the environment describes a deployment at all."""
    return any(name.startswith(PREFIX) for name in os.environ)  # noqa: TID251  the one reader


def state_folder() -> Path:
    """Where programs keep their state on this machine (XDG base directory specification)."""
    given = os.environ.get("XDG_STATE_HOME")  # noqa: TID251  the one reader
    return (Path(given) if given else Path.home() / ".local" / "state") / "catalog-mcp"
