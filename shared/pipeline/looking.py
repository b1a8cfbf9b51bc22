"""A look into a file that was handed in: its columns and what their values show."""

import re
from collections import Counter
from itertools import islice
from typing import Any, Final

from shared.app import App
from shared.engine.jobs import Done, Job, Next
from shared.errors import Conflict, Problem
from shared.indexes.folders import temporary_folder
from shared.pipeline import transfers
from shared.pipeline.columns_seen import ColumnSeen, Sample, TypeName
from shared.pipeline.row import Reading, Row
from shared.pipeline.rows import read_rows
from shared.pipeline.transfers import TRANSFERS

ROWS: Final = 1000
"""Rows that are looked at."""
_EXAMPLES: Final = 3
_LONGEST: Final = 100
_KINDS: Final[dict[type, TypeName]] = {
    bool: "Boolean",
    int: "Integer",
    float: "Decimal",
    list: "List",
}
_FORMS: Final[tuple[tuple[TypeName, re.Pattern[str]], ...]] = (
    ("Boolean", re.compile("true|false|yes|no", re.IGNORECASE)),
    ("Integer", re.compile(r"-?(0|[1-9]\d{0,14})")),
    ("Decimal", re.compile(r"-?(0|[1-9]\d{0,14})\.\d{1,10}")),
    (
        "Timestamp",
        re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?"),
    ),
)
"""What a text looks like that stands for a value of another type."""
_SIGNS: Final = ("|", ";")
_OFTEN: Final = 0.2
"""Share of a column's texts that have a sign between others, if it is a list."""


def look_at_file(app: App, id_: str, job: Job) -> Next | Done:
    """The one step: read the first rows, and write down with the file what they show."""
    del id_
    own = job.args["transfer"]
    with temporary_folder() as folder:
        path = folder / "file"
        app.blobs.fetch(transfers.blob_of(job.tenant, own), path)
        reading = Reading(**job.args["reading"])
        rows = list(islice(read_rows(path, reading), ROWS))
    sample = _sample(rows)
    if not sample.columns:
        wrong = next((row.wrong for row in rows), "")
        raise Problem("invalid", f"The file has no rows that can be read. {wrong}".strip())
    record = transfers.transfer_id(job.tenant, own)
    while (found := TRANSFERS.find(app.documents, record)) is not None:
        seen = found.value.model_copy(update={"sample": sample.model_dump(mode="json")})
        try:
            app.documents.commit([TRANSFERS.put(record, seen, if_version=found.version)])
            break
        except Conflict:
            continue
    return Done({"columns": len(sample.columns), "rows": sample.rows})


def _sample(rows: list[Row]) -> Sample:
    values: dict[str, list[Any]] = {}
    taken = [row for row in rows if not row.wrong and not row.is_variant]
    for row in taken:
        for column, value in row.values.items():
            for name, each in _flat(column, value):
                if each not in (None, ""):
                    values.setdefault(name, []).append(each)
    return Sample(
        columns=[_column(name, each, len(taken)) for name, each in values.items()],
        rows=len(taken),
        wrong=sum(1 for row in rows if row.wrong),
        has_variants=any(row.is_variant for row in rows),
    )


def _flat(column: str, value: Any) -> list[tuple[str, Any]]:
    """A column, or one for each field of an object."""
    if isinstance(value, dict) and "." not in column:
        return [(f"{column}.{key}", each) for key, each in value.items()]
    return [(column, value)]


def _column(name: str, values: list[Any], rows: int) -> ColumnSeen:
    texts = [str(each) for each in values]
    type_, delimiter = _type(values)
    return ColumnSeen(
        name=name,
        type=type_,
        delimiter=delimiter,
        filled=len(values),
        is_key=len(values) == rows and len(set(texts)) == rows,
        examples=[each[:_LONGEST] for each in islice(dict.fromkeys(texts), _EXAMPLES)],
    )


def _type(values: list[Any]) -> tuple[TypeName, str]:
    shown = {_shown(each) for each in values}
    if len(shown) == 1:
        (one,) = shown
        if one == "List":
            return one, _free(values)
        return _listed(values) if one == "Text" else (one, "")
    return ("Decimal", "") if shown == {"Integer", "Decimal"} else ("Text", "")


def _shown(value: Any) -> TypeName:
    if not isinstance(value, str):
        return _KINDS.get(type(value), "Text")
    text = value.strip()
    return next((type_ for type_, form in _FORMS if form.fullmatch(text)), "Text")


def _listed(values: list[Any]) -> tuple[TypeName, str]:
    """Texts that are lists where many have the same sign in them."""
    having = Counter(sign for each in values for sign in _SIGNS if sign in str(each).strip(sign))
    sign, count = max(having.items(), key=lambda each: each[1], default=("", 0))
    return ("List", sign) if count > len(values) * _OFTEN else ("Text", "")


def _free(values: list[Any]) -> str:
    """A delimiter that no element has."""
    texts = [str(part) for each in values for part in each]
    return next((sign for sign in "|;/:" if not any(sign in text for text in texts)), ",")
