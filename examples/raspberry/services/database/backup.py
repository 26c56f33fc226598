"""Copies a file of readings while others write to it: python backup.py FROM TO."""

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from greenhouse_common.store import latest_readings


def main(source: str, target: str) -> None:
    """Copy the file, and say what is in the copy."""
    with closing(sqlite3.connect(source)) as before, closing(sqlite3.connect(target)) as after:
        before.backup(after)
    print(f"{target}: the last readings of {len(latest_readings(Path(target)))} sensors")


if __name__ == "__main__":
    main(*sys.argv[1:])
