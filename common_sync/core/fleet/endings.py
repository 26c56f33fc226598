"""How a deploy has ended on its machine: what `remote/agent.py` answers, read. Nothing that a host says is trusted."""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple, get_args

from common_sync.core.fleet.answers import Reply, Trouble, read_answer
from common_sync.core.fleet.inventory import Site

End = Literal["verified", "deployed", "refused", "failed", "busy", "rolled-back", "rollback-failed", "lost"]
"""Of one action on one machine. `lost`: what it has come to is not known here."""

WHOLE: frozenset[End] = frozenset({"verified", "deployed", "refused", "failed", "busy", "rolled-back"})
"""The ends after which a machine runs one release: the new one or the old one."""

_LONGEST, _MOST_SAID = 400, 4000
_LONG = 10
"""Seconds; what took less interests nobody."""


class Ending(NamedTuple):
    """How an action has ended."""

    end: End
    why: str = ""  # why it went no further, or nothing
    log: str = ""  # the path of what was written about it, there
    said: str = ""  # the end of that
    digest: str = ""  # the name, with its digest, of an image that came from a registry
    gap: int | None = None  # for how many milliseconds the service did not answer well; None where that is not known
    seconds: int | None = (
        None  # how long it took to fetch, build and verify; None where that was not done, or is not known
    )

    @property
    def shown_gap(self) -> str:
        """For how long the service did not answer well, in words; nothing where that is not known."""
        if self.gap is None:
            return ""
        return f"no good answer for {self.gap / 1000:.1f} s" if self.gap else "always answered"

    @property
    def shown(self) -> str:
        """The end in words, with how long it took where that was long."""
        if self.seconds is None or self.seconds < _LONG:
            return self.end
        return f"{self.end} in {self.seconds:,} s"

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
    told = read_answer(reply, mark, host, seconds, _read)
    return Ending("lost", told.message) if isinstance(told, Trouble) else told


def _read(told: Mapping[str, object]) -> Ending:
    """Return the ending of an answer.

    Raises:
        ValueError: It has none of the ends.
    """
    (end,) = (one for one in get_args(End) if one == told["end"])
    why, log, said = (str(told.get(key) or "") for key in ("why", "log", "said"))
    digest, gap = str(told.get("digest") or "")[:_LONGEST], told.get("gap")
    return Ending(
        end, why[:_LONGEST], log[:_LONGEST], said[-_MOST_SAID:], digest, _count(gap), _count(told.get("seconds"))
    )


def _count(told: object) -> int | None:
    return told if isinstance(told, int) and not isinstance(told, bool) and told >= 0 else None


Endings = tuple[tuple[Site, Ending], ...]
"""Targets, and how an action has ended on each."""


def refuse_split(prepared: Sequence[tuple[Site, Ending]]) -> Endings:
    """Return how targets were prepared; those of a service have failed where one name has different images for them."""
    images: dict[tuple[str, str], set[str]] = {}
    for site, ending in prepared:
        name, _, digest = ending.digest.partition("@")
        images.setdefault((site.service, name), set()).add(digest)
    return tuple(
        (site, _fail_split(ending) if len(images[site.service, ending.digest.partition("@")[0]]) > 1 else ending)
        for site, ending in prepared
    )


def _fail_split(ending: Ending) -> Ending:
    why = f"its tag was moved meanwhile: it has {ending.digest}, and another machine has another one; deploy again"
    return ending._replace(end="failed", why=why, digest="")
