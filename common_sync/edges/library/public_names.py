"""Well-known names on the public index, and words so plain that somebody may take them any day: a list that comes with the tool."""

import os

_FILE = os.path.join(os.path.dirname(__file__), "public_names.txt")


def read_public_names() -> frozenset[str]:
    """Return the names, normalised."""
    with open(_FILE, encoding="ascii") as file:
        return frozenset(file.read().split())
