"""A collection's records in what a user would pick instead: SQLite and DuckDB, asked in SQL.

Both have a table of key and JSON. SQLite has an index on every expression that is asked for; DuckDB
has none for JSON, and reads all of it with two threads. A question is the statements that give the
same answer: total, page in order, a count of values for each facet. Letter case does not count.
"""

import sqlite3
from pathlib import Path
from typing import NamedTuple

import duckdb
import orjson

from shared.query.ast import All, Compare, Not

INDEXED = ("s.brand", "s.product_type", "n.price", "b.touchscreen")


class Asked(NamedTuple):
    """What an answer is compared by."""

    total: int
    keys: list
    facets: list


class _Sql:
    """What both have in common; where they differ, they say how."""

    name = ""

    def where(self, node):
        """The condition and its parameters."""
        match node:
            case All(of):
                found = [self.where(each) for each in of]
                return " AND ".join(text for text, _ in found), [v for _, vs in found for v in vs]
            case Not(of):
                text, values = self.where(of)
                return f"NOT COALESCE({text}, FALSE)", values
            case Compare(property_, kind, "exists"):
                return f"{self.at(f'{kind.value}.{property_}')} IS NOT NULL", []
            case Compare(property_, kind, "between", (low, high)):
                return f"{self.at(f'{kind.value}.{property_}')} BETWEEN ? AND ?", [low, high]
            case Compare(property_, kind, "eq", (value,)) if kind.is_text:
                return f"{self.at(f'{kind.value}.{property_}')} = lower(?)", [value]
            case Compare(property_, kind, "eq", (value,)):
                return f"{self.at(f'{kind.value}.{property_}')} = ?", [value]
        raise TypeError(node)

    def ask(self, question):
        """The answer to a question: ordered by price, then key."""
        condition, values = self.where(question.where)
        (total,) = self.rows(f"SELECT count(*) FROM records WHERE {condition}", values)[0]
        keys = []
        if question.limit:
            page = (
                f"SELECT key, body FROM records WHERE {condition} "
                f"ORDER BY {self.at('n.price')} IS NULL, {self.at('n.price')}, key LIMIT ?"
            )
            keys = [
                (key, orjson.loads(body))[0]
                for key, body in self.rows(page, [*values, question.limit])
            ]
        facets = []
        for facet in question.facets:
            value = self.at(f"{facet.kind.value}.{facet.property}")
            counted = (
                f"SELECT {value} AS value, count(*) AS many FROM records WHERE {condition} "
                f"AND {value} IS NOT NULL GROUP BY value ORDER BY many DESC, value LIMIT ?"
            )
            facets.append(self.rows(counted, [*values, facet.size]))
        return Asked(total, keys, facets)


class Sqlite(_Sql):
    """SQLite with a write-ahead log and indexes on expressions of JSON."""

    name = "SQLite"

    def __init__(self, folder):
        self.file = Path(folder, "records.db")
        self.open()

    def open(self):
        self._database = sqlite3.connect(self.file, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "cache_size=-65536"):
            self._database.execute(f"PRAGMA {pragma}")

    def create(self):
        self._database.execute("CREATE TABLE records (key TEXT PRIMARY KEY, body TEXT NOT NULL)")

    def index(self):
        for name in INDEXED:
            self._database.execute(f'CREATE INDEX "{name}" ON records ({self.at(name)})')
        self._database.execute("ANALYZE")

    def at(self, path):
        text = f"json_extract(body, '$.\"{path}\"')"
        return f"lower({text})" if path.startswith("s.") else text

    def rows(self, statement, values):
        return self._database.execute(statement, values).fetchall()

    def write(self, bodies):
        rows = [(key, orjson.dumps(body).decode()) for key, body in bodies.items()]
        self._database.execute("BEGIN")
        self._database.executemany("INSERT OR REPLACE INTO records VALUES (?, ?)", rows)
        self._database.execute("COMMIT")

    def close(self):
        self._database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._database.close()


class Duck(_Sql):
    """DuckDB with a table of JSON."""

    name = "DuckDB"

    def __init__(self, folder):
        self.file = Path(folder, "records.duckdb")
        self.open()

    def open(self):
        self._database = duckdb.connect(
            self.file, config={"autoinstall_known_extensions": "false", "threads": "2"}
        )

    def create(self):
        self._database.execute("CREATE TABLE records (key VARCHAR PRIMARY KEY, body JSON)")

    def index(self):
        """It has no index on an expression of JSON that a query would use."""

    def at(self, path):
        text = f"json_extract_string(body, '$.\"{path}\"')"
        return {
            "s": f"lower({text})",
            "n": f"CAST({text} AS DOUBLE)",
            "b": f"CAST({text} AS BOOLEAN)",
        }[path[0]]

    def rows(self, statement, values):
        return self._database.execute(statement, values).fetchall()

    def write(self, bodies):
        texts = [orjson.dumps(body).decode() for body in bodies.values()]
        self._database.execute(
            "INSERT OR REPLACE INTO records SELECT unnest(?), unnest(?)", [list(bodies), texts]
        )

    def close(self):
        self._database.execute("CHECKPOINT")
        self._database.close()
