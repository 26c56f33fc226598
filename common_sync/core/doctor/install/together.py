"""What an installer refuses once it has read everything: hashes for some only, one folder asked for in two ways, another name."""

import re
from collections.abc import Iterable, Iterator

from common_sync.core.doctor.install.command import Install
from common_sync.core.doctor.install.need import Need
from common_sync.core.doctor.install.project.isolation import why_not_isolated
from common_sync.core.doctor.install.settings.pip import NO_HASH
from common_sync.core.doctor.install.settings.uv import why_not_built
from common_sync.core.expressions import expression
from common_sync.core.formats.pip.names import normalise

_NAMED = expression(r"(?:-e\s+)?([A-Za-z0-9][\w.-]*)\s*(?:\[[^\]]*\]\s*)?(?:@|= \{)", re.ASCII)
_URL = expression(r"file:[^\s;#]*")


def refuse_together(needs: Iterable[Need], install: Install, held: frozenset[str], *, hashes: bool) -> Iterator[Need]:
    """Yield needs, those refused that do not go with the others or with the project that they lead to.

    Args:
        needs: What is read, in its order.
        install: What reads it.
        held: The names of what was installed before.
        hashes: Whether something has a hash, or asks for one of everything.
    """
    pip = install.tool == "pip"
    hashing = hashes and (pip or install.tool == "uv") and not install.synced
    ways: dict[str, tuple[bool, str]] = {}
    for need in needs:
        if need.kind != "project" or need.state != "there" or need.refused:
            yield need
            continue
        way = way_of(need)
        first = ways.setdefault(need.path, way)
        if hashing and "#sha256=" not in need.written:
            yield need._replace(refused=NO_HASH)
        elif pip and way != first:
            yield need._replace(
                refused=f"pip takes one folder in one way only, and {need.path} was asked for in another"
            )
        else:
            refused = _why_misnamed(need) if pip or install.tool == "uv" else ""
            refused = refused or why_not_built(need, install)
            bare = why_not_isolated(need, install, held)
            need = need._replace(state="unknown", reason=bare) if bare else need  # noqa: PLW2901
            yield need._replace(refused=refused)


def way_of(need: Need) -> tuple[bool, str]:
    """Return what pip compares of two requirements for one folder: whether it is editable, and the URL."""
    url = _URL.search(need.written)
    return need.editable, url[0].rstrip("/") if url else f"file://{need.path}"


def _why_misnamed(need: Need) -> str:
    own = need.project.name if need.project is not None else ""
    given = _NAMED.match(need.written)
    if given is None or not own or normalise(given[1]) == own:
        return ""
    return f"the project there is called `{own}`"
