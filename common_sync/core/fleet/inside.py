"""What is to be done about containers that have the image of the right release, and hold something else all the same."""

from collections.abc import Sequence
from typing import NamedTuple

from common_sync.core.fleet.answers import Verdict
from common_sync.core.fleet.runs import Runs

_CHANGED = frozenset({"other", "differs", "gone"})


class Inside(NamedTuple):
    """What a unit's container holds, and what runs in it."""

    unit: str
    folder: str  # of the library, in the container
    verdict: Verdict
    runs: Runs = Runs()

    @property
    def is_changed(self) -> bool:
        """Whether it holds something else than its image."""
        return self.verdict.state in _CHANGED

    @property
    def reason(self) -> str:
        """Why its container is to be made anew, or nothing."""
        if self.is_changed:
            return f"files were changed in the container of {self.unit}"
        return f"{self.unit} was started before files in its container changed" if self.runs.state == "restart" else ""


def find_changed(found: Sequence[Inside]) -> tuple[str, ...]:
    """Return the units whose containers are to be made anew from their images."""
    return tuple(sorted({one.unit for one in found if one.reason}))


def find_inside_reason(found: Sequence[Inside]) -> str:
    """Return why a service is to be started again, in a few words; nothing where its containers are as they should be."""
    return ", ".join(dict.fromkeys(one.reason for one in found if one.reason))


def find_covered(found: Sequence[Inside]) -> str:
    """Return why a new container would hold the same as the old one, in a few words: a mount covers its image; or nothing."""
    covered = [one for one in found if one.is_changed and one.verdict.mount]
    named = ", ".join(dict.fromkeys(f"over {one.folder} of {one.unit}" for one in covered))
    return f"a mount lies {named}: take it out of the compose file, so that the image decides" if named else ""
