"""Readings in a SQLite file."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from greenhouse_common.readings import Reading

SCHEMA = "CREATE TABLE IF NOT EXISTS readings (at REAL DEFAULT (julianday('now')), sensor TEXT, value REAL, unit TEXT)"


@contextmanager
def opened(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a file of readings; it is made where it is missing."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(SCHEMA)
        yield connection


def add_reading(file: Path, reading: Reading) -> None:
    """Store a reading."""
    with opened(file) as connection:
        connection.execute("INSERT INTO readings (sensor, value, unit) VALUES (?, ?, ?)", reading)


def latest_readings(file: Path) -> list[Reading]:
    """Return the last reading of each sensor."""
    with opened(file) as connection:
        rows = connection.execute("SELECT sensor, value, unit, max(at) FROM readings GROUP BY sensor ORDER BY sensor")
        return [Reading(sensor, value, unit) for sensor, value, unit, _ in rows]
