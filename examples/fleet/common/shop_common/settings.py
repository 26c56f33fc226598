"""What a service must find in its environment."""

import os

NEEDED = ("SHOP_NAME",)


def find_missing() -> list[str]:
    """Return the names of settings that are not there."""
    return [name for name in NEEDED if not os.environ.get(name)]
