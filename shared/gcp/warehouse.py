"""Tables partners query, in BigQuery: a dataset per catalog."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import requests
from google.api_core import exceptions
from google.auth.exceptions import TransportError
from google.cloud import bigquery
from google.cloud.bigquery.retry import DEFAULT_RETRY

from shared.errors import Problem
from shared.per_process import PerProcess
from shared.ports.blobs import Blobs
from shared.ports.warehouse import OFFERS, TIMED, TIMED_OF_VARIANT, VARIANTS, Column

TABLE: Final = "products_v1"
VIEW: Final = "products_current_v1"
STAGING: Final = "catalog_mcp_staging"
EXPORTS: Final = "exports/"
"""What names of files on their way begin with; infra/ removes those of killed loads after a day."""
_STAGED_FOR_MS: Final = 86_400_000
_SWAP_SECONDS: Final = 300.0
_POLL_SECONDS: Final = 1.0
_SECONDS: Final = 30.0
_RETRY: Final = DEFAULT_RETRY.with_timeout(60.0)
_TYPES: Final = {
    "string": "STRING",
    "integer": "INTEGER",
    "number": "FLOAT",
    "decimal": "NUMERIC",
    "boolean": "BOOLEAN",
    "time": "TIMESTAMP",
    "record": "RECORD",
}


class BigQueryWarehouse:
    """`Warehouse` in the datasets `catalog_<key>` of a project.

    A load goes from Cloud Storage into a staging table that nobody is shown, and is copied over the
    real one in one step. Both jobs are named after the load's key, so one that was cut off is found
    running, or done, and never runs twice.

    Args:
        project: whose datasets.
        location: where they are.
        blobs: the bucket's files.
        bucket: its name.
        connect: makes the client; another one in tests.
    """

    def __init__(
        self,
        project: str,
        location: str,
        blobs: Blobs,
        bucket: str,
        connect: Callable[[], bigquery.Client] | None = None,
    ) -> None:
        self._project = project
        self._location = location
        self._blobs = blobs
        self._bucket = bucket
        self._client = PerProcess(
            connect or (lambda: bigquery.Client(project=project, location=location))
        )

    def load(
        self,
        catalog: str,
        rows: Sequence[Path],
        columns: Sequence[Column],
        *,
        key: str,
        go_on: Callable[[], None],
    ) -> None:
        """Make the rows the catalog's whole table. Raises `unavailable`, `forbidden`, `invalid`."""
        names = [f"{EXPORTS}{catalog}/{key}-{number}.jsonl.gz" for number in range(len(rows))]
        for name, file in zip(names, rows, strict=True):
            self._blobs.put(name, file)
        addresses = [f"gs://{self._bucket}/{name}" for name in names]
        schema = [_field(column) for column in columns]
        staged = f"{self._project}.{STAGING}.{catalog}_{key}"
        try:
            with _answered():
                self._dataset(STAGING, _STAGED_FOR_MS)
                job = self._load(addresses, staged, schema, f"load-{key}")
            self._wait(job, go_on)
            go_on()
            with _answered():
                self._show(catalog, staged, columns, f"swap-{key}")
        finally:
            for name in names:
                self._blobs.delete(name)

    def drop(self, catalog: str) -> None:
        """Remove the catalog's dataset with all in it."""
        with _answered():
            self._client.get().delete_dataset(
                f"{self._project}.catalog_{catalog}",
                delete_contents=True,
                not_found_ok=True,
                retry=_RETRY,
                timeout=_SECONDS,
            )

    def close(self) -> None:
        """Close this process's connections. The object opens new ones when it is used again."""
        client = self._client.take()
        if client is not None:
            client.close()

    def _show(self, catalog: str, staged: str, columns: Sequence[Column], job_id: str) -> None:
        """The one step readers see, and what belongs to it."""
        dataset = self._dataset(f"catalog_{catalog}")
        self._swap(staged, f"{dataset}.{TABLE}", job_id)
        self._keep_view(dataset, columns)
        self._client.get().delete_table(staged, not_found_ok=True, retry=_RETRY, timeout=_SECONDS)

    def _wait(self, job: Any, go_on: Callable[[], None]) -> None:
        """Until the job is done. Raises as `load` does."""
        while True:
            with _answered():
                if job.done(retry=_RETRY, timeout=_SECONDS):
                    job.result(retry=_RETRY, timeout=_SECONDS)
                    return
            go_on()
            time.sleep(_POLL_SECONDS)

    def _dataset(self, name: str, expiring_ms: int | None = None) -> str:
        dataset = bigquery.Dataset(f"{self._project}.{name}")
        dataset.location = self._location
        dataset.default_table_expiration_ms = expiring_ms
        self._client.get().create_dataset(dataset, exists_ok=True, retry=_RETRY, timeout=_SECONDS)
        return f"{self._project}.{name}"

    def _load(
        self, addresses: list[str], target: str, schema: Sequence[bigquery.SchemaField], job_id: str
    ) -> Any:
        """The running load job, begun now or by an earlier try."""
        config = bigquery.LoadJobConfig(
            schema=schema,
            source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
            write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
            create_disposition=bigquery.CreateDisposition.CREATE_IF_NEEDED,
        )
        client = self._client.get()
        try:
            return client.load_table_from_uri(
                addresses, target, job_id=job_id, job_config=config, retry=_RETRY, timeout=_SECONDS
            )
        except exceptions.Conflict:
            return client.get_job(job_id, retry=_RETRY, timeout=_SECONDS)

    def _swap(self, staged: str, target: str, job_id: str) -> None:
        config = bigquery.CopyJobConfig(
            write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
            create_disposition=bigquery.CreateDisposition.CREATE_IF_NEEDED,
        )
        client = self._client.get()
        job: Any
        try:
            job = client.copy_table(
                staged, target, job_id=job_id, job_config=config, retry=_RETRY, timeout=_SECONDS
            )
        except exceptions.Conflict:
            job = client.get_job(job_id, retry=_RETRY, timeout=_SECONDS)
        job.result(retry=_RETRY, timeout=_SWAP_SECONDS)

    def _keep_view(self, dataset: str, columns: Sequence[Column]) -> None:
        view = bigquery.Table(f"{dataset}.{VIEW}")
        view.view_query = _current(f"{dataset}.{TABLE}", columns)
        view.description = "The catalog's active products."
        client = self._client.get()
        kept = client.create_table(view, exists_ok=True, retry=_RETRY, timeout=_SECONDS)
        if kept.view_query != view.view_query:
            client.update_table(view, ["view_query"], retry=_RETRY, timeout=_SECONDS)


def _current(table: str, columns: Sequence[Column]) -> str:
    """The query of what is offered now, it and its variants at the price of now."""
    replaced = [f"{_held(name, name, '')} AS {name}" for name in TIMED]
    replaced += [
        f"{_variants_of_now(column)} AS {VARIANTS}" for column in columns if column.name == VARIANTS
    ]
    return (
        f"SELECT * REPLACE ({', '.join(replaced)}) FROM `{table}` "  # noqa: S608  our own names
        f"WHERE {_held('is_active', 'is_active', '')}"
    )


def _variants_of_now(column: Column) -> str:
    members = ", ".join(
        _held(field.name, TIMED_OF_VARIANT[field.name], "v.") + f" AS {field.name}"
        if field.name in TIMED_OF_VARIANT
        else f"v.{field.name} AS {field.name}"
        for field in column.fields
    )
    return (
        f"ARRAY(SELECT AS STRUCT {members} FROM UNNEST({VARIANTS}) AS v "  # noqa: S608  our own names
        "WITH OFFSET AS place ORDER BY place)"
    )


def _held(name: str, of: str, owner: str) -> str:
    """The member `of` of the offer of now; the owner's `name` where it has one offer for ever."""
    return (
        f"IF(ARRAY_LENGTH({owner}{OFFERS}) > 0, (SELECT o.{of} FROM UNNEST({owner}{OFFERS}) AS o "  # noqa: S608  our own names
        "WHERE o.begins_at <= CURRENT_TIMESTAMP() "
        f"AND (o.ends_at IS NULL OR CURRENT_TIMESTAMP() < o.ends_at)), {owner}{name})"
    )


def _field(column: Column) -> bigquery.SchemaField:
    return bigquery.SchemaField(
        column.name,
        _TYPES[column.type],
        mode="REPEATED" if column.repeated else "NULLABLE",
        description=column.description,
        fields=[_field(field) for field in column.fields],
    )


@contextmanager
def _answered() -> Iterator[None]:
    try:
        yield
    except exceptions.BadRequest as error:
        raise Problem("invalid", "The exported rows do not fit their columns.") from error
    except (exceptions.Forbidden, exceptions.Unauthorized) as error:
        raise Problem(
            "forbidden", "BigQuery refused us. Check our access to the project's datasets."
        ) from error
    except (
        exceptions.GoogleAPICallError,
        exceptions.RetryError,
        requests.RequestException,
        TransportError,
        OSError,
    ) as error:
        raise Problem(
            "unavailable", "BigQuery did not answer in time. Try again in a moment."
        ) from error
