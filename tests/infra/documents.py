"""Firestore has the indexes the code's queries need, no dear ones, and removes what expires."""

import importlib
from pathlib import Path

from shared.ports.documents import ID
from shared.queries import SHAPES
from shared.records import Records

ROOT = Path(__file__).parents[2]

KEPT_PAST_THEIR_TIME = {
    "api_keys": "expired keys are listed with their last use",
    "grants": "what was granted until when can be looked at, and extended",
}


def every_query_has_its_index(deployment):
    """Composite indexes are those that the declared query shapes need, and no others."""
    wanted = set()
    for shape in SHAPES:
        order = [field for field in shape.order if field != ID]
        if shape.equal and order:
            collection = shape.collection.rpartition("/")[2]
            wanted.add((collection, *shape.equal, *order))
    made = {
        (
            each["collection"],
            *(
                ("-" if field["order"] == "DESCENDING" else "") + field["field_path"]
                for field in each["fields"]
            ),
        )
        for each in deployment.all("google_firestore_index").values()
    }
    assert made == wanted


def what_every_lease_writes_has_no_rising_index(deployment):
    """Documents of the rate limit, counters and last calls have no single-field index, and no
    query would need one: such an index takes 500 writes a second in all."""
    exempt = {
        each["collection"]
        for each in deployment.all("google_firestore_field").values()
        if each["field"] == "*" and each["index_config"][0]["indexes"] in ([], None)
    }
    assert {"activity", "metrics", "rates", "usage"} <= exempt
    restored = {
        (each["collection"], each["field"])
        for each in deployment.all("google_firestore_field").values()
        if each["index_config"] and each["index_config"][0]["indexes"]
    }
    for shape in SHAPES:
        collection = shape.collection.rpartition("/")[2]
        order = {field.lstrip("-") for field in shape.order if field != ID}
        if collection in exempt and not (shape.equal and order):
            assert {(collection, field) for field in (*shape.equal, *order)} <= restored


def what_expires_is_removed(deployment):
    """Every stored record with an `expiresAt` has a TTL policy, or a reason to be kept."""
    expiring = {
        found.collection.rpartition("/")[2]
        for found in declared(Records)
        if "expires_at" in found.model.model_fields
    }
    expiring |= {"activity", "demand", "limits", "metrics"}  # written by Add, so not Records
    expiring |= {"log", "records"}  # of a collection that is named when it is written
    policies = {
        each["collection"]: each["field"]
        for each in deployment.all("google_firestore_field").values()
        if each["ttl_config"]
    }
    assert policies == dict.fromkeys(expiring - set(KEPT_PAST_THEIR_TIME), "expiresAt")


def declared(type_):
    """Every instance of a class that is a module's constant in our code."""
    for path in sorted([*ROOT.glob("shared/**/*.py"), *ROOT.glob("functions/**/*.py")]):
        if path.name in {"__init__.py", "__main__.py", "main.py"}:
            continue
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, type_):
                yield value
