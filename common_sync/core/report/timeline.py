"""How copies stood after each commit, by git's names of files alone: nothing is read, and nothing is hashed.

A file of a copy that is not as in the master, and that the master had so before, is behind; any other was edited.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from common_sync.core.copies.ancestry import Blob, Commit
from common_sync.core.copies.library import Library
from common_sync.core.copies.plan import CopyPlan
from common_sync.core.model import State
from common_sync.core.paths import MANIFEST_NAME, ancestors

EDITED_AND_BEHIND, EDITED, NO_COPY, BEHIND, IN_SYNC = LETTERS = "xe-b."
"""How a copy stood, the worst first."""

Tree = Mapping[str, Blob]
"""Path → what is there."""


class Copied(NamedTuple):
    """A copy whose past is asked for."""

    service: int  # the number of its service
    path: str  # the copy's path from the root
    library: Library  # what it is a copy of
    pinned: Tree | None = None  # what it is pinned to: paths in the library; None where it follows the master


class Moment(NamedTuple):
    """How the services stood after a commit."""

    commit: Commit  # that commit
    states: str  # a letter for each service


class Timeline(NamedTuple):
    """How the services stood over time; each list is as long as the others."""

    times: tuple[int, ...]  # in seconds since 1970, evenly spread
    states: tuple[str, ...]  # for each service a letter for each time


def list_moments(
    commits: Iterable[Commit],
    copies: Sequence[Copied],
    before: Tree,
    former: Mapping[str, Mapping[str, Collection[Blob]]],
) -> Iterator[Moment]:
    """Yield how the services stood after each commit.

    Args:
        commits: The oldest first, each on top of the one before; paths are from the root.
        copies: The copies, in the order of their services.
        before: What the masters and the copies held before the first of the commits; paths are from the root.
        former: Master → path in it → all that it had held there by then.
    """
    masters = {copy.library.master: _Master(copy.library, former) for copy in copies}
    pasts = [_Past(copy, masters[copy.library.master]) for copy in copies]
    folders: dict[str, _Master | _Past] = {**masters, **{past.copy.path: past for past in pasts}}
    _change(before, folders, pasts)
    time = 0
    for commit in commits:
        _change(commit.changes, folders, pasts)
        time = max(time, commit.time)  # clocks go wrong, and times never run backwards
        yield Moment(commit._replace(time=time), worst_of_services((past.copy.service, past.letter) for past in pasts))


def worst_of_services(letters: Iterable[tuple[int, str]]) -> str:
    """Return a letter for each service: that of its worst copy.

    Args:
        letters: The number of a service, and the letter of a copy of it; in the order of the services.
    """
    worst: dict[int, str] = {}
    for service, letter in letters:
        worst[service] = min(letter, worst.get(service, letter), key=LETTERS.index)
    return "".join(worst.values())


def letter_of(plan: CopyPlan, *, exists: bool) -> str:
    """Return the letter of a copy as it is now.

    Args:
        plan: What would bring it in sync.
        exists: Whether there is a copy.
    """
    if not exists:
        return NO_COPY
    edited = any(operation.guarded for operation in plan.operations)
    behind = any(operation.state not in _ONLY_EDITED for operation in plan.operations)
    return _letter(behind=behind or (plan.behind and not plan.operations), edited=edited)


_ONLY_EDITED: frozenset[State] = frozenset({"modified", "extra"})


def _letter(*, behind: bool, edited: bool) -> str:
    if edited:
        return EDITED_AND_BEHIND if behind else EDITED
    return BEHIND if behind else IN_SYNC


def _change(
    changes: Mapping[str, Blob | None], folders: "Mapping[str, _Master | _Past]", pasts: "Sequence[_Past]"
) -> None:
    """Take over what one commit changed; a master comes first, since its copies are held against it."""
    moved: dict[str, set[str]] = {}
    touched: list[tuple[_Past, str]] = []
    for path, blob in changes.items():
        folder = next((folders[above] for above in ancestors(path) if above in folders), None)
        if isinstance(folder, _Master):
            if (inside := folder.change(path, blob)) is not None:
                moved.setdefault(folder.library.master, set()).add(inside)
        elif folder is not None and (inside := folder.change(path, blob)) is not None:
            touched.append((folder, inside))
    for past, inside in touched:
        past.judge(inside)
    for past in pasts:
        for inside in moved.get(past.copy.library.master, ()):
            past.judge(inside)


class _Master:
    """What a master holds, and all that it held."""

    def __init__(self, library: Library, former: Mapping[str, Mapping[str, Collection[Blob]]]) -> None:
        self.library, self.files = library, dict[str, Blob]()
        self.former = {path: set(blobs) for path, blobs in former.get(library.master, {}).items()}
        self._start = len(library.master) + 1

    def change(self, path: str, blob: Blob | None) -> str | None:
        """Take over a change; return the path in it where that is copied."""
        inside = path[self._start :]
        if self.library.rules.exclusion(inside) is not None:
            return None
        if blob is None:
            self.files.pop(inside, None)
        else:
            self.files[inside] = blob
            self.former.setdefault(inside, set()).add(blob)
        return inside


class _Past:
    """What a copy holds, and in what it differs from its master, and from what it is pinned to."""

    def __init__(self, copy: Copied, master: _Master) -> None:
        self.copy, self._master, self._files = copy, master, dict[str, Blob]()
        self._behind, self._edited = set[str](), set[str]()
        self._off_pin = set(copy.pinned or ())
        self._start = len(copy.path) + 1

    def change(self, path: str, blob: Blob | None) -> str | None:
        """Take over a change; return the path in it where that counts."""
        inside = path[self._start :]
        if inside == MANIFEST_NAME or self.copy.library.rules.exclusion(inside) is not None:
            return None
        if blob is None:
            self._files.pop(inside, None)
        else:
            self._files[inside] = blob
        return inside

    def judge(self, path: str) -> None:
        """Hold one file against the master."""
        mine, theirs = self._files.get(path), self._master.files.get(path)
        self._behind.discard(path)
        self._edited.discard(path)
        if mine != theirs:
            is_behind = mine is None or mine in self._master.former.get(path, ())
            (self._behind if is_behind else self._edited).add(path)
        if self.copy.pinned is not None:
            (self._off_pin.discard if mine == self.copy.pinned.get(path) else self._off_pin.add)(path)

    @property
    def letter(self) -> str:
        """How it stands; what it is pinned to is as good as the master."""
        if not self._files:
            return NO_COPY
        if self.copy.pinned is not None and not self._off_pin:
            return IN_SYNC
        return _letter(behind=bool(self._behind), edited=bool(self._edited))


MOST_POINTS = 48
_WEEK = 7 * 86400
"""How far the last commit is stretched to the present: an old checkout is not shown as a year of standing still."""


def thin_out(moments: Sequence[Moment], now: int, present: str) -> Timeline:
    """Return at most 48 points, evenly in time: each the last commit until then, and the present as the last.

    Args:
        moments: How the services stood, the oldest first.
        now: The time of the present, in seconds since 1970.
        present: How the services stand, a letter for each.
    """
    if not moments:
        return Timeline((), ("",) * len(present))
    start, last = moments[0].commit.time, moments[-1].commit.time
    end = max(last, min(now, last + _WEEK))
    points = MOST_POINTS if end > start else 1
    times = tuple(start + (end - start) * number // max(points - 1, 1) for number in range(points))
    columns, at = list[str](), 0
    for time in times[:-1]:
        while at + 1 < len(moments) and moments[at + 1].commit.time <= time:
            at += 1
        columns.append(moments[at].states)
    columns.append(present)
    return Timeline(times, tuple("".join(column[number] for column in columns) for number in range(len(present))))


class Since(NamedTuple):
    """How long a service has not been in sync."""

    time: int  # of the first commit after which it was not, in seconds since 1970
    commits: int  # how many there were since, that one too
    longer: bool  # whether it was not before the first commit that was looked at either


def find_since(moments: Sequence[Moment], service: int) -> Since | None:
    """Return how long a service has not been in sync; None where it was after the last commit.

    Args:
        moments: How the services stood, the oldest first.
        service: The number of the service.
    """
    states = [moment.states[service] for moment in moments]
    first = max((number + 1 for number, letter in enumerate(states) if letter == IN_SYNC), default=0)
    if first == len(states):
        return None
    return Since(moments[first].commit.time, len(states) - first, first == 0)
