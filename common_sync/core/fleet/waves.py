"""Who is switched when: waves, and inside a wave so many targets at a time. Pure."""

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from common_sync.core.errors import Problem
from common_sync.core.fleet.inventory import Site
from common_sync.core.fleet.rollout import Order
from common_sync.core.typos import nearest

if TYPE_CHECKING:
    from common_sync.core.settings import Setting

Batch = tuple[Site, ...]
"""Targets that are switched at the same time."""

Wave = tuple[Batch, ...]
"""Batches that are switched one after the other."""

_SHARE = 100


def plan_waves(order: Order, sites: Sequence[Site]) -> tuple[Wave, ...]:
    """Return the targets in waves: each is in the first one that names it; what none names comes last, by itself.

    Args:
        order: What the inventory asks for.
        sites: The targets.
    """
    left = [*sites]
    waves: list[Wave] = []
    for words in order.waves:
        chosen = [one for one in left if any(_is_named(one, word.value) for word in words)]
        left = [one for one in left if one not in chosen]
        waves.append(_split(chosen, order.at_once))
    return tuple(wave for wave in (*waves, _split(left, order.at_once)) if wave)


def name_waves(waves: Sequence[Wave]) -> str:
    """Return who is switched when, in a line: a bar between two waves."""
    return " | ".join(_name_wave([site for batch in wave for site in batch]) for wave in waves)


def _name_wave(sites: Sequence[Site]) -> str:
    more = f", and {len(sites) - _MOST_NAMED:,} more" if len(sites) > _MOST_NAMED else ""
    return ", ".join(f"{one.host} {one.service}" for one in sites[:_MOST_NAMED]) + more


_MOST_NAMED = 5


def _is_named(site: Site, pattern: str) -> bool:
    return any(fnmatchcase(name, pattern) for name in _names(site))


def _names(site: Site) -> tuple[str, ...]:
    return (site.host, site.service, site.service.rpartition("/")[2], *site.target.deploying.tags)


def _split(sites: Sequence[Site], at_once: str) -> Wave:
    """Return a wave's targets in batches: a number of them, or a share, but at least one."""
    size = max(len(sites) * int(at_once[:-1]) // _SHARE, 1) if at_once.endswith("%") else int(at_once)
    return tuple(tuple(sites[start : start + size]) for start in range(0, len(sites), size))


def find_strangers(order: Order, sites: Sequence[Site], file: str) -> Iterator[Problem]:
    """Yield what is wrong where a wave names nobody.

    Args:
        order: What the inventory asks for.
        sites: All targets.
        file: The inventory's path, for messages.
    """
    words: list[Setting] = [word for wave in order.waves for word in wave]
    known = [*dict.fromkeys(name for site in sites for name in _names(site))]
    for word in words:
        if not any(_is_named(site, word.value) for site in sites):
            remedy = nearest(word.value, known) or "a wave names hosts, services, tags, or patterns of these"
            yield Problem(f"no target is called {word.value!r}", file, word.line, remedy)
