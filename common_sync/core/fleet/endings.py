"""How a deploy has ended on its machine: what `remote/agent.py` answers, read. Nothing that a host says is trusted."""

import json
from typing import Literal, NamedTuple, get_args

from common_sync.core.fleet.answers import Reply, Trouble, find_line, unreadable

End = Literal["verified", "deployed", "refused", "failed", "busy", "rolled-back", "rollback-failed", "lost"]
"""Of one action on one machine. `lost`: what it has come to is not known here."""

WHOLE: frozenset[End] = frozenset({"verified", "deployed", "refused", "failed", "busy", "rolled-back"})
"""The ends after which a machine runs one release: the new one or the old one."""

_LONGEST, _MOST_SAID = 400, 4000


class Ending(NamedTuple):
    """How an action has ended."""

    end: End
    why: str = ""  # why it went no further, or nothing
    log: str = ""  # the path of what was written about it, there
    said: str = ""  # the end of that

    @property
    def is_good(self) -> bool:
        """Whether it did what was asked."""
        return self.end in {"verified", "deployed"}


def read_ending(reply: Reply, mark: str, host: str, seconds: int) -> Ending:
    """Return how an action has ended.

    Args:
        reply: What came back.
        mark: What the answer's line begins with.
        host: Who was asked.
        seconds: How long it had.
    """
    line = find_line(reply, mark, host, seconds)
    told = _read(line) if not isinstance(line, Trouble) else line
    if told is None:
        told = unreadable(reply, host, 1)
    return Ending("lost", told.message) if isinstance(told, Trouble) else told


def _read(line: bytes) -> Ending | None:
    """Return the ending of an answer; None where it is not one."""
    try:
        told = json.loads(line)
        (end,) = (one for one in get_args(End) if one == told["end"])
        why, log, said = (str(told.get(key) or "") for key in ("why", "log", "said"))
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
        return None
    return Ending(end, why[:_LONGEST], log[:_LONGEST], said[-_MOST_SAID:])
