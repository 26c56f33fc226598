"""Which release was deployed a short while ago, and so may go back by itself; a note in memory, gone when the machine is off."""

import os
import time
from contextlib import suppress

from common_sync.edges.environments.manager import Manager

_LASTS = 3600
"""Seconds: one that has run for so long is not at fault when it fails later."""


def begin_trial(manager: Manager, unit: str, number: int, former: int) -> None:
    """Note that a release was deployed just now; where that cannot be noted, it only does not go back by itself.

    Args:
        manager: Whose systemd.
        unit: The unit's name, without `.service`.
        number: The release.
        former: The release that ran before; 0 for none.
    """
    with suppress(OSError):
        os.makedirs(manager.notes, exist_ok=True)
        with open(f"{manager.notes}/{unit}", "w", encoding="ascii") as file:
            file.write(f"{number} {time.monotonic():.0f} {former}\n")


def end_trial(manager: Manager, unit: str) -> None:
    """Remove the note: a person has chosen the release, or it has gone back once."""
    with suppress(OSError):
        os.unlink(f"{manager.notes}/{unit}")


def find_trial(manager: Manager, unit: str, number: int) -> int | None:
    """Return the release that ran before one that was deployed a short while ago, 0 for none; None where it was not.

    Args:
        manager: Whose systemd.
        unit: The unit's name, without `.service`.
        number: The release.
    """
    with suppress(OSError, ValueError), open(f"{manager.notes}/{unit}", encoding="ascii") as file:
        noted, began, *former = file.read().split()  # an older common-sync has not noted what ran before
        if int(noted) == number and time.monotonic() - int(began) < _LASTS:
            return int(former[0]) if former else 0
    return None
