"""The journal of a service's deploys on its machine: the standard library alone, Python 3.7 or newer."""

from __future__ import annotations

import json
import os
from typing import NamedTuple

from common_sync.remote.look import explain


class Release(NamedTuple):
    """What was deployed, and is kept."""

    commit: str
    tree: str  # git's id of the service's folder; nothing for what ran before the first deploy
    run: str
    images: dict[str, str]  # of each unit
    branch: str = ""  # that the clone was at when it was brought there
    digest: str = ""  # the name, with its digest, of the image that came from a registry


class Journal(NamedTuple):
    """How far it has come.

    Attributes:
        step: The last step that was reached; nothing where there was none yet.
        run: The run that has reached it.
        commit: The commit that it goes to, and `tree` git's id of the service's folder there.
        old: The commit that the clone had.
        project: Compose's name of what runs.
        running: The image of each unit that ran before.
        new: The image of each unit that it goes to.
        once: The image of each unit that does its work and ends, in their order; none on the way back.
        ran: The image of each such unit before.
        back: Whether it goes to an earlier release.
        well: Whether the service was well before.
        branch: The branch that the clone was at: no other one is moved.
        why: Why it went no further.
        digest: The name, with its digest, of the image in the registry; nothing where it was built there.
        pulled: That name, while the image has none of our own yet and had not been there before.
        history: The releases that are kept, the one that runs first, each with the fields of `Release`.
    """

    step: str = ""
    run: str = ""
    commit: str = ""
    tree: str = ""
    old: str = ""
    project: str = ""
    running: dict[str, str] = {}  # noqa: RUF012 - it is a tuple, and no field is ever changed in its place
    new: dict[str, str] = {}  # noqa: RUF012
    once: dict[str, str] = {}  # noqa: RUF012
    ran: dict[str, str] = {}  # noqa: RUF012
    back: bool = False
    well: bool = False
    branch: str = ""
    why: str = ""
    digest: str = ""
    pulled: str = ""
    history: list[dict[str, object]] = []  # noqa: RUF012

    @property
    def serving(self) -> dict[str, str]:
        """What ran before and is started again on the way back: no unit that does its work and ends in the new release."""
        return {unit: image for unit, image in self.running.items() if unit not in self.once}

    @property
    def releases(self) -> list[Release]:
        """The releases that are kept, the one that runs first."""
        return [Release(**one) for one in self.history]  # type: ignore[arg-type] # each was written from one


class UnreadableError(Exception):
    """The journal cannot be read: what runs there is not known."""


def write_json(path: str, value: object) -> None:
    """Replace a file at once: after a power cut, too, it is the old one or the new one. Only its user can read it."""
    with open(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        os.fchmod(file.fileno(), 0o600)
        json.dump(value, file)
        file.flush()
        os.fsync(file.fileno())
    os.rename(path + ".new", path)
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def read_journal(state: str) -> Journal:
    """Return the journal of a folder; an empty one where nothing was ever deployed.

    Raises:
        UnreadableError: It is none.
    """
    path = os.path.join(state, "journal.json")
    try:
        with open(path, encoding="utf-8") as file:
            kept = json.load(file)
        return Journal(**{key: value for key, value in kept.items() if key in Journal._fields})
    except FileNotFoundError:
        return Journal()
    except (OSError, ValueError, AttributeError) as error:
        message = (
            f"{path} cannot be read ({explain(error)}): see that the service runs one release, then move that file away"
        )
        raise UnreadableError(message) from error
